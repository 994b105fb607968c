"""Facts on a term that no passage has as it stands -> the probability that it is missing: that the question asks for
it, and the texts do not have it.

Three logistic regressions: for a term of which the texts lack a word, for one that has a number behind a word with
which the texts never have it, and for one whose words they have, but apart; each with and without what the vectors and
what reading say.
``training.missing`` fits them, on questions in which a term was exchanged for one that nobody uses, and says how well
they do on sets that were left out.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from math import exp

COUNTED = (
    *("begins", "name", "needed", "beside", "capitals", "plain", "quoted", "single", "frequency"),
    *("headed", "head_used", "joined"),
)
"""The facts that the question and the counts give:

- ``begins``, ``name``, ``needed``: what the finder makes of the term, as log odds;
- ``beside``: ``needed`` less the most of it that a suspect of the question has; 0 for that one, and with capitals;
- ``capitals``: the share of its words that are written as a name with one, the question's first word left out, 0 in a
  question of capitals and in a headline;
- ``plain``: 1 where it has none, while another word of the question has one;
- ``quoted``: 1 where it stands in quotation marks; ``single``: 1 where it has one word;
- ``frequency``: of the rarest word that the texts lack, on wordfreq's Zipf scale, 0 where they lack none, or one that
  is written as a name: "London" is as frequent as any word, and asked for all the same;
- ``headed``: 1 where its last of several words is one that names ("model", "technique");
- ``head_used``: 1 where some passage has its last two words side by side, and the texts have all of them;
- ``joined``: 1 where an "and" stands in it, which the counts say joins no two terms.

How long the question is counts for nothing: of the questions in which nothing is missing the long ones are people's,
of those with an invented name they are not, and a set is told by it.
"""

BORNE = ("about", "nearer")
"""The facts that the vectors give, where those of the texts are of the model that finds terms:

- ``about``: the cosine of the question with the term, 0 of one that is written as a name;
- ``nearer``: how much nearer than the question the question without the term comes to a passage that was found, as a
  cosine, 0 of a name, and where it comes no nearer: what the texts do not have leads away from them, and how much
  what they have leads towards them tells nothing more.
"""

READ = ("lacking", "lacking_most", "answers", "answer_lacks")
"""The facts that reading gives, the least over the passages:

- ``lacking``: the log odds that a passage lacks what the term says, the mean over its tokens' probabilities;
- ``lacking_most``: the same of the token that it lacks most surely;
- ``answers``: the highest log odds that a passage answers;
- ``answer_lacks``: the log odds that a passage does not answer, or lacks what the term says.
"""

NUMBERED = "numbered"
"""The fact that chooses a regression: 1 where a word of the term has a number behind it that says which of several is
meant, and the texts, which have others behind that word, never have that: "Windows 11", where they have "Windows 10".
It is ``numbers``' to find."""

KINDS = ("lacking", NUMBERED, "apart")

VARIANTS: Mapping[str, tuple[str, ...]] = {
    "counted": COUNTED,
    "read": (*COUNTED, *READ),
    "borne": (*COUNTED, *BORNE),
    "borne and read": (*COUNTED, *BORNE, *READ),
}
"""The facts of each of the regressions of a kind: which is used is a matter of what is known of a term."""

Facts = Mapping[str, float]


def variant_of(facts: Facts) -> str:
    """Return which of the variants is for a term of which these facts are known."""
    known = [name for name, group in (("borne", BORNE), ("read", READ)) if group[0] in facts]
    return " and ".join(known) or "counted"


def kind_of(facts: Facts, *, lacks_word: bool) -> str:
    """Return which of the regressions is for a term with these facts."""
    if lacks_word:
        return "lacking"
    return NUMBERED if facts[NUMBERED] else "apart"


@dataclass(frozen=True, slots=True)
class Weighing:
    """A logistic regression: its intercept, and a weight for each fact."""

    intercept: float
    weights: Mapping[str, float]

    def probability(self, facts: Facts) -> float:
        """Return the probability in [0, 1]."""
        summed = self.intercept + sum(weight * facts[name] for name, weight in self.weights.items())
        return 1 / (1 + exp(-min(max(summed, -30.0), 30.0)))


@dataclass(frozen=True, slots=True)
class Weighings:
    """The regressions, by their variant and kind. A term that is missing with ``threshold`` or more is flagged."""

    fitted: Mapping[str, Mapping[str, Weighing]]
    threshold: float

    def probability(self, facts: Facts, *, lacks_word: bool) -> float:
        """Return the probability that a term with these facts is missing."""
        return self.fitted[variant_of(facts)][kind_of(facts, lacks_word=lacks_word)].probability(facts)


@cache
def packaged_weighings() -> Weighings:
    """Return the regressions of the package."""
    stored = json.loads((files("qa.answers") / "missing.json").read_text(encoding="utf-8"))
    fitted = {
        variant: {kind: Weighing(fields["intercept"], fields["weights"]) for kind, fields in stored[variant].items()}
        for variant in VARIANTS
    }
    return Weighings(fitted, stored["threshold"])
