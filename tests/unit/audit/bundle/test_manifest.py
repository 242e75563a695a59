"""Manifests and selections are read back as they are, and nothing else is read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from compliance_bot.audit.bundle.form import BundleMalformed
from compliance_bot.audit.bundle.manifest import (
    Content,
    Counts,
    File,
    Manifest,
    format_manifest,
    manifest_note_text,
    parse_manifest,
)
from compliance_bot.audit.bundle.selection import EVERYTHING, Selection, parse_selection, selection_shape
from compliance_bot.audit.canonical import canonical
from compliance_bot.audit.checkpoint import parse_checkpoint
from compliance_bot.audit.envelope import parse_envelope
from compliance_bot.audit.note_key import NoteError
from tests.audit_logs import MadeLog

MANIFEST = Manifest(
    origin="compliance-bot/0f3c",
    size=9,
    first=2,
    end=5,
    selection=Selection(types=frozenset({"answer"}), since="2026-03-03T12:00:00.000Z"),
    content=Content.DISCLOSED,
    counts=Counts(selected=3, disclosed=2, withheld=1),
    files=(File(name="README.txt", size=4, sha256="ab" * 32), File(name="checkpoint", size=1, sha256="cd" * 32)),
)
SHAPE = json.loads(format_manifest(MANIFEST))


def test_a_manifest_is_read_back() -> None:
    assert parse_manifest(format_manifest(MANIFEST)) == MANIFEST


CHANGES: list[tuple[str, Any]] = [
    ("format", "v2"), ("origin", 1), ("size", -1), ("size", True), ("size", 4), ("first", 6), ("end", 10),
    ("selection", {}), ("selection", {**SHAPE["selection"], "more": []}), ("content", "all"), ("content", None),
    ("selection", {**SHAPE["selection"], "types": "answer"}), ("selection", {**SHAPE["selection"], "since": "now"}),
    ("selection", {**SHAPE["selection"], "types": ["b", "a"]}), ("selection", {**SHAPE["selection"], "types": [1]}),
    ("counts", {}), ("counts", {**SHAPE["counts"], "withheld": "1"}), ("files", {}), ("files", [1]),
    ("files", SHAPE["files"][::-1]), ("files", [*SHAPE["files"], SHAPE["files"][1]]),
    ("files", [{**SHAPE["files"][0], "name": "../README.txt"}]), ("files", [{**SHAPE["files"][0], "sha256": "ab"}]),
    ("files", [{**SHAPE["files"][0], "size": 1 << 62}]), ("files", [{**SHAPE["files"][0], "name": "manifest.json"}]),
    ("more", 1),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), CHANGES)
def test_anything_else_is_refused(field: str, value: Any) -> None:
    with pytest.raises(BundleMalformed):
        parse_manifest(canonical({**SHAPE, field: value}))


@pytest.mark.parametrize("encoded", [b"", b"[]", b"{}", json.dumps(SHAPE).encode()])
def test_what_is_not_canonical_is_refused(encoded: bytes) -> None:
    with pytest.raises(BundleMalformed):
        parse_manifest(encoded)


def test_its_note_is_no_checkpoint() -> None:
    with pytest.raises(NoteError):
        parse_checkpoint(manifest_note_text("compliance-bot/0f3c", b"{}"))


@pytest.mark.parametrize(
    ("selection", "selected"),
    [
        (EVERYTHING, [0, 1, 2, 3]),
        (Selection(types=frozenset({"answer", "search"})), [0, 1, 3]),
        (Selection(outcomes=frozenset({"refused"})), []),
        (Selection(actors=frozenset({"00000000-0000-0000-0000-000000000007"})), [0, 1, 2, 3]),
        (Selection(since="2026-03-03T12:00:10.000Z"), [1, 2, 3]),
        (Selection(until="2026-03-03T12:00:10.000Z"), [0]),
        (Selection(types=frozenset({"answer"}), since="2026-03-03T12:00:10.000Z"), [3]),
    ],
)
def test_a_selection_selects_by_what_envelopes_say(selection: Selection, selected: list[int]) -> None:
    log = MadeLog().fill(4)
    envelopes = [parse_envelope(record.envelope) for record in log.records]
    assert [index for index, envelope in enumerate(envelopes) if selection.selects(envelope)] == selected
    assert parse_selection(selection_shape(selection)) == selection
    assert selection.is_everything is (selection == Selection())
