"""The service does what its description says, and nothing else, for requests that nobody would write by hand.

Requests are generated from ``/openapi.json``, right and wrong ones, by schemathesis; `benchmarks.hostile_requests`
sends tens of thousands of them, and bytes that are hardly HTTP, to a server of its own.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings

from benchmarks.hostile_requests import CHECKS, strategies_of
from tests.serving import Running, start


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    running = start(tmp_path_factory.mktemp("described"))
    yield running
    running.process.terminate()
    running.process.wait(60)


def test_requests_made_of_the_description(server: Running) -> None:
    schema = schemathesis.openapi.from_url(f"http://127.0.0.1:{server.port}/openapi.json")
    strategies = strategies_of(schema)
    assert len(strategies) == 11 + 6  # right ones of each operation, wrong ones of the six that take something
    for strategy in strategies:

        @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(case=strategy)
        def check(case: schemathesis.Case[Any]) -> None:
            case.call_and_validate(checks=CHECKS, timeout=60)

        check()
    assert "Traceback" not in server.log.read_text(encoding="utf-8")
