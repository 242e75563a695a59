"""Turn texts into unit vectors: the shipped ONNX model, or any LangChain `Embeddings`.

One text per run. Dynamic quantisation takes its scale from the whole input, so in a batch a vector would depend on its
neighbours; alone, the same text gives the same bytes, whatever it is embedded with and on however many threads. The
shipped graph has room for one text only. Other processors may differ in the last bits.

Importing this module imports LangChain (about half a second): callers import it where they need it, and take the
`Embedder` protocol under TYPE_CHECKING. ONNX Runtime is imported by `OnnxEmbedder.load`.
"""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TYPE_CHECKING, Protocol

import numpy as np
from langchain_core.embeddings import Embeddings

from compliance_bot.errors import ComplianceError, Unavailable
from compliance_bot.models.registry import ModelKind, ModelTampered, read_model, shipped

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from onnxruntime import InferenceSession
    from tokenizers import Tokenizer

    from compliance_bot.models.registry import Manifest

DEFAULT_EMBEDDER = "all-minilm-l6-v2-int8"
_SPECIAL_TOKENS = 2  # [CLS] and [SEP]


class Embedder(Protocol):
    """What search and ingest need of an embedder. Vectors of different `manifest_hash` are never compared.

    It gets masked text. One that has `is_local = True` says that no text leaves this process, is written or kept: it
    gets questions as they are typed. Whoever says nothing is taken for a service elsewhere.
    """

    @property
    def dim(self) -> int: ...

    @property
    def manifest_hash(self) -> str: ...

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit vector per text: float32, shape (len(texts), dim).

        Raises EmptyText with the position of a blank text.
        """


class EmptyText(ComplianceError):
    """A text to embed has no words."""

    def __init__(self, position: int) -> None:
        super().__init__(f"text {position} has nothing to embed: expected at least one word; leave it out")
        self.position = position


class EmbedderUnavailable(Unavailable):
    """The embedding model did not answer."""

    hint = "Look at its server and its settings (`compliance-bot doctor`); what was stored stays."

    def __init__(self, name: str, kind: str) -> None:
        super().__init__(f"embedding model {name!r} did not answer ({kind})")


class UnexpectedVectors(ComplianceError):
    """An embedding model returned something other than it was declared to."""

    hint = "Correct the model's name and dimension in the settings, then re-embed."


class OnnxEmbedder(Embeddings):
    """A sentence encoder run by ONNX Runtime on the processor. Safe to share between threads."""

    is_local = True

    def __init__(self, manifest: Manifest, tokenizer: Tokenizer, session: InferenceSession, *, threads: int) -> None:
        assert manifest.dim is not None
        assert manifest.max_tokens is not None
        self.dim = manifest.dim
        self.max_tokens = manifest.max_tokens
        self.manifest_hash = manifest.hash
        self._tokenizer = tokenizer
        self._session = session
        self._threads = threads

    @classmethod
    def load(cls, folder: Path | None = None, *, threads: int) -> OnnxEmbedder:
        """Return the embedder in `folder` (default: the shipped one) that embeds up to `threads` texts at a time.

        Raises ModelMissing or ModelTampered. Takes about half a second, a third of it to import ONNX Runtime.
        """
        if threads < 1:
            raise ValueError(f"threads is at least 1, not {threads}")
        folder = folder or shipped(DEFAULT_EMBEDDER)
        manifest, contents = read_model(folder, ModelKind.EMBEDDER, "model.onnx", "tokenizer.json")
        session = _session(contents["model.onnx"])
        if (came := session.get_outputs()[0].shape[-1]) != manifest.dim:
            raise ModelTampered(f"the manifest in {folder} says dim {manifest.dim}, its model.onnx has {came}")
        return cls(manifest, _tokenizer(contents["tokenizer.json"], manifest.max_tokens), session, threads=threads)

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit vector per text: float32, shape (len(texts), dim).

        Of a text longer than `max_tokens` only the beginning counts. Raises EmptyText with the position of the first
        text without a token: its vector would say nothing.
        """
        _refuse_single(texts)
        vectors = np.empty((len(texts), self.dim), np.float32)
        embed_into = partial(self._embed_into, vectors)
        workers = min(self._threads, len(texts))
        if workers < 2:
            for item in enumerate(texts):
                embed_into(item)
            return vectors
        # A pool per call costs 0.1 ms, less than a fiftieth of the two texts or more that it is made for.
        with ThreadPoolExecutor(workers, "embed") as pool:
            for _ in pool.map(embed_into, enumerate(texts)):  # in order, so that the first blank text is the one named
                pass
        return vectors

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        """Return `embed` as LangChain wants it."""
        vectors: list[list[float]] = self.embed(texts).tolist()
        return vectors

    def embed_query(self, text: str) -> list[float]:
        """Return the vector of one text: the model makes no difference between questions and passages."""
        return self.embed_documents([text])[0]

    def _embed_into(self, vectors: NDArray[np.float32], item: tuple[int, str]) -> None:
        position, text = item
        ids = self._tokenizer.encode(text).ids
        if len(ids) <= _SPECIAL_TOKENS:
            raise EmptyText(position)
        (vectors[position],) = self._session.run(["embedding"], {"input_ids": np.array([ids], np.int64)})[0]


