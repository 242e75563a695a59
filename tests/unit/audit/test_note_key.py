"""The keys of notes: each has one text form, and nothing else is read as one."""

from __future__ import annotations

import base64
import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.audit.note_key import (
    NoteError,
    SignatureType,
    SigningKey,
    VerifierKey,
    format_verifier_key,
    parse_base64,
    parse_verifier_key,
)

PETER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
names = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"], exclude_characters="+"), min_size=1)
keys = st.builds(
    VerifierKey, name=names, type=st.sampled_from(SignatureType), public_key=st.binary(min_size=32, max_size=32)
)


def with_id(name: str, encoded: bytes) -> str:
    """Return the text of a key of any type and length, with the id that belongs to it."""
    id = hashlib.sha256(name.encode() + b"\n" + encoded).hexdigest()[:8]
    return f"{name}+{id}+{base64.b64encode(encoded).decode()}"


@pytest.mark.parametrize(
    ("text", "name", "kind"),
    [
        (PETER, "PeterNeumann", SignatureType.ED25519),  # golang.org/x/mod, sumdb/note/note_test.go
        ("sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8", "sum.golang.org", 1),  # the Go command
        ("TEST+7997405c+AQcC+FTVKf0jlTdHDY3rbevmnKxxPjigCXlVtGe6RIr6", "TEST", 1),  # transparency-dev/formats, note
        ("remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2", "remora.n621.de", 4),  # a witness
        (
            "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
            "example.com/foo",
            1,
        ),  # c2sp.org/signed-note
    ],
)
def test_published_keys_are_read(text: str, name: str, kind: int) -> None:
    key = parse_verifier_key(text)
    assert (key.name, key.type) == (name, kind)
    assert format_verifier_key(key) == text


@given(key=keys)
def test_a_key_comes_back_as_it_was(key: VerifierKey) -> None:
    assert parse_verifier_key(format_verifier_key(key)) == key


def test_no_part_of_a_key_is_a_key() -> None:
    for start in range(len(PETER)):
        for end in range(start, len(PETER) + 1):
            if end - start < len(PETER):
                with pytest.raises(NoteError):
                    parse_verifier_key(PETER[start:end])


def test_no_key_with_one_changed_character_is_a_key() -> None:
    for place, character in enumerate(PETER):
        for other in (chr(ord(character) + 1), character.swapcase(), " ", "\n", "", "é", "\ud800"):
            if other != character:
                with pytest.raises(NoteError):
                    parse_verifier_key(PETER[:place] + other + PETER[place + 1 :])


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (with_id("long", b"\x01" + bytes(33)), "32 bytes"),
        ("PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==", "standard base64"),
        ("PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "one of the types 0x01, 0x04"),
        (with_id("mldsa", b"\x06" + bytes(32)), "one of the types 0x01, 0x04"),
        (with_id("short", b"\x01" + bytes(31)), "32 bytes"),
        (with_id("", b"\x01" + bytes(32)), "without spaces"),
        (with_id("a b", b"\x01" + bytes(32)), "without spaces"),
        (with_id("a\u2003b", b"\x01" + bytes(32)), "without spaces"),
        (with_id("a\x7fb", b"\x01" + bytes(32)).replace("+", "+0", 1), "was changed or cut"),
        (PETER.replace("c74f20a3", "C74F20A3"), "was changed or cut"),
        (PETER + "\n", "standard base64"),
        ("", "something else"),
    ],
)
def test_what_is_not_a_key_is_refused_and_says_why(text: str, reason: str) -> None:
    with pytest.raises(NoteError, match=reason):
        parse_verifier_key(text)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\n", "a\u00a0b", "\ud800", "a\x1fb"])
def test_a_key_with_a_name_that_cannot_be_signed_under_is_not_handed_out(name: str) -> None:
    with pytest.raises(NoteError):
        format_verifier_key(VerifierKey(name=name, type=SignatureType.ED25519, public_key=bytes(32)))
    with pytest.raises(NoteError):
        format_verifier_key(
            VerifierKey(name="log", type=SignatureType.ED25519, public_key=name.encode("utf-16", "ignore"))
        )


def test_the_same_key_has_another_id_for_another_kind_of_signature() -> None:
    key = SigningKey(name="log", private_key=Ed25519PrivateKey.from_private_bytes(bytes(32)))
    assert key.verifier(SignatureType.ED25519).id != key.verifier(SignatureType.COSIGNATURE).id


def test_a_signing_key_does_not_show_its_secret() -> None:
    assert "private_key" not in repr(SigningKey(name="log", private_key=Ed25519PrivateKey.generate()))


@pytest.mark.parametrize("text", ["AA", "AA=", "AA==\n", "AB==", "A", "A===", "AA==AA==", "A-_=", " AA==", "ÄA=="])
def test_bytes_have_one_base64_text(text: str) -> None:
    with pytest.raises(NoteError, match="standard base64 with its padding"):
        parse_base64(text)


@given(value=st.binary())
def test_every_base64_text_is_read_back(value: bytes) -> None:
    assert parse_base64(base64.b64encode(value).decode()) == value
