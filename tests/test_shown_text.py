"""What a reader sees is what is quoted: the text of documents, asserted whole, with the traps that real files hold."""

import io
import re
from datetime import date
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import Workbook
from openpyxl.styles import Font
from pypdfium2 import PdfDocument, PdfImage, PdfMatrix

from qa.datatypes import Document
from qa.indexing.splitters import line_number
from qa.parsers import CorpusFile, read_corpus
from qa.parsers.encodings import guessed
from qa.parsers.html import is_note_mark
from qa.parsers.scans import READ_BY, can_read_scans
from qa.parsers.word_markup import linear
from tests.data.make_samples import WORD, archive, docx, epub, odt, pdf, presentation, shape
from tests.test_parsers import NOISE, read, read_one, reason

MATH = "http://schemas.openxmlformats.org/officeDocument/2006/math"

MARKDOWN = {
    "fields of a template": ("The title is {{.Title}} and x{{#if}}.", "The title is {{.Title}} and x{{#if}}."),
    "what is set in like code": ("One.\n\n    !!! note\n        two", "One.\n\n!!! note\n    two"),
    "a comment of HTML": ("One <!-- secret --> two.", "One two."),
    "a comment of note takers": ("One.\n\n%% private: nothing %%\n\nTwo %%and\nthis%% three.", "One.\n\nTwo three."),
    "per cent signs are none": ("From 5%% to 6%%, and 100 %.", "From 5%% to 6%%, and 100 %."),
    "code keeps its signs": ("```\n[[ -f x ]] %% y %% {: #z}\n```\n", "[[ -f x ]] %% y %% {: #z}"),
    "code in a line does, too": ("Type `[[a|b]] %%c%%` here.", "Type [[a|b]] %%c%% here."),
    "an address of a link": ("See the [rules](https://example.org/tombola).", "See the rules."),
    "an address of a picture": ("Before.\n\n![](zeppelin.png)\n\nAfter.", "Before.\n\nAfter."),
    "a wiki link": ("See [[Stationery list|the list]] and [[Pens]].", "See the list and Pens."),
    "attributes of a heading": ("# Top {#top .wide}\n\nOne.\n\n## Sub {: #sub }\n\nTwo.", "Top\n\nOne.\n\nSub\n\nTwo."),
    "attributes of a block": ("One.\n{: .note }\n\nTwo.", "One.\n\nTwo."),
    "braces of prose": ("Write {name} and {: x}.", "Write {name} and {: x}."),
    "elements of HTML": ("Press <kbd>Menu</kbd><br>and <span id=x></span>wait.", "Press Menu\nand wait."),
    "entities": ("Salt&nbsp;&amp; pepper &lt;3", "Salt & pepper <3"),
    "what is taken back": ("Dogs ~~may~~ must wait.", "Dogs must wait."),
    "a note and its mark": ("Oak[^1] is hard.\n\n[^1]: So is ash.", "Oak is hard.\n\nSo is ash."),
    "a table": ("| Day | Hours |\n|---|---|\n| Mon | 9–5 |", "Day | Hours\nMon | 9–5"),
    "a list": ("- one\n- two\n  - three\n\n1. four", "- one\n- two\n\n- three\n\n- four"),
    "lines of a paragraph": ("A line that\ngoes on\nthree times.", "A line that goes on three times."),
    "emphasis": ("*One*, **two**, _three_ and snake_case.", "One, two, three and snake_case."),
    "attributes of pandoc": (
        "Wait.{#wait} [Span]{.mark} and `x`{.py} ![a oven](a.png){width=50%} [go](#b){: .btn } {name} f{x=1} [a]{b}.",
        "Wait. Span and x go {name} f{x=1} [a]{b}.",
    ),
    "fences of boxes": (
        "One.\n\n::: note\nTwo.\n:::\n\n::: {.tip}\nThree.\n:::\n\n```\n::: note\n```\n",
        "One.\n\nTwo.\n\nThree.\n\n::: note",
    ),
    "the title of a box": (":::warning Mind this\nOne.\n:::", "Mind this One."),
    "callouts": ("> [!NOTE]\n> One.\n\n> [!tip]- Two\n> three.", "One.\n\nTwo three."),
    "admonitions": (
        '!!! warning "Mind"\n    One *two*.\n\n    Three.\n\n??? note\n\n    Four.\n\nFive!!! six.',
        "Mind One two.\n\nThree.\n\nFour.\n\nFive!!! six.",
    ),
    "marked words": ("A ==marked word== and a == b == c, `==x==`.", "A marked word and a == b == c, ==x==."),
    "a list of contents": ("[TOC]\n\nOne [TOC].", "One [TOC]."),
    "raised signs": (
        "The drone¹ leaves.² It has 3 m², 10³ and 4 km².",
        "The drone leaves. It has 3 m², 10³ and 4 km².",
    ),
    "headings alone": ("# Numbers\n\n## Plumber: 0123 555 010", "Numbers\n\nPlumber: 0123 555 010"),
}

FRONT_MATTER = {
    "YAML": '---\ntitle: Bees\naliases: [Apis, "Honey bees"]\n---\nHum.',
    "YAML, ended by dots": "---\ntitle: Bees\naliases:\n- Apis\n- Honey bees\n...\nHum.",
    "TOML": '+++\ntitle = "Bees"\naliases = ["Apis", "Honey bees"]\ndate = 2026-01-02\n+++\nHum.',
    "JSON": '{\n  "title": "Bees",\n  "aliases": ["Apis", "Honey bees"]\n}\n\nHum.',
    "Windows": '---\r\ntitle: Bees\r\naliases: [Apis, "Honey bees"]\r\n---\r\nHum.',
}

