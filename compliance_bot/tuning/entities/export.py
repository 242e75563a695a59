"""Write a trained entity model as an int8 ONNX graph with its manifest.

    python -m compliance_bot.tuning.entities.export CHECKPOINT_DIR --out DIR

The graph takes one window of text per run, `input_ids` and `case_ids`, and gives a score for each token and label.
"""

from __future__ import annotations

import argparse
import json
import shutil
import tempfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper

from compliance_bot.errors import UsageError
from compliance_bot.models.registry import ModelKind, load_manifest, write_manifest
from compliance_bot.models.tagging import CASES, LABELS, WINDOW
from compliance_bot.tuning.bert import EPSILON, Graph, Shape, attention, feed_forward, quantise
from compliance_bot.tuning.build_embedder import BASE_FILES, BASE_PACKAGE, BASE_VERSION
from compliance_bot.tuning.entities.corpora import HELD_OUT, TRAINING
from compliance_bot.tuning.entities.network import HEADS, INNER, LAYER_NAMES, WIDTH

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from compliance_bot.models.registry import Manifest

NAME = "entities-minilm-int8"
_POSITIONS = WINDOW + 2  # [CLS] and [SEP]


def main() -> None:
    parser = argparse.ArgumentParser(description="Write a trained entity model as int8 ONNX.")
    parser.add_argument("checkpoint", type=Path, metavar="CHECKPOINT_DIR")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new or empty folder for the model")
    given = parser.parse_args()
    manifest = export(given.checkpoint, given.out)
    print(f"{manifest.name}: {manifest.hash}")


def export(checkpoint: Path, out: Path) -> Manifest:
    """Write model.onnx, tokenizer.json and manifest.json to `out`. Raises UsageError when `out` has something in it."""
    out.mkdir(parents=True, exist_ok=True)
    if any(out.iterdir()):
        raise UsageError(f"{out} is not empty: expected a new folder, so that nothing old is described as new")
    weights = _named(checkpoint / "checkpoint.pt")
    with tempfile.TemporaryDirectory() as scratch:
        exact = Path(scratch) / "exact.onnx"
        onnx.save(tagger_graph(weights), exact)
        quantise(exact, out / "model.onnx")
    shutil.copyfile(checkpoint / "tokenizer.json", out / "tokenizer.json")
    training = json.loads((checkpoint / "training.json").read_text(encoding="utf-8"))
    write_manifest(
        out,
        name=NAME,
        kind=ModelKind.TAGGER,
        licence="Apache-2.0",
        files=["model.onnx", "tokenizer.json"],
        max_tokens=WINDOW,
        provenance={
            "base": "sentence-transformers/all-MiniLM-L6-v2",
            "base_package": f"{BASE_PACKAGE} {BASE_VERSION}",
            "base_sha256": dict(BASE_FILES),
            "commands": [
                "python -m compliance_bot.tuning.entities.train --out CHECKPOINT_DIR",
                "python -m compliance_bot.tuning.entities.export CHECKPOINT_DIR --out DIR",
            ],
            "data": [*TRAINING, "templates of compliance_bot/tuning/entities/templates with Faker's names"],
            "held_out": [*HELD_OUT, "every tenth template"],
            "labels": list(LABELS),
            "training": training,
            "quantisation": "dynamic int8, per channel, weights in seven bits; one window per run",
            "tools": {tool: metadata.version(tool) for tool in ("numpy", "onnx", "onnxruntime")},
        },
    )
    return load_manifest(out)


def tagger_graph(weights: Mapping[str, NDArray[np.float32]]) -> onnx.ModelProto:
    """Return the graph (`input_ids`, `case_ids`: int64, (1, tokens)) → `scores` float32, (1, tokens, labels)."""
    layers = 1 + max(int(name.split(".")[2]) for name in weights if name.startswith("encoder.layer."))
    vocabulary = weights["embeddings.word_embeddings.weight"].shape[0]
    shape = Shape(
        layers=layers,
        heads=HEADS,
        width=WIDTH,
        inner=INNER,
        vocabulary=vocabulary,
        positions=_POSITIONS,
        is_rectified=True,
        fuses_norms=False,
    )
    graph = Graph(weights=weights)
    hidden = _embeddings(graph, shape)
    for layer in range(layers):
        hidden = feed_forward(graph, shape, layer, attention(graph, shape, layer, hidden))
    scores = graph.linear("scores", WIDTH, len(LABELS))
    mixed = graph.node("MatMul", [hidden, scores], "unbiased")
    graph.node("Add", [mixed, graph.weight("scores.bias", len(LABELS))], "scores")
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.INT64, [1, "tokens"]) for name in ("input_ids", "case_ids")
    ]
    output = helper.make_tensor_value_info("scores", TensorProto.FLOAT, [1, "tokens", len(LABELS)])
    return helper.make_model(
        helper.make_graph(graph.nodes, "tagger", inputs, [output], graph.initializers),
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid("com.microsoft", 1)],
        ir_version=9,
    )


def _embeddings(graph: Graph, shape: Shape) -> str:
    """Add words, positions and cases; returns (1, tokens, width)."""
    words = graph.weight("embeddings.word_embeddings.weight", shape.vocabulary, shape.width)
    cases = graph.weight("embeddings.case_embeddings.weight", CASES, shape.width)
    places = graph.weight("embeddings.position_embeddings.weight", shape.positions, shape.width)
    zero, one, two = (graph.constant(f"int_{i}", np.array([i], np.int64)) for i in range(3))
    tokens = graph.node("Slice", [graph.node("Shape", ["input_ids"], "ids_shape"), one, two, zero], "tokens_count")
    # Looked up rather than cut off, so that they are quantised as the words are.
    numbers = graph.constant("place_numbers", np.arange(shape.positions, dtype=np.int64))
    which = graph.node("Slice", [numbers, zero, tokens, zero], "place_ids")
    used = graph.node("Gather", [places, which], "places_used")
    written = graph.node("Gather", [cases, "case_ids"], "cases_used")
    summed = graph.node("Add", [graph.node("Gather", [words, "input_ids"], "words"), used], "placed")
    summed = graph.node("Add", [summed, written], "summed")
    norm = [graph.weight(f"embeddings.LayerNorm.{part}", shape.width) for part in ("weight", "bias")]
    return graph.node("LayerNormalization", [summed, *norm], "hidden_0", epsilon=EPSILON, axis=-1)


def _named(checkpoint: Path) -> dict[str, NDArray[np.float32]]:
    """Return the checkpoint's weights by BERT's names."""
    import torch

    state: dict[str, Any] = torch.load(checkpoint, map_location="cpu", weights_only=True)
    ours = {name: tensor.float().numpy() for name, tensor in state.items()}
    named = {
        "embeddings.word_embeddings.weight": ours["words.weight"],
        "embeddings.position_embeddings.weight": ours["places.weight"][:_POSITIONS],
        "embeddings.case_embeddings.weight": ours["cases.weight"],
    }
    for part in ("weight", "bias"):
        named[f"embeddings.LayerNorm.{part}"] = ours[f"norm.{part}"]
        named[f"scores.{part}"] = ours[f"scores.{part}"]
        for n in range(len({name.split(".")[1] for name in ours if name.startswith("layers.")})):
            for short, long in LAYER_NAMES.items():
                named[f"encoder.layer.{n}.{long}.{part}"] = ours[f"layers.{n}.{short}.{part}"]
    return named


if __name__ == "__main__":
    main()
