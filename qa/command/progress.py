"""How far a long command is: a bar on a terminal, and elsewhere, where it is wanted, a line every five seconds."""

import threading
from collections.abc import Callable
from types import TracebackType
from typing import Any

SECONDS = 5.0
"""Between two lines where standard error is no terminal."""


class Progress:
    """A context that yields a function to call with a stage, how much of it is done, and its whole where that is
    known."""

    def __init__(self, say: Callable[[str], None] | None = None, seconds: float = SECONDS) -> None:
        """Say lines with this function, none where it is None."""
        self._say = say
        self._seconds = seconds
        self._line = ""
        self._ended = threading.Event()
        self._tasks: dict[str, Any] = {}

    def __enter__(self) -> Callable[[str, int, int | None], None]:
        """Begin to show."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        console = Console(stderr=True)
        columns = [TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()]
        self._bar = Progress(*columns, console=console, disable=not console.is_terminal)
        self._bar.start()
        self._lines = threading.Thread(target=self._say_lines, name="progress", daemon=True)
        self._has_lines = self._say is not None and not console.is_terminal
        return self._show

    def _show(self, stage: str, done: int, total: int | None) -> None:
        self._line = f"{stage}: {done:,}" + (f" of {total:,}" if total is not None else "") if done else f"{stage} …"
        if self._has_lines:
            self._has_lines = False
            self._lines.start()  # not before: what is refused at once is one line
        if stage not in self._tasks:
            self._tasks[stage] = self._bar.add_task(stage, total=total)
        self._bar.update(self._tasks[stage], completed=done, total=total)

    def _say_lines(self) -> None:
        while self._say and not self._ended.wait(self._seconds):
            self._say(self._line)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End it: no line is said after this."""
        self._bar.stop()
        self._ended.set()
        if self._lines.is_alive():
            self._lines.join()