HTML = {
    "a sign that is a link's text": ('The <a href="#add"><code>+=</code></a> operator.', "The += operator."),
    "a link in brackets": (
        'See method<a href="#m">[get]</a> (and <a href="#c3">(3)</a>).',
        "See method[get] (and (3)).",
    ),
    "the word hidden in a value": ("<abbr title=\"a hidden cost\">TCO</abbr> <b data-x='so hidden'>B</b>", "TCO B"),
    "a class that is shown on a wide screen": (
        "<style>.w{display:none} @media (min-width:600px){.w{display:block}}</style><p class=w>One.</p>",
        "One.",
    ),
    "a class that is struck out for some": (
        "<style>.p{text-decoration:line-through} .p.now{text-decoration:none}</style><p class='p now'>5</p>",
        "5",
    ),
    "style sheets in comments and scripts": (
        "<!-- <style>.b{display:none}</style> --><script>'<style>.b{display:none}</style>'</script><p class=b>One.</p>",
        "One.",
    ),
    "an element of no name": ("<p>one <x( class='sup'>two</x(> three</p>", "one two three"),
    "a power of a letter": ("<p>The variance &sigma;<sup>2</sup> is small.</p>", "The variance σ2 is small."),
    "what is taken back": (
        "Tea costs <del>two</del> <ins>three</ins> pounds. <s>Dogs may.</s>",
        "Tea costs three pounds.",
    ),
    "struck by style": ('One <span style="text-decoration: line-through">old</span> two.', "One two."),
    "hidden within a line": ('One <span style="display:none">no <b>no</b></span> two.', "One two."),
    "a raised mark behind a word": ("Every ringer<sup>2</sup> rings.", "Every ringer rings."),
    "a raised mark behind a word in bold": (
        "Each <b>groom</b><sup>2</sup> and <em>foal</em><sup>[3]</sup>.",
        "Each groom and foal.",
    ),
    "two raised marks": ("Each <i>vine</i><sup>4</sup><sup>,</sup><sup>5</sup> grows.", "Each vine grows."),
    "units in bold": ("<b>30 m</b><sup>2</sup> and <i>x</i><sup>2</sup>", "30 m2 and x2"),
    "a raised mark that begins a cell": ("<table><tr><td>Word<td><sup>2</sup></table>", "Word | 2"),
    "a mark raised by its style": (
        'Oats<span style="vertical-align: super">6</span> and rye<span class="x superscript">7</span>, 4 m'
        '<span class="sup">2</span>, not sup<span class="no-super">8</span>.',
        "Oats and rye, 4 m2, not sup8.",
    ),
    "hidden within a line by any element": (
        'One <b style="display:none">b</b><em hidden>em</em><u style="text-decoration: line-through">u</u>'
        '<small hidden>s</small><font style="TEXT-DECORATION:LINE-THROUGH">f</font><x-y hidden>x</x-y>two<img hidden>.',
        "One two.",
    ),
    "what is struck with its own kind within": (
        'It is <span style="text-decoration:line-through">nine <span>x</span> <span/>ten</span></span> two.'
        " Now <del>ll<del>mm</del>nn</del> three.",
        "It is two. Now three.",
    ),
    "hidden and struck by a class": (
        "<style>/* .two{display:none} */ .gone, p.past {display: none !important} @media print { .two {display:none} }"
        " .old{color:red; text-decoration:line-through} .tab{display:none} .tab.open{display:block}"
        " .up{vertical-align:super} .menu .three {display:none}</style><style media='print'>.two{display:none}</style>"
        "<p class='a gone'>No.</p><p class=past>No.</p><p class=two>One <b class='old'>no</b><span class=past>yes,"
        " </span><i class='three'>two</i><span class=up>7</span>.</p><div class=tab>Tab.</div>",
        "One yes, two.\n\nTab.",
    ),
    "what is struck and never ended": ('<span hidden>One <b style="display:none">two.', "One two."),
    "a raised link": ('The belfry<sup><a href="#n3">3</a></sup> is cold.', "The belfry is cold."),
    "a link that is raised": ('The belfry<a href="#n3"><sup>3</sup></a> is cold.', "The belfry is cold."),
    "a reference in brackets": ('Oak.<sup class="reference"><a href="#cite-1">[1]</a></sup> Ash.', "Oak. Ash."),
    "a dagger": ("Free entry<sup>†</sup> today.", "Free entry today."),
    "a mark that says so": ('Learn<a epub:type="noteref" href="#n1">3</a> now.', "Learn now."),
    "marks that are not raised": (
        'Cider<span class="footnote-ref">5</span> and perry<a href="#n7">[7]</a>, see <a href="#n8">[8]</a>.',
        "Cider and perry, see [8].",
    ),
    "a way back": ('Note. <a href="#r1" class="footnote-back" role="doc-backlink">↩</a>', "Note."),
    "units and powers": (
        "30 m<sup>2</sup>, 5 cm<sup>3</sup>, 10<sup>6</sup>, x<sup>n</sup>.",
        "30 m2, 5 cm3, 106, xn.",
    ),
    "formulas": ("H<sub>2</sub>O and the 1<sup>st</sup> of May.", "H2O and the 1st of May."),
    "a link to a number": ('See page <a href="#p12">12</a>.', "See page 12."),
    "content that is marked": (
        "<header>Shop</header><div>Menu</div><main><p>One.</p></main><footer>©</footer>",
        "One.",
    ),
    "content marked by its role": ('<div>Menu</div><div role="main"><p>One.</p></div>', "One."),
    "an only article": ("<div>Deutsch English</div><article><p>One.</p></article>", "One."),
    "several articles": ("<article><p>One.</p></article><article><p>Two.</p></article>", "One.\n\nTwo."),
    "an empty main": ("<main></main><p>One.</p>", "One."),
    "a banner of cookies": ('<div class="cookie-bar">We use cookies.</div><p>One.</p>', "One."),
    "consent that is no banner": (
        '<div class="informed-consent">One.</div><p class="cookies">Two.</p>',
        "One.\n\nTwo.",
    ),
    "roles of furniture": ('<ul role="navigation"><li>Home</li></ul><p>One.</p>', "One."),
    "a sign that leads to its heading": (
        '<h2>Tray<a class="headerlink" href="#tray">¶</a></h2><p>A <a href="#b">b</a>, <a href="c.html">→</a>.</p>',
        "Tray\n\nA b, →.",
    ),
    "headings alone": ("<h1>Numbers</h1><h2>Plumber: 0123</h2>", "Numbers\n\nPlumber: 0123"),
}


@pytest.mark.parametrize(("text", "shown"), MARKDOWN.values(), ids=MARKDOWN)
def test_markdown(tmp_path: Path, text: str, shown: str) -> None:
    document = read_one(tmp_path, "a.md", text)
    assert document.text == shown
    assert document.sections


