"""OSCAL catalogues become documents with a heading for each control."""

from __future__ import annotations

import json
from typing import Any

import pytest

from compliance_bot.ingest.parse import parse
from compliance_bot.ingest.structure import BlockKind
from compliance_bot.ingest.unreadable import Reason, UnreadableDocument


def catalog(**control: Any) -> bytes:
    """A catalogue with one group and one control."""
    body = {"id": "ab-1", "title": "Policy", "props": [_label("AB-01", "padded"), _label("AB-1")], **control}
    groups = [{"id": "ab", "title": "Abacus Control", "controls": [body]}]
    return json.dumps({"catalog": {"metadata": {"title": "House controls"}, "groups": groups}}).encode()


def _label(value: str, class_: str | None = None) -> dict[str, str]:
    label = {"name": "label", "value": value}
    return label if class_ is None else {**label, "class": class_}


def statement(prose: str, *items: dict[str, Any]) -> dict[str, Any]:
    return {"name": "statement", "prose": prose, "parts": list(items)}


def item(label: str, prose: str, *items: dict[str, Any]) -> dict[str, Any]:
    return {"name": "item", "props": [_label(label)], "prose": prose, "parts": list(items)}


def test_groups_controls_and_statements_become_headings_lead_ins_and_items() -> None:
    parts = [
        statement(
            "The organization:", item("a.", "Counts beads;", item("1.", "twice;")), item("b.", "Files the count.")
        ),
        {"name": "guidance", "prose": "Beads are counted by hand."},
        {"name": "assessment-objective", "prose": "determine if beads are counted"},
    ]
    document = parse(catalog(parts=parts), name="x.json")
    assert document.title == "House controls"
    assert [(block.kind, block.level, document.text[block.start : block.end]) for block in document.blocks] == [
        (BlockKind.HEADING, 1, "Abacus Control"),
        (BlockKind.HEADING, 2, "AB-1 Policy"),
        (BlockKind.LIST_LEAD, 0, "The organization:"),
        (BlockKind.LIST_ITEM, 1, "a. Counts beads;"),
        (BlockKind.LIST_ITEM, 2, "1. twice;"),
        (BlockKind.LIST_ITEM, 1, "b. Files the count."),
        (BlockKind.PARAGRAPH, 0, "Beads are counted by hand."),
    ]


@pytest.mark.parametrize(
    ("parameter", "written"),
    [
        ({"id": "p", "label": "frequency"}, "[Assignment: organization-defined frequency]"),
        ({"id": "p", "label": "organization-defined events"}, "[Assignment: organization-defined events]"),
        ({"id": "p", "select": {"choice": ["daily", "{{ insert: param, q }}"]}},
         "[Selection: daily; [Assignment: organization-defined hour]]"),
        ({"id": "other"}, "[Assignment: organization-defined]"),
        ({"id": "p", "select": {"choice": ["{{ insert: param, p }}"]}}, "[Selection: "),
    ],
)  # fmt: skip
def test_parameters_are_written_out(parameter: dict[str, Any], written: str) -> None:
    parameters = [parameter, {"id": "q", "label": "hour"}]
    data = catalog(params=parameters, parts=[statement("Reviewed {{ insert: param, p }}.")])
    assert f"Reviewed {written}" in parse(data, name="x.json").text


@pytest.mark.parametrize(
    "data", [b'{"catalog": ', b'{"catalog": 5}', b'{"catalog": {"metadata": {"title": "x"}, "groups": [5]}}']
)
def test_what_only_begins_like_a_catalogue_is_corrupt(data: bytes) -> None:
    with pytest.raises(UnreadableDocument, match=Reason.CORRUPT.value):
        parse(data, name="x.json")


def test_a_catalogue_nested_without_end_is_refused() -> None:
    group: dict[str, Any] = {"title": "g"}
    for _ in range(40):
        group = {"title": "g", "groups": [group]}
    data = json.dumps({"catalog": {"metadata": {"title": "x"}, "groups": [group]}}).encode()
    with pytest.raises(UnreadableDocument, match=Reason.TOO_DEEP.value):
        parse(data, name="x.json")
