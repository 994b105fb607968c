"""The XML of a Word document, made plainer before it is read: without hidden text, with its tabs as tabs and its
formulas as text in one line (ECMA-376, parts 1: WordprocessingML and Office Math)."""

from xml.etree import ElementTree as ET

_WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_OFF = frozenset({"0", "false", "off"})
_CONCERNED = (b"vanish", b"ptab", b"oMath")

_SPACE = "{http://www.w3.org/XML/1998/namespace}space"


def plainer(part: bytes) -> bytes:
    """Return a part of the document that says the same to a reader in simpler elements; one that already does as it is.

    Raises RecursionError where its elements nest too deeply.
    """
    if not any(name in part for name in _CONCERNED):
        return part
    root = ET.fromstring(part)  # noqa: S314 - it was checked, and declares no entities
    for parent in root.iter():
        for place, child in reversed(list(enumerate(parent))):
            if child.tag == f"{_WORD}r" and _is_hidden(child):
                parent.remove(child)
            elif child.tag == f"{_WORD}ptab":
                child.tag, child.attrib = f"{_WORD}tab", {}
            elif child.tag == f"{_MATH}oMath":
                parent[place] = _run(linear(child), child.tail)
            elif child.tag == f"{_MATH}oMathPara":
                parent[place] = _run(" ".join(map(linear, child.iter(f"{_MATH}oMath"))), child.tail)
    return ET.tostring(root)


def _is_hidden(run: ET.Element) -> bool:
    mark = run.find(f"{_WORD}rPr/{_WORD}vanish")
    return mark is not None and mark.get(f"{_WORD}val", "1").lower() not in _OFF


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
