"""The network that is trained: the first layers of a BERT encoder with a class for capitals, and a score per label.

PyTorch is imported where it is used; the weights keep BERT's names, so that `export` can write them as ONNX.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compliance_bot.models.tagging import CASES, LABELS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

WIDTH, HEADS, INNER, EPSILON = 384, 12, 1536, 1e-12


def network(weights: Mapping[str, NDArray[np.float32]], rows: Sequence[int], layers: int, dropout: float) -> Any:
    """Return the network with the base's weights: only the vocabulary `rows`, only the first `layers`."""
    import torch
    from torch import nn

    class Layer(nn.Module):  # type: ignore[misc]  # torch has no types here
        def __init__(self) -> None:
            super().__init__()
            self.query, self.key, self.value = (nn.Linear(WIDTH, WIDTH) for _ in range(3))
            self.mixed, self.wide, self.narrow = (
                nn.Linear(WIDTH, WIDTH),
                nn.Linear(WIDTH, INNER),
                nn.Linear(INNER, WIDTH),
            )
            self.norm1, self.norm2 = (nn.LayerNorm(WIDTH, eps=EPSILON) for _ in range(2))
            self.drop = nn.Dropout(dropout)

        def forward(self, hidden: Any, mask: Any) -> Any:
            batch, length, _ = hidden.shape
            q, k, v = (
                each(hidden).view(batch, length, HEADS, -1).transpose(1, 2)
                for each in (self.query, self.key, self.value)
            )
            heads = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=mask)
            heads = heads.transpose(1, 2).reshape(batch, length, WIDTH)
            hidden = self.norm1(hidden + self.drop(self.mixed(heads)))
            curved = nn.functional.relu(self.wide(hidden))  # the base's GELU takes an eighth of the time
            return self.norm2(hidden + self.drop(self.narrow(curved)))

    class Network(nn.Module):  # type: ignore[misc]
        def __init__(self) -> None:
            super().__init__()
            self.words = nn.Embedding(len(rows), WIDTH)
            self.places = nn.Embedding(weights["embeddings.position_embeddings.weight"].shape[0], WIDTH)
            self.cases = nn.Embedding(CASES, WIDTH)
            self.norm = nn.LayerNorm(WIDTH, eps=EPSILON)
            self.drop = nn.Dropout(dropout)
            self.layers = nn.ModuleList(Layer() for _ in range(layers))
            self.scores = nn.Linear(WIDTH, len(LABELS))

        def forward(self, ids: Any, cases: Any, mask: Any) -> Any:
            """Return scores: float32, (batch, tokens, labels). `mask` is true where there is a token."""
            places = torch.arange(ids.shape[1], device=ids.device)
            hidden = self.drop(self.norm(self.words(ids) + self.places(places) + self.cases(cases)))
            for layer in self.layers:
                hidden = layer(hidden, mask[:, None, None, :])
            return self.scores(hidden)

    made = Network()
    with torch.no_grad():
        _fill(made, weights, rows)
    return made


def _fill(made: Any, weights: Mapping[str, NDArray[np.float32]], rows: Sequence[int]) -> None:
    import torch

    def copy(into: Any, name: str) -> None:
        into.copy_(torch.from_numpy(weights[name].copy()))

    made.words.weight.copy_(torch.from_numpy(weights["embeddings.word_embeddings.weight"][list(rows)].copy()))
    copy(made.places.weight, "embeddings.position_embeddings.weight")
    segment = torch.from_numpy(weights["embeddings.token_type_embeddings.weight"][0].copy())
    made.cases.weight.copy_(segment + 0.02 * torch.randn(CASES, WIDTH))
    for part in ("weight", "bias"):
        copy(getattr(made.norm, part), f"embeddings.LayerNorm.{part}")
        for n, layer in enumerate(made.layers):
            prefix = f"encoder.layer.{n}"
            for ours, theirs in LAYER_NAMES.items():
                copy(getattr(getattr(layer, ours), part), f"{prefix}.{theirs}.{part}")


LAYER_NAMES = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "mixed": "attention.output.dense",
    "norm1": "attention.output.LayerNorm",
    "wide": "intermediate.dense",
    "narrow": "output.dense",
    "norm2": "output.LayerNorm",
}
