"""What an OpenDocument's styles say of its text: what is hidden, what is a title, how a list is numbered.

From OASIS OpenDocument 1.3, part 3: 16 (styles), 16.30–16.31 (list levels), 20 (formatting).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from compliance_bot.ingest.formats.ordinals import ordinal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from lxml import etree

_URN = "urn:oasis:names:tc:opendocument:xmlns:"
SPACES = {
    "office": f"{{{_URN}office:1.0}}",
    "text": f"{{{_URN}text:1.0}}",
    "table": f"{{{_URN}table:1.0}}",
    "draw": f"{{{_URN}drawing:1.0}}",
    "style": f"{{{_URN}style:1.0}}",
    "presentation": f"{{{_URN}presentation:1.0}}",
    "manifest": f"{{{_URN}manifest:1.0}}",
    "dc": "{http://purl.org/dc/elements/1.1/}",
}
_DEEPEST_STYLE = 20  # a chain of styles based on each other may be a circle
_MOST_DIGITS = 6
_FORMS = {"1": "decimal", "a": "lowerLetter", "A": "upperLetter", "i": "lowerRoman", "I": "upperRoman"}


def name(qualified: str) -> str:
    """Return the name of an element or attribute such as `text:p` as lxml writes it."""
    space, _, local = qualified.partition(":")
    return SPACES[space] + local


def attribute(element: etree._Element, qualified: str) -> str:
    """Return an attribute, or an empty string."""
    return str(element.get(name(qualified)) or "")


def count(element: etree._Element, qualified: str, default: int = 1) -> int:
    """Return an attribute that is a small whole number, or the default."""
    value = attribute(element, qualified)
    return int(value) if value.isascii() and value.isdigit() and len(value) <= _MOST_DIGITS else default


@dataclass(frozen=True, slots=True, kw_only=True)
class _Level:
    """How one level of a list is marked; a bullet has no form."""

    form: str = ""
    before: str = ""
    after: str = ""
    start: int = 1
    shown: int = 1  # how many levels the label names: 2 for "3.1"


class Styles:
    """A document's styles, from the parts that define some."""

    def __init__(self, roots: Iterable[etree._Element]) -> None:
        self._styles: dict[str, etree._Element] = {}
        self._lists: dict[str, dict[int, _Level]] = {}
        for root in roots:
            for style in root.iter(name("style:style")):
                self._styles[f"{attribute(style, 'style:family')} {attribute(style, 'style:name')}"] = style
            for style in root.iter(name("text:list-style")):
                self._lists[attribute(style, "style:name")] = {
                    count(level, "text:level"): _level(level) for level in style if isinstance(level.tag, str)
                }

    def is_hidden(self, family: str, style: str) -> bool:
        """Tell whether text of this style ("text", "paragraph", "section") is not displayed."""
        for element in self._chain(family, style):
            for properties in element:
                display = properties.get(name("text:display"))
                if display is not None:
                    return str(display) == "none"
        return False

    def shows(self, family: str, style: str, property_name: str) -> bool:
        """Tell whether a property such as `table:display` is left on by a style."""
        for element in self._chain(family, style):
            for properties in element:
                value = properties.get(name(property_name))
                if value is not None:
                    return str(value) not in ("false", "hidden")
        return True

    def is_title(self, style: str) -> bool:
        names = (attribute(element, "style:name") for element in self._chain("paragraph", style))
        return style == "Title" or any(found == "Title" for found in names)

    def label(self, style: str, numbers: tuple[int, ...]) -> str:
        """Return the label of a list item: its numbers by level, outermost first, written as the style has it."""
        levels = self._lists.get(style, {})
        level = levels.get(len(numbers), _Level())
        if not level.form:
            return "-"
        shown = numbers[-level.shown :]
        outer = len(numbers) - len(shown)
        written = (
            ordinal(number, levels.get(outer + depth, level).form or level.form)
            for depth, number in enumerate(shown, start=1)
        )
        return level.before + ".".join(written) + level.after

    def start(self, style: str, depth: int) -> int:
        return self._lists.get(style, {}).get(depth, _Level()).start

    def _chain(self, family: str, style: str) -> Iterable[etree._Element]:
        for _ in range(_DEEPEST_STYLE):
            element = self._styles.get(f"{family} {style}")
            if element is None:
                return
            yield element
            style = attribute(element, "style:parent-style-name")


def _level(element: etree._Element) -> _Level:
    form = attribute(element, "style:num-format")
    return _Level(
        form=_FORMS.get(form, "decimal") if form else "",
        before=attribute(element, "style:num-prefix"),
        after=attribute(element, "style:num-suffix"),
        start=count(element, "text:start-value"),
        shown=max(1, count(element, "text:display-levels")),
    )
