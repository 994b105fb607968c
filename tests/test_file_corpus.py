"""One corpus of files of every format that is read, with the traps that public ones hold, asserted text for text.

The sentences are the project's own and free for any use (CC0).
"""

import json
from collections import Counter
from datetime import date, time
from pathlib import Path

from qa.datatypes import Document
from qa.indexing.splitters import line_number
from qa.parsers import PARSERS, find_files, read_corpus
from tests.data.make_samples import docx, epub, odt, paragraph, pdf, presentation, shape, workbook
from tests.test_shown_text import STYLES, TABLE, drawn, run, word


def book(*chapters: str) -> bytes:
    """Return an e-book of chapters."""
    head = '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>Chapter</title></head><body>'
    return epub({f"{number}.xhtml": f"{head}{text}</body></html>" for number, text in enumerate(chapters)})


def lines(*records: dict[str, object]) -> str:
    """Return records as JSON lines."""
    return "".join(json.dumps(record) + "\n" for record in records)


BYELAWS = ["Boats are moored by day.", "Oars are kept in the shed.", "Swimming ends at the buoy.", "Fires need leave."]
FERRY = [("Ferry", "Single"), ("Island and quay", "4.20"), ("Quay and market", "3.10"), ("Market and island", "5.00")]

FILES: dict[str, tuple[str | bytes, list[str]]] = {
    # Plain text
    "allotment.txt": (
        "Allotment rules\n\nEach holder pays a reimburse-\nment of well-\nknown costs.\n",
        ["Allotment rules\n\nEach holder pays a reimbursement of well-known costs.\n"],
    ),
    "choir.txt": ("Choir\r\n\r\nAltos sit on the left.\r\n", ["Choir\r\n\r\nAltos sit on the left.\r\n"]),
    "dairy.txt": ("Dairy\n\nThe pas\xad\nteuriser is cleaned daily.", ["Dairy\n\nThe pasteuriser is cleaned daily."]),
    "key.txt": ("The key is in the café – ask “René”.".encode("cp1252"), ["The key is in the café – ask “René”."]),
    "moor.txt": ("Moorings\n\nBuoy 7 is free.".encode("utf-16"), ["Moorings\n\nBuoy 7 is free."]),
    # Markdown
    "archive.md": (
        "---\ntitle: Archive\n---\nBoxes are lent <!-- not to the mayor --> for ~~one week~~ two weeks.[^1]\n\n"
        "[^1]: Since May.\n",
        ["Boxes are lent for two weeks.\n\nSince May."],
    ),
    "hives.md": (
        "# Hives {#top}\n\nSee [[Frames|the frames]] and [the club](https://example.org/a-very-long-address).\n\n"
        "| Month | Work |\n|---|---|\n| May | swarms |\n",
        ["Hives\n\nSee the frames and the club.\n\nMonth | Work\nMay | swarms"],
    ),
    "kiln.md": (
        "+++\ntitle = 'Kiln'\n+++\n> Fire it *slowly*.\n\n1. Dry\n2. Glaze\n\n<details><summary>More</summary>\n\n"
        "Cool overnight.\n\n</details>\n",
        ["Fire it slowly.\n\n- Dry\n- Glaze\n\nMore\n\nCool overnight."],
    ),
    "loom.markdown": (
        "% Loom\n% A guild\n% May\n\nWarp first.\n\n```\nheddle  --lift 2\n```\n",
        ["Warp first.\n\nheddle  --lift 2"],
    ),
    "vault.md": ("Bells ring at noon. %% check %%\n{: .note }\n\nDoors close <br>at six.", [
        "Bells ring at noon.\n\nDoors close\nat six.",
    ]),
    # JSON lines
    "beir.jsonl": (lines({"_id": "b1", "title": "Otters", "text": "Otters sleep by day."}), ["Otters sleep by day."]),
    "blank.jsonl": ('{"_id": "n1", "text": "Newts hide."}\n\n{"_id": "n2", "text": "Toads dig."}\n', [
        "Newts hide.",
        "Toads dig.",
    ]),
    "more.jsonl": (lines({"_id": "m1", "title": "Moles", "text": "", "url": "https://example.org"}), ["Moles"]),
    "pyserini.jsonl": (lines({"id": "p9", "contents": "Voles swim."}), ["Voles swim."]),
    "windows.jsonl": (lines({"_id": "w1", "text": "Bats café."}).replace("\n", "\r\n"), ["Bats café."]),
    # Tables
    "bars.csv": ("id|text\n1|Row one | on.\n".replace(" | ", " "), ["Row one on."]),
    "faq.csv": ('question,answer\n"Where is it, then?","Behind\nthe chapel."\n', ["Behind\nthe chapel."]),
    "one.csv": ("id,text\n1,The pool opens at seven.\n2,It closes at nine.\n", [
        "The pool opens at seven.",
        "It closes at nine.",
    ]),
    "two.csv": ("id;text\n1;Lockers need a coin.\n".encode("cp1252"), ["Lockers need a coin."]),
    "wide.csv": ("name\tseats\tfloor\nHall\t80\tground\n", ["name: Hall\nseats: 80\nfloor: ground"]),
    # Pages
    "clinic.html": (
        "<title>Clinic</title><nav>Home</nav><div class='cookie-banner'>We use cookies.</div><main><h1>Clinic</h1>"
        "<p>Open <del>nine</del> <ins>eight</ins> to five<sup><a href='#n'>1</a></sup>.</p></main>"
        "<footer>Imprint</footer>",
        ["Clinic\n\nOpen eight to five."],
    ),
    "council.htm": (
        "<p>Bins go out on <b>Mon</b>day.<p hidden>Draft.<p>Not on holidays.<script>alert(1)</script>",
        ["Bins go out on Monday.\n\nNot on holidays."],
    ),
    "latin.html": (
        "<meta charset=iso-8859-1><p>Caf\xe9 \x96 closed".encode("latin-1"),
        ["Café – closed"],
    ),
    "prices.html": (
        "<table><tr><th>Tea<td>2.10<tr><th>Scone<td>1.80</table><ul><li>Dogs wait<li>Cats too</ul>",
        ["Tea | 2.10\nScone | 1.80\n\n- Dogs wait\n- Cats too"],
    ),
    "trail.html": (
        "<article><h2>Trail</h2><p>Keep left at the oak&nbsp;&amp; the gate.</article><aside>Share</aside>",
        ["Trail\n\nKeep left at the oak & the gate."],
    ),
    # PDF
    "byelaws.pdf": (
        pdf([["Lake byelaws", line, f"Page {number}"] for number, line in enumerate(BYELAWS, start=1)]),
        ["\n\n".join(BYELAWS)],
    ),
    "ferry.pdf": (
        pdf([[drawn(*(at for row, (name, price) in enumerate(FERRY) for at in (
            (60, 740 - 14 * row, name), (330, 740 - 14 * row, price))))]]),
        ["\n".join(" ".join(row) for row in FERRY)],
    ),
    "garden.pdf": (
        pdf(),
        [
            "Keeping a garden\nA garden wants water in the morning and shade at noon.\n\n"
            "Beds\nA raised bed drains well.\nIt is a self-contained plot. Call it self-contained."
        ],
    ),
    "marks.pdf": (
        pdf([["The vestry) Tj /F1 6 Tf 4 Ts (2) Tj 0 Ts /F1 10 Tf ( is locked"]]),
        ["The vestry is locked"],
    ),
    "organ.pdf": (pdf([["The organ is tuned"], ["in the first week of May."]]), [
        "The organ is tuned\nin the first week of May.",
    ]),
    # Word
    "formula.docx": (
        word("<w:p>" + run("The fee is ") + "<m:oMath><m:r><m:t>2n+1</m:t></m:r></m:oMath>" + run(" where n is days.")
             + "</w:p>"),
        ["The fee is 2n+1 where n is days."],
    ),
    "lease.docx": (
        word("<w:p>" + run("Tenants may keep a parrot. ", "<w:strike/>") + run("Rent is due in May.") + "</w:p><w:p>"
             + run("Landlord is ill.", "<w:vanish/>") + run("Keys stay here.") + "</w:p>"),
        ["Rent is due in May.\n\nKeys stay here."],
    ),
    "menu.docx": (
        word("<w:p>" + run("Porridge") + '<w:r><w:ptab w:alignment="right"/></w:r>' + run("2.75") + "</w:p>"),
        ["Porridge 2.75"],
    ),
    "plots.docx": (
        docx(paragraph("Plots", "Title") + paragraph("Water", "Heading1") + paragraph("Taps open in April.")),
        ["Plots\n\nWater\n\nTaps open in April."],
    ),
    "rota.docx": (
        docx("<w:tbl><w:tr><w:tc>" + paragraph("Mon") + "</w:tc><w:tc>" + paragraph("Ida") + "</w:tc></w:tr></w:tbl>"),
        ["Mon | Ida"],
    ),
    # OpenDocument
    "chapter.odt": (
        odt('<text:h text:outline-level="1">Nets</text:h><text:p>Nets dry in the loft.</text:p>'),
        ["Nets\n\nNets dry in the loft."],
    ),
    "draft.odt": (
        odt('<text:p><text:span text:style-name="T1">Two knots. </text:span>Three knots.</text:p>', styles=STYLES),
        ["Three knots."],
    ),
    "list.odt": (
        odt("<text:list><text:list-item><text:p>Rope</text:p></text:list-item><text:list-item><text:p>Tar</text:p>"
            "</text:list-item></text:list>"),
        ["- Rope\n- Tar"],
    ),
    "notes.odt": (
        odt("<text:p>Oak<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>Or ash."
            "</text:p></text:note-body></text:note> floats.</text:p>"),
        ["Oak floats.\n\nOr ash."],
    ),
    "secret.odt": (
        odt('<text:p><text:span text:style-name="T2">Pin 1234. </text:span>Ask the bosun.</text:p>', styles=STYLES),
        ["Ask the bosun."],
    ),
    # Presentations
    "hidden.pptx": (presentation(shape("Shown"), shape("Old"), hidden=2), ["Shown"]),
    "number.pptx": (presentation(shape("Rings", kind="title") + shape("Oak has rings.") + shape("3", kind="sldNum")), [
        "Rings\n\nOak has rings.",
    ]),
    "order.pptx": (presentation(shape("First"), shape("Second"), shape("Third")), ["First\n\nSecond\n\nThird"]),
    "table.pptx": (presentation(shape("Hours", kind="title") + TABLE), ["Hours\n\nMon | 9 to 5"]),
    "talk.pptx": (presentation(shape("One", "Two") + shape("Start", kind="ctrTitle")), ["Start\n\nOne\nTwo"]),
    # Workbooks
    "dates.xlsx": (workbook(("Tides", [["Day", "High"], [date(2026, 5, 2), time(6, 30)]])), [
        "Tides\n\nDay | High\n2026-05-02 | 06:30",
    ]),
    "gaps.xlsx": (workbook(("Log", [["Seen", None, "Where"], [None, None, None], ["Heron", None, "Weir"]])), [
        "Log\n\nSeen | Where\nHeron | Weir",
    ]),
    "numbers.xlsx": (workbook(("Fees", [["Adult", 4.5], ["Child", 2]])), ["Fees\n\nAdult | 4.5\nChild | 2"]),
    "several.xlsx": (workbook(("A", [["One."]]), ("B", [["Two."]])), ["A\n\nOne.\n\nB\n\nTwo."]),
    "truth.xlsx": (workbook(("Flags", [["Open", True], ["Note", "Ring\ntwice"]])), [
        "Flags\n\nOpen | TRUE\nNote | Ring twice",
    ]),
    # reStructuredText
    "cellar.rst": ("Cellar\n======\n\n.. warning:: Mind the step.\n\nCasks lie *flat*.\n", [
        "Cellar\n\nWarning\n\nMind the step.\n\nCasks lie flat.",
    ]),
    "code.rst": ("Run it::\n\n    brew  --all\n\nThen wait.\n", ["Run it:\n\nbrew  --all\n\nThen wait."]),
    "links.rst": ("See `the log <https://example.org/x>`_ and :ref:`tides <tides>`.\n\n.. _tides:\n\nTides turn.\n", [
        "See the log and tides.\n\nTides turn.",
    ]),
    "list.rst": ("- hops\n\n- malt\n\nYeast\n-----\n\nAdd it last. [1]_\n\n.. [1] When cool.\n", [
        "- hops\n\n- malt\n\nYeast\n\nAdd it last.\n\nWhen cool.",
    ]),
    "silent.rst": (".. a remark\n\n.. toctree::\n\n   cellar\n\nOnly this.\n", ["Only this."]),
    # E-books
    "chapters.epub": (book("<h1>Salt</h1><p>Salt keeps.</p>", "<h1>Smoke</h1><p>Smoke dries.</p>"), [
        "Salt\n\nSalt keeps.\n\nSmoke\n\nSmoke dries.",
    ]),
    "marked.epub": (book('<p>Brine<a epub:type="noteref" href="#n">2</a> stings.</p>'), ["Brine stings."]),
    "picture.epub": (book('<p>Before.</p><img src="a.png" alt=""/><p>After.</p>'), ["Before.\n\nAfter."]),
    "poem.epub": (book("<p>Grey sea,<br/>grey sky.</p>"), ["Grey sea,\ngrey sky."]),
    "struck.epub": (book("<p>Pay <s>ten</s> twelve pence.</p>"), ["Pay twelve pence."]),
}  # fmt: skip


