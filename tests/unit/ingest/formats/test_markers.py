"""List markers, clause numbers and titles: a table."""

from __future__ import annotations

import pytest

from compliance_bot.ingest.formats import markers


@pytest.mark.parametrize(
    ("line", "readings"),
    [
        ("• one", [("bullet •", 0)]),
        ("- one", [("bullet -", 0)]),
        ("(a) one", [("(a)", 1)]),
        ("b) one", [("a)", 2)]),
        ("3. one", [("1.", 3)]),
        ("(i) one", [("(i)", 1), ("(a)", 9)]),
        ("(v) one", [("(a)", 22), ("(i)", 5)]),
        ("(iv) one", [("(i)", 4)]),
        ("XII. one", [("I.", 12)]),
        ("(a)", []),
        ("-one", []),
        ("1.5 percent", []),
        ("a firm", []),
        ("(see) below", []),
        ("1999 was", []),
    ],
)
def test_a_marker_is_read_with_its_style_and_place(line: str, readings: list[tuple[str, int]]) -> None:
    assert [(marker.style, marker.ordinal) for marker in markers.markers(line)] == readings


@pytest.mark.parametrize(
    ("line", "depth"), [("3.2 Fees", 2), ("3.2.1. Fees", 3), ("3 Fees", 0), ("3.2", 0), ("x 3.2", 0)]
)
def test_a_clause_number_has_a_depth(line: str, depth: int) -> None:
    assert markers.clause_depth(line) == depth


@pytest.mark.parametrize(
    ("line", "level"),
    [
        ("PART II", 1),
        ("Article 5 Fees", 3),
        ("Chapter 2", 2),
        ("Part of it", 0),
        ("§ 7 Term", 3),
        ("Article 5 applies.", 0),
    ],
)
def test_a_heading_may_name_itself(line: str, level: int) -> None:
    assert markers.part_level(line) == level


@pytest.mark.parametrize(
    ("line", "following", "level"),
    [
        ("1. Scope", "This applies to all.", 2),
        ("1. Apples", "2. Pears", 0),
        ("1. Keep records of all", "customers", 0),
        ("1. Keep records.", "", 0),
        ("3.2.1 Record keeping", "", 4),
        ("3.2.1 a firm must", "", 0),
        ("Record keeping", "", 0),
    ],
)
def test_a_short_numbered_title_is_told_from_a_clause(line: str, following: str, level: int) -> None:
    assert markers.numbered_level(line, following) == level


@pytest.mark.parametrize(
    ("line", "shouted"), [("RECORD KEEPING", True), ("KYC", False), ("KEEP IT.", False), ("Keep", False)]
)
def test_capitals_are_a_heading_only_where_there_are_enough(line: str, *, shouted: bool) -> None:
    assert markers.is_shouted(line) is shouted
