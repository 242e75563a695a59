"""Attribute values survive the way into the database and back, and equal sets are stored alike."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.policy.values import from_stored, milliseconds, moment, to_stored
from compliance_bot.records import EntityRef

TIMES = st.datetimes(timezones=st.just(UTC)).map(lambda at: at.replace(microsecond=at.microsecond // 1000 * 1000))
REFS = st.builds(EntityRef, st.just("Group"), st.text())
LONGS = st.integers(-(2**63), 2**63 - 1)
VALUES = st.one_of(
    st.text(), LONGS, st.booleans(), TIMES, REFS, st.frozensets(st.text()), st.frozensets(LONGS), st.frozensets(REFS)
)


@given(st.dictionaries(st.text(), VALUES))
def test_what_is_stored_comes_back(attributes: dict[str, object]) -> None:
    stored = json.loads(json.dumps(to_stored(attributes)))  # type: ignore[arg-type]
    assert from_stored(stored) == attributes


@given(TIMES)
def test_a_time_is_its_milliseconds(at: datetime) -> None:
    assert moment(milliseconds(at)) == at


def test_a_time_is_rounded_down_and_its_zone_does_not_matter() -> None:
    at = datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)
    assert milliseconds(at) == -1
    assert milliseconds(at + timedelta(microseconds=1)) == 0


def test_equal_sets_are_stored_alike() -> None:
    assert to_stored({"a": frozenset({"b", "a"})}) == {"a": ["a", "b"]}
    groups = frozenset({EntityRef("Group", "b"), EntityRef("Group", "a")})
    assert to_stored({"a": groups}) == {"a": {"entities": "Group", "ids": ["a", "b"]}}
