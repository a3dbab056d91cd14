"""What to change in a network whose .tflite holds an operator that the C engine does not cover.

The converter's operator is rarely the name of the layer that made it; here stands which layers those are.
"""

from __future__ import annotations

_SLICES = (
    "Cropping1D, TimeDistributed and recurrent layers slice: crop the window before it goes in or use a "
    "convolution without padding, and a Conv1D of kernel 1 in place of TimeDistributed(Dense)"
)
_ACTIVATION = "use ReLU, LeakyReLU, swish or hard_swish in its place and train again"
_RECURRENT = "use Conv1D in place of recurrent and attention layers"

#: Operator -> the layers that it comes from and what to use in their place.
_WAYS_OUT = {
    "DEQUANTIZE": "a layer behind it has no int8 form (ELU, GELU, LayerNormalization, recurrent ones), or the export "
    "kept float input and output: " + _ACTIVATION + ", or export with --io int8",
    "SHAPE": "export with a batch of 1 instead of a free batch dimension",
    "PACK": "export with a batch of 1 instead of a free batch dimension",
    "SLICE": _SLICES,
    "ELU": "ELU and SELU: " + _ACTIVATION,
    "GELU": "GELU: " + _ACTIVATION,
    "EXP": "softplus and softmax written out: " + _ACTIVATION,
    "DIV": "a division by a constant: multiply by its reciprocal (Rescaling)",
    "PADV2": "padding with another value than zero: use ZeroPadding1D",
    "MIRROR_PAD": "padding by reflection: use ZeroPadding1D",
    "TRANSPOSE": "Permute, attention and an import with --order axes transpose: train on windows of (samples, axes)",
    "MAXIMUM": "Maximum: use Add",
    "MINIMUM": "Minimum: use Add",
    "TILE": "UpSampling1D: leave it out, a classifier needs none",
    "TRANSPOSE_CONV": "Conv1DTranspose: leave it out, a classifier needs none",
    "UNPACK": _RECURRENT,
    "WHILE": _RECURRENT,
    "SPLIT": _RECURRENT,
    "BATCH_MATMUL": _RECURRENT,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _RECURRENT,
    "SQUARED_DIFFERENCE": "LayerNormalization: use BatchNormalization",
    "RSQRT": "LayerNormalization: use BatchNormalization",
}  # fmt: skip

#: Where a layer reads a constant in place of what another layer made.
CONSTANT_OPERAND = "use Add or Multiply with one constant at most, or make it a layer's weights"

#: Where a convolution or a pool sees the window in two dimensions.
OTHER_VIEW = "write Conv2D layers as Conv1D over (samples, axes), with no Reshape between them"

#: For whoever cannot change the network.
_OTHERWISE = "model_int8.tflite runs in TFLite-Micro and LiteRT as it is"


def way_out(operator: str, covered: tuple[str, ...]) -> str:
    """What to do about an operator that is not covered, one line.

    Args:
        operator: its name in the .tflite, such as `LOGISTIC`.
        covered: operators that the engine has, named where nothing better is known.
    """
    return f"{_WAYS_OUT.get(operator, 'covered are ' + ', '.join(covered))}; {_OTHERWISE}"


def or_else(change: str) -> str:
    """The same ending for a covered operator in a form that is not: what to change, or where it runs as it is."""
    return f"{change}; {_OTHERWISE}"
