"""What a layer's firing takes, in multiply-accumulates: by this a plan spreads work over samples.

The numbers are those of a Cortex-M4, on which a multiply-accumulate is about an instruction; elsewhere all of them are
larger, in much the same proportion.
"""

from __future__ import annotations

from edgehar.compile.network import Layer, Tensor, macs

#: A firing besides its columns: the engine's own loop, moving columns on, and a kernel's beginning.
FIRING = 300
#: More than any budget, as 32 bits have it.
UNLIMITED = (1 << 32) - 1
#: A decision besides its layers: scores, label, the next window's beginning.
DECISION = 1500
#: A requantised sum, an exponential, and any other value that is made or summed up.
_SUM, _EXPONENTIAL, _VALUE = 25, 330, 10


def column_work(layer: Layer, tensors: tuple[Tensor, ...]) -> int:
    """Of one output column; where all outputs together make one (MEAN), of one input column."""
    if layer.reduces:
        return _VALUE * tensors[layer.inputs[0]].channels
    values = tensors[layer.output].channels
    if layer.kind == "softmax":
        return _EXPONENTIAL * values
    if layer.kind in ("conv", "depthwise"):
        return macs(layer, tensors) + _SUM * values
    return _VALUE * values * (layer.kernel if "pool" in layer.kind else 1)


def end_work(layer: Layer, tensors: tuple[Tensor, ...]) -> int:
    """Of the column that a layer makes of all columns together, beside `column_work`."""
    return _SUM * tensors[layer.output].channels if layer.kind == "mean" else 0
