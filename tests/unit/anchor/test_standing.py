"""How a database stands to its anchor: at its end, behind it, before it, or elsewhere."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from compliance_bot.anchor.faults import AnchorForeign, AnchorLost
from compliance_bot.anchor.line import Line, chained
from compliance_bot.anchor.standing import after
from compliance_bot.records import RecordId
from compliance_bot.store.anchored import START, Position

NOON = datetime(2026, 3, 3, 12, tzinfo=UTC)


def chain(count: int, *, begin: Position = START, word: str = "a") -> list[Line]:
    lines: list[Line] = []
    for _ in range(count):
        known = lines[-1].position if lines else begin
        content = {"documents": [word]}
        lines.append(chained(known, at=NOON, record=RecordId("r"), kind="deleted", content=content, key=b"k" * 32))
    return lines


LINES = chain(5)


@pytest.mark.parametrize("reached", range(6))
def test_what_follows_a_position_is_missing(reached: int) -> None:
    known = LINES[reached - 1].position if reached else START
    assert after(known, LINES) == tuple(LINES[reached:])


def test_without_a_file_a_database_that_never_had_one_lacks_nothing() -> None:
    assert after(START, []) == ()


def test_an_anchor_that_ends_before_the_database_is_lost() -> None:
    for lines in ([], LINES[:1], LINES[:3]):
        with pytest.raises(AnchorLost):
            after(LINES[3].position, lines)


def test_an_anchor_that_begins_behind_the_database_is_lost() -> None:
    later = chain(3, begin=LINES[3].position)
    assert after(LINES[3].position, later) == tuple(later)
    for known in (START, LINES[2].position):
        with pytest.raises(AnchorLost):
            after(known, later)


def test_another_history_is_told_from_the_own_one() -> None:
    other = chain(5, word="b")
    for reached in range(5):
        with pytest.raises(AnchorForeign):
            after(other[reached].position, LINES)
    with pytest.raises(AnchorForeign):
        after(LINES[2].position, chain(2, begin=other[2].position))