@pytest.mark.parametrize("text", FRONT_MATTER.values(), ids=FRONT_MATTER)
def test_front_matter(tmp_path: Path, text: str) -> None:
    document = read_one(tmp_path, "a.md", text)
    assert (document.title, document.aliases, document.text) == ("Bees", ("Apis", "Honey bees"), "Hum.")


def test_emphasis_in_a_title_of_front_matter(tmp_path: Path) -> None:
    assert read_one(tmp_path, "a.md", '---\ntitle: "The *oven* and a_b_c, 2 * 3"\n---\nHum.').title == (
        "The oven and a_b_c, 2 * 3"
    )


@pytest.mark.parametrize("ending", [".txt", ".csv"])
def test_raised_signs_of_notes(tmp_path: Path, ending: str) -> None:
    start = "text\n" if ending == ".csv" else "Stable\n\n"
    document = read_one(tmp_path, f"a{ending}", f"{start}The farrier¹ shoes the pony². It has 3 m² of 10³ cm³.\n")
    assert document.text.endswith("The farrier shoes the pony. It has 3 m² of 10³ cm³." + "\n" * (ending == ".txt"))


@pytest.mark.parametrize(
    "text",
    ["(x + 1)² = x² + 2x + 1", "9.81 m/sec²", "a chi² test", "sin² x", "5 kg/(m·s)²", "CO₂ and 12 kWh²", "width² = 4"],
)
def test_powers_are_no_marks_of_notes(tmp_path: Path, text: str) -> None:
    assert read_one(tmp_path, "a.txt", text.encode()).text == text


def test_style_sheets_beyond_reason_take_no_long(tmp_path: Path) -> None:
    for markup in ("<style " * 100_000, f"<style {'media=all ' * 100_000}>.a{{}}</style>"):
        assert read_one(tmp_path, "a.html", f"<p>One.</p>{markup}".encode()).text == "One."


def test_the_title_block_of_pandoc(tmp_path: Path) -> None:
    document = read_one(tmp_path, "a.md", "% Bees and\n  wasps\n% A. Writer; B. Writer\n% 2 May 2026\n\nHum.")
    assert (document.title, document.text) == ("Bees and wasps", "Hum.")


@pytest.mark.parametrize(
    "text",
    [
        "---\ntitle: [\n---\nHum.",
        "+++\ntitle = \n+++\nHum.",
        "+++\na = " + "[" * 50_000 + "\n+++\nHum.",
        "---\n- " * 20_000 + "\n---\nHum.",
    ],
)
def test_front_matter_that_cannot_be_read_is_no_text(tmp_path: Path, text: str) -> None:
    assert read_one(tmp_path, "some-name.md", text).text.endswith("Hum.")


@pytest.mark.parametrize("text", ["{name} is a field.", '{"a": 1} is JSON.', "{" * 50_000, "%% so %%\n\nOne.", "+++"])
def test_what_only_looks_like_front_matter_is_text(tmp_path: Path, text: str) -> None:
    document = read_one(tmp_path, "some-name.md", text)
    assert document.title == "Some name"
    assert document.text


def test_quotes_within_quotes_beyond_reason_are_refused(tmp_path: Path) -> None:
    assert "over 500 deep" in reason(tmp_path, "a.md", b"> " * 600 + b"a")
    assert "over 500 deep" in reason(tmp_path, "b.md", b"- " * 600 + b"a")
    assert read_one(tmp_path, "c.md", "-" * 600 + "\n\nOne.").text == "One."


words = st.sampled_from(
    ["alpha", "*beta*", "# gamma", "> delta", "- epsilon", "`zeta`", "\n", "\r\n", "\n\n", "---", "|"]
)


