"""Why a term has its state, in words: what ``TermReport.reason`` holds, where it is shown."""

from qa.datatypes import Ground, TermReport
from qa.wording import ENGLISH, Wording


def reason_in_words(report: TermReport, said: Wording = ENGLISH) -> str:
    """Return why a term has its state; "" where nothing is noted."""
    reason = report.reason
    if reason is None:
        return ""
    if reason.ground is Ground.ERROR:
        return said.text("not in these texts, and an error for “{meant}”", meant=reason.words)
    if reason.ground is Ground.USED:
        return said.counted(
            "these texts use it, in {number} passage", "these texts use it, in {number} passages", reason.passages
        )
    if reason.ground is Ground.SPELT_OTHERWISE:
        return said.counted(
            "these texts use it, spelt otherwise, in {number} passage",
            "these texts use it, spelt otherwise, in {number} passages",
            reason.passages,
        )
    if reason.ground is Ground.SYNONYM:
        return said.counted(
            "these texts say “{meant}”, in {number} passage",
            "these texts say “{meant}”, in {number} passages",
            reason.passages,
            meant=reason.words,
        )
    lacks = (
        said.text("not in these texts: {words}", words=reason.words)
        if reason.ground is Ground.LACKING
        else said.text("each part is used, the whole nowhere")
    )
    return said.text("{lacks}; missing with a probability of {percent} %", lacks=lacks, percent=_percent(report))


def _percent(report: TermReport) -> int:
    return round(100 * report.probability)


def state_in_words(report: TermReport, said: Wording = ENGLISH) -> str:
    """Return the name of a term's state."""
    names = {
        "known": said.text("known"),
        "misspelled": said.text("misspelled"),
        "unknown": said.text("unknown"),
        "unestablished": said.text("unestablished"),
    }
    return names[report.state.value]