class LangChainEmbedder:
    """Any LangChain `Embeddings` as an Embedder. Who declares `name` vouches that it always means the same model.

    Where it computes cannot be seen from it, so it never counts as local.
    """

    def __init__(self, embeddings: Embeddings, *, name: str, dim: int) -> None:
        if not name or dim < 1:
            raise ValueError(f"an embedding model needs a name and a dimension, not {name!r} and {dim}")
        self.dim = dim
        self.manifest_hash = hashlib.sha256(json.dumps(["langchain", name, dim]).encode()).hexdigest()
        self._embeddings = embeddings
        self._name = name

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return one unit vector per text: float32, shape (len(texts), dim).

        Raises EmptyText with the position of a blank text, UnexpectedVectors when the model does not keep its
        declaration.
        """
        _refuse_single(texts)
        for position, text in enumerate(texts):
            if not text.strip():
                raise EmptyText(position)
        rows = self._rows(texts) if texts else []
        sizes = {len(row) for row in rows}
        if len(rows) != len(texts) or sizes - {self.dim}:
            raise UnexpectedVectors(
                f"embedding model {self._name!r}: {len(texts)} vectors of {self.dim} numbers expected, "
                f"{len(rows)} of {sorted(sizes)} came"
            )
        vectors = np.array(rows, np.float64).reshape(len(texts), self.dim)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        if not np.all(np.isfinite(lengths) & (lengths > 0)):
            raise UnexpectedVectors(f"embedding model {self._name!r} returned a vector without a direction")
        return np.asarray(vectors / lengths, np.float32)

    def _rows(self, texts: Sequence[str]) -> list[list[float]]:
        """Return the model's vectors, untraced. What a provider says when it fails may hold texts or keys."""
        from langsmith.run_helpers import tracing_context

        try:
            with tracing_context(enabled=False):
                return self._embeddings.embed_documents(list(texts))
        except Exception as error:  # noqa: BLE001
            raise EmbedderUnavailable(self._name, type(error).__name__) from None


def _tokenizer(vocabulary: bytes, max_tokens: int | None) -> Tokenizer:
    from tokenizers import Tokenizer

    assert max_tokens is not None
    tokenizer = Tokenizer.from_buffer(vocabulary)
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    return tokenizer


def _session(model: bytes) -> InferenceSession:
    from onnxruntime import InferenceSession, SessionOptions

    options = SessionOptions()
    # One thread per run: parallel texts scale better than a parallel text, and idle threads would spin.
    options.intra_op_num_threads = 1
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _refuse_single(texts: Sequence[str]) -> None:
    if isinstance(texts, str):
        raise TypeError("texts is a sequence of texts, not one text")