@settings(max_examples=200, deadline=None)
@given(pieces=st.lists(words, min_size=1, max_size=30))
def test_every_word_of_markdown_is_shown_once_and_sections_are_apart(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.md"
    path.write_bytes("\n".join(["Text.", *pieces]).encode())
    (document,) = read(path)
    shown = getattr(document, "text", "")
    for word in ("alpha", "beta", "gamma", "delta", "epsilon", "zeta"):
        assert shown.count(word) == sum(word in piece for piece in pieces)
    sections = getattr(document, "sections", ())
    ends = [0, *(section.end for section in sections)]
    assert all(end <= s.start < s.end <= len(shown) for end, s in zip(ends, sections, strict=False))


@settings(max_examples=100, deadline=None)
@given(
    blocks=st.lists(
        st.sampled_from(
            ["word{}", "# word{}", "> *word{}*", "- word{}\n- other", "| word{} |\n|---|", "```\nword{}  x\n```",
             "<p>word{}</p>", "<!-- word -->", "~~word~~ word{}", "[a word{}](https://example.org/word)", "é word{}"]
        ),
        min_size=1,
        max_size=20,
    )
)  # fmt: skip
def test_every_word_of_markdown_is_traced_to_its_line(
    tmp_path_factory: pytest.TempPathFactory, blocks: list[str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "traced.md"
    written = "Start.\n\n" + "\n\n".join(block.format(f"{number:03}") for number, block in enumerate(blocks))
    path.write_text(written, encoding="utf-8")
    (document,) = read(path)
    assert isinstance(document, Document)
    for found in re.finditer(r"word\d{3}", document.text):
        assert found[0] in written.split("\n")[line_number(document.lines, found.start()) - 1]


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("reimburse-\nment", "reimbursement"),
        ("reimburse-\r\n   ment", "reimbursement"),
        ("reim\xad\nburse", "reimburse"),
        ("a well-\nknown tune", "a well-known tune"),  # "wellknown" is hardly English
        ("zibble-\nwock", "zibble-wock"),
        ("zibblewock and zibble-\nwock", "zibblewock and zibblewock"),
        ("self-contained and self-\ncontained", "self-contained and self-contained"),
        ("Smith-\nJones", "Smith-\nJones"),  # a name goes on with a capital
        ("- one\n- two", "- one\n- two"),
        ("from 5-\n10", "from 5-\n10"),
    ],
)
def test_words_that_a_line_end_parts(tmp_path: Path, written: str, shown: str) -> None:
    document = read_one(tmp_path, "a.txt", f"Title\n\nOn {written} here.\nLast.")
    assert document.text == f"Title\n\nOn {shown} here.\nLast."
    assert line_number(document.lines, document.text.index("Last")) == 4 + written.count("\n")


@pytest.mark.skipif(not can_read_scans(), reason="tesseract is not installed")
def test_a_scan_is_read(tmp_path: Path) -> None:
    drawn_pages = PdfDocument(pdf([["Boats are moored by day,"], ["and oars are in the shed."]], title="Lake"))
    scan = PdfDocument.new()
    for page in drawn_pages:
        picture = PdfImage.new(scan)
        picture.set_bitmap(page.render(scale=200 / 72))
        picture.set_matrix(PdfMatrix().scale(*page.get_size()))
        drawn_page = scan.new_page(*page.get_size())
        drawn_page.insert_obj(picture)
        drawn_page.gen_content()
    content = io.BytesIO()
    scan.save(content)
    document = read_one(tmp_path, "a.pdf", content.getvalue())
    assert document.text == "Boats are moored by day,\nand oars are in the shed."
    assert [page.label for page in document.pages] == ["1", "2"]
    assert document.guess == READ_BY


def test_a_scan_is_named_where_nothing_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert reason(tmp_path, "a.pdf", pdf([[]])) == (
        "has no text, only images: run OCR on it, or install tesseract, which reads them"
    )


@pytest.mark.parametrize(("markup", "shown"), HTML.values(), ids=HTML)
def test_html(tmp_path: Path, markup: str, shown: str) -> None:
    assert read_one(tmp_path, "a.html", markup).text == shown


@pytest.mark.parametrize(
    ("name", "attributes", "inner", "before", "is_mark"),
    [
        ("sup", "", "1", "word", True),
        ("sup", "", "1, 2", "word", True),
        ("sup", "", "1", "word.", True),
        ("sup", "", "2", " km", False),
        ("sup", "", "th", "word", False),
        ("sup", "", "1234", "word", False),
        ("a", "href='#a'", "1", "word", False),
        ("a", "href='#a'", "<sup>1</sup>", "x", True),
        ("a", "href='b.html'", "<sup>1</sup>", "word", False),
        ("sup", "", "<a href='b.html#n1'>*</a>", "x", True),
    ],
)
def test_marks_of_notes(name: str, attributes: str, inner: str, before: str, is_mark: bool) -> None:
    assert is_note_mark(name, attributes, inner, before) is is_mark


def word(body: str) -> bytes:
    document = f'<w:document xmlns:w="{WORD}" xmlns:m="{MATH}"><w:body>{body}</w:body></w:document>'
    return docx(more={"word/document.xml": document})


def run(text: str, properties: str = "") -> str:
    return f'<w:r><w:rPr>{properties}</w:rPr><w:t xml:space="preserve">{text}</w:t></w:r>'


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        (
            run("The ") + run("anvil", "<w:b/>") + run("5", '<w:vertAlign w:val="superscript"/>') + run(" is iron."),
            "The anvil is iron.",
        ),
        (run("Old.", "<w:strike/>") + run(" New."), "New."),
        (run("Old.", "<w:dstrike/>") + run(" New."), "New."),
        (run("Porridge") + "<w:r><w:cr/><w:t>2.75</w:t></w:r>", "Porridge 2.75"),
        (run("Hidden. ", "<w:vanish/>") + run("Seen."), "Seen."),
        (run("Seen. ", '<w:vanish w:val="0"/>') + run("Too."), "Seen. Too."),
        (run("Porridge") + '<w:r><w:ptab w:alignment="right"/></w:r>' + run("2.75"), "Porridge 2.75"),
        (run("computed as") + "<m:oMath><m:r><m:t>n+1</m:t></m:r></m:oMath>" + run("where"), "computed as n+1 where"),
    ],
)
def test_word(tmp_path: Path, body: str, shown: str) -> None:
    text = read_one(tmp_path, "a.docx", word(f"<w:p>{body}</w:p>")).text
    assert " ".join(text.split()) == shown


def styled(style: str, kind: str) -> tuple[str, str]:
    """Return the body and the styles of a document whose words after the first are in a style."""
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{name}"><w:name w:val="{name}"/>'
        f'<w:basedOn w:val="{based}"/><w:rPr>{properties}</w:rPr></w:style>'
        for name, based, properties in (
            ("From", "Gone", "<w:b/>"), ("Gone", "Back", "<w:strike/>"), ("Hid", "", "<w:vanish/>"),
            ("Shown", "From", '<w:strike w:val="0"/>'), ("Back", "From", ""),
        )
    )  # fmt: skip
    of_paragraph, of_run = (f'<w:{name} w:val="{style}"/>' * (kind == name) for name in ("pStyle", "rStyle"))
    body = (
        f"<w:p>{run('Seen.')}</w:p><w:p><w:pPr>{of_paragraph}</w:pPr>{run('Old.', of_run)}"
        f"{run('Kept.', '<w:strike w:val=' + chr(34) + 'false' + chr(34) + '/>')}</w:p>"
    )
    return body, f'<w:styles xmlns:w="{WORD}">{styles}</w:styles>'


@pytest.mark.parametrize(
    ("style", "kind", "shown"),
    [
        ("Gone", "rStyle", "Seen. Kept."),
        ("From", "pStyle", "Seen. Kept."),
        ("Hid", "rStyle", "Seen. Kept."),
        ("Hid", "pStyle", "Seen."),
        ("Shown", "pStyle", "Seen. Old.Kept."),
        ("None", "rStyle", "Seen. Old.Kept."),
    ],
)
def test_word_by_its_styles(tmp_path: Path, style: str, kind: str, shown: str) -> None:
    body, styles = styled(style, kind)
    document = f'<w:document xmlns:w="{WORD}"><w:body>{body}</w:body></w:document>'
    content = docx(more={"word/document.xml": document, "word/styles.xml": styles})
    assert " ".join(read_one(tmp_path, "a.docx", content).text.split()) == shown


def part(name: str, *inner: str) -> str:
    return f"<m:{name}>{''.join(inner)}</m:{name}>"


def sign(text: str) -> str:
    return part("r", part("t", text))


