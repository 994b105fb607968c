"""What is done again and again: each thing after its own time, one at a time, until it is stopped."""

import logging
import re
import threading
import time
from collections.abc import Callable, Mapping

_PERIOD = re.compile(r"([1-9]\d{0,5})\s*(minute|min|hour|h|day|d)s?")
_SECONDS = {"minute": 60, "min": 60, "hour": 3600, "h": 3600, "day": 86_400, "d": 86_400}
_LOOK_SECONDS = 0.5

AGAIN_SECONDS = 300
"""After which what failed is tried again, where its own time is not shorter."""

_log = logging.getLogger("qa")


def parse_period(written: str) -> int:
    """Return the seconds of a time such as "30 minutes", "6 hours" or "1 day". Raises ValueError."""
    found = _PERIOD.fullmatch(written.strip().lower())
    if found is None:
        raise ValueError(f"“{written}” is no time such as 30 minutes, 6 hours or 1 day")
    return int(found[1]) * _SECONDS[found[2]]


class Schedule:
    """Does things by their names, each so many seconds after it was done last, the first time at once; what failed is
    tried again after a few minutes."""

    def __init__(self, periods: Callable[[], Mapping[str, int]], do: Callable[[str], bool]) -> None:
        """Take what gives the seconds by name, which is asked anew each time, and what does the thing of a name and
        returns whether it could."""
        self._periods, self._do = periods, do
        self._done: dict[str, tuple[float, bool]] = {}
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="schedule", daemon=True)

    def start(self) -> None:
        """Begin, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing more."""
        self._stopped.set()

    def due(self, now: float) -> list[str]:
        """Return the names that are due at a time of the monotonic clock, the longest overdue first."""
        begins = {name: self._begin(name, seconds) for name, seconds in self._periods().items()}
        return sorted((name for name, begin in begins.items() if begin <= now), key=lambda name: begins[name])

    def _begin(self, name: str, seconds: int) -> float:
        when, is_done = self._done.get(name, (-float("inf"), True))
        return when + (seconds if is_done else min(seconds, AGAIN_SECONDS))

    def note(self, name: str, now: float, is_done: bool) -> None:
        """Take note of what was done, or could not be, at this time."""
        self._done[name] = now, is_done

    def _run(self) -> None:
        while not self._stopped.wait(_LOOK_SECONDS):
            for name in self.due(time.monotonic()):
                if self._stopped.is_set():
                    return
                try:
                    is_done = self._do(name)
                except OSError as error:  # as of a process that cannot be started
                    _log.error("qa: %s could not be done in time: %s", name, error)
                    is_done = False
                self.note(name, time.monotonic(), is_done)
