"""What to change in a network whose .tflite holds an operator that the C engine does not cover.

The converter's operator is rarely the name of the layer that made it; here stands which layers those are.
"""

from __future__ import annotations

_SLICES = (
    "Cropping1D, TimeDistributed and recurrent layers slice: crop the window before it goes in or use a "
    "convolution without padding, and a Conv1D of kernel 1 in place of TimeDistributed(Dense)"
)
_ACTIVATION = "use ReLU or ReLU(6.) in its place and train again"
_AFFINE = (
    "a batch normalisation behind an activation or at the start, Normalization, Rescaling and a product of two "
    "tensors multiply: put the batch normalisation between convolution and activation, and hand the normalisation to "
    "the contract (edgehar import --mean, --std)"
)
_RECURRENT = "use Conv1D in place of recurrent and attention layers"

#: Operator -> the layers that it comes from and what to use in their place.
_WAYS_OUT = {
    "QUANTIZE": "export with int8 input and output (--io int8)",
    "DEQUANTIZE": "a layer behind it has no int8 form (ELU, GELU, LayerNormalization, recurrent ones), or the export "
    "kept float input and output: " + _ACTIVATION + ", or export with --io int8",
    "SHAPE": "export with a batch of 1 instead of a free batch dimension",
    "PACK": "export with a batch of 1 instead of a free batch dimension",
    "STRIDED_SLICE": _SLICES + "; a model of another converter: export with a batch of 1",
    "SLICE": _SLICES,
    "ELU": "ELU and SELU: " + _ACTIVATION,
    "LEAKY_RELU": "LeakyReLU: " + _ACTIVATION,
    "PRELU": "PReLU: " + _ACTIVATION,
    "LOGISTIC": "sigmoid, swish, SiLU and squeeze-and-excite: " + _ACTIVATION
    + "; as last layer use Dense with a softmax",
    "TANH": "tanh: " + _ACTIVATION,
    "GELU": "GELU: " + _ACTIVATION,
    "HARD_SWISH": "hard swish: " + _ACTIVATION,
    "EXP": "softplus and softmax written out: " + _ACTIVATION,
    "MUL": _AFFINE,
    "SUB": _AFFINE,
    "DIV": _AFFINE,
    "PAD": "ZeroPadding1D and padding='causal' pad: use padding='same' or 'valid'",
    "PADV2": "ZeroPadding1D and padding='causal' pad: use padding='same' or 'valid'",
    "REDUCE_MAX": "GlobalMaxPooling1D: use GlobalAveragePooling1D, or MaxPooling1D as long as the signal and Flatten",
    "CONCATENATION": "Concatenate: use Add of branches with equally many filters, or one convolution with more filters",
    "TRANSPOSE": "Permute, attention and an import with --order axes transpose: train on windows of (samples, axes)",
    "MAXIMUM": "Maximum: use Add",
    "MINIMUM": "Minimum: use Add",
    "TILE": "UpSampling1D: leave it out, a classifier needs none",
    "TRANSPOSE_CONV": "Conv1DTranspose: leave it out, a classifier needs none",
    "SPACE_TO_BATCH_ND": "dilation: use dilation_rate=1 and a longer kernel or a stride",
    "BATCH_TO_SPACE_ND": "dilation: use dilation_rate=1 and a longer kernel or a stride",
    "UNPACK": _RECURRENT,
    "WHILE": _RECURRENT,
    "SPLIT": _RECURRENT,
    "BATCH_MATMUL": _RECURRENT,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _RECURRENT,
    "SQUARED_DIFFERENCE": "LayerNormalization: use BatchNormalization",
    "RSQRT": "LayerNormalization: use BatchNormalization",
}  # fmt: skip

#: Where a layer adds a constant that the converter could not move into a convolution.
CONSTANT_OPERAND = (
    "a batch normalisation behind an activation leaves one, and a convolution of one filter may: put the "
    "normalisation in front of the activation, and use two filters or more"
)

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