@pytest.mark.parametrize(
    ("formula", "line"),
    [
        (part("f", part("num", sign("a+b")), part("den", sign("2"))), "(a+b)/2"),
        (part("sSup", part("e", sign("x")), part("sup", sign("2"))), "x^2"),
        (part("sSub", part("e", sign("x")), part("sub", sign("i-1"))), "x_(i-1)"),
        (part("rad", part("deg"), part("e", sign("y"))), "√y"),
        (part("d", part("e", sign("x-y"))), "(x-y)"),
        (part("sSup", part("e", part("d", part("e", sign("x-y")))), part("sup", sign("2"))), "(x-y)^2"),
        (
            part("nary", '<m:naryPr><m:chr m:val="∑"/></m:naryPr>', part("sub", sign("i=1")), part("sup", sign("n")),
                 part("e", sign("i"))),
            "∑_(i=1)^n i",
        ),
        (part("func", part("fName", sign("log")), part("e", sign("x"))), "log x"),
        (part("m", *(part("mr", part("e", sign(a)), part("e", sign(b))) for a, b in ("ab", "cd"))), "[a b; c d]"),
        (part("box", part("e", sign("E=m"), part("sSup", part("e", sign("c")), part("sup", sign("2"))))), "E=mc^2"),
    ],
)  # fmt: skip
def test_formulas_in_one_line(formula: str, line: str) -> None:
    assert linear(ET.fromstring(f'<m:oMath xmlns:m="{MATH}">{formula}</m:oMath>')) == line


TEXT = "Café notes\n\nThe café’s machine – a “Rancilio” – costs £5."


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
@pytest.mark.parametrize("ending", [".txt", ".md", ".html", ".csv"])
def test_encodings(tmp_path: Path, ending: str, codec: str) -> None:
    content = f"title,text\nCafé,{TEXT.splitlines()[2]}\n" if ending == ".csv" else TEXT
    document = read_one(tmp_path, f"a{ending}", content.encode(codec))
    assert document.text.endswith("The café’s machine – a “Rancilio” – costs £5.")
    assert document.guess == ("cp1252" if codec == "cp1252" else "")


@pytest.mark.parametrize(
    ("text", "codec", "guess"),
    [
        ("Öffnungszeiten der Bücherei: Montag bis Freitag, für Schüler ermäßigt.", "cp1252", "cp1252"),
        ("Año nuevo: ¿dónde está el baño? ¡Aquí! 20 % más, 1 m²", "cp1252", "cp1252"),
        ("Zażółć gęślą jaźń. Książki można wypożyczać na cztery tygodnie w bibliotece.", "cp1250", "cp1250"),
        ("Библиотека открыта каждый день с девяти до восьми часов вечера.", "cp1251", "cp1251"),
    ],
)
def test_what_is_guessed(text: str, codec: str, guess: str) -> None:
    assert guessed(text.encode(codec)) == guess


def test_what_is_no_text_is_not_guessed(tmp_path: Path) -> None:
    assert guessed(NOISE) is None
    assert "not UTF-8" in reason(tmp_path, "a.txt", NOISE)


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-32", "cp1252"])
def test_encodings_of_json_lines(tmp_path: Path, codec: str) -> None:
    line = '{{"_id": "{}", "text": "The café’s machine – a “Rancilio” – costs £5. 🐝"}}\n'
    line = line.replace(" 🐝", "") if codec == "cp1252" else line
    (tmp_path / "a.jsonl").write_bytes("".join(line.format(number) for number in range(3000)).encode(codec))
    documents = read(tmp_path / "a.jsonl")
    assert len(documents) == 3000
    for document in documents:
        assert isinstance(document, Document)
        assert document.text.startswith("The café’s machine – a “Rancilio” – costs £5.")
        assert document.guess == ("cp1252" if codec == "cp1252" else "")


def test_json_lines_in_no_encoding(tmp_path: Path) -> None:
    assert "is not UTF-8 (byte 0x" in reason(tmp_path, "a.jsonl", NOISE.replace(b"\n", b"").replace(b"\0", b""))
    line = '{"_id": "%s", "text": "%s"}\n'
    (tmp_path / "c.jsonl").write_bytes((line % (1, "café")).encode() + (line % (2, "café")).encode("cp1252"))
    assert [getattr(item, "text", "wrong") for item in read(tmp_path / "c.jsonl")] == ["café", "wrong"]
    assert "is not in UTF-16" in reason(tmp_path, "b.jsonl", b"\xff\xfe{\x00\x00\xd8x\x00")


def test_pages_in_another_encoding_than_they_name(tmp_path: Path) -> None:
    page = "<meta charset=utf-8><p>The café’s machine is a “Rancilio”.</p>"
    document = read_one(tmp_path, "a.html", page.encode("cp1252"))
    assert (document.text, document.guess) == ("The café’s machine is a “Rancilio”.", "cp1252")


def test_records_of_two_files_that_count_from_one(tmp_path: Path) -> None:
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_text('{"_id": "1", "text": "One."}\n{"_id": "1", "text": "Again."}\n', encoding="utf-8")
    items = list(read_corpus([CorpusFile(tmp_path / name, name) for name in ("a.jsonl", "b.jsonl")]))
    assert [item.id for item in items if isinstance(item, Document)] == ["1", "b.jsonl#1"]
    assert [str(item)[:12] for item in items if not isinstance(item, Document)] == ["a.jsonl:2: t", "b.jsonl:2: t"]


