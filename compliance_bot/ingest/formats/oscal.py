"""Read a control catalogue in OSCAL JSON (NIST): groups and controls become headings, statements become lists.

What a reader of the printed catalogue sees is kept: statement, guidance and overview, with parameters written out as
the catalogue writes them ("[Assignment: organization-defined frequency]"). Assessment parts and links are left out.
Source of the form: the OSCAL catalog model 1.1.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from compliance_bot.ingest.assemble import Part, assemble
from compliance_bot.ingest.structure import BlockKind
from compliance_bot.ingest.unreadable import Limits, Reason, UnreadableDocument

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from compliance_bot.ingest.structure import ParsedDocument

_INSERT = re.compile(r"\{\{\s*insert:\s*param,\s*([\w.-]+)\s*\}\}")
_PROSE = ("overview", "statement", "guidance")
_DEEPEST = 20  # levels of groups, controls and parameters that refer to each other
_HEAD = re.compile(rb'\s*\{\s*"catalog"\s*:')

_Node = dict[str, Any]


def is_catalog(data: bytes) -> bool:
    """Tell whether a file begins as an OSCAL catalogue in JSON does."""
    return _HEAD.match(data) is not None


def read_oscal(data: bytes, limits: Limits) -> ParsedDocument:
    """Return the catalogue as a document. Raises UnreadableDocument where it is not of the OSCAL form."""
    try:
        catalog = json.loads(data)["catalog"]
        title = str(catalog["metadata"]["title"])
        parts = list(_groups(catalog.get("groups", []), level=1))
    except RecursionError:
        raise UnreadableDocument(Reason.TOO_DEEP) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        raise UnreadableDocument(Reason.CORRUPT) from None
    return assemble(title, parts, limits)


def _groups(groups: list[_Node], *, level: int) -> Iterator[Part]:
    if level > _DEEPEST:
        raise UnreadableDocument(Reason.TOO_DEEP)
    for group in groups:
        yield Part(kind=BlockKind.HEADING, text=str(group["title"]), level=level)
        yield from _groups(group.get("groups", []), level=level + 1)
        for control in group.get("controls", []):
            yield from _control(control, {}, level=level + 1)


def _control(control: _Node, outer: Mapping[str, _Node], *, level: int) -> Iterator[Part]:
    if level > _DEEPEST:
        raise UnreadableDocument(Reason.TOO_DEEP)
    parameters = {**outer, **{parameter["id"]: parameter for parameter in control.get("params", [])}}
    yield Part(kind=BlockKind.HEADING, text=f"{_label(control)} {control['title']}".strip(), level=level)
    for part in control.get("parts", []):
        if part.get("name") in _PROSE:
            yield from _part(part, parameters)
    for enhancement in control.get("controls", []):
        yield from _control(enhancement, parameters, level=level + 1)


def _part(part: _Node, parameters: Mapping[str, _Node]) -> Iterator[Part]:
    """Yield a statement or guidance: its prose as a paragraph, its items as a list."""
    items = part.get("parts", [])
    prose = _filled(str(part.get("prose", "")), parameters)
    yield Part(kind=BlockKind.LIST_LEAD if items else BlockKind.PARAGRAPH, text=prose)
    for item in items:
        yield from _item(item, parameters, level=1)


def _item(item: _Node, parameters: Mapping[str, _Node], *, level: int) -> Iterator[Part]:
    if level > _DEEPEST:
        raise UnreadableDocument(Reason.TOO_DEEP)
    prose = _filled(str(item.get("prose", "")), parameters)
    yield Part(kind=BlockKind.LIST_ITEM, text=f"{_label(item)} {prose}".strip(), level=level)
    for deeper in item.get("parts", []):
        yield from _item(deeper, parameters, level=level + 1)


def _label(node: _Node) -> str:
    """Return the label that the printed catalogue shows: the one without a class."""
    labels = [prop for prop in node.get("props", []) if prop.get("name") == "label"]
    plain = next((prop for prop in labels if "class" not in prop), labels[0] if labels else None)
    return str(plain["value"]) if plain else ""


def _filled(prose: str, parameters: Mapping[str, _Node], depth: int = 0) -> str:
    """Return prose with its parameters written out."""
    return _INSERT.sub(lambda match: _written_out(match[1], parameters, depth), prose)


def _written_out(name: str, parameters: Mapping[str, _Node], depth: int) -> str:
    parameter = parameters.get(name) or next((p for p in parameters.values() if _is_alias(p, name)), None)
    if parameter is None or depth > _DEEPEST:
        return "[Assignment: organization-defined]"
    if "select" in parameter:
        choices = (_filled(str(choice), parameters, depth + 1) for choice in parameter["select"].get("choice", []))
        return f"[Selection: {'; '.join(choices)}]"
    label = str(parameter.get("label", "")).removeprefix("organization-defined").strip()
    return f"[Assignment: organization-defined {label}]".replace(" ]", "]")


def _is_alias(parameter: _Node, name: str) -> bool:
    return any(
        prop.get("name") == "alt-identifier" and prop.get("value") == name for prop in parameter.get("props", [])
    )
