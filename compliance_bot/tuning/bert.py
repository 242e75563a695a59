"""A BERT encoder (Devlin et al. 2019) as an ONNX graph, written with ONNX Runtime's fused operators, and its int8 form.

For one text per run: no batch axis, hence no mask and no padding. The same versions of the tools give the same bytes.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from numpy.typing import NDArray

FUSED = "com.microsoft"  # the domain of ONNX Runtime's operators
EPSILON = 1e-12  # layer_norm_eps of the base model


def read_safetensors(path: Path) -> dict[str, NDArray[np.float32]]:
    """Return the float32 tensors of a safetensors file by name; others (position ids) are left out.

    Format: 8 bytes little-endian length, a JSON header of that length, then the tensors at the offsets it gives.
    """
    content = path.read_bytes()
    start = 8 + int.from_bytes(content[:8], "little")
    tensors = {}
    for name, entry in json.loads(content[8:start]).items():
        if name != "__metadata__" and entry["dtype"] == "F32":
            first, last = entry["data_offsets"]
            tensors[name] = np.frombuffer(content[start + first : start + last], "<f4").reshape(entry["shape"])
    return tensors


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The sizes of a BERT encoder."""

    layers: int
    heads: int
    width: int
    inner: int
    vocabulary: int
    positions: int
    is_rectified: bool = False  # ReLU for GELU between the dense layers, as the weights were trained
    fuses_norms: bool = True  # the fused operator's loop is slow: without it ten times as fast, and no longer one node


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """An ONNX graph being written; each method returns the name of what it added."""

    weights: Mapping[str, NDArray[np.float32]]
    nodes: list[onnx.NodeProto] = field(default_factory=list)
    initializers: list[onnx.TensorProto] = field(default_factory=list)

    def weight(self, name: str, *shape: int) -> str:
        """Add a tensor of the base as it is."""
        return self.constant(name, self.checked(name, *shape))

    def checked(self, name: str, *shape: int) -> NDArray[np.float32]:
        tensor = self.weights[name]
        assert tensor.shape == shape, f"{name}: shape {shape} expected, {tensor.shape} found"
        return tensor

    def constant(self, name: str, value: NDArray[np.generic]) -> str:
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def linear(self, name: str, inputs: int, outputs: int) -> str:
        """Add a dense layer's weight, turned from (outputs, inputs) to (inputs, outputs) as MatMul wants it."""
        return self.constant(f"{name}.weight", self.checked(f"{name}.weight", outputs, inputs).T)

    def node(self, operator: str, inputs: list[str], output: str, *, domain: str = "", **attributes: Any) -> str:
        self.nodes.append(helper.make_node(operator, inputs, [output], domain=domain, **attributes))
        return output


def attention(graph: Graph, shape: Shape, layer: int, hidden: str) -> str:
    """Add self-attention with its residual and norm; returns (1, tokens, width)."""
    prefix = f"encoder.layer.{layer}.attention"
    parts = [f"{prefix}.self.{part}" for part in ("query", "key", "value")]
    joined = np.concatenate([graph.checked(f"{p}.weight", shape.width, shape.width).T for p in parts], axis=1)
    biases = np.concatenate([graph.checked(f"{p}.bias", shape.width) for p in parts])
    qkv = [graph.constant(f"{prefix}.qkv.weight", joined), graph.constant(f"{prefix}.qkv.bias", biases)]
    heads = graph.node("Attention", [hidden, *qkv], f"heads_{layer}", domain=FUSED, num_heads=shape.heads)
    dense = graph.linear(f"{prefix}.output.dense", shape.width, shape.width)
    mixed = graph.node("MatMul", [heads, dense], f"mixed_{layer}")
    return _add_and_norm(graph, shape, f"{prefix}.output", mixed, hidden, f"attended_{layer}")


def feed_forward(graph: Graph, shape: Shape, layer: int, attended: str) -> str:
    """Add the two dense layers with their residual and norm; returns (1, tokens, width)."""
    prefix = f"encoder.layer.{layer}"
    widen = graph.linear(f"{prefix}.intermediate.dense", shape.width, shape.inner)
    bias = graph.weight(f"{prefix}.intermediate.dense.bias", shape.inner)
    wide = graph.node("MatMul", [attended, widen], f"wide_{layer}")
    curved = f"curved_{layer}"
    if shape.is_rectified:
        graph.node("Relu", [graph.node("Add", [wide, bias], f"biased_{layer}")], curved)
    else:
        graph.node("BiasGelu", [wide, bias], curved, domain=FUSED)
    narrowed = graph.linear(f"{prefix}.output.dense", shape.inner, shape.width)
    narrow = graph.node("MatMul", [curved, narrowed], f"narrow_{layer}")
    return _add_and_norm(graph, shape, f"{prefix}.output", narrow, attended, f"hidden_{layer + 1}")


def _add_and_norm(graph: Graph, shape: Shape, prefix: str, new: str, residual: str, output: str) -> str:
    names = ("LayerNorm.weight", "LayerNorm.bias", "dense.bias")
    weights = [graph.weight(f"{prefix}.{name}", shape.width) for name in names]
    if not shape.fuses_norms:
        scale, shift, bias = weights
        biased = graph.node("Add", [new, bias], f"{output}_biased")
        summed = graph.node("Add", [biased, residual], f"{output}_summed")
        return graph.node("LayerNormalization", [summed, scale, shift], output, epsilon=EPSILON, axis=-1)
    inputs = [new, residual, *weights]
    return graph.node("SkipLayerNormalization", inputs, output, domain=FUSED, epsilon=EPSILON)


def quantise(exact: Path, out: Path) -> None:
    """Write the int8 form of a graph: weights per channel, activations scaled at run time.

    Weights take seven bits. With eight, processors without VNNI add pairs of products in 16 bits and clip some of
    them, so that an index made on one machine would not match questions embedded on another.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(
        exact,
        out,
        op_types_to_quantize=["MatMul", "Attention", "Gather"],
        per_channel=True,
        reduce_range=True,
        weight_type=QuantType.QInt8,
        extra_options={"MatMulConstBOnly": True, "DefaultTensorType": TensorProto.FLOAT},
    )
