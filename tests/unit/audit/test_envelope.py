"""Envelopes: only the bytes that this program writes are taken for one. Contents: only under their key, and once."""

from __future__ import annotations

import dataclasses
import hmac
import json

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.audit.canonical import Json, canonical, parse_canonical_text
from compliance_bot.audit.envelope import (
    MAX_ENVELOPE_BYTES,
    ContentAltered,
    Envelope,
    EnvelopeMalformed,
    Lane,
    _commit,
    _derive,
    format_envelope,
    open_content,
    parse_envelope,
    parse_fields,
    seal_content,
)
from compliance_bot.keys import KEY_BYTES

ENVELOPE = Envelope(
    id="0190a000-0000-7000-8000-000000000000",
    at="2026-03-03T12:30:15.123Z",
    tenant=1,
    type="answer",
    outcome="answered",
    actor="0b8f3c1e-52a4-4d55-9d0e-6f1f8f1f0a11",
    lane=Lane(writer="w", counter=3, previous="ab" * 32),
    public={"b": [1, None], "a": "é\n"},
    sha256="cd" * 32,
    commitment="ef" * 32,
)
ENCODED = format_envelope(ENVELOPE)
SHAPE = json.loads(ENCODED)
KEY = b"\1" * KEY_BYTES
RECORD = ENVELOPE.id


def test_an_envelope_is_read_back() -> None:
    assert parse_envelope(ENCODED) == ENVELOPE
    assert ENVELOPE.time.isoformat() == "2026-03-03T12:30:15.123000+00:00"


def test_its_texts_say_the_same() -> None:
    fields = parse_fields(ENCODED)
    assert Lane(writer=fields.writer, counter=int(fields.counter), previous=fields.previous) == ENVELOPE.lane
    assert parse_canonical_text(fields.public) == ENVELOPE.public
    assert int(fields.tenant) == ENVELOPE.tenant
    for name in ("id", "at", "type", "outcome", "actor", "sha256", "commitment"):
        assert getattr(fields, name) == getattr(ENVELOPE, name)


def test_its_bytes_are_canonical_json_of_its_ten_fields() -> None:
    assert canonical(SHAPE) == ENCODED
    assert len(SHAPE) == 10


WORDS = st.one_of(
    st.text(max_size=5),
    st.sampled_from(['a","v":1},"tenant":5,"type":"b', '","public":{},"type":"b', "\\", "\n", "é", "{}", "abc"]),
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | WORDS, lambda inner: st.lists(inner) | st.dictionaries(WORDS, inner)
)


@given(
    kind=WORDS, outcome=WORDS, actor=WORDS, writer=WORDS, previous=WORDS, public=st.dictionaries(st.just("a"), JSON),
    tenant=st.integers() | st.booleans(),
)  # fmt: skip
def test_it_is_written_as_canonical_json_or_not_at_all(
    kind: str, outcome: str, actor: str, writer: str, previous: str, public: Json, tenant: int
) -> None:
    envelope = dataclasses.replace(
        ENVELOPE,
        type=kind,
        outcome=outcome,
        actor=actor,
        lane=Lane(writer=writer, counter=3, previous=previous),
        public=public,
        tenant=tenant,
    )
    lane = {"writer": writer, "counter": 3, "previous": previous}
    words = {"type": kind, "outcome": outcome, "actor": actor, "tenant": tenant}
    try:
        expected = canonical({**SHAPE, **words, "lane": lane, "public": public})
        read = parse_envelope(expected)
    except (EnvelopeMalformed, ValueError, TypeError):
        with pytest.raises((ValueError, TypeError)):
            format_envelope(envelope)
    else:
        assert format_envelope(envelope) == expected
        assert read == envelope


@pytest.mark.parametrize("previous", ["abc", "AB", "a b", '"'])
def test_a_leaf_before_that_is_no_hash_is_not_written(previous: str) -> None:
    with pytest.raises(ValueError, match=r"hex|lane"):
        format_envelope(dataclasses.replace(ENVELOPE, lane=Lane(writer="w", counter=3, previous=previous)))


CHANGES: list[tuple[str, Json]] = [
    ("v", 2), ("v", True), ("v", "1"), ("id", RECORD.upper()), ("id", "x"), ("id", RECORD.replace("-7", "-4")),
    ("at", "2026-03-03T12:30:15.123+00:00"), ("at", "2026-13-03T12:30:15.123Z"), ("at", "2026-03-03T12:30:15Z"),
    ("at", None), ("tenant", "1"), ("tenant", -1), ("tenant", True), ("type", 7), ("outcome", None), ("actor", []),
    ("lane", {}), ("lane", {**SHAPE["lane"], "counter": -1}), ("lane", {**SHAPE["lane"], "previous": "AB"}),
    ("lane", {**SHAPE["lane"], "previous": "abc"}), ("lane", {**SHAPE["lane"], "more": 1}), ("public", []),
    ("public", None), ("payload", {"sha256": "cd" * 32}), ("payload", {**SHAPE["payload"], "sha256": "cd"}),
    ("payload", {**SHAPE["payload"], "tombstone": True}),
]  # fmt: skip


