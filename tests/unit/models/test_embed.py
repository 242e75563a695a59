"""The same text gives the same vector, whoever asks and whatever it is embedded with."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.embeddings import DeterministicFakeEmbedding, Embeddings

from compliance_bot.models.embed import (
    DEFAULT_EMBEDDER,
    Embedder,
    EmptyText,
    LangChainEmbedder,
    OnnxEmbedder,
    UnexpectedVectors,
)
from compliance_bot.models.registry import MANIFEST, ModelKind, ModelTampered, load_manifest, shipped, write_manifest

if TYPE_CHECKING:
    from pathlib import Path

TEXTS = (
    "How long do we keep the records of a customer who has left?",
    "Records of former customers are kept for five years after the relationship ends.",
    "The canteen is closed on Friday.",
    "AML",
    "Kundenunterlagen, § 8 GwG: fünf Jahre. 顧客記録 🗂️",
    "Every branch reports its cash transactions by the end of the day. " * 40,
)
BLANK = ("", " \n\t", "\u200b", "\x00\x01", "\u00ad")


@pytest.fixture(scope="module")
def embedder() -> OnnxEmbedder:
    return OnnxEmbedder.load(threads=2)


def test_vectors_are_float32_units_one_per_text(embedder: OnnxEmbedder) -> None:
    vectors = embedder.embed(TEXTS)
    assert vectors.dtype == np.float32
    assert vectors.shape == (len(TEXTS), embedder.dim) == (6, 384)
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)


def test_no_texts_give_no_vectors(embedder: OnnxEmbedder) -> None:
    assert embedder.embed([]).shape == (0, 384)


def test_similarities_are_those_published_for_the_base_model(embedder: OnnxEmbedder) -> None:
    """Sentence Transformers' documentation prints these for all-MiniLM-L6-v2; int8 is within three hundredths."""
    vectors = embedder.embed(["The weather is lovely today.", "It's so sunny outside!", "He drove to the stadium."])
    published = [[1, 0.6660, 0.1046], [0.6660, 1, 0.1411], [0.1046, 0.1411, 1]]
    np.testing.assert_allclose(vectors @ vectors.T, published, atol=0.03)


def test_an_answer_is_nearer_to_its_question_than_anything_else(embedder: OnnxEmbedder) -> None:
    question, *others = embedder.embed(TEXTS)
    assert int(np.argmax([question @ other for other in others])) == 0


@settings(deadline=None, max_examples=15)
@given(order=st.permutations(range(len(TEXTS) - 1)), count=st.integers(1, 5))
def test_a_vector_does_not_depend_on_its_neighbours(embedder: OnnxEmbedder, order: list[int], count: int) -> None:
    together = embedder.embed([TEXTS[i] for i in order[:count]])
    alone = [embedder.embed([TEXTS[i]])[0] for i in order[:count]]
    assert together.tobytes() == np.stack(alone).tobytes()


def test_a_vector_does_not_depend_on_the_number_of_threads(embedder: OnnxEmbedder) -> None:
    expected = embedder.embed(TEXTS).tobytes()
    assert OnnxEmbedder.load(threads=1).embed(TEXTS).tobytes() == expected
    for threads in (3, 8):
        assert OnnxEmbedder(*_parts(embedder), threads=threads).embed(TEXTS).tobytes() == expected


def test_an_embedder_can_be_shared_between_threads(embedder: OnnxEmbedder) -> None:
    expected = embedder.embed(TEXTS).tobytes()
    with ThreadPoolExecutor(4) as pool:
        assert {vectors.tobytes() for vectors in pool.map(embedder.embed, [TEXTS] * 4)} == {expected}


def test_only_the_beginning_of_a_long_text_counts(embedder: OnnxEmbedder) -> None:
    room = embedder.max_tokens - 2  # [CLS] and [SEP]
    just, longer, shorter = embedder.embed(["bank " * room, "bank " * room + "rabbit", "bank " * (room - 1)])
    assert just.tobytes() == longer.tobytes()
    assert just.tobytes() != shorter.tobytes()


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("blank", BLANK)
def test_a_blank_text_is_named_by_its_position(embedder: OnnxEmbedder, blank: str, threads: int) -> None:
    embedder = OnnxEmbedder(*_parts(embedder), threads=threads)
    with pytest.raises(EmptyText, match="text 2 has nothing to embed") as refusal:
        embedder.embed(["one", "two", blank, "three", blank])
    assert refusal.value.position == 2


def test_one_text_is_not_a_sequence_of_texts(embedder: OnnxEmbedder) -> None:
    with pytest.raises(TypeError, match="a sequence of texts, not one"):
        embedder.embed("abc")


def test_langchain_gets_the_same_vectors(embedder: OnnxEmbedder) -> None:
    assert isinstance(embedder, Embeddings)
    expected = embedder.embed(TEXTS)
    assert embedder.embed_documents(list(TEXTS)) == expected.tolist()
    assert embedder.embed_query(TEXTS[0]) == expected[0].tolist()


def test_the_manifest_s_hash_is_the_embedder_s(embedder: OnnxEmbedder) -> None:
    assert embedder.manifest_hash == load_manifest(shipped(DEFAULT_EMBEDDER)).hash


def test_the_graph_has_room_for_one_text_only(embedder: OnnxEmbedder) -> None:
    session = _parts(embedder)[2]
    with pytest.raises(Exception, match="Got invalid dimensions for input: input_ids"):
        session.run(None, {"input_ids": np.full((2, 3), 101, np.int64)})


