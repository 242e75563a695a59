"""Audit records: what is sealed can be opened, and nothing that was changed can."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import time
import uuid
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.audit.merkle import leaf_hash
from compliance_bot.audit.record import (
    MAX_ENVELOPE_BYTES,
    Event,
    RecordAltered,
    RecordTooLarge,
    canonical,
    describe,
    new_record_id,
    open_record,
    seal,
)
from compliance_bot.keys import KEY_BYTES, Keyring
from compliance_bot.records import Principal

if TYPE_CHECKING:
    from compliance_bot.store.log import SealedRecord

KEYRING = Keyring(b"\x01" * KEY_BYTES)
AT = datetime(2026, 3, 3, 12, 30, 15, 123_456, tzinfo=UTC)
ANA = Principal(id="ana.lopez@bank.example", groups={"aml"}, attributes={"matters": frozenset({"b", "a"}), "level": 2})
PUBLIC = {"policies": "ab" * 32, "citations": [{"n": 1, "score": 7}], "exact": True, "reason": None}
PRIVATE = {"principal": describe(ANA), "question": "Warum wird Frau Müller geprüft?", "answer": "6 years"}

keys = st.text(st.characters(codec="ascii"), min_size=1, max_size=8)
texts = st.text(max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


def sealed(public: dict[str, Any] | None = None, private: dict[str, Any] | None = None, **given: Any) -> SealedRecord:
    event = Event(
        type="answer",
        outcome="answered",
        public=PUBLIC if public is None else public,
        private=PRIVATE if private is None else private,
    )
    lane = {"writer": "w", "counter": 3, "previous": "00"}
    values = {"id": new_record_id(), "at": AT, "tenant": 1, "actor": "11" * 16, "lane": lane, "keyring": KEYRING}
    return seal(event, **{**values, **given})


def with_part(record: SealedRecord, part: str, changed: Any) -> SealedRecord:
    return dataclasses.replace(record, **{part: changed})


class TestRoundTrip:
    @given(st.dictionaries(keys, values, max_size=4), st.dictionaries(keys, values, max_size=4))
    def test_opening_brings_back_what_was_sealed(self, public: dict[str, Any], private: dict[str, Any]) -> None:
        one = sealed(public, private)
        opened = open_record(one, KEYRING)
        assert (opened.id, opened.envelope["public"], opened.private) == (one.id, public, private)

    def test_the_envelope_says_what_when_where_and_in_which_lane(self) -> None:
        opened = open_record(sealed(id="0190a000-0000-7000-8000-000000000000"), KEYRING)
        payload = opened.envelope["payload"]
        assert opened.envelope == {
            "v": 1,
            "id": "0190a000-0000-7000-8000-000000000000",
            "at": "2026-03-03T12:30:15.123Z",
            "tenant": 1,
            "type": "answer",
            "outcome": "answered",
            "actor": "11" * 16,
            "lane": {"writer": "w", "counter": 3, "previous": "00"},
            "public": PUBLIC,
            "payload": payload,
        }
        assert {name: len(value) for name, value in payload.items()} == {"sha256": 64, "commitment": 64}
        assert opened.at == AT.replace(microsecond=123_000)

    def test_times_of_other_zones_are_told_in_utc(self) -> None:
        east = AT.astimezone(timezone(timedelta(hours=9)))
        assert open_record(sealed(at=east), KEYRING).envelope["at"] == "2026-03-03T12:30:15.123Z"

    def test_sealing_twice_gives_different_bytes(self) -> None:
        id_ = new_record_id()
        one, other = sealed(id=id_), sealed(id=id_)
        assert one.ciphertext != other.ciphertext
        assert one.leaf_hash != other.leaf_hash


class TestSecrecy:
    def test_the_envelope_holds_none_of_the_private_values(self) -> None:
        one = sealed()
        visible = one.envelope + one.ciphertext + one.wrapped_key
        plaintext = canonical(PRIVATE)
        for value in ("ana.lopez", "Müller", "geprüft", "6 years", "level"):
            assert value.encode() not in visible
        # A plain hash of a text with personal data can be guessed.
        for digest in (hashlib.sha256(plaintext), hashlib.sha256(b"\0" + plaintext)):
            assert digest.hexdigest().encode() not in visible

    def test_equal_payloads_have_different_commitments(self) -> None:
        one, other = (open_record(sealed(), KEYRING).envelope["payload"]["commitment"] for _ in range(2))
        assert one != other


class TestAlteration:
    @pytest.mark.parametrize("part", ["envelope", "ciphertext", "wrapped_key", "leaf_hash"])
    def test_each_changed_byte_is_noticed(self, part: str) -> None:
        one = sealed()
        whole: bytes = getattr(one, part)
        for position in range(len(whole)):
            changed = whole[:position] + bytes([whole[position] ^ 0x01]) + whole[position + 1 :]
            with pytest.raises(RecordAltered):
                open_record(with_part(one, part, changed), KEYRING)

    @pytest.mark.parametrize("part", ["envelope", "ciphertext", "wrapped_key", "leaf_hash"])
    def test_a_shorter_or_longer_part_is_noticed(self, part: str) -> None:
        one = sealed()
        for changed in (b"", getattr(one, part)[:-1], getattr(one, part) + b" "):
            with pytest.raises(RecordAltered):
                open_record(with_part(one, part, changed), KEYRING)

    @pytest.mark.parametrize("envelope", [b"{", b"[]", b"7", b"\xff", b"{}", b'{"id":"x","payload":{}}', b"null"])
    def test_an_envelope_of_another_making_is_noticed_although_its_hash_fits(self, envelope: bytes) -> None:
        forged = dataclasses.replace(sealed(), id="x", envelope=envelope, leaf_hash=leaf_hash(envelope))
        with pytest.raises(RecordAltered):
            open_record(forged, KEYRING)

    def test_a_rehashed_envelope_with_another_commitment_is_noticed(self) -> None:
        one = sealed()
        envelope = json.loads(one.envelope)
        envelope["payload"]["commitment"] = "00" * 32
        forged = dataclasses.replace(one, envelope=canonical(envelope), leaf_hash=leaf_hash(canonical(envelope)))
        with pytest.raises(RecordAltered):
            open_record(forged, KEYRING)

    def test_the_payload_of_another_record_does_not_open(self) -> None:
        one, other = sealed(), sealed(private={"question": "?"})
        for swapped in (
            dataclasses.replace(one, ciphertext=other.ciphertext),
            dataclasses.replace(one, ciphertext=other.ciphertext, wrapped_key=other.wrapped_key),
            dataclasses.replace(one, id=other.id),
        ):
            with pytest.raises(RecordAltered):
                open_record(swapped, KEYRING)

    def test_another_home_cannot_open_it(self) -> None:
        with pytest.raises(RecordAltered):
            open_record(sealed(), Keyring(b"\x02" * KEY_BYTES))


class TestCanonicalJson:
    @pytest.mark.parametrize(
        ("value", "text"),
        [
            ({"b": 1, "a": [True, None, "é\n"]}, '{"a":[true,null,"é\\n"],"b":1}'),
            ({"B": {}, "a": []}, '{"B":{},"a":[]}'),
            (-(2**70), "-1180591620717411303424"),
        ],
    )
    def test_a_value_has_one_encoding(self, value: Any, text: str) -> None:
        assert canonical(value) == text.encode()

    @given(values)
    def test_it_can_be_read_and_does_not_depend_on_the_order_of_keys(self, value: Any) -> None:
        encoded = canonical(value)
        assert json.loads(encoded) == value
        assert canonical(json.loads(encoded, object_pairs_hook=lambda pairs: dict(reversed(pairs)))) == encoded

    @pytest.mark.parametrize(
        ("value", "message"),
        [
            (1.0, "holds no float"),
            ({"a": [float("nan")]}, "holds no float"),
            (("a",), "holds no tuple"),
            ({"a": {1, 2}}, "holds no set"),
            (b"a", "holds no bytes"),
            ({"a": datetime(2026, 1, 1, tzinfo=UTC)}, "holds no datetime"),
            ({1: "a"}, "ASCII text"),
            ({"é": 1}, "ASCII text"),
        ],
    )
    def test_what_has_no_one_encoding_is_refused(self, value: Any, message: str) -> None:
        with pytest.raises(TypeError, match=message):
            canonical(value)


def test_an_envelope_too_long_for_a_log_entry_is_refused() -> None:
    room = MAX_ENVELOPE_BYTES - len(sealed({"x": ""}).envelope)
    assert len(sealed({"x": "a" * room}).envelope) == MAX_ENVELOPE_BYTES
    with pytest.raises(RecordTooLarge, match="65535 bytes in the open, and this has 65536"):
        sealed({"x": "a" * (room + 1)})


def test_the_leaf_hash_is_that_of_rfc_6962() -> None:
    # The published hash of an empty leaf.
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


class TestIds:
    def test_they_are_uuids_of_version_7(self) -> None:
        for _ in range(200):
            value = uuid.UUID(new_record_id())
            assert (value.version, value.variant) == (7, uuid.RFC_4122)

    def test_they_begin_with_the_milliseconds_and_sort_by_them(self, monkeypatch: pytest.MonkeyPatch) -> None:
        ids = []
        for moment in (1_700_000_000.0, 1_700_000_000.001, 1_700_000_001.5, 1_800_000_000.25):
            monkeypatch.setattr(time, "time", lambda moment=moment: moment)
            ids.append(new_record_id())
            assert uuid.UUID(ids[-1]).int >> 80 == int(moment * 1000)
        assert all(a < b for a, b in pairwise(ids))

    def test_they_do_not_repeat_within_a_millisecond(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(time, "time", lambda: 1_700_000_000.0)
        assert len({new_record_id() for _ in range(2000)}) == 2000


def test_a_principal_is_described_with_its_rights_in_order() -> None:
    assert describe(ANA) == {
        "id": "ana.lopez@bank.example",
        "groups": ["aml"],
        "attributes": {"matters": ["a", "b"], "level": 2},
        "source": "asserted",
    }
