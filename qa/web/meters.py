"""What a service counts of itself, for Prometheus; and its stages as spans, where OpenTelemetry is set up.

Nothing of a question is in either. The names of corpora are labels: whoever may see the meters may see these.
"""

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from qa.answers.verdicts import is_flagged
from qa.datatypes import Answer
from qa.errors import QAError
from qa.library import Library
from qa.stages import listening

MULTIPROCESS = "PROMETHEUS_MULTIPROC_DIR"

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# Seconds: a question takes some ten milliseconds, one that waits in a queue seconds.
_BUCKETS = (0.005, 0.01, 0.02, 0.035, 0.05, 0.075, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

_ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"


class Meters:
    """The meters of one process."""

    def __init__(self, library: Library) -> None:
        """Count for this library."""
        self._own = CollectorRegistry()
        self._requests = Counter(
            "candor_requests", "Requests, by what was asked for and the status.", ["endpoint", "status"],
            registry=self._own,
        )  # fmt: skip
        self._seconds = Histogram(
            "candor_request_seconds", "Seconds a request took in the application.", ["endpoint"],
            buckets=_BUCKETS, registry=self._own,
        )  # fmt: skip
        self._stages = Histogram(
            "candor_stage_seconds", "Seconds each stage of an answer took.", ["stage"], buckets=_BUCKETS,
            registry=self._own,
        )  # fmt: skip
        self._answers = Counter(
            "candor_answers", "Answers, by corpus and verdict.", ["corpus", "verdict"], registry=self._own
        )
        self._flagged = Counter(
            "candor_flagged_terms", "Terms that were asked for and are not there, by corpus and state.",
            ["corpus", "state"], registry=self._own,
        )  # fmt: skip
        self._refused = Counter(
            "candor_limited_requests", "Requests over the rate that their key or address has.", registry=self._own
        )
        self._vectors = Counter(
            "candor_vectors", "Vectors of questions and phrases, embedded or reused of those kept.", ["how"],
            registry=self._own,
        )  # fmt: skip
        self._problems = Counter(
            "candor_problems", "What could not be done beside an answer, by kind.", ["kind"], registry=self._own
        )
        self._waiting = Gauge(
            "candor_waiting_requests", "Requests that wait for a thread.", registry=self._own,
            multiprocess_mode="livesum",
        )  # fmt: skip
        self._library = library
        self._tracer = _tracer()
        self._count_waiting: Callable[[], int] | None = None

    def waiting_is(self, count: Callable[[], int]) -> None:
        """Have the number of waiting requests from here."""
        self._count_waiting = count

    def count_request(self, endpoint: str, status: int, seconds: float) -> None:
        """Count a request that was answered or refused."""
        self._requests.labels(endpoint, str(status)).inc()
        self._seconds.labels(endpoint).observe(seconds)
        if self._count_waiting is not None:
            self._waiting.set(self._count_waiting())

    def count_answer(self, answer: Answer) -> None:
        """Count an answer, of several corpora for the one that leads, and the terms that are missing."""
        self._answers.labels(answer.corpus, answer.verdict.value).inc()
        for report in answer.terms:
            if is_flagged([report]):
                self._flagged.labels(answer.corpus, report.state.value).inc()

    def count_limited(self) -> None:
        """Count a request that was over its rate."""
        self._refused.inc()

    def note_problem(self, kind: str, message: str) -> None:
        """Count what could not be done beside an answer."""
        self._problems.labels(kind).inc()

    @contextmanager
    def answering(self) -> Iterator[None]:
        """Take note of the stages of an answer within, in this thread."""
        span = self._tracer.start_as_current_span("answer") if self._tracer is not None else nullcontext()
        with span, listening(StageMeters(self._stages, self._vectors, self._tracer)):
            yield

    def exposed(self) -> bytes:
        """Return all meters, of all processes of the service, as Prometheus reads them."""
        registry = self._own
        if os.environ.get(MULTIPROCESS):
            registry = CollectorRegistry()
            _forget_the_dead(os.environ[MULTIPROCESS])
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        states = CollectorRegistry()
        states.register(_Indexes(self._library))
        return generate_latest(registry) + generate_latest(states)


def _forget_the_dead(folder: str) -> None:
    """Remove what processes that are gone had as their share of what is now."""
    for file in Path(folder).glob("gauge_live*_*.db"):
        process = file.stem.rpartition("_")[2]
        if process.isdigit() and not Path(f"/proc/{process}").exists() and Path("/proc/self").exists():
            file.unlink(missing_ok=True)


class StageMeters:
    """Takes note of the stages of one answer."""

    def __init__(self, seconds: Histogram, vectors: Counter, tracer: Any) -> None:
        """Count in these; make spans where there is a tracer."""
        self._seconds, self._vectors = seconds, vectors
        self._tracer = tracer
        self._spans: list[AbstractContextManager[Any]] = []

    def begins(self, stage: str) -> None:
        """Begin a span."""
        if self._tracer is not None:
            span = self._tracer.start_as_current_span(stage)
            span.__enter__()
            self._spans.append(span)

    def ended(self, stage: str, seconds: float) -> None:
        """End it, and count."""
        self._seconds.labels(stage).observe(seconds)
        if self._spans:
            self._spans.pop().__exit__(None, None, None)

    def counted(self, what: str, number: int) -> None:
        """Count vectors."""
        self._vectors.labels(what).inc(number)


class _Indexes(Collector):
    """What the indexes of a library are now, looked up when it is asked for."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """Yield whether each corpus answers, how large it is, and on how many questions it is calibrated."""
        up = GaugeMetricFamily("candor_corpus_up", "Whether a corpus answers as it should.", labels=["corpus"])
        passages = GaugeMetricFamily("candor_corpus_passages", "Passages of a corpus.", labels=["corpus", "generation"])
        calibrated = GaugeMetricFamily(
            "candor_calibration_questions",
            "Judged questions that the confidence of a corpus was calibrated on; 0 for the bundled calibration.",
            labels=["corpus"],
        )
        for shelf in self._library.shelves:
            live = self._library.live(shelf.name)
            try:
                index, is_sound = live.answerer.index, live.warning is None
            except QAError:
                up.add_metric([shelf.name], 0)
                continue
            up.add_metric([shelf.name], float(is_sound))
            passages.add_metric([shelf.name, index.generation.folder.name], index.manifest.passages)
            own = index.own_calibration
            calibrated.add_metric([shelf.name], sum(own.questions.values()) if own else 0)
        yield from (up, passages, calibrated)


def _tracer() -> Any:
    """Return what makes spans, None where no exporter is set up (OTEL_EXPORTER_OTLP_ENDPOINT) or none is installed."""
    if not os.environ.get(_ENDPOINT):
        return None
    with suppress(ImportError):
        from opentelemetry import trace
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor

        provider = TracerProvider(resource=Resource.create({"service.name": "candor"}))
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        return trace.get_tracer("candor", tracer_provider=provider)
    return None