def test_two_tables_that_count_from_one(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv"):
        assert read_one(tmp_path, name, "id,text\n1,One.\n").id == f"{name}#1"


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_tables(tmp_path: Path, delimiter: str) -> None:
    content = f"question{delimiter}answer\nWhere is it?{delimiter}Behind the chapel.\n"
    document = read_one(tmp_path, "a.csv", content)
    assert (document.title, document.text) == ("Where is it?", "Behind the chapel.")


def test_json_lines_by_other_names(tmp_path: Path) -> None:
    document = read_one(tmp_path, "a.jsonl", '{"id": "p1", "contents": "Hives are inspected in April."}')
    assert (document.id, document.text) == ("p1", "Hives are inspected in April.")


def test_markdown_by_its_long_name(tmp_path: Path) -> None:
    assert read_one(tmp_path, "a.markdown", "# Ferrets\n\nThey *sleep*.").text == "Ferrets\n\nThey sleep."


def drawn(*texts: tuple[float, float, str], size: int = 10) -> str:
    """Return what draws texts at places of a page, as a line of ``pdf``."""
    return "".join(f") Tj /F1 {size} Tf 1 0 0 1 {x} {y} Tm ({text}" for x, y, text in texts)


LEFT = ["Fishing permits are sold", "at the boathouse. Anglers", "may keep two trout a day", "and return all the pike."]
RIGHT = ["Rowing boats are hired", "by the hour. Children", "need a life vest and an", "adult in the same boat."]


def test_columns_that_are_drawn_line_by_line(tmp_path: Path) -> None:
    rows = enumerate(zip(LEFT, RIGHT, strict=True))
    page = drawn(
        (60, 760, "Rules of the lake and of its boats, for all who fish and row"),
        *(place for row, (left, right) in rows for place in ((60, 740 - 14 * row, left), (330, 740 - 14 * row, right))),
        (60, 660, "These rules hold on every day of the week, and in the evenings, too"),
    )
    text = read_one(tmp_path, "a.pdf", pdf([[page]])).text
    assert text.split("\n")[1:-1] == [*LEFT, *RIGHT]
    assert text.startswith("Rules of the lake")
    assert text.endswith("evenings, too")


def test_a_table_is_read_by_rows(tmp_path: Path) -> None:
    cells = [("Porridge", "2.75"), ("Kedgeree", "6.40"), ("Marmalade and toast with butter", "0.30"), ("Tea", "1.10")]
    page = drawn(
        *(
            at
            for row, (name, price) in enumerate(cells)
            for at in ((60, 740 - 14 * row, name), (330, 740 - 14 * row, price))
        )
    )
    text = read_one(tmp_path, "a.pdf", pdf([[page]])).text
    assert [line.split() for line in text.split("\n")] == [[*name.split(), price] for name, price in cells]


def test_letters_that_are_drawn_one_by_one(tmp_path: Path) -> None:
    heading = [(60 + 16 * place + 14 * (place > 3), 760.0, letter) for place, letter in enumerate("PLOTRULES")]
    page = drawn(*heading, (60, 740, "Holders water before ten."), size=14)
    assert read_one(tmp_path, "a.pdf", pdf([[page]])).text.split("\n") == ["PLOT RULES", "Holders water before ten."]


def test_a_raised_number_behind_a_word_is_no_part_of_it(tmp_path: Path) -> None:
    raised = ") Tj /F1 6 Tf 4 Ts (4) Tj 0 Ts /F1 10 Tf ( hangs"
    assert read_one(tmp_path, "a.pdf", pdf([[f"The almanac{raised} here"]])).text == "The almanac hangs here"
    assert read_one(tmp_path, "b.pdf", pdf([["The almanac4 hangs here"]])).text == "The almanac4 hangs here"
    assert read_one(tmp_path, "c.pdf", pdf([[f"It has 30 m{raised} here"]])).text.split()[3] == "m4"


def width(text: str, size: float = 10) -> float:
    """Return how wide a text is in Helvetica, in points."""
    narrow = {"i": 222, "j": 222, "l": 222, "t": 278, "f": 278, "r": 333, " ": 278, ".": 278, "m": 833, "w": 722}
    middling = dict.fromkeys("ckvxysz", 500)
    large = {"B": 667, "A": 667, "C": 722, "F": 611, "L": 556, "R": 722, "T": 611}
    return sum({**narrow, **middling, **large}.get(one, 556) for one in text) * size / 1000


def moved(y: float, word: str, mark: str, rest: str) -> str:
    """Return a line in which a mark stands raised behind a word, each drawn at its place as TeX does."""
    end = 60 + width(word)
    after = end + width("2", 6) * (1.7 if "," in mark else 1)
    return drawn((60, y, word)) + drawn((end, y + 4, mark), size=6) + drawn((after, y, rest))


def test_of_several_raised_marks_none_is_part_of_a_word(tmp_path: Path) -> None:
    rows = [
        ("The ledger", "5", " is in the attic,"),
        ("with the umbrellas", "[3]", " of guests"),
        ("and porters", "1,2", " who come"),
        ("on foot", "*", " at noon."),
        ("The crypt ", "4", " is cold."),
        ("The shed is 6 m", "2", " large."),
    ]
    page = "".join(moved(700 - 16 * row, *parts) for row, parts in enumerate(rows))
    text = " ".join(read_one(tmp_path, "a.pdf", pdf([[page]])).text.split())
    assert text == (
        "The ledger is in the attic, with the umbrellas of guests and porters who come on foot at noon."
        " The crypt is cold. The shed is 6 m2 large."
    )


SPACED = {
    "narrow letters": (drawn(*((60 + 12 * at, 700.0, one) for at, one in enumerate("MINIMILK")), size=16), "MINIMILK"),
    "several words": (
        drawn(*((60 + 11 * at, 700.0, one) for at, one in enumerate("Mill in April") if one != " "), size=16),
        "Mill in April",
    ),
    "few letters, far apart": (drawn(*((60 + 20 * at, 700.0, one) for at, one in enumerate("LIDO"))), "LIDO"),
    "shifted in one go": (") Tj [(D) -600 (A) -600 (I) -600 (R) -600 (Y)] TJ (", "DAIRY"),
    "typed blanks": (drawn((60, 700, "W i l d   m i n t")), "Wild mint"),
    "letters of a list": (drawn((60, 700, "A B C D E")), "A B C D E"),
    "marks of a table": (drawn((60, 700, "Y N N Y Y")), "Y N N Y Y"),
    "numbers": (drawn((60, 700, "4 2 7 1 9")), "4 2 7 1 9"),
    "cells": (drawn(*((60 + 40 * at, 700.0, one) for at, one in enumerate("TGIF"))), "T G I F"),
    "words of one letter": (drawn((60, 700, "I am a vet")), "I am a vet"),
}


@pytest.mark.parametrize(("page", "shown"), SPACED.values(), ids=SPACED)
def test_letters_that_stand_apart(tmp_path: Path, page: str, shown: str) -> None:
    text = read_one(tmp_path, "a.pdf", pdf([[page + drawn((60, 660, "Below."))]])).text
    assert [" ".join(line.split()) for line in text.split("\n")] == [shown, "Below."]


MIDDLE = ["Nets are dried upon", "the rail. Anglers clean", "their catch at the sink", "and hose the slab down."]
NARROW = ["Dogs wait", "at the", "gate or", "in a car."]


def beside(*columns: list[str], by_words: bool = False) -> str:
    """Return columns as they are drawn line by line."""
    placed: list[tuple[float, float, str]] = []
    for row, lines in enumerate(zip(*columns, strict=True)):
        for column, line in enumerate(lines):
            x = 50.0 + 180 * column
            for piece in line.split() if by_words else [line]:
                placed.append((x, 740.0 - 14 * row, piece))
                x += width(f"{piece} ")
    return drawn(*placed)


def test_columns_of_all_kinds(tmp_path: Path) -> None:
    for columns in ((LEFT, MIDDLE, RIGHT), (NARROW, RIGHT), (LEFT, NARROW)):
        lines = read_one(tmp_path, "a.pdf", pdf([[beside(*columns)]])).text.split("\n")
        assert lines == [line for column in columns for line in column]
    text = read_one(tmp_path, "b.pdf", pdf([[beside(LEFT, RIGHT, by_words=True)]])).text
    assert text.split("\n") == [*LEFT, *RIGHT]


@pytest.mark.parametrize(
    "right",
    [
        ["2.75", "6.40", "1.30", "7.20"],
        ["Ask at the pier", "Ask at the inn", "Nobody has any", "See the list"],
        ["no", "yes", "no", "yes"],
    ],
)
def test_tables_are_read_by_rows(tmp_path: Path, right: list[str]) -> None:
    names = [
        "Porridge with cream and",
        "Kedgeree with haddock and",
        "Toast with butter and all",
        "Bacon with eggs and ham",
    ]
    lines = read_one(tmp_path, "a.pdf", pdf([[beside(names, right)]])).text.split("\n")
    assert lines == [f"{name} {value}" for name, value in zip(names, right, strict=True)]


BODY = [
    "Bees fly from March on.",
    "Hives are opened when it is warm.",
    "Frames are cut in June, and",
    "honey is sold in July.",
]


def test_heads_and_feet_are_left_out_and_sentences_go_on(tmp_path: Path) -> None:
    pages = [["The bee handbook", line, f"Page {number} of 4"] for number, line in enumerate(BODY, start=1)]
    document = read_one(tmp_path, "a.pdf", pdf(pages))
    assert document.text == "\n\n".join(BODY[:3]) + "\n" + BODY[3]
    assert [document.text[page.start : page.end] for page in document.pages] == BODY


def test_two_pages_that_begin_alike_are_whole(tmp_path: Path) -> None:
    document = read_one(tmp_path, "a.pdf", pdf([["Notes", BODY[0]], ["Notes", BODY[1]]]))
    assert document.text.count("Notes") == 2


RST = """\
Bees
====

They *fly* from :term:`March` on, see :ref:`the calendar <calendar>` and `the club <https://example.org>`_.

.. comment: not shown

.. note:: Wear a veil.

.. versionadded:: 2.1
   Frames of *wood*.

.. toctree::
   :maxdepth: 2

   one

Honey
-----

- cut in June
- sold in July

.. include:: /etc/passwd

.. raw:: html

   <b>no</b>
"""


def test_a_long_line_of_restructured_text_is_read(tmp_path: Path) -> None:
    line = "Bees hum. " * 2000
    assert read_one(tmp_path, "a.rst", line).text == line.strip()


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Choose :menuselection:`File --> Save as`.", "Choose File ‣ Save as."),
        ("Call :py:func:`~oven.door.open`, :func:`!shut` and :meth:`a <b.c>`.", "Call open, shut and a."),
        ("One |br| two.\n\n.. |br| raw:: html\n\n   <br />", "One two."),
    ],
)
def test_roles_of_restructured_text(tmp_path: Path, text: str, shown: str) -> None:
    assert " ".join(read_one(tmp_path, "a.rst", text).text.split()) == shown


