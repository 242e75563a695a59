"""What an export says of itself, and the note by which the log vouches for it. Pure functions.

The manifest has the hash of every other file but its note, so a signature on its own hash is one on all of them.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from compliance_bot.audit.bundle.form import FORMAT, MANIFEST, MANIFEST_NOTE, MAX_FILES, BundleMalformed, limit_bytes
from compliance_bot.audit.bundle.selection import Selection, parse_selection, selection_shape
from compliance_bot.audit.canonical import Json, canonical, parse_canonical
from compliance_bot.audit.note import sign_note

if TYPE_CHECKING:
    from compliance_bot.audit.note_key import SigningKey

_FIELDS = frozenset({"format", "origin", "size", "first", "end", "selection", "content", "counts", "files"})
_COUNTS = frozenset({"selected", "disclosed", "withheld"})
_SHA256 = re.compile(r"[0-9a-f]{64}")


class Content(StrEnum):
    """What of the sealed halves is in an export."""

    NONE = "none"
    DISCLOSED = "disclosed"  # of each record selected, but those that its reader had no right to


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """How many records were selected, and of how many of them the content is there, or withheld."""

    selected: int = 0
    disclosed: int = 0
    withheld: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of the export."""

    name: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """All that is in an export."""

    origin: str
    size: int  # of the tree
    first: int  # index of the first leaf of the range
    end: int  # the index behind its last
    selection: Selection
    content: Content
    counts: Counts
    files: tuple[File, ...]  # by name


def format_manifest(manifest: Manifest) -> bytes:
    """Return the bytes of `manifest.json`. Raises BundleMalformed for what would not be read back."""
    shape = {
        "format": FORMAT,
        "origin": manifest.origin,
        "size": manifest.size,
        "first": manifest.first,
        "end": manifest.end,
        "selection": selection_shape(manifest.selection),
        "content": manifest.content.value,
        "counts": asdict(manifest.counts),
        "files": [{"name": file.name, "size": file.size, "sha256": file.sha256} for file in manifest.files],
    }
    encoded = canonical(shape)
    if parse_manifest(encoded) != manifest:
        raise BundleMalformed("the manifest would not be read back as it is")
    return encoded


def parse_manifest(encoded: bytes) -> Manifest:
    """Return what `manifest.json` says, with nothing of it verified. Raises BundleMalformed."""
    try:
        value = parse_canonical(encoded)
    except ValueError:
        raise BundleMalformed("manifest.json is canonical JSON, and this is not") from None
    if not isinstance(value, dict) or value.keys() != _FIELDS or value["format"] != FORMAT:
        raise BundleMalformed(f"manifest.json says {FORMAT!r} and has nine fields, and this has not")
    numbers = _numbers(value, "size", "first", "end")
    if not numbers["first"] <= numbers["end"] <= numbers["size"]:
        raise BundleMalformed("the range of the manifest does not lie within its tree")
    if not isinstance(value["origin"], str) or value["content"] not in set(Content):
        raise BundleMalformed("the origin or the content of the manifest is not a word that it may be")
    counts = value["counts"]
    if not isinstance(counts, dict) or counts.keys() != _COUNTS:
        raise BundleMalformed("the manifest counts the records selected, disclosed and withheld, and this does not")
    return Manifest(
        origin=value["origin"],
        **numbers,
        selection=parse_selection(value["selection"]),
        content=Content(value["content"]),
        counts=Counts(**_numbers(counts, *_COUNTS)),
        files=_parse_files(value["files"]),
    )


def manifest_note_text(origin: str, encoded: bytes) -> str:
    """Return the text that the log signs for a manifest. No checkpoint has such a second line."""
    return f"{FORMAT}\n{origin}\nsha256 {hashlib.sha256(encoded).hexdigest()}\n"


def sign_manifest(origin: str, encoded: bytes, key: SigningKey) -> bytes:
    """Return the bytes of `manifest.note`."""
    return sign_note(manifest_note_text(origin, encoded), key)


def _numbers(value: dict[str, Json], *names: str) -> dict[str, int]:
    numbers = {name: value[name] for name in names}
    if not all(type(number) is int and 0 <= number < 2**63 for number in numbers.values()):
        raise BundleMalformed("a count or an index of the manifest is no number from 0 on")
    return numbers


def _parse_files(listed: Json) -> tuple[File, ...]:
    if not isinstance(listed, list) or len(listed) > MAX_FILES:
        raise BundleMalformed(f"a manifest lists at most {MAX_FILES} files")
    files = tuple(_parse_file(entry) for entry in listed)
    names = [file.name for file in files]
    if names != sorted(set(names)) or {MANIFEST, MANIFEST_NOTE} & set(names):
        raise BundleMalformed("the files of a manifest are listed once each, by name, without itself and its note")
    return files


def _parse_file(entry: Json) -> File:
    if (
        not isinstance(entry, dict)
        or entry.keys() != {"name", "size", "sha256"}
        or not isinstance(entry["name"], str)
        or not isinstance(entry["sha256"], str)
        or not _SHA256.fullmatch(entry["sha256"])
    ):
        raise BundleMalformed("a manifest has name, size and SHA-256 of each file, and this has not")
    size = _numbers(entry, "size")["size"]
    if size > limit_bytes(entry["name"]):
        raise BundleMalformed("a manifest lists a file that is larger than such a file may be")
    return File(name=entry["name"], size=size, sha256=entry["sha256"])