def test_threads_are_at_least_one() -> None:
    with pytest.raises(ValueError, match="threads is at least 1, not 0"):
        OnnxEmbedder.load(threads=0)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return shutil.copytree(shipped(DEFAULT_EMBEDDER), tmp_path / "copy")


def test_a_changed_model_is_not_loaded(copy: Path) -> None:
    with (copy / "model.onnx").open("r+b") as stream:
        stream.seek(1 << 20)
        byte = stream.read(1)
        stream.seek(1 << 20)
        stream.write(bytes([byte[0] ^ 1]))
    with pytest.raises(ModelTampered, match=r"model\.onnx was changed"):
        OnnxEmbedder.load(copy, threads=1)


def test_another_kind_of_model_is_not_loaded(copy: Path) -> None:
    _describe(copy, kind=ModelKind.TAGGER, dim=384)
    with pytest.raises(ModelTampered, match="kind tagger: expected embedder"):
        OnnxEmbedder.load(copy, threads=1)


def test_a_model_without_its_tokenizer_is_not_loaded(copy: Path) -> None:
    (copy / "tokenizer.json").unlink()
    _describe(copy, kind=ModelKind.EMBEDDER, dim=384)
    with pytest.raises(ModelTampered, match=r"does not list tokenizer\.json"):
        OnnxEmbedder.load(copy, threads=1)


def test_a_model_of_another_dimension_is_not_loaded(copy: Path) -> None:
    _describe(copy, kind=ModelKind.EMBEDDER, dim=768)
    with pytest.raises(ModelTampered, match=r"says dim 768, its model\.onnx has 384"):
        OnnxEmbedder.load(copy, threads=1)


def test_importing_the_registry_loads_neither_langchain_nor_a_runtime() -> None:
    code = "import sys, json, compliance_bot.models.registry; print(json.dumps(sorted(sys.modules)))"
    assert not {"langchain_core", "onnxruntime", "tokenizers", "numpy"} & _modules(code)


def test_importing_the_embedder_loads_no_runtime() -> None:
    code = "import sys, json, compliance_bot.models.embed; print(json.dumps(sorted(sys.modules)))"
    assert not {"onnxruntime", "tokenizers", "torch", "transformers"} & _modules(code)


def test_any_langchain_embeddings_become_unit_vectors() -> None:
    fake = DeterministicFakeEmbedding(size=8)
    embedder: Embedder = LangChainEmbedder(fake, name="fake", dim=8)
    vectors = embedder.embed(TEXTS)
    assert vectors.dtype == np.float32
    expected = np.array(fake.embed_documents(list(TEXTS)))
    np.testing.assert_allclose(vectors, expected / np.linalg.norm(expected, axis=1, keepdims=True), atol=1e-6)
    assert embedder.embed([]).shape == (0, 8)


def test_a_declared_name_or_dimension_is_an_identity() -> None:
    fake = DeterministicFakeEmbedding(size=8)
    hashes = {LangChainEmbedder(fake, name=name, dim=dim).manifest_hash for name in "ab" for dim in (8, 9)}
    assert len(hashes) == 4
    assert LangChainEmbedder(fake, name="a", dim=8).manifest_hash in hashes


def test_a_blank_text_never_reaches_a_foreign_model() -> None:
    with pytest.raises(EmptyText, match="text 1 has nothing to embed"):
        LangChainEmbedder(_Fixed([]), name="fixed", dim=2).embed(["one", " "])


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([[1.0, 0.0]], r"2 vectors of 2 numbers expected, 1 of \[2\] came"),
        ([[1.0, 0.0], [1.0]], r"2 vectors of 2 numbers expected, 2 of \[1, 2\] came"),
        ([[1.0] * 3] * 2, r"2 vectors of 2 numbers expected, 2 of \[3\] came"),
        ([[1.0, 0.0], [0.0, 0.0]], "a vector without a direction"),
        ([[1.0, 0.0], [float("nan"), 0.0]], "a vector without a direction"),
        ([[1.0, 0.0], [float("inf"), 0.0]], "a vector without a direction"),
    ],
)
def test_vectors_other_than_declared_are_refused(rows: list[list[float]], message: str) -> None:
    with pytest.raises(UnexpectedVectors, match=message):
        LangChainEmbedder(_Fixed(rows), name="fixed", dim=2).embed(["one", "two"])


@pytest.mark.parametrize(("name", "dim"), [("", 8), ("fake", 0)])
def test_a_foreign_model_needs_a_name_and_a_dimension(name: str, dim: int) -> None:
    with pytest.raises(ValueError, match="needs a name and a dimension"):
        LangChainEmbedder(DeterministicFakeEmbedding(size=8), name=name, dim=dim)


class _Fixed(Embeddings):
    """Returns the given rows, whatever is asked."""

    def __init__(self, rows: list[list[float]]) -> None:
        self._rows = rows

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        assert all(text.strip() for text in texts)
        return self._rows

    def embed_query(self, text: str) -> list[float]:
        raise NotImplementedError


def _parts(embedder: OnnxEmbedder):  # type: ignore[no-untyped-def]
    """Return what an embedder is made of, so that a test need not load the model again."""
    return load_manifest(shipped(DEFAULT_EMBEDDER)), embedder._tokenizer, embedder._session


def _describe(folder: Path, *, kind: ModelKind, dim: int) -> None:
    names = [path.name for path in folder.iterdir() if path.name != MANIFEST]
    write_manifest(folder, name="x", kind=kind, licence="MIT", files=names, dim=dim, max_tokens=8, provenance={})


def _modules(code: str) -> set[str]:
    """Return the names of the modules that a fresh interpreter has loaded after `code` printed them."""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(run.stdout))
