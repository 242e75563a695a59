"""Name a model by its manifest, and load nothing that differs from it.

A model is a folder with a `manifest.json` that lists every other file with its size and SHA-256. The SHA-256 of the
manifest itself (`sha256sum manifest.json`) is the model's identity: it is stored with every vector and stamped on every
answer. `verify` returns the bytes that it hashed, so that what is loaded is what was checked.

This detects damage and exchange. Who replaces a model and its manifest together makes another model: its identity
differs from the one on record, and the index made with the old one no longer matches.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue, StringConstraints, ValidationError, model_validator

from compliance_bot.errors import ComplianceError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MANIFEST = "manifest.json"
_MAX_MANIFEST_BYTES = 1 << 20  # ours have about 2 KB; whatever is larger is something else
_SHIPPED = Path(__file__).resolve().parent / "weights"

_FileName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]*$", max_length=100)]
_Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_Text = Annotated[str, StringConstraints(min_length=1, max_length=100)]


class ModelMissing(ComplianceError):
    """A model's files are not there or cannot be read."""

    exit_code: ClassVar[int] = 3
    hint = "Reinstall the package, or correct the path in the settings."


class ModelTampered(ComplianceError):
    """A model's files differ from its manifest. Nothing was loaded."""

    hint = "Reinstall the package; a model of your own needs a new manifest, made where the model was built."


class ModelKind(StrEnum):
    """What a model is for."""

    EMBEDDER = "embedder"
    TAGGER = "tagger"
    RERANKER = "reranker"
    ANSWERER = "answerer"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFile:
    """One file of a model, beside its manifest."""

    name: str
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a model is. `hash` identifies it; an embedder always has `dim` and `max_tokens`."""

    name: str
    kind: ModelKind
    licence: str
    files: tuple[ModelFile, ...]
    dim: int | None
    max_tokens: int | None
    hash: str  # SHA-256 of the bytes of manifest.json


def shipped(name: str) -> Path:
    """Return the folder of a model that comes with the package. It is not checked here."""
    return _SHIPPED / name


def load_manifest(folder: Path) -> Manifest:
    """Return the manifest of the model in `folder`, without looking at the other files.

    Raises ModelMissing when there is none, ModelTampered when it is malformed.
    """
    path = folder / MANIFEST
    raw = _read(path, limit=_MAX_MANIFEST_BYTES)
    try:
        parsed = _ManifestText.model_validate_json(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the whole"
        raise ModelTampered(f"{path} is not a model manifest of format 1: {where}: {first['msg']}") from None
    return Manifest(
        name=parsed.name,
        kind=parsed.kind,
        licence=parsed.licence,
        files=tuple(ModelFile(name=f.name, size_bytes=f.size_bytes, sha256=f.sha256) for f in parsed.files),
        dim=parsed.dim,
        max_tokens=parsed.max_tokens,
        hash=hashlib.sha256(raw).hexdigest(),
    )


def verify(folder: Path, manifest: Manifest) -> Mapping[str, bytes]:
    """Return the content of each file by name, after comparing all of `folder` with the manifest.

    Raises ModelMissing or ModelTampered, naming the file. Files whose name begins with a dot (a desktop's, an editor's)
    are ignored; any other file that the manifest does not list is refused. Cost: reading and hashing, about 3 ms per MB
    on a processor without SHA instructions.
    """
    contents = {file.name: _verified(folder / file.name, file) for file in manifest.files}
    strays = sorted(name for name in _names(folder) - contents.keys() - {MANIFEST} if not name.startswith("."))
    if strays:
        raise ModelTampered(f"{folder / strays[0]} is not in the manifest of model {manifest.name!r}: remove it")
    return contents


def read_model(folder: Path, kind: ModelKind, *names: str) -> tuple[Manifest, Mapping[str, bytes]]:
    """Return the manifest and the files of a model of one kind that has at least the files `names`.

    Raises ModelMissing, or ModelTampered also where it is of another kind or lacks one of them. Cost: as of `verify`.
    """
    manifest = load_manifest(folder)
    if manifest.kind is not kind:
        raise ModelTampered(f"{folder} holds a model of kind {manifest.kind}: expected {kind}")
    contents = verify(folder, manifest)
    if missing := sorted(set(names) - contents.keys()):
        raise ModelTampered(f"the manifest in {folder} does not list {', '.join(missing)}: needed by kind {kind}")
    return manifest, contents


def write_manifest(
    folder: Path,
    *,
    name: str,
    kind: ModelKind,
    licence: str,
    files: Iterable[str],
    dim: int | None = None,
    max_tokens: int | None = None,
    provenance: Mapping[str, JsonValue],
) -> Manifest:
    """Describe the finished `files` in `folder` and return what `load_manifest` reads back.

    `provenance` is for people (base, data, command, metrics) and part of the identity. The same arguments and files
    give the same bytes. Raises ModelTampered for arguments that no manifest may hold.
    """
    text = {
        "format": 1,
        "name": name,
        "kind": kind,
        "licence": licence,
        "dim": dim,
        "max_tokens": max_tokens,
        "files": [_described(folder, file) for file in sorted(files)],
        "provenance": dict(provenance),
    }
    (folder / MANIFEST).write_text(json.dumps(text, indent=2, ensure_ascii=True) + "\n", encoding="ascii")
    return load_manifest(folder)


def _verified(path: Path, file: ModelFile) -> bytes:
    content = _read(path, limit=file.size_bytes)
    if len(content) != file.size_bytes:
        raise ModelTampered(f"{path} is cut off: {file.size_bytes} bytes expected, {len(content)} found")
    sha256 = hashlib.sha256(content).hexdigest()
    if sha256 != file.sha256:
        raise ModelTampered(f"{path} was changed: SHA-256 {file.sha256} expected, {sha256} found")
    return content


def _read(path: Path, *, limit: int) -> bytes:
    """Return the bytes of a file, never more than `limit`: a larger one is refused without reading it."""
    try:
        with path.open("rb") as stream:
            content = stream.read(limit + 1)
    except OSError as error:
        raise ModelMissing(f"{path} cannot be read: {error.strerror}") from error
    if len(content) > limit:
        raise ModelTampered(f"{path} is too large: at most {limit} bytes expected")
    return content


def _names(folder: Path) -> set[str]:
    try:
        return {path.name for path in folder.iterdir()}
    except OSError as error:
        raise ModelMissing(f"{folder} cannot be listed: {error.strerror}") from error


def _described(folder: Path, name: str) -> dict[str, str | int]:
    content = (folder / name).read_bytes()
    return {"name": name, "size_bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


class _FileText(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)

    name: _FileName
    size_bytes: int = Field(ge=0)
    sha256: _Sha256


class _ManifestText(BaseModel):
    """manifest.json as it is written: format 1."""

    model_config = ConfigDict(extra="forbid", strict=True)

    format: Literal[1]
    name: _Text
    kind: ModelKind
    licence: _Text
    dim: int | None = Field(ge=1)
    max_tokens: int | None = Field(ge=1)
    files: list[_FileText] = Field(min_length=1)
    provenance: dict[str, JsonValue]

    @model_validator(mode="after")
    def _is_whole(self) -> _ManifestText:
        names = [file.name for file in self.files]
        if len(set(names)) != len(names) or MANIFEST in names:
            raise ValueError("a file is listed twice, or is the manifest itself")
        if self.kind is ModelKind.EMBEDDER and (self.dim is None or self.max_tokens is None):
            raise ValueError("an embedder needs dim and max_tokens")
        return self
