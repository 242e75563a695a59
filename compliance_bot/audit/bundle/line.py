"""One line of an export: a leaf of the tree, with as much of its record as was selected and may be shown.

Canonical JSON. `parse_line` takes the one text that a line has and no other, so an export has no second reading.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass

from compliance_bot.audit.bundle.form import MAX_LINE_BYTES, BundleMalformed
from compliance_bot.audit.canonical import Json, encode_trusted, parse_json


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
    try:
        line = _parse(parse_json(encoded))
        is_its_form = format_line(line) == encoded
    except (ValueError, TypeError, LookupError, AttributeError):
        is_its_form = False
    if not is_its_form:
        raise BundleMalformed("a line is canonical JSON of an index, a leaf and what is disclosed, and this is not")
    return line


def format_line(line: Line) -> bytes:
    """Return the text of a line, without a newline. Raises ValueError for one that says too little or too much."""
    value: dict[str, Json] = {"index": line.index, "leaf": line.leaf.hex()}
    if line.envelope is not None:
        value["envelope"] = line.envelope.decode()
    if line.ciphertext is not None and line.key is not None:
        value["ciphertext"] = base64.b64encode(line.ciphertext).decode()
        value["key"] = base64.b64encode(line.key).decode()
    if line.is_withheld:
        value["withheld"] = True
    has_content = line.ciphertext is not None
    if has_content is not (line.key is not None) or (has_content and line.is_withheld):
        raise ValueError("content comes with its key, and is not withheld")
    if line.envelope is None and (has_content or line.is_withheld):
        raise ValueError("a record that was not selected has no content")
    return encode_trusted(value)


def _parse(value: Json) -> Line:
    ciphertext, key = value.get("ciphertext"), value.get("key")
    envelope = value.get("envelope")
    return Line(
        index=value["index"],
        leaf=bytes.fromhex(value["leaf"]),
        envelope=None if envelope is None else envelope.encode(),
        ciphertext=None if ciphertext is None else binascii.a2b_base64(ciphertext),
        key=None if key is None else binascii.a2b_base64(key),
        is_withheld=value.get("withheld", False),
    )
