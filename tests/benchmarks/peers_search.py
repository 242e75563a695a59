"""The filtered search that others would build: langchain-postgres with its HNSW index and a metadata filter.

    DATABASE_URL=… python -P peers_search.py FOLDER --asked N

FOLDER has vectors.npy, questions.npy and marks.npz, as `filtered` wrote them. Run by `filtered` in an environment of
its own. Prints one JSON object: by way and mark the positions found for each question, and the milliseconds that each
took.
Nothing of this project is imported here.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

import numpy as np
from langchain_core.embeddings import Embeddings
from langchain_postgres import Column, PGEngine, PGVectorStore
from langchain_postgres.v2.indexes import HNSWIndex

TABLE = "peer_vectors"
BATCH = 1000
WARM = 10


class Unused(Embeddings):
    """Vectors are made beforehand, for both alike."""

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        raise NotImplementedError(texts)

    def embed_query(self, text: str) -> list[float]:
        raise NotImplementedError(text)


def main() -> None:
    """Store and index the vectors, then ask within each share."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--asked", type=int, required=True)
    given = parser.parse_args()
    vectors, questions = np.load(given.folder / "vectors.npy"), np.load(given.folder / "questions.npy")
    marks = dict(np.load(given.folder / "marks.npz"))
    store = filled(vectors, marks)
    results = {}
    for way, of in marks.items():
        for mark in range(int(of.max()) + 1):
            for vector in questions[-WARM:]:
                ask(store, vector, way, mark)
            results[f"{way} {mark}"] = [ask(store, vector, way, mark) for vector in questions[: given.asked]]
    print(json.dumps(results))


def filled(vectors: np.ndarray, marks: dict[str, np.ndarray]) -> PGVectorStore:
    """Return a store with the vectors, a column for each mark, and the index that its documentation shows."""
    engine = PGEngine.from_connection_string(url=os.environ["DATABASE_URL"])
    columns = [Column(way, "INTEGER") for way in marks]
    engine.init_vectorstore_table(TABLE, vectors.shape[1], metadata_columns=columns, overwrite_existing=True)
    store = PGVectorStore.create_sync(engine, Unused(), TABLE, metadata_columns=list(marks))
    for at in range(0, len(vectors), BATCH):
        numbers = range(at, min(at + BATCH, len(vectors)))
        store.add_embeddings(
            [str(n) for n in numbers],
            vectors[at : at + BATCH].tolist(),
            metadatas=[{way: int(of[n]) for way, of in marks.items()} for n in numbers],
        )
    store.apply_vector_index(HNSWIndex())
    return store


def ask(store: PGVectorStore, vector: np.ndarray, way: str, mark: int) -> tuple[list[int], float]:
    """Return the positions of the ten found, and how many milliseconds it took."""
    asked = vector.tolist()
    began = time.perf_counter()
    found = store.similarity_search_by_vector(asked, k=10, filter={way: {"$lte": mark}})
    return [int(one.page_content) for one in found], (time.perf_counter() - began) * 1000


if __name__ == "__main__":
    main()
