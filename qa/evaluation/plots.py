"""Curves of an evaluation as SVG text, to stand inside a page. Colours are named so that both themes can read them."""

from collections.abc import Iterable, Sequence

import numpy as np

from qa.evaluation.measures import reliability_bins, risks_by_coverage
from qa.evaluation.outcomes import Column

_GOOD, _BAD, _LINE = "#2a7f78", "#c0603a", "#7a8687"

# Units of the drawing: its size, and the margins that hold the axes' numbers and names.
_WIDTH, _HEIGHT = 460, 320
_LEFT, _RIGHT, _TOP, _BOTTOM = 56, 12, 12, 46
_POINTS = 400  # of a curve: a set of a million questions has no more that could be seen
_BARS = 20

Point = tuple[float, float]


def score_histogram(confidence: Column, right: Column) -> str:
    """Return the histogram of confidence, right and wrong answers apart."""
    edges = np.linspace(0, 1, _BARS + 1)
    groups = [np.histogram(confidence[right == value], edges)[0] for value in (1, 0)]
    plot = _Plot("confidence", "questions", top=float(max(1, *(group.max() for group in groups))))
    width = 1 / _BARS / 2
    for number, (group, colour) in enumerate(zip(groups, (_GOOD, _BAD), strict=True)):
        for place, height in enumerate(group.tolist()):
            plot.bar((place / _BARS + number * width, float(height)), width, colour)
    return plot.svg({"right": _GOOD, "wrong or not answerable": _BAD})


def risk_coverage_curve(confidence: Column, right: Column) -> str:
    """Return the share of wrong answers against the share of questions answered, most confident first."""
    risks = risks_by_coverage(confidence, right)
    coverage = np.arange(1, len(risks) + 1) / len(risks)
    chance = float(1 - right.mean())
    shown = np.unique(np.linspace(0, len(risks) - 1, min(_POINTS, len(risks))).astype(int))
    plot = _Plot("coverage", "risk", top=float(max(0.01, chance, risks.max())))
    plot.line([(0, chance), (1, chance)], _LINE, dotted=True)
    plot.line(list(zip(coverage[shown].tolist(), risks[shown].tolist(), strict=True)), _GOOD)
    return plot.svg({"by confidence": _GOOD, "at random": _LINE})


def reliability_plot(confidence: Column, right: Column) -> str:
    """Return the share of right answers against the mean confidence, in 15 bins of equal mass."""
    points = [(float(mean), float(share)) for mean, share, _ in reliability_bins(confidence, right)]
    plot = _Plot("confidence", "share right", top=1)
    plot.line([(0, 0), (1, 1)], _LINE, dotted=True)
    plot.line(points, _GOOD)
    plot.dots(points, _GOOD)
    return plot.svg({"as found": _GOOD, "as promised": _LINE})


class _Plot:
    """A drawing over [0, 1] and [0, top]."""

    def __init__(self, across: str, up: str, top: float) -> None:
        self._top = top
        self._marks: list[str] = []
        for share in np.linspace(0, 1, 6).tolist():
            x, y = self._place((share, share * top))
            self._text(x, _HEIGHT - _BOTTOM + 16, f"{share:.1f}", "middle")
            self._text(_LEFT - 6, y + 4, f"{share * top:.3g}", "end")
        self._text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 8, across, "middle")
        middle = (_TOP + _HEIGHT - _BOTTOM) / 2
        self._marks.append(f'<text transform="translate(14 {middle:g}) rotate(-90)" text-anchor="middle">{up}</text>')
        self._path([(0, top), (0, 0), (1, 0)], _LINE, "")

    def _place(self, point: Point) -> Point:
        x, y = point
        across, up = _WIDTH - _LEFT - _RIGHT, _HEIGHT - _TOP - _BOTTOM
        return round(_LEFT + x * across, 1), round(_HEIGHT - _BOTTOM - y / self._top * up, 1)

    def _text(self, x: float, y: float, text: str, anchor: str) -> None:
        self._marks.append(f'<text x="{x:g}" y="{y:g}" text-anchor="{anchor}">{text}</text>')

    def _path(self, points: Iterable[Point], colour: str, style: str) -> None:
        places = " ".join(f"{x:g},{y:g}" for x, y in map(self._place, points))
        self._marks.append(f'<polyline points="{places}" fill="none" stroke="{colour}"{style}/>')

    def line(self, points: Sequence[Point], colour: str, dotted: bool = False) -> None:
        self._path(points, colour, ' stroke-dasharray="2 4"' if dotted else ' stroke-width="2"')

    def dots(self, points: Sequence[Point], colour: str) -> None:
        places = map(self._place, points)
        self._marks += [f'<circle cx="{x:g}" cy="{y:g}" r="3" fill="{colour}"/>' for x, y in places]

    def bar(self, corner: Point, width: float, colour: str) -> None:
        """Draw a bar from the axis up to a corner's height, its left side there."""
        x, height = corner
        (left, top), (right, bottom) = self._place((x, height)), self._place((x + width, 0))
        size = f'width="{right - left:g}" height="{bottom - top:g}"'
        self._marks.append(f'<rect x="{left:g}" y="{top:g}" {size} fill="{colour}"/>')

    def svg(self, legend: dict[str, str]) -> str:
        """Return the drawing, with what each colour means."""
        for number, (name, colour) in enumerate(legend.items()):
            y = _TOP + 10 + 16 * number
            self._marks.append(f'<rect x="{_LEFT + 10}" y="{y - 8}" width="10" height="10" fill="{colour}"/>')
            self._text(_LEFT + 26, y, name, "start")
        head = f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" xmlns="http://www.w3.org/2000/svg" font-family="sans-serif"'
        return f'{head} font-size="12" fill="currentColor">{"".join(self._marks)}</svg>'
