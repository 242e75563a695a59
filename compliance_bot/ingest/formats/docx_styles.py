"""What a Word paragraph is by its style and numbering: a heading of which level, a list item with which label.

Levels come from outline levels (ECMA-376 part 1, 17.3.1.20), so that translated style names do not matter; labels are
counted from the numbering definitions (17.9), because Word does not store them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from docx.opc.constants import RELATIONSHIP_TYPE

from compliance_bot.ingest.formats.ordinals import ordinal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docx.document import Document
    from lxml import etree

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_DEEPEST_STYLE = 20  # a chain of styles based on each other may be a circle
_BODY_LEVEL = 9  # outline level of ordinary text
_MOST_DIGITS = 4  # a list longer than that is a counter set by hand


def tag(name: str) -> str:
    """Return the qualified name of a WordprocessingML element or attribute."""
    return _W + name


def attribute(element: etree._Element, name: str) -> str:
    """Return a WordprocessingML attribute, or an empty string."""
    return str(element.get(_W + name) or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    """How one level of a list is numbered; `pattern` has %1 for the first level's number, and so on."""

    form: str
    pattern: str
    start: int


class Styles:
    """A document's styles and lists. Labels count upwards, so ask once per paragraph, in document order."""

    def __init__(self, package: Document) -> None:
        self._styles = {attribute(style, "styleId"): style for style in package.styles.element.iter(tag("style"))}
        self._lists = _numbering(package)
        self._counters: dict[str, dict[int, int]] = {}

    def heading_level(self, paragraph: etree._Element) -> int:
        """Return 1 for a heading of the first level or a title, and so on; 0 for anything else."""
        for properties in self._properties(paragraph):
            outline = properties.find(tag("outlineLvl"))
            if outline is not None:
                level = _number(attribute(outline, "val"), _BODY_LEVEL)
                return level + 1 if level < _BODY_LEVEL else 0
        return int(any(name.casefold() == "title" for name in self._style_names(paragraph)))

    def label(self, paragraph: etree._Element) -> tuple[str, int]:
        """Return a list item's label ("(a)", "3.2.", "-") and depth from 1, or ("", 0) outside lists."""
        identifier, depth = self._place(paragraph)
        levels = self._lists.get(identifier)
        if not levels:
            return "", 0
        level = levels.get(depth) or _Level(form="bullet", pattern="", start=1)
        counters = self._counters.setdefault(identifier, {})
        counters[depth] = counters.get(depth, level.start - 1) + 1
        for deeper in [key for key in counters if key > depth]:
            del counters[deeper]
        if level.form in ("bullet", "none") or "%" not in level.pattern:
            return "-", depth + 1
        label = level.pattern
        for number in range(depth + 1):
            upper = levels.get(number) or level
            label = label.replace(f"%{number + 1}", ordinal(counters.get(number, upper.start), upper.form))
        return label, depth + 1

    def _place(self, paragraph: etree._Element) -> tuple[str, int]:
        """Return the list's id and the depth in it; what the paragraph says goes before what its style says."""
        identifier: str | None = None
        depth: int | None = None
        for properties in self._properties(paragraph):
            numbering = properties.find(tag("numPr"))
            if numbering is None:
                continue
            list_id, level = numbering.find(tag("numId")), numbering.find(tag("ilvl"))
            if identifier is None and list_id is not None:
                identifier = attribute(list_id, "val")
            if depth is None and level is not None:
                depth = _number(attribute(level, "val"), 0)
        return identifier or "0", min(depth or 0, 8)

    def _properties(self, paragraph: etree._Element) -> Iterator[etree._Element]:
        """Yield the paragraph's own properties, then its style's, then those of what that is based on."""
        own = paragraph.find(tag("pPr"))
        if own is not None:
            yield own
        for style in self._chain(paragraph):
            properties = style.find(tag("pPr"))
            if properties is not None:
                yield properties

    def _style_names(self, paragraph: etree._Element) -> Iterator[str]:
        for style in self._chain(paragraph):
            name = style.find(tag("name"))
            if name is not None:
                yield attribute(name, "val")

    def _chain(self, paragraph: etree._Element) -> Iterator[etree._Element]:
        own = paragraph.find(tag("pPr"))
        reference = own.find(tag("pStyle")) if own is not None else None
        for _ in range(_DEEPEST_STYLE):
            style = self._styles.get(attribute(reference, "val")) if reference is not None else None
            if style is None:
                return
            yield style
            reference = style.find(tag("basedOn"))


def _numbering(package: Document) -> dict[str, dict[int, _Level]]:
    """Return the levels of each list by its id. Empty where the document has no lists."""
    if not any(relation.reltype == RELATIONSHIP_TYPE.NUMBERING for relation in package.part.rels.values()):
        return {}
    root = package.part.numbering_part.element
    abstract = {
        attribute(definition, "abstractNumId"): {
            _number(attribute(level, "ilvl"), 0): _level(level) for level in definition.iter(tag("lvl"))
        }
        for definition in root.iter(tag("abstractNum"))
    }
    found: dict[str, dict[int, _Level]] = {}
    for number in root.iter(tag("num")):
        reference = number.find(tag("abstractNumId"))
        if reference is not None:
            found[attribute(number, "numId")] = abstract.get(attribute(reference, "val"), {})
    return found


def _level(element: etree._Element) -> _Level:
    def value(name: str, default: str) -> str:
        child = element.find(tag(name))
        return default if child is None else attribute(child, "val")

    start = _number(value("start", "1"), 1)
    return _Level(form=value("numFmt", "decimal"), pattern=value("lvlText", ""), start=start)


def _number(value: str, default: int) -> int:
    return int(value) if value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS else default