def test_a_corpus_of_every_format(tmp_path: Path) -> None:
    folder = tmp_path / "shelf"
    folder.mkdir()
    for name, (content, _) in FILES.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    found: dict[str, list[str]] = {name: [] for name in FILES}
    for document in read_corpus(find_files(folder).files):
        assert isinstance(document, Document), document
        found[document.source.split("/")[1].split(":")[0]].append(document.text)
    assert found == {name: texts for name, (_, texts) in FILES.items()}


def test_the_corpus_has_five_files_of_each_format() -> None:
    counted = Counter(Path(name).suffix for name in FILES)
    counted[".md"] += counted.pop(".markdown")
    counted[".html"] += counted.pop(".htm")
    assert min(counted.values()) >= 5
    assert set(counted) == set(PARSERS) - {".markdown", ".htm"}


def test_a_quote_is_found_on_its_line(tmp_path: Path) -> None:
    for name in ("hives.md", "archive.md", "vault.md", "kiln.md", "allotment.txt", "choir.txt"):
        content = FILES[name][0]
        assert isinstance(content, str)
        (tmp_path / name).write_bytes(content.encode())
        (document,) = read_corpus(find_files(tmp_path / name).files)
        assert isinstance(document, Document)
        written = content.replace("\r\n", "\n").split("\n")
        for word_ in ("swarms", "frames", "two weeks", "Since", "Doors", "Dry", "overnight", "costs", "Altos"):
            if word_ in document.text:
                assert word_ in written[line_number(document.lines, document.text.index(word_)) - 1], (name, word_)
