"""Layers that TensorFlow's converter cannot take: refused by name, since it ends the process or speaks of MLIR."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from edgehar.errors import ContractError

if TYPE_CHECKING:
    import keras


def require_convertible(model: keras.Model, kind: str) -> None:
    """Refuse a network whose int8 conversion would end in a crash of TensorFlow.

    Args:
        model: keras.Model.
        kind: what is made of it; float conversions take recurrent layers.
    Raises:
        ContractError: a recurrent layer that is not unrolled, by name.
    """
    if kind != "int8":
        return
    for layer in _all_layers(model):
        if any(_loops(part) for part in (layer, *_wrapped(layer))):
            raise ContractError(
                f"expected no loop over time for int8, got the layer {layer.name!r} ({type(layer).__name__}), on which "
                "TensorFlow's converter crashes; use Conv1D and GlobalAveragePooling1D in its place, build it with "
                "unroll=True (the weights fit), or export without --int8"
            )


def explain_failure(model: keras.Model, kind: str, error: Exception) -> str:
    """One line on why TensorFlow could not convert a network, and what to change.

    Args:
        model: keras.Model.
        kind: what was to be made of it.
        error: what the converter raised; its text is MLIR's, with lines of code in it.
    """
    lines = [line.partition("error:")[2].strip() for line in str(error).splitlines() if "error:" in line]
    reason = (lines or [" ".join(str(error).split()) or type(error).__name__])[0][:160]
    change = "use Conv1D, DepthwiseConv1D, Dense, pooling, ReLU and batch normalisation"
    for layer in _all_layers(model):
        if type(layer).__name__ in ("DepthwiseConv1D", "SeparableConv1D") and layer.input.shape[-1] == 1:
            change = (
                f"the layer {layer.name!r} ({type(layer).__name__}) reads one channel, which the converter cannot: "
                "give the convolution before it two filters or more, or use Conv1D"
            )
    return f"expected layers that TensorFlow converts to a .tflite ({kind}), got: {reason}; {change}"


def _loops(layer: keras.Layer) -> bool:
    """Whether a layer steps through time in a loop of the graph."""
    import keras

    # Every recurrent layer of Keras, ConvLSTM1D among them, is an RNN; only some of them can be unrolled.
    return isinstance(layer, keras.layers.RNN) and not getattr(layer, "unroll", False)


def _wrapped(layer: keras.Layer) -> list[keras.Layer]:
    """The layers inside of Bidirectional, TimeDistributed and other wrappers."""
    found = (getattr(layer, name, None) for name in ("layer", "forward_layer", "backward_layer"))
    return [part for part in found if part is not None]


def _all_layers(model: keras.Layer) -> Iterator[keras.Layer]:
    """The layers of a network, those of models inside of it included."""
    for layer in getattr(model, "layers", ()):
        yield layer
        for inner in (layer, *_wrapped(layer)):
            yield from _all_layers(inner)