def test_restructured_text(tmp_path: Path) -> None:
    document = read_one(tmp_path, "a.rst", RST)
    assert document.title == "Bees"
    assert document.text == (
        "Bees\n\nThey fly from March on, see the calendar and the club.\n\nNote\n\nWear a veil.\n\n"
        "2.1 Frames of wood.\n\nHoney\n\n- cut in June\n\n- sold in July"
    )
    assert [section.heading for section in document.sections] == ["", "Honey"]


TABLE = (
    "<p:graphicFrame><a:tbl><a:tr>"
    + "".join(f"<a:tc><a:p><a:r><a:t>{cell}</a:t></a:r></a:p></a:tc>" for cell in ("Mon", "9 to 5"))
    + "</a:tr></a:tbl></p:graphicFrame>"
)


def test_presentations(tmp_path: Path) -> None:
    first = shape("One point", "Two points") + shape("Opening", kind="ctrTitle") + shape("7", kind="sldNum")
    struck = '<p:sp><a:p><a:r><a:rPr strike="sngStrike"/><a:t>Old. </a:t></a:r><a:r><a:t>New.</a:t></a:r></a:p></p:sp>'
    document = read_one(tmp_path, "a-talk.pptx", presentation(first, shape("Hidden"), TABLE + struck, hidden=2))
    assert document.text == "Opening\n\nOne point\nTwo points\n\nMon | 9 to 5\n\nNew."
    assert (document.title, [section.heading for section in document.sections]) == ("Opening", [""])


