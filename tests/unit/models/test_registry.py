"""A model is what its manifest says, byte for byte, or it is not loaded."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from compliance_bot.models.registry import (
    MANIFEST,
    Manifest,
    ModelFile,
    ModelKind,
    ModelMissing,
    ModelTampered,
    load_manifest,
    shipped,
    verify,
    write_manifest,
)

if TYPE_CHECKING:
    from collections.abc import Callable

CONTENT = {"model.onnx": b"weights" * 100, "tokenizer.json": b"{}"}
ROOT = Path(__file__).parents[3]
SHIPPED = ("all-minilm-l6-v2-int8", "entities-minilm-int8", "quote")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, content in CONTENT.items():
        (tmp_path / name).write_bytes(content)
    _write(tmp_path)
    return tmp_path


def _write(folder: Path, **changes: Any) -> Manifest:
    arguments: dict[str, Any] = {
        "name": "tiny",
        "kind": ModelKind.EMBEDDER,
        "licence": "Apache-2.0",
        "files": CONTENT,
        "dim": 4,
        "max_tokens": 8,
        "provenance": {"command": "make tiny"},
    }
    return write_manifest(folder, **(arguments | changes))


def _edit(folder: Path, change: Callable[[Any], object]) -> None:
    """Apply `change` to the parsed manifest and write it back."""
    text = json.loads((folder / MANIFEST).read_bytes())
    change(text)
    (folder / MANIFEST).write_text(json.dumps(text))


def test_what_is_written_is_read_back(folder: Path) -> None:
    manifest = load_manifest(folder)
    assert manifest == Manifest(
        name="tiny",
        kind=ModelKind.EMBEDDER,
        licence="Apache-2.0",
        files=tuple(
            ModelFile(name=name, size_bytes=len(content), sha256=hashlib.sha256(content).hexdigest())
            for name, content in CONTENT.items()
        ),
        dim=4,
        max_tokens=8,
        hash=hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest(),
    )
    assert verify(folder, manifest) == CONTENT


def test_the_same_model_has_the_same_identity(folder: Path) -> None:
    first = load_manifest(folder)
    assert _write(folder, files=list(reversed(CONTENT))) == first


@pytest.mark.parametrize(
    "change", [{"name": "other"}, {"max_tokens": 9}, {"licence": "MIT"}, {"provenance": {"command": "make other"}}]
)
def test_another_model_has_another_identity(folder: Path, change: dict[str, Any]) -> None:
    first = load_manifest(folder)
    assert _write(folder, **change).hash != first.hash


@pytest.mark.parametrize("name", SHIPPED)
def test_shipped_models_are_intact(name: str) -> None:
    manifest = load_manifest(shipped(name))
    assert manifest.name == name
    assert manifest.licence == "Apache-2.0"
    assert verify(shipped(name), manifest).keys() == {file.name for file in manifest.files}


def test_every_shipped_model_is_in_the_reference_and_credited() -> None:
    folders = [path for path in shipped("").iterdir() if path.is_dir()]
    assert sorted(path.name for path in folders) == sorted(SHIPPED)
    reference = (ROOT / "docs" / "reference" / "models.md").read_text()
    for folder in folders:
        assert f"`{load_manifest(folder).hash}`" in reference
        assert f"`compliance_bot/models/weights/{folder.name}/`" in (ROOT / "THIRD_PARTY.md").read_text()


def test_no_byte_can_change(folder: Path) -> None:
    manifest = load_manifest(folder)

    @given(position=st.integers(0, len(CONTENT["model.onnx"]) - 1), flip=st.integers(1, 255))
    def refused(position: int, flip: int) -> None:
        content = bytearray(CONTENT["model.onnx"])
        content[position] ^= flip
        (folder / "model.onnx").write_bytes(content)
        with pytest.raises(
            ModelTampered, match=r"model\.onnx was changed: SHA-256 [0-9a-f]{64} expected, [0-9a-f]{64}"
        ):
            verify(folder, manifest)

    refused()


def test_a_truncated_file_is_refused(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(CONTENT["model.onnx"][:-1])
    with pytest.raises(ModelTampered, match=r"model\.onnx is cut off: 700 bytes expected, 699 found"):
        verify(folder, load_manifest(folder))


def test_a_longer_file_is_refused(folder: Path) -> None:
    (folder / "model.onnx").write_bytes(CONTENT["model.onnx"] + b"x")
    with pytest.raises(ModelTampered, match=r"model\.onnx is too large: at most 700 bytes"):
        verify(folder, load_manifest(folder))


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "tokenizer.json").unlink()
    with pytest.raises(ModelMissing, match=r"tokenizer\.json cannot be read: No such file"):
        verify(folder, load_manifest(folder))


@pytest.mark.parametrize("stray", ["other.onnx", "model.onnx.data", "README"])
def test_a_file_that_is_not_listed_is_refused(folder: Path, stray: str) -> None:
    (folder / stray).write_bytes(b"")
    with pytest.raises(ModelTampered, match=rf"{stray} is not in the manifest of model 'tiny': remove it"):
        verify(folder, load_manifest(folder))


def test_a_folder_inside_is_refused(folder: Path) -> None:
    (folder / "more").mkdir()
    with pytest.raises(ModelTampered, match="more is not in the manifest"):
        verify(folder, load_manifest(folder))


def test_a_desktop_s_hidden_files_are_ignored(folder: Path) -> None:
    (folder / ".DS_Store").write_bytes(b"")
    assert verify(folder, load_manifest(folder)) == CONTENT


def test_a_missing_model_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(ModelMissing, match=r"manifest\.json cannot be read: No such file") as refusal:
        load_manifest(tmp_path / "nowhere")
    assert refusal.value.exit_code == 3
    assert "Reinstall" in refusal.value.hint


def test_an_unreadable_manifest_is_unavailable(folder: Path) -> None:
    (folder / MANIFEST).unlink()
    (folder / MANIFEST).mkdir()
    with pytest.raises(ModelMissing, match=r"manifest\.json cannot be read: Is a directory"):
        load_manifest(folder)


def test_an_endless_manifest_is_not_read(folder: Path) -> None:
    (folder / MANIFEST).write_bytes(b" " * (2 << 20))
    with pytest.raises(ModelTampered, match=r"manifest\.json is too large"):
        load_manifest(folder)


@pytest.mark.parametrize("text", [b"", b"not json", b"[]", b"{}", b"\xff\xfe", b'{"format": 1'])
def test_a_manifest_that_is_none_is_refused(folder: Path, text: bytes) -> None:
    (folder / MANIFEST).write_bytes(text)
    with pytest.raises(ModelTampered, match=r"manifest\.json is not a model manifest of format 1") as refusal:
        load_manifest(folder)
    assert refusal.value.exit_code == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.update(format=2), "format: Input should be 1"),
        (lambda m: m.update(kind="oracle"), "kind: Input should be 'embedder', 'tagger'"),
        (lambda m: m.update(dim="4"), "dim: Input should be a valid integer"),
        (lambda m: m.update(dim=0), "dim: Input should be greater than or equal to 1"),
        (lambda m: m.update(dim=None), "an embedder needs dim and max_tokens"),
        (lambda m: m.update(files=[]), "files: List should have at least 1 item"),
        (lambda m: m.update(extra=1), "extra: Extra inputs are not permitted"),
        (lambda m: m.pop("licence"), "licence: Field required"),
        (lambda m: m["files"].append(m["files"][0]), "a file is listed twice"),
        (lambda m: m["files"][0].update(name=MANIFEST), "or is the manifest itself"),
        (lambda m: m["files"][0].update(size_bytes=-1), r"files\.0\.size_bytes: Input should be greater"),
        (lambda m: m["files"][0].update(sha256="0" * 63), r"files\.0\.sha256: String should match"),
        (lambda m: m["files"][0].update(sha256="A" * 64), r"files\.0\.sha256: String should match"),
    ],
)
def test_a_malformed_manifest_is_refused(folder: Path, change: Callable[[Any], object], message: str) -> None:
    _edit(folder, change)
    with pytest.raises(ModelTampered, match=message):
        load_manifest(folder)


@pytest.mark.parametrize(
    "name", ["../model.onnx", "..", "/etc/passwd", "a/b", "a\\b", "", ".hidden", "model.onnx\n", "C:x", "modèle"]
)
def test_a_manifest_names_files_of_its_own_folder_only(folder: Path, name: str) -> None:
    _edit(folder, lambda m: m["files"][0].update(name=name))
    with pytest.raises(ModelTampered, match=r"files\.0\.name: String should match"):
        load_manifest(folder)
