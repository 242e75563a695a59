"""Lines of an export: written out by hand for speed, and the same as canonical JSON."""

from __future__ import annotations

import base64
import json
from contextlib import suppress
from json.encoder import encode_basestring
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from compliance_bot.audit.bundle.form import BundleMalformed
from compliance_bot.audit.bundle.line import Line, _unquoted, format_line, parse_line
from compliance_bot.audit.canonical import canonical

SCHEMA = Path(__file__).resolve().parents[4] / "docs" / "reference" / "schemas" / "audit-export-record.json"
LEAF = b"\xab" * 32
FULL = Line(index=7, leaf=LEAF, envelope=b'{"a":"\\"\\u0007"}', ciphertext=b"\0\1\2\3", key=b"\5" * 32)
envelopes = st.text(st.characters(codec="utf-8"), max_size=40).map(str.encode)
lines = st.one_of(
    st.builds(Line, index=st.integers(0, 2**62), leaf=st.binary(min_size=32, max_size=32)),
    st.builds(Line, index=st.just(0), leaf=st.just(LEAF), envelope=envelopes, is_withheld=st.booleans()),
    st.builds(Line, index=st.just(0), leaf=st.just(LEAF), envelope=envelopes, ciphertext=st.binary(), key=st.binary()),
)


@given(lines)
def test_a_line_is_read_back(line: Line) -> None:
    assert parse_line(format_line(line)) == line


@given(lines)
def test_a_line_is_canonical_json_and_fits_its_schema(line: Line) -> None:
    expected: dict[str, object] = {"index": line.index, "leaf": line.leaf.hex()}
    if line.envelope is not None:
        expected["envelope"] = line.envelope.decode()
    if line.ciphertext is not None and line.key is not None:
        expected["ciphertext"] = base64.b64encode(line.ciphertext).decode()
        expected["key"] = base64.b64encode(line.key).decode()
    if line.is_withheld:
        expected["withheld"] = True
    assert format_line(line) == canonical(expected)
    Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8"))).validate(expected)


@pytest.mark.parametrize(
    ("once", "other"),
    [
        (b'"index":7', b'"index":07'),
        (b'"index":7', b'"index":7.0'),
        (b'"index":7', b'"index":-7'),
        (b'"index":7', b'"index":true'),
        (b'"index":7', b'"index":7,"index":7'),
        (b'"index":7', b'"index": 7'),
        (b"abab", b"ABab"),
        (b'"leaf":"ab', b'"leaf":"'),
        (b"AAECAw==", b"AAECAw"),
        (b"AAECAw==", b"AAEC\\u0041w=="),
        (b"AAECAw==", b"AAE CAw=="),
        (b"\\u0007", b"\x07"),
        (b'"{\\"', b'"\\u007b\\"'),  # the envelope, escaped otherwise
        (b',"index"', b',"x":"","index"'),
        (b'"key"', b'"tombstone":true,"key"'),
        (b"}", b',"withheld":true}'),
        (b"}", b',"withheld":false}'),
        (b"}", b',"erased":true}'),
        (b'{"ciphertext"', b'{"envelope":"","ciphertext"'),
    ],
)
def test_anything_else_is_refused(once: bytes, other: bytes) -> None:
    head, found, tail = format_line(FULL).rpartition(once)
    assert found
    with pytest.raises(BundleMalformed):
        parse_line(head + other + tail)


@pytest.mark.parametrize("encoded", [b"", b"{}", b"[]", b"null", b'{"index":1}', b'{"leaf":"00","index":1}', b"\xff"])
def test_what_is_no_line_is_refused(encoded: bytes) -> None:
    with pytest.raises(BundleMalformed):
        parse_line(encoded)


@pytest.mark.parametrize(
    "line",
    [
        Line(index=0, leaf=LEAF, is_withheld=True),
        Line(index=0, leaf=LEAF, ciphertext=b"", key=b""),
        Line(index=0, leaf=LEAF, envelope=b"{}", ciphertext=b""),
        Line(index=0, leaf=LEAF, envelope=b"{}", key=b""),
        Line(index=0, leaf=LEAF, envelope=b"{}", ciphertext=b"", key=b"", is_withheld=True),
    ],
)
def test_a_line_that_says_too_little_or_too_much_is_not_written(line: Line) -> None:
    with pytest.raises(ValueError, match="content"):
        format_line(line)


texts = st.text(st.sampled_from('"\\/a0ub\n\x07\x1f\x7f \u00e9\u20ac\U0001f600'), max_size=30)
quoted = st.one_of(
    texts.map(lambda text: encode_basestring(text).encode()),
    texts.map(lambda text: f'"{text}"'.encode()),
    st.builds(
        lambda text, at, byte: (whole := encode_basestring(text).encode())[: at % len(whole)] + byte + whole[at:],
        texts,
        st.integers(0, 60),
        st.sampled_from([b"\\", b'"', b"\n", b"\\u0022", b"\\/", b"\xc3", b"\xa9", b""]),
    ),
    st.binary(max_size=20).map(lambda inner: b'"' + inner + b'"'),
)


def plainly_unquoted(quoted: bytes) -> bytes:
    """Return what a JSON string says, as a parser and its encoder together tell."""
    text: str = json.loads(quoted.decode())
    if encode_basestring(text).encode() != quoted:
        raise ValueError
    return text.encode()


@given(quoted.filter(lambda encoded: encoded[:1] == encoded[-1:] == b'"' and len(encoded) > 1))
def test_a_string_says_what_json_says_or_is_refused(encoded: bytes) -> None:
    expected = said = None
    with suppress(ValueError):
        expected = plainly_unquoted(encoded)
    with suppress(ValueError):
        said = _unquoted(encoded)
    assert said == expected
