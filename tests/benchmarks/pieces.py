"""A hundred thousand short texts of public data with their vectors, and who may read them, for the filtered search.

Sentences, and pairs of neighbouring ones, of regulations (ObliQA), contracts (CUAD), abstracts (PubMedQA) and articles
(XQuAD): their vectors lie in topics, as real ones do. Each piece has a mark for each way in which access may go: `lot`
is drawn; `near` tells how near it is to a document of the kind that the questions are about; `far`, to one of another
kind. All are cut at the same shares, so that as much is readable with a topic as without one.
"""

from __future__ import annotations

import itertools
import json
import random
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from compliance_bot.models.embed import OnnxEmbedder
from compliance_bot.sentences import sentences

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

SHARES = (0.001, 0.01, 0.1, 0.2, 0.5, 1.0)
"""Readable shares: mark n means that the piece is within the n-th of them and all that follow."""

ASKED = 400
_SHORTEST = 25  # characters: below are headings and numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class Pieces:
    """Texts with one vector each, their marks, and vectors of questions that are about some of them."""

    texts: tuple[str, ...]
    vectors: NDArray[np.float32]
    marks: Mapping[str, NDArray[np.intp]] = field(hash=False)
    questions: NDArray[np.float32]


def pieces(data: Path, folder: Path, number: int) -> Pieces:
    """Return up to `number` pieces, always the same ones; vectors are kept in `folder`."""
    drawn = list(dict.fromkeys(_cut(data)))
    random.Random(0).shuffle(drawn)
    texts = drawn[:number]
    asked = json.loads((data / "obliqa" / "questions_dev.json").read_text(encoding="utf-8"))[:ASKED]
    vectors = _embedded(folder / f"pieces-{len(texts)}.npy", [text for _, text in texts])
    questions = _embedded(folder / f"questions-{len(asked)}.npy", [one["Question"] for one in asked])
    ranks = {
        "lot": np.random.default_rng(0).permutation(len(texts)),
        "near": _ranks(vectors, [source.startswith("obliqa 1") for source, _ in texts]),
        "far": _ranks(vectors, [source.startswith("cuad 0") for source, _ in texts]),
    }
    cuts = [round(share * len(texts)) for share in SHARES]
    return Pieces(
        texts=tuple(text for _, text in texts),
        vectors=vectors,
        marks={way: np.searchsorted(cuts, of, side="right") for way, of in ranks.items()},
        questions=questions,
    )


def _ranks(vectors: NDArray[np.float32], around: list[bool]) -> NDArray[np.intp]:
    """Return the place of each vector by its nearness to the one that is nearest to the mean of some of them."""
    chosen = vectors[around] if any(around) else vectors
    centre = vectors[np.argmax(vectors @ chosen.mean(axis=0))]
    return np.argsort(np.argsort(-(vectors @ centre)))


def _embedded(file: Path, texts: list[str]) -> NDArray[np.float32]:
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        np.save(file, OnnxEmbedder.load(threads=2).embed(texts))
    vectors: NDArray[np.float32] = np.load(file)
    return vectors


def _cut(data: Path) -> Iterator[tuple[str, str]]:
    """Yield sentences and pairs of neighbours, each with the document it is from."""
    for source, text in _texts(data):
        whole = [text[start:end] for start, end in sentences(text)]
        for piece in (*whole, *map(" ".join, itertools.pairwise(whole))):
            if len(piece) > _SHORTEST:
                yield source, piece


def _texts(data: Path) -> Iterator[tuple[str, str]]:
    for file in sorted((data / "obliqa" / "documents").glob("*.json")):
        yield from ((f"obliqa {file.stem}", one["Passage"]) for one in json.loads(file.read_text(encoding="utf-8")))
    for file in sorted((data / "cuad" / "contracts").glob("*.txt")):
        yield f"cuad {file.stem}", file.read_text(encoding="utf-8", errors="replace")
    for file in (data / "pubmedqa").glob("ori_pqal.json"):
        for id_, one in sorted(json.loads(file.read_text(encoding="utf-8")).items()):
            yield from ((f"pubmedqa {id_}", text) for text in one["CONTEXTS"])
    parsed = json.loads((data / "xquad" / "xquad.en.json").read_text(encoding="utf-8"))
    for article in parsed["data"]:
        yield from ((f"xquad {article['title']}", paragraph["context"]) for paragraph in article["paragraphs"])
