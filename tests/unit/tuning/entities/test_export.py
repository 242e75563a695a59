from __future__ import annotations

import numpy as np
from onnxruntime import InferenceSession, SessionOptions

from compliance_bot.models.tagging import CASES, LABELS, WINDOW
from compliance_bot.tuning.bert import Shape
from compliance_bot.tuning.entities.export import tagger_graph
from compliance_bot.tuning.entities.network import HEADS, INNER, LAYER_NAMES, WIDTH

from ..bert import Weights, hidden

SMALL = Shape(layers=2, heads=HEADS, width=WIDTH, inner=INNER, vocabulary=40, positions=WINDOW + 2, is_rectified=True)
SIZES = {"wide": (INNER, WIDTH), "narrow": (WIDTH, INNER)}


def _weights() -> Weights:
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (SMALL.vocabulary, WIDTH),
        "embeddings.position_embeddings.weight": (SMALL.positions, WIDTH),
        "embeddings.case_embeddings.weight": (CASES, WIDTH),
        "embeddings.LayerNorm.weight": (WIDTH,),
        "embeddings.LayerNorm.bias": (WIDTH,),
        "scores.weight": (len(LABELS), WIDTH),
        "scores.bias": (len(LABELS),),
    }
    for layer in range(SMALL.layers):
        for short, long in LAYER_NAMES.items():
            out, width = SIZES.get(short, (WIDTH, WIDTH))
            shapes[f"encoder.layer.{layer}.{long}.weight"] = (WIDTH,) if "Norm" in long else (out, width)
            shapes[f"encoder.layer.{layer}.{long}.bias"] = (out,)
    rng = np.random.default_rng(3)
    return {
        name: (rng.normal(0, 0.05, shape) + (1 if name.endswith("LayerNorm.weight") else 0)).astype(np.float32)
        for name, shape in shapes.items()
    }


def _session(weights: Weights) -> InferenceSession:
    options = SessionOptions()
    options.log_severity_level = 3
    graph = tagger_graph(weights).SerializeToString()
    return InferenceSession(graph, options, providers=["CPUExecutionProvider"])


def test_the_graph_computes_bert_with_a_class_for_capitals_and_a_score_for_each_label() -> None:
    weights = _weights()
    session = _session(weights)
    for ids, cases in (((1,), (0,)), ((2, 7, 39), (0, 2, 7)), (tuple(range(30)), (1, 2, 3) * 10)):
        beside = np.asarray(weights["embeddings.case_embeddings.weight"][list(cases)], np.float64)
        expected = hidden(weights, SMALL, ids, beside) @ weights["scores.weight"].T + weights["scores.bias"]
        inputs = {"input_ids": np.array([ids], np.int64), "case_ids": np.array([cases], np.int64)}
        np.testing.assert_allclose(session.run(["scores"], inputs)[0][0], expected, atol=2e-5)


def test_the_way_words_are_written_matters() -> None:
    session = _session(_weights())
    ids = np.array([[2, 7, 39]], np.int64)
    one, other = (session.run(None, {"input_ids": ids, "case_ids": np.full((1, 3), n)})[0] for n in (1, 2))
    assert np.abs(one - other).max() > 1e-3