def workbook(title: str = "") -> bytes:
    book = Workbook()
    book.properties.title = title
    sheet = book.active
    assert sheet is not None
    sheet.title = "Prices"
    for row in (("Dish", "Price", "From"), ("Porridge", 2.75, date(2026, 5, 2)), (None, None, None), ("Tea", 1, None)):
        sheet.append(row)
    book.create_sheet("Notes").append(["Seen."])
    hidden = book.create_sheet("Secret")
    hidden.append(["Unseen."])
    hidden.sheet_state = "hidden"
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def test_workbooks_without_what_is_hidden_or_struck_out(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    for row in (("Item", "Price", "Cost"), ("Punt", "nine", "two"), ("Raft", "six", "one"), ("Oar", "one", "half")):
        sheet.append(row)
    sheet["A2"].font = sheet["B2"].font = Font(strike=True)
    sheet.row_dimensions[3].hidden = True
    sheet.column_dimensions["C"].hidden = True
    content = io.BytesIO()
    book.save(content)
    assert read_one(tmp_path, "a.xlsx", content.getvalue()).text == "Sheet\n\nItem | Price\nOar | one"


def test_workbooks(tmp_path: Path) -> None:
    document = read_one(tmp_path, "the-menu.xlsx", workbook())
    assert document.text == ("Prices\n\nDish | Price | From\nPorridge | 2.75 | 2026-05-02\nTea | 1\n\nNotes\n\nSeen.")
    assert [section.heading for section in document.sections] == ["Prices", "Notes"]
    assert (document.title, read_one(tmp_path, "b.xlsx", workbook("Menu")).title) == ("The menu", "Menu")


@pytest.mark.parametrize(
    ("ending", "content", "expected"),
    [
        (".pptx", workbook(), "without a PowerPoint presentation in it"),
        (".xlsx", presentation(shape("One")), "without an Excel workbook in it"),
        (".xlsx", archive({"xl/workbook.xml": "<workbook/>"}), "is not an Excel workbook inside"),
        (".pptx", presentation(), "shows no text"),
        (".pptx", archive({"ppt/presentation.xml": "<p"}), "shows no text"),
        (".pptx", archive({"ppt/presentation.xml": "<p", "ppt/_rels/presentation.xml.rels": "<r"}), "is not XML"),
        (".xlsx", workbook()[:-100], "is cut off"),
        (".rst", b"a " * 500_001, "over 1,000,000 characters"),
        (".rst", b"..\n\n" * 10_000, "over 10,000 paragraphs"),
        (".rst", b"*a **b " * 10_000, "paragraphs that are too long"),
        (".rst", b".. comment", "shows no text"),
    ],
)
def test_office_files_refused(tmp_path: Path, ending: str, content: bytes, expected: str) -> None:
    assert expected in reason(tmp_path, f"a{ending}", content)


STRUCK = '<style:text-properties style:text-line-through-style="solid"/>'
STYLES = (
    '<style:style style:name="T5"><style:text-properties style:text-line-through-type="single"/></style:style>'
    '<style:style style:name="T6"><style:text-properties style:text-position="super 58%"/></style:style>'
    '<style:style style:name="T7"><style:text-properties style:text-position="-33% 58%"/></style:style>'
    f'<style:style style:name="T1">{STRUCK}</style:style>'
    '<style:style style:name="T2"><style:text-properties text:display="none"/></style:style>'
    '<style:style style:name="T3"><style:text-properties style:text-line-through-style="none"/></style:style>'
    '<style:style style:name="T4" style:parent-style-name="T1"/>'
)

ODT = {
    "struck out": ('<text:p><text:span text:style-name="T1">Old. </text:span>New.</text:p>', "New."),
    "struck out by a style it comes from": (
        '<text:p><text:span text:style-name="T4">Old. </text:span>New.</text:p>', "New.",
    ),
    "a paragraph that is struck out": ('<text:p text:style-name="T1">Old.</text:p><text:p>New.</text:p>', "New."),
    "hidden": ('<text:p><text:span text:style-name="T2">Secret. </text:span>Seen.</text:p>', "Seen."),
    "not struck out": ('<text:p><text:span text:style-name="T3">Seen, </text:span>too.</text:p>', "Seen, too."),
    "struck out by the kind of its line": (
        '<text:p><text:span text:style-name="T5">Old. </text:span>New.</text:p>', "New.",
    ),
    "struck out by a style of the document's": (
        '<text:p><text:span text:style-name="Struck">Old. </text:span>New.</text:p>', "New.",
    ),
    "a raised mark": (
        '<text:p>The <text:span text:style-name="T3">anvil</text:span><text:span text:style-name="T6">5</text:span> is'
        ' 2 m<text:span text:style-name="T6">2</text:span>, of<text:span text:style-name="T7">2</text:span>.</text:p>',
        "The anvil is 2 m2, of2.",
    ),
    "a hidden section": (
        '<text:section text:display="none"><text:p>Secret.</text:p></text:section>'
        '<text:section text:display="condition" text:is-hidden="true"><text:p>Secret.</text:p></text:section>'
        "<text:section><text:p>Seen.</text:p></text:section>",
        "Seen.",
    ),
    "a tab": ("<text:p>Porridge<text:tab/>2.75</text:p>", "Porridge\t2.75"),
    "a note and its mark": (
        "<text:p>Oak<text:note><text:note-citation>1</text:note-citation><text:note-body><text:p>So is ash.</text:p>"
        "</text:note-body></text:note> is hard.</text:p>",
        "Oak is hard.\n\nSo is ash.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("body", "shown"), ODT.values(), ids=ODT)
def test_open_documents(tmp_path: Path, body: str, shown: str) -> None:
    shared = (
        '<styles xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"><style:style style:name="Struck">'
        f"{STRUCK}</style:style></styles>"
    )
    assert read_one(tmp_path, "a.odt", odt(body, styles=STYLES, more={"styles.xml": shared})).text == shown


EPUB = {
    "a mark that is a link": ('<p>Oak<a epub:type="noteref" href="#n1">3</a> is hard.</p>', "Oak is hard."),
    "a raised mark": ("<p>Every oak<sup>2</sup> is hard.</p>", "Every oak is hard."),
    "a page of the print": (
        '<p>Dial <span epub:type="pagebreak" id="p1"/>nine<span role="doc-pagebreak" id="p2">2</span> first.</p>',
        "Dial nine first.",
    ),
    "struck out": ("<p>Cut <s>May</s><del/>June.</p>", "Cut June."),
    "hidden": ('<p>Seen.</p><p hidden="hidden">Unseen.</p>', "Seen."),
    "a picture": ('<p>Before.</p><p><img src="a.png" alt=""/></p><p>After.</p>', "Before.\n\nAfter."),
}


@pytest.mark.parametrize(("body", "shown"), EPUB.values(), ids=EPUB)
def test_books(tmp_path: Path, body: str, shown: str) -> None:
    chapter = f'<html xmlns="http://www.w3.org/1999/xhtml" xmlns:epub="http://www.idpf.org/2007/ops"><body>{body}</body></html>'
    assert read_one(tmp_path, "a.epub", epub({"one.xhtml": chapter})).text == shown


@pytest.mark.parametrize(
    "text",
    ["One.\n\nTwo.", "Tabs\tand  spaces\n", "# no heading\n<b>no markup</b>", "%% no comment %%", "[[no link]] ~~no~~"],
)
def test_plain_text_is_shown_as_it_is(tmp_path: Path, text: str) -> None:
    assert read_one(tmp_path, "a.txt", text).text == text
