"""The JSON shapes and lines of corrections of detection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compliance_bot.cli.shapes import instant

if TYPE_CHECKING:
    from compliance_bot.chains.correcting import Corrected, Label

Shape = dict[str, Any]


def corrected_shape(done: Corrected) -> Shape:
    """Return `privacy mark` and `privacy unmark`."""
    return {"record": done.record, "type": done.type, "documents": done.documents, "versions": done.versions}


def label_shape(one: Label) -> Shape:
    """Return an entry of `privacy corrections`."""
    return {
        "record": one.record,
        "at": instant(one.at),
        "kind": "marked" if one.is_personal else "unmarked",
        "type": one.type,
        "detector": one.detector,
    }


def label_line(one: Label) -> str:
    """Return an entry of `privacy corrections` for people."""
    kind = "marked" if one.is_personal else "unmarked"
    return f"{one.at:%Y-%m-%d %H:%M} UTC  {kind:<8}  {one.type}  detector {one.detector[:12]}  record {one.record}"
