"""Canonical JSON: the one encoding that a value has. Pure functions.

UTF-8, sorted ASCII keys, no blanks, no floats. What is read back has to be the one encoding of what it says, so that
two parties cannot read the same bytes as different values: a doubled key, a blank or a number written otherwise is
refused.
"""

from __future__ import annotations

import json
from typing import Any, NoReturn

Json = Any  # str, int, bool, None, and lists and dicts of these


def canonical(value: Json) -> bytes:
    """Return the one encoding of a value. Raises TypeError for floats and keys that are not ASCII text."""
    _require_canonical(value)
    return encode_trusted(value)


def encode_trusted(value: Json) -> bytes:
    """Return the encoding of a value that is known to have one: nothing is looked at."""
    return _encode(value).encode()


def parse_canonical(encoded: bytes) -> Json:
    """Return the value of its one encoding. Raises ValueError for any other text, and for what is no JSON."""
    return parse_canonical_text(encoded.decode())


def parse_canonical_text(text: str) -> Json:
    """Return the value of its one encoding, which was UTF-8. Raises ValueError as `parse_canonical` does."""
    try:
        value, _ = _scan(text)  # what stands behind it is seen when it is encoded again
        is_its_encoding = _encode(value) == text
    except RecursionError:
        raise ValueError("this is nested too deeply") from None
    if not is_its_encoding:
        raise ValueError("this is not the one encoding of what it says")
    if not text.isascii():  # else no key can have anything but ASCII
        try:
            _require_canonical(value)
        except TypeError as error:
            raise ValueError(str(error)) from None
    return value


def parse_json(encoded: bytes) -> Json:
    """Return what a JSON text says, however it is written. Raises ValueError, for floats too."""
    try:
        return _decode(encoded.decode())
    except RecursionError:
        raise ValueError("this is nested too deeply") from None


def _refuse(_: str) -> NoReturn:
    raise ValueError("this has a number that is no integer")


_encode = json.JSONEncoder(
    sort_keys=True,
    separators=(",", ":"),
    ensure_ascii=False,
    allow_nan=False,
    check_circular=False,  # a quarter of the time; what runs in a circle is a bug, and ends in a RecursionError
).encode
_decoder = json.JSONDecoder(parse_float=_refuse, parse_constant=_refuse)
_decode, _scan = _decoder.decode, _decoder.raw_decode


def _require_canonical(value: Json) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise TypeError("a key in an audit record is ASCII text")
            _require_canonical(item)
    elif isinstance(value, list):
        for item in value:
            _require_canonical(item)
    elif value is not None and not isinstance(value, str | int):
        raise TypeError(f"an audit record holds no {type(value).__name__}")
