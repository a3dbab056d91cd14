"""What a network costs on a microcontroller, from the shapes of its Keras layers and without training it.

Counted as the exporter will write it: int8 weights and activations, batch normalisation folded into the
convolution before it, one window at a time.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from edgehar.errors import ContractError

if TYPE_CHECKING:
    import keras

#: Bytes beside the weights for each filter: bias and multiplier int32, shift int8.
BYTES_A_FILTER = 9

#: Layers that only compute on what comes, and those that are gone after the export.
_FREE = {
    "Activation", "Add", "AveragePooling1D", "AveragePooling2D", "BatchNormalization", "Dropout", "Flatten",
    "GaussianNoise", "GlobalAveragePooling1D", "GlobalAveragePooling2D", "Identity", "InputLayer", "MaxPooling1D",
    "MaxPooling2D", "ReLU", "Reshape", "Softmax", "SpatialDropout1D",
}  # fmt: skip

#: Of those, the ones that leave no tensor of their own behind.
_GONE = {"Activation", "BatchNormalization", "Dropout", "Flatten", "GaussianNoise", "Identity", "InputLayer", "ReLU",
         "Reshape", "SpatialDropout1D"}  # fmt: skip


@dataclass(frozen=True)
class Cost:
    """What one architecture costs.

    Attributes:
        flash: bytes of constants: int8 weights, and bias, multiplier and shift of each filter. The engine's
            code and the few bytes of structure a layer are not in it.
        macs: multiply-accumulates of a whole window.
        ram: bytes of activations that must exist at one time where layers run one after the other over a whole
            window: the largest sum of a layer's inputs and output. An interpreter's arena is no smaller; the
            C engine, which streams, needs less.
        parameters: weights and biases after folding.
    """

    flash: int
    macs: int
    ram: int
    parameters: int

    def to_dict(self) -> dict[str, int]:
        """JSON-ready."""
        return asdict(self)


def cost(model: keras.Model) -> Cost:
    """Count a built model.

    Raises:
        ContractError: a layer with no known cost, or one layer used twice.
    """
    weights = filters = macs = ram = 0
    for layer in model.layers:
        kind = type(layer).__name__
        if kind in _FREE:
            if kind not in _GONE:
                ram = max(ram, _bytes(layer.input) + _bytes(layer.output))
            continue
        kernels = _kernels(layer, kind)
        inside = _bytes(layer.input)
        for kernel, output in kernels:
            weights += math.prod(kernel)
            filters += output[-1]
            macs += math.prod(kernel) * math.prod(output[:-1])
            ram = max(ram, inside + math.prod(output))
            inside = math.prod(output)
    return Cost(weights + BYTES_A_FILTER * filters, macs, ram, weights + filters)


def _kernels(layer: keras.layers.Layer, kind: str) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Shape of each kernel in the layer, and of its output without the batch."""
    output = tuple(layer.output.shape[1:])
    if kind in ("Conv1D", "Conv2D", "Dense"):
        return [(tuple(layer.kernel.shape), output)]
    if kind in ("DepthwiseConv1D", "DepthwiseConv2D"):
        return [(tuple(layer.kernel.shape), output)]
    if kind in ("SeparableConv1D", "SeparableConv2D"):
        first, second = tuple(layer.depthwise_kernel.shape), tuple(layer.pointwise_kernel.shape)
        return [(first, (*output[:-1], second[-2])), (second, output)]
    raise ContractError(
        f"expected convolutions, pooling and dense layers, got {kind} {layer.name!r}: its cost is unknown"
    )


def _bytes(tensors: keras.KerasTensor | list[keras.KerasTensor] | tuple[keras.KerasTensor, ...]) -> int:
    """int8 bytes of one tensor or of a list of them, one window each."""
    each = tensors if isinstance(tensors, list | tuple) else [tensors]
    return sum(math.prod(tensor.shape[1:]) for tensor in each)
