"""Where requests are taken to the corpus that they ask, and what was asked is counted.

A corpus of several has addresses of its own: ``/NAME/…`` is its page and all below it, and ``/api/NAME/…`` the same as
``/NAME/api/…``. Such a request sees that corpus and no other.
"""

from collections.abc import Callable, Iterable, Sequence
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from flask import g, has_request_context, request
from flask.globals import request_ctx
from werkzeug.routing import MapAdapter

from qa.answers.answering import Answerer
from qa.answers.several import MOST_CORPORA, answer_from_several
from qa.answers.verdicts import is_flagged
from qa.datatypes import EVERYTHING, Answer, Scope
from qa.errors import BadQuestion, CorpusUnknown, GapsUnusable, QAError
from qa.gaps import GapFile, Lacking
from qa.keys import Key, KeyFile
from qa.library import RESERVED, Library, Shelf
from qa.limits import DEFAULT_K
from qa.web.meters import Meters
from qa.wording import SOURCE

CORPUS = "candor.corpus"
"""What of a request's environment names its corpus; "" at the addresses of all."""

COOKIE = "candor_login"

StartResponse = Callable[..., Any]
Application = Callable[[dict[str, Any], StartResponse], Iterable[bytes]]


class Desk:
    """Where a request is answered: by the corpus of its address, for whoever may ask it."""

    def __init__(
        self, library: Library, keys: KeyFile | None = None, meters: Meters | None = None, gaps: GapFile | None = None
    ) -> None:
        """Answer from this library, to the holders of keys where there are any, counting what is asked."""
        self.library = library
        self.keys = keys
        self.meters = meters
        self.gaps = gaps

    @property
    def corpus(self) -> str:
        """Return the name of the request's corpus, "" for the only one, or where none is named."""
        return str(request.environ.get(CORPUS, "")) if has_request_context() else ""

    @property
    def is_at_home(self) -> bool:
        """Whether the request is at an address of several corpora, not of one."""
        return self.library.is_several and not self.corpus

    @property
    def answerer(self) -> Answerer:
        """Return what answers for the request's corpus. Raises CorpusUnknown, or the QAError that keeps its index from
        being read."""
        if self.is_at_home:
            raise CorpusUnknown(f"Say which corpus: its address is /NAME{request.path}, {self._named()}.")
        return self.library.live(self.corpus).answerer

    def catch_up(self) -> None:
        """Answer from what the index of the request's corpus holds now, or where several are asked what each holds."""
        if self.is_at_home:
            self.library.catch_up()
        else:
            self.library.live(self.corpus).catch_up()

    @property
    def warning(self) -> str | None:
        """Return why what answers is not what the index should hold, None where it is."""
        return self.library.live(self.corpus).warning

    @property
    def language(self) -> str:
        """Return the language of the request's texts; of several corpora that of all, English where they differ."""
        if not self.is_at_home:
            is_his = self.may_ask(self.library.shelf(self.corpus))
            return self.answerer.index.manifest.language if is_his else SOURCE
        found = {self.library.live(shelf.name).answerer.index.manifest.language for shelf in self.readable()}
        return found.pop() if len(found) == 1 else SOURCE

    def may_ask(self, shelf: Shelf | None) -> bool:
        """Whether whoever asks may ask a corpus."""
        if shelf is None:
            return False
        key: Key | None = g.get("key")
        return self.keys is None or shelf.is_open or (key is not None and key.may_ask(shelf.name))

    def shelves(self) -> list[Shelf]:
        """Return the corpora that whoever asks may ask."""
        return [shelf for shelf in self.library.shelves if self.may_ask(shelf)]

    def _named(self) -> str:
        names = ", ".join(shelf.name for shelf in self.shelves())
        return f"and NAME one of {names}" if names else "and there is none that you may ask"

    def ask(self, question: str, k: int = DEFAULT_K, scope: Scope = EVERYTHING, corpora: str = "") -> Answer:
        """Return the answer of the request's corpus, or, at the address of several, of those named, parted by commas,
        else of all. Raises BadQuestion, CorpusUnknown, or what keeps an index from being read."""
        with self.meters.answering() if self.meters else nullcontext():
            if self.is_at_home:
                answerers = {shelf.name: self.library.live(shelf.name).answerer for shelf in self.wanted(corpora)}
                asked, answer = list(answerers), answer_from_several(answerers, question, k, scope)
            elif corpora:
                raise BadQuestion("Only one corpus is asked at this address: ask several at /api/ask.")
            else:
                asked = [self.corpus]
                answer = replace(self.answerer.answer(question, k, scope), corpus=self.corpus)
        self._count(answer, asked)
        return answer

    def wanted(self, corpora: str) -> list[Shelf]:
        """Return the corpora that a text names, all that may be asked without one. Raises CorpusUnknown, BadQuestion"""
        names = [name for given in corpora.split(",") if (name := given.strip())]
        if not names:
            found = self.readable()
        else:
            found = [shelf for name in dict.fromkeys(names) if (shelf := self._asked_shelf(name))]
        if not found:
            raise CorpusUnknown("There is no corpus here that you may ask.")
        if len(found) > MOST_CORPORA:
            raise BadQuestion(f"At most {MOST_CORPORA} corpora are asked together: name some, as corpora=a,b.")
        return found

    def readable(self) -> list[Shelf]:
        """Return the corpora that whoever asks may ask and that can be read now; all of the former where none can."""
        return [shelf for shelf in self.shelves() if self._answers(shelf)] or self.shelves()

    def _answers(self, shelf: Shelf) -> bool:
        """Whether a corpus can be read now."""
        try:
            return bool(self.library.live(shelf.name).answerer)
        except QAError:
            return False

    def _asked_shelf(self, name: str) -> Shelf:
        shelf = self.library.shelf(name)
        if shelf is None or not self.may_ask(shelf):
            raise CorpusUnknown(f"There is no corpus “{name}” here that you may ask: {self._named()}.")
        return shelf

    def _count(self, answer: Answer, corpora: Sequence[str]) -> None:
        """Count an answer, and what each corpus that was asked lacks: of several a term is missing in all."""
        if self.meters is not None:
            self.meters.count_answer(answer)
        if self.gaps is None or answer.signpost is not None:
            return
        lacking = [
            Lacking(report.term.spelt, str(report.state), next(iter(report.closest), ""))
            for report in answer.terms
            if is_flagged([report])
        ]
        try:
            for corpus in corpora if lacking else ():
                self.gaps.add(corpus, self.asker, lacking, answer.question)
        except GapsUnusable as error:  # an answer is not withheld because it cannot be counted
            if self.meters is not None:
                self.meters.note_problem("gaps", str(error))

    @property
    def asker(self) -> str:
        """Return what tells askers apart: the key, else the address."""
        key: Key | None = g.get("key")
        return f"key {key.id}" if key else f"address {g.get('address', request.remote_addr)}"


