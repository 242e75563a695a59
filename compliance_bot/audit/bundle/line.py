"""One line of an export: a leaf of the tree, with as much of its record as was selected and may be shown.

Canonical JSON. `parse_line` takes the one text that a line has and no other, so an export has no second reading.
A verifier reads very many, so both ways are written out here; a test compares them with JSON. Of each part it is shown
that it is the one text of what it says: of numbers and hashes by their form, of what is encoded by encoding it again.
"""

from __future__ import annotations

import json
import re
from binascii import a2b_base64, a2b_hex, b2a_base64
from dataclasses import dataclass
from json.encoder import encode_basestring

from compliance_bot.audit.bundle.form import MAX_LINE_BYTES, BundleMalformed

# Index and leaf have no other text; of the other parts this says where they are.
_FORM = re.compile(
    rb'\{(?:"ciphertext":"([^"]*)",)?(?:"envelope":(".*"),)?"index":(0|[1-9]\d{0,18})'
    rb'(?:,"key":"([^"]*)")?,"leaf":"([0-9a-f]{64})"(,"withheld":true)?\}',
    re.DOTALL,  # faster; a line end in an envelope is refused with all that has to be escaped
)
_ESCAPED = b"\\" + bytes(range(0x20))  # what a JSON string has only behind a backslash (RFC 8259), but for the quote

_scan = json.JSONDecoder().raw_decode


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A leaf; its envelope if it was selected; its content and key if they are disclosed."""

    index: int
    leaf: bytes
    envelope: bytes | None = None
    ciphertext: bytes | None = None
    key: bytes | None = None
    is_withheld: bool = False  # its reader had no right to the content


def parse_line(encoded: bytes) -> Line:
    """Return what a line says, its newline left out. Raises BundleMalformed."""
    if len(encoded) > MAX_LINE_BYTES:
        raise BundleMalformed(f"a line has at most {MAX_LINE_BYTES} bytes, and this one has more")
    form = _FORM.fullmatch(encoded)
    try:
        if form is not None:
            return _parse(form)
    except ValueError:
        pass
    raise BundleMalformed("a line is canonical JSON of an index, a leaf and what is disclosed, and this is not")


def format_line(line: Line) -> bytes:
    """Return the text of a line, without a newline. Raises ValueError for one that says too little or too much."""
    _require_whole(line)
    parts = [b"{"]
    if line.ciphertext is not None:
        parts += [b'"ciphertext":"', b2a_base64(line.ciphertext, newline=False), b'",']
    if line.envelope is not None:
        parts += [b'"envelope":', encode_basestring(line.envelope.decode()).encode(), b","]
    parts.append(b'"index":%d' % line.index)
    if line.key is not None:
        parts += [b',"key":"', b2a_base64(line.key, newline=False), b'"']
    parts += [b',"leaf":"', line.leaf.hex().encode(), b'"']
    if line.is_withheld:
        parts.append(b',"withheld":true')
    return b"".join([*parts, b"}"])


def _parse(form: re.Match[bytes]) -> Line:
    """Return a line from where its parts are. Raises ValueError."""
    ciphertext, envelope, index, key, leaf, withheld = form.groups()
    line = Line(
        index=int(index),
        leaf=a2b_hex(leaf),
        envelope=None if envelope is None else _unquoted(envelope),
        ciphertext=None if ciphertext is None else _from_base64(ciphertext),
        key=None if key is None else _from_base64(key),
        is_withheld=withheld is not None,
    )
    _require_whole(line)
    return line


def _require_whole(line: Line) -> None:
    """Raise ValueError for a line that says too little or too much."""
    has_content = line.ciphertext is not None
    if has_content is not (line.key is not None) or (has_content and line.is_withheld):
        raise ValueError("content comes with its key, and is not withheld")
    if line.envelope is None and (has_content or line.is_withheld):
        raise ValueError("a record that was not selected has no content")


def _unquoted(quoted: bytes) -> bytes:
    """Return what a JSON string says. Raises ValueError unless that is all there is, and its one encoding.

    An envelope has hardly anything to escape but quotes. Where that is so, it is what is left without backslashes: if
    each quote gets one again and all is as it was, nothing else was left out.
    """
    inner = quoted[1:-1]
    text = inner.translate(None, _ESCAPED)
    if text.replace(b'"', b'\\"') != inner:
        return _unescaped(quoted.decode())
    text.decode()  # raises ValueError for what is not UTF-8
    return text


def _unescaped(quoted: str) -> bytes:
    """Return what a JSON string says, whatever it has escaped. Raises ValueError as `_unquoted` does."""
    text: str
    text, _ = _scan(quoted)  # what stands behind it is seen when it is encoded again
    if encode_basestring(text) != quoted:
        raise ValueError("this is not the one encoding of what it says")
    return text.encode()


def _from_base64(encoded: bytes) -> bytes:
    """Return what Base64 says. Raises ValueError unless it is its one encoding (RFC 4648, section 3.5)."""
    decoded = a2b_base64(encoded)
    if b2a_base64(decoded, newline=False) != encoded:
        raise ValueError("this is not the one encoding of what it says")
    return decoded
