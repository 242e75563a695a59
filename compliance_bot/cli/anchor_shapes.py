"""The JSON shapes and lines of `compliance-bot anchor`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compliance_bot.cli.shapes import instant

if TYPE_CHECKING:
    from collections.abc import Iterator

    from compliance_bot.chains.anchor_room import AnchorState, LossAccepted

Shape = dict[str, Any]


def state_shape(state: AnchorState) -> Shape:
    """Return `anchor show`."""
    return {
        "anchor": str(state.path),
        "first": state.first,
        "last": state.last,
        "written_at": instant(state.written_at) if state.written_at else None,
    }


def state_lines(state: AnchorState) -> Iterator[str]:
    """Yield `anchor show` for reading."""
    yield f"anchor {state.path}"
    yield f"lines {state.first} to {state.last}" if state.first else "no lines yet"
    if state.written_at:
        yield f"the last one of {instant(state.written_at)}"
    if state.first not in (None, 1):
        yield "what came before the first of them was lost, and that was accepted"


def loss_shape(accepted: LossAccepted) -> Shape:
    """Return `anchor accept-loss`."""
    return {
        "anchor": str(accepted.path),
        "record": accepted.record,
        "lost": accepted.lost,
        "applied": accepted.applied,
    }
