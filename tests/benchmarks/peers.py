"""The pipeline that others would build from the same parts: stock Presidio, sentence-transformers, langchain-postgres.

    DATABASE_URL=… python -P peers.py CORPUS.jsonl --model DIR [--limit N]

Run by `ingest` in an environment of its own, since these packages want other versions than ours. Prints one JSON
object: how many passages went in, and the seconds that each step took. Nothing of this project is imported here.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from pathlib import Path

from langchain_core.documents import Document
from langchain_core.embeddings import Embeddings
from langchain_postgres import PGEngine, PGVectorStore
from presidio_analyzer import AnalyzerEngine, RecognizerRegistry
from presidio_analyzer.nlp_engine import NlpArtifacts, SpacyNlpEngine
from sentence_transformers import SentenceTransformer

TABLE = "peer_passages"
BATCH = 64


def main() -> None:
    """Load, then time masking, embedding and storing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--model", required=True)
    parser.add_argument("--limit", type=int)
    given = parser.parse_args()
    with given.corpus.open(encoding="utf-8") as lines:
        texts = [json.loads(line)["text"] for line in lines][: given.limit]
    analyzer, model = stock_analyzer(), SentenceTransformer(given.model, device="cpu")
    made = Made()
    engine = PGEngine.from_connection_string(url=os.environ["DATABASE_URL"])
    engine.init_vectorstore_table(TABLE, 384, overwrite_existing=True)
    store = PGVectorStore.create_sync(engine, made, TABLE)
    for text in texts[:8]:
        analyzer.analyze(text, language="en")
    model.encode(texts[:8])
    spent = dict.fromkeys(("mask", "embed", "store"), 0.0)
    began = time.perf_counter()
    for at in range(0, len(texts), BATCH):
        before = time.perf_counter()
        masked = [mask(analyzer, text) for text in texts[at : at + BATCH]]
        after_mask = time.perf_counter()
        made.vectors = model.encode(masked, batch_size=BATCH, normalize_embeddings=True).tolist()
        after_embed = time.perf_counter()
        store.add_documents([Document(page_content=text, metadata={"collection": "bench"}) for text in masked])
        spent["mask"] += after_mask - before
        spent["embed"] += after_embed - after_mask
        spent["store"] += time.perf_counter() - after_embed
    print(json.dumps({"passages": len(texts), "seconds": time.perf_counter() - began, "steps": spent}))


class Made(Embeddings):
    """Vectors made beforehand, so that embedding and storing are timed apart."""

    def __init__(self) -> None:
        self.vectors: list[list[float]] = []

    def embed_documents(self, texts: list[str]) -> list[list[float]]:
        assert len(texts) == len(self.vectors)
        return self.vectors

    def embed_query(self, text: str) -> list[float]:
        raise NotImplementedError(text)


class _Blank(SpacyNlpEngine):
    """Presidio over a blank English pipeline: its patterns without a downloaded model."""

    def load(self) -> None:
        import spacy

        self.nlp = {"en": spacy.blank("en")}

    def process_text(self, text: str, language: str) -> NlpArtifacts:
        artifacts: NlpArtifacts = super().process_text(text, language)
        artifacts.lemmas = [token.lower() for token in artifacts.tokens.text.split()] if text else []
        return artifacts


def stock_analyzer() -> AnalyzerEngine:
    """Return Presidio with its stock patterns and nothing else."""
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    registry.remove_recognizer("SpacyRecognizer")
    engine = _Blank(models=[{"lang_code": "en", "model_name": "blank"}])
    engine.load()
    return AnalyzerEngine(registry=registry, nlp_engine=engine, supported_languages=["en"])


def mask(analyzer: AnalyzerEngine, text: str) -> str:
    """Return the text with what the stock patterns find replaced by its type."""
    for found in sorted(analyzer.analyze(text, language="en"), key=lambda result: -result.start):
        text = f"{text[: found.start]}<{found.entity_type}>{text[found.end :]}"
    return text


if __name__ == "__main__":
    main()