def by_corpus(application: Application) -> Application:
    """Return an application for several corpora: the name of one is taken out of the address, and the rest is
    answered as for the only one."""

    def route(environ: dict[str, Any], start_response: StartResponse) -> Iterable[bytes]:
        steps = str(environ.get("PATH_INFO", "")).split("/")
        if steps[1:2] == ["api"] and len(steps) > 3 and steps[2] not in RESERVED:
            name, rest = steps[2], ["", "api", *steps[3:]]
        elif len(steps) > 1 and steps[1] and steps[1] not in RESERVED and "." not in steps[1]:
            name, rest = steps[1], ["", *steps[2:]]
        else:
            return application({**environ, CORPUS: ""}, start_response)
        moved = {
            **environ,
            CORPUS: name,
            "SCRIPT_NAME": f"{environ.get('SCRIPT_NAME', '')}/{name}",
            "PATH_INFO": "/".join(rest) or "/",
        }
        return application(moved, start_response)

    return route


def within(corpus: str, link: Callable[[], str]) -> str:
    """Return an address that ``link`` makes, as it is within a corpus: seen from the page of all."""
    adapter = request_adapter()
    before = adapter.script_name
    adapter.script_name = f"{before.rstrip('/')}/{corpus}/"
    try:
        return link()
    finally:
        adapter.script_name = before


def request_adapter() -> MapAdapter:
    """Return what makes the addresses of this request."""
    adapter = request_ctx.url_adapter
    assert adapter is not None  # noqa: S101 - Flask makes one for each request
    return adapter
