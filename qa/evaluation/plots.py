"""Curves of an evaluation as SVG text, to stand inside a page. Colours are named so that both themes can read them."""

import io
import re
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from qa.evaluation.measures import reliability_bins, risks_by_coverage
from qa.evaluation.outcomes import Column

_SIZE = (4.6, 3.2)  # inches
_GOOD, _BAD, _LINE = "#2a7f78", "#c0603a", "#7a8687"


def score_histogram(confidence: Column, right: Column) -> str:
    """Return the histogram of confidence, right and wrong answers apart."""

    def draw(axes: Any) -> None:
        bins = np.linspace(0, 1, 21).tolist()
        groups = [confidence[right == 1], confidence[right == 0]]
        axes.hist(groups, bins=bins, color=[_GOOD, _BAD], label=["right", "wrong or not answerable"])
        axes.set(xlabel="confidence", ylabel="questions", xlim=(0, 1))
        axes.legend(frameon=False)

    return _svg(draw, "histogram")


def risk_coverage_curve(confidence: Column, right: Column) -> str:
    """Return the share of wrong answers against the share of questions answered, most confident first."""

    def draw(axes: Any) -> None:
        risks = risks_by_coverage(confidence, right)
        axes.plot(np.arange(1, len(risks) + 1) / len(risks), risks, color=_GOOD)
        axes.axhline(1 - right.mean(), color=_LINE, linestyle=":", label="confidence at random")
        axes.set(xlabel="coverage", ylabel="risk", xlim=(0, 1), ylim=(0, None))
        axes.legend(frameon=False)

    return _svg(draw, "risk")


def reliability_plot(confidence: Column, right: Column) -> str:
    """Return the share of right answers against the mean confidence, in 15 bins of equal mass."""

    def draw(axes: Any) -> None:
        means, shares, _ = zip(*reliability_bins(confidence, right), strict=True)
        axes.plot([0, 1], [0, 1], color=_LINE, linestyle=":", label="as promised")
        axes.plot(means, shares, "o-", color=_GOOD, markersize=4, label="as found")
        axes.set(xlabel="confidence", ylabel="share right", xlim=(0, 1), ylim=(0, 1.02))
        axes.legend(frameon=False)

    return _svg(draw, "reliability")


def _svg(draw: Callable[[Any], None], salt: str) -> str:
    """Return a drawing as SVG without a date or chance ids, so that equal evaluations give equal pages."""
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": salt, "font.size": 9}):
        figure = Figure(figsize=_SIZE, layout="constrained")
        axes = figure.subplots()
        axes.spines[["top", "right"]].set_visible(False)
        draw(axes)
        buffer = io.StringIO()
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    svg = buffer.getvalue()
    svg = svg[svg.index("<svg") :]
    return re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)  # it names addresses that nobody needs
