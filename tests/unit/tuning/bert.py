"""BERT in double precision, one line per formula (Devlin et al. 2019): what the graphs are compared with."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from compliance_bot.tuning.bert import Shape

Weights = dict[str, "NDArray[np.float32]"]


def forward(weights: Weights, shape: Shape, ids: tuple[int, ...]) -> NDArray[np.float64]:
    """Return the unit vector of `ids`."""
    segment = np.asarray(weights["embeddings.token_type_embeddings.weight"][0], np.float64)
    mean = hidden(weights, shape, ids, segment).mean(0)
    return np.asarray(mean / np.linalg.norm(mean), np.float64)


def hidden(weights: Weights, shape: Shape, ids: tuple[int, ...], beside: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the last hidden states of `ids`, with `beside` added to the words and places: (tokens, width)."""
    w = {name: value.astype(np.float64) for name, value in weights.items()}

    def dense(name: str, x: NDArray[np.float64]) -> NDArray[np.float64]:
        return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]

    def norm(name: str, x: NDArray[np.float64]) -> NDArray[np.float64]:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-12)
        return np.asarray(scaled * w[f"{name}.LayerNorm.weight"] + w[f"{name}.LayerNorm.bias"])

    e = "embeddings"
    x = w[f"{e}.word_embeddings.weight"][list(ids)] + w[f"{e}.position_embeddings.weight"][: len(ids)]
    x = norm(e, x + beside)
    for layer in range(shape.layers):
        at = f"encoder.layer.{layer}"
        q, k, v = (_split(dense(f"{at}.attention.self.{part}", x), shape.heads) for part in ("query", "key", "value"))
        scores = np.exp(q @ k.transpose(0, 2, 1) / math.sqrt(shape.width // shape.heads))
        mixed = (scores / scores.sum(-1, keepdims=True) @ v).transpose(1, 0, 2).reshape(x.shape)
        x = norm(f"{at}.attention.output", dense(f"{at}.attention.output.dense", mixed) + x)
        wide = dense(f"{at}.intermediate.dense", x)
        wide = (
            np.maximum(wide, 0) if shape.is_rectified else wide * (1 + np.vectorize(math.erf)(wide / math.sqrt(2))) / 2
        )
        x = norm(f"{at}.output", dense(f"{at}.output.dense", wide) + x)
    return np.asarray(x)


def _split(x: NDArray[np.float64], heads: int) -> NDArray[np.float64]:
    """Return (heads, tokens, width / heads)."""
    parts: NDArray[np.float64] = x.reshape(len(x), heads, -1).transpose(1, 0, 2)
    return parts
