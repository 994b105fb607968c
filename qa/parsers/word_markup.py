"""The XML of a Word document, made plainer before it is read: without hidden and struck text, with its tabs as tabs and
its formulas as text in one line (ECMA-376, parts 1: WordprocessingML and Office Math)."""

from collections.abc import Mapping
from xml.etree import ElementTree as ET

_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_OFF = frozenset({"0", "false", "off"})
_CONCERNED = (b"vanish", b"strike", b"ptab", b":cr", b"oMath")
_UNSEEN = ("vanish", "strike", "dstrike")  # the properties of what is not quoted

_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


Styles = Mapping[str, frozenset[str]]
"""The properties of unseen text that each style has, by the style's id."""


def unseen_styles(part: bytes) -> Styles:
    """Return the styles, of the part that describes them, that hide or strike text."""
    styles = {style.get(f"{_WORD}styleId", ""): style for style in ET.fromstring(part).iter(f"{_WORD}style")}  # noqa: S314
    found: dict[str, frozenset[str]] = {}
    for name in styles:
        line: dict[str, None] = {}  # in order, the style and those that it comes from
        above = name
        while above in styles and above not in found and above not in line:
            line[above] = None
            based = styles[above].find(f"{_WORD}basedOn")
            above = "" if based is None else based.get(f"{_WORD}val", "")
        properties = found.get(above, frozenset())
        for one in reversed(line):
            properties = found[one] = _unseen(styles[one], properties)
    return {name: properties for name, properties in found.items() if properties}


def plainer(part: bytes, styles: Styles) -> bytes:
    """Return a part of the document that says the same to a reader in simpler elements; one that already does as it is.

    Raises RecursionError where its elements nest too deeply.
    """
    if not any(name in part for name in (*_CONCERNED, *map(str.encode, styles))):
        return part
    root = ET.fromstring(part)  # noqa: S314 - it was checked, and declares no entities
    for paragraph in root.iter(f"{_WORD}p") if styles else ():
        _mark_runs(paragraph, styles)
    for parent in root.iter():
        for place, child in reversed(list(enumerate(parent))):
            if child.tag == f"{_WORD}r" and _unseen(child, _style_of(child, "rPr/", "rStyle", styles)):
                parent.remove(child)
            elif child.tag == f"{_WORD}ptab":
                child.tag, child.attrib = f"{_WORD}tab", {}
            elif child.tag == f"{_WORD}cr":
                child.tag, child.attrib = f"{_WORD}br", {}
            elif child.tag == f"{_MATH}oMath":
                parent[place] = _run(linear(child), child.tail)
            elif child.tag == f"{_MATH}oMathPara":
                parent[place] = _run(" ".join(map(linear, child.iter(f"{_MATH}oMath"))), child.tail)
    return ET.tostring(root)


def _mark_runs(paragraph: ET.Element, styles: Styles) -> None:
    """Write what a paragraph's style says of unseen text into those of its runs that do not say it themselves."""
    properties = _style_of(paragraph, "pPr/", "pStyle", styles)
    for run in paragraph.iter(f"{_WORD}r") if properties else ():
        own = run.find(f"{_WORD}rPr")
        own = ET.SubElement(run, f"{_WORD}rPr") if own is None else own
        for name in properties:
            if own.find(_WORD + name) is None:
                ET.SubElement(own, _WORD + name)


def _style_of(element: ET.Element, within: str, kind: str, styles: Styles) -> frozenset[str]:
    named = element.find(f"{_WORD}{within}{_WORD}{kind}") if styles else None
    return frozenset() if named is None else styles.get(named.get(f"{_WORD}val", ""), frozenset())


def _unseen(element: ET.Element, inherited: frozenset[str]) -> frozenset[str]:
    """Return the properties of unseen text that a run or a style has, by itself or from its style."""
    own = {name: element.find(f"{_WORD}rPr/{_WORD}{name}") for name in _UNSEEN}
    said = {name: mark.get(f"{_WORD}val", "1").lower() not in _OFF for name, mark in own.items() if mark is not None}
    return frozenset(name for name in _UNSEEN if said.get(name, name in inherited))


def _run(text: str, tail: str | None) -> ET.Element:
    run = ET.Element(f"{_WORD}r")
    ET.SubElement(run, f"{_WORD}t", {_SPACE: "preserve"}).text = f" {text} "
    run.tail = tail
    return run


def linear(formula: ET.Element) -> str:
    """Return a formula in one line, as one would type it: "(a+b)/(2)", "x^2", "√(y)", "∑_(i=1)^n i"."""
    return " ".join("".join(_linear(child) for child in formula).split())


def _linear(element: ET.Element) -> str:
    name = element.tag.removeprefix(_MATH)
    if name == "t":
        return element.text or ""
    if name in _FORMS:
        return _FORMS[name].format_map(_Parts(element))
    if name == "d":
        begin, end = _property(element, "begChr", "("), _property(element, "endChr", ")")
        return begin + ", ".join(_inside(part) for part in element.findall(f"{_MATH}e")) + end
    if name == "nary":
        return _property(element, "chr", "∫") + "_{sub}^{sup} {e}".format_map(_Parts(element))
    if name == "m":
        rows = (element_row.findall(f"{_MATH}e") for element_row in element.findall(f"{_MATH}mr"))
        return "[" + "; ".join(" ".join(map(_inside, row)) for row in rows) + "]"
    return "" if name.endswith("Pr") else _inside(element)


_FORMS = {
    "f": "{num}/{den}",
    "sSup": "{e}^{sup}",
    "sSub": "{e}_{sub}",
    "sSubSup": "{e}_{sub}^{sup}",
    "rad": "√{e}",
    "func": "{fName} {e}",
    "limLow": "{e}_{lim}",
    "limUpp": "{e}^{lim}",
}


class _Parts(dict[str, str]):
    """The named parts of an element, each in brackets where it is more than one sign or word."""

    def __init__(self, element: ET.Element) -> None:
        super().__init__()
        self._element = element

    def __missing__(self, name: str) -> str:
        part = self._element.find(_MATH + name)
        text = "" if part is None else _inside(part)
        return text if name == "fName" or text.isalnum() or (name == "e" and _is_wrapped(text)) else f"({text})"


def _is_wrapped(text: str) -> bool:
    return text.startswith("(") and text.endswith(")") and "(" not in text[1:]


def _inside(element: ET.Element) -> str:
    return "".join(_linear(child) for child in element).strip()


def _property(element: ET.Element, name: str, default: str) -> str:
    found = element.find(f"{_MATH}{element.tag.removeprefix(_MATH)}Pr/{_MATH}{name}")
    return default if found is None else found.get(f"{_MATH}val", default)
