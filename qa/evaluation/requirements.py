"""``--require 'ndcg@10>=0.7'``: conditions on measures, so that an evaluation can guard a build."""

import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from qa.errors import BadSettings
from qa.evaluation.measures import MEANS, POOLED, Estimate
from qa.evaluation.outcomes import RANKING_MEASURES

_COMPARISONS: dict[str, Callable[[float, float], bool]] = {
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}
_FORM = re.compile(r"\s*([a-z0-9_@]+)\s*(>=|<=|>|<)\s*([0-9.]+)\s*", re.IGNORECASE)
_RANKING = re.compile(rf"({'|'.join(RANKING_MEASURES)})@([1-9]\d{{0,3}})")


@dataclass(frozen=True, slots=True)
class Requirement:
    """A measure's name, the comparison and the bound."""

    measure: str
    comparison: str
    bound: float

    def met_by(self, measures: Mapping[str, Estimate]) -> bool:
        """Whether the measures meet it; a measure that the set cannot give does not."""
        found = measures.get(self.measure)
        return found is not None and _COMPARISONS[self.comparison](found.value, self.bound)

    def __str__(self) -> str:
        """Return it as it is written."""
        return f"{self.measure}{self.comparison}{self.bound:g}"


def parse_requirement(text: str) -> Requirement:
    """Return the requirement that a text states. Raises BadSettings when it states none."""
    form = _FORM.fullmatch(text)
    try:
        bound = float(form[3]) if form else 0.0
    except ValueError:
        form = None
    if form is None:
        raise BadSettings(f"{text!r} is no requirement: write one as in --require 'ndcg@10>=0.7'.")
    name = form[1].lower()
    if name not in MEANS and name not in POOLED and not _RANKING.fullmatch(name):
        known = ", ".join([*(f"{kind}@k" for kind in RANKING_MEASURES), *MEANS, *POOLED])
        raise BadSettings(f"{name!r} is no measure: the measures are {known}.")
    return Requirement(name, form[2], bound)


def ranking_measure_of(requirement: Requirement) -> str | None:
    """Return the requirement's ranking measure, such as "success@3", which has to be asked for; else None."""
    return requirement.measure if _RANKING.fullmatch(requirement.measure) else None