@pytest.mark.parametrize(("field", "value"), CHANGES)
def test_a_field_of_another_form_is_refused(field: str, value: Json) -> None:
    with pytest.raises(EnvelopeMalformed):
        parse_envelope(canonical({**SHAPE, field: value}))


def test_a_field_more_or_less_is_refused() -> None:
    for name in SHAPE:
        with pytest.raises(EnvelopeMalformed):
            parse_envelope(canonical({key: value for key, value in SHAPE.items() if key != name}))
    with pytest.raises(EnvelopeMalformed):
        parse_envelope(canonical({**SHAPE, "more": 1}))


@pytest.mark.parametrize(
    ("once", "other"),
    [
        (b'"tenant":1', b'"tenant":1,"tenant":1'),
        (b'"tenant":1', b'"tenant":01'),
        (b'"tenant":1', '"tenant":\N{ARABIC-INDIC DIGIT ONE}'.encode()),
        (b'"counter":3', '"counter":\N{FULLWIDTH DIGIT THREE}'.encode()),
        (b'"public":{', b'"public":{"a":1,'),
        (b'"public":{', b'"public":{},"tenant":2,"type":"x","v":1},"public":{'),
        (b'"public":{', b'"public": {'),
        (b'"v":1}', b'"v":1}\n'),
        (b'{"actor"', b' {"actor"'),
        (b'"type":"answer"', b'"type":"answ\\u0065r"'),
        (b'"type":"answer"', b'"type":"answer\x00"'),
        (b'"type":"answer"', b'"type":"\xff"'),
    ],
)
def test_other_bytes_that_say_the_same_are_refused(once: bytes, other: bytes) -> None:
    assert once in ENCODED
    with pytest.raises(EnvelopeMalformed):
        parse_envelope(ENCODED.replace(once, other))


def test_one_that_is_too_long_is_refused() -> None:
    with pytest.raises(EnvelopeMalformed, match="at most"):
        parse_envelope(ENCODED + b" " * MAX_ENVELOPE_BYTES)
    with pytest.raises(ValueError, match="may have"):
        format_envelope(dataclasses.replace(ENVELOPE, public={"a": "x" * MAX_ENVELOPE_BYTES}))


@pytest.mark.parametrize(
    "changed", [{"id": "x"}, {"at": "now"}, {"type": 'a "b"'}, {"actor": "\n"}, {"tenant": -1}, {"sha256": ""}]
)
def test_one_that_would_not_be_read_back_is_not_written(changed: dict[str, Json]) -> None:
    with pytest.raises(ValueError, match="none that an envelope has"):
        format_envelope(dataclasses.replace(ENVELOPE, **changed))


def test_content_opens_under_its_key_for_its_record() -> None:
    sealed = seal_content(b"Why?", KEY, record=RECORD)
    assert open_content(sealed, KEY, record=RECORD) == b"Why?"
    for key, record in ((b"\2" * KEY_BYTES, RECORD), (KEY, "other"), (KEY[:16], RECORD), (b"", RECORD)):
        with pytest.raises(ContentAltered):
            open_content(sealed, key, record=record)


def test_a_key_of_another_length_is_told_as_such() -> None:
    sealed = seal_content(b"Why?", KEY, record=RECORD)
    for key in (b"", KEY[:-1], KEY + b"\0"):
        with pytest.raises(ContentAltered, match=f"has {KEY_BYTES} bytes, and this one has {len(key)}"):
            open_content(sealed, key, record=RECORD)


@pytest.mark.parametrize("part", ["ciphertext", "sha256", "commitment"])
def test_content_that_does_not_fit_its_envelope_is_refused(part: str) -> None:
    sealed, other = (seal_content(text, KEY, record=RECORD) for text in (b"Why?", b"When?"))
    with pytest.raises(ContentAltered):
        open_content(dataclasses.replace(sealed, **{part: getattr(other, part)}), KEY, record=RECORD)


def test_the_keys_to_encrypt_and_to_commit_are_those_of_hkdf() -> None:
    expected = [
        HKDF(algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=use).derive(KEY)
        for use in (b"encrypt", b"commit")
    ]
    assert list(_derive(KEY)) == expected


def test_a_text_is_committed_to_with_hmac() -> None:
    for text in (b"", b"Why?", b"Why?" * 1000):
        assert _commit(KEY, text) == hmac.digest(KEY, text, "sha256").hex()
