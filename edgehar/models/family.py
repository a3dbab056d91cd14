"""A family of small networks, each written as one line of text: the space that `edgehar search` looks through.

`conv16k9s2-sep32k5s2-sep48k5` is a convolution of 16 filters, kernel 9 and stride 2, then two depthwise-separable
ones of stride 2 and 1. Every block ends in batch normalisation and ReLU; behind the last stand the mean over time,
dropout and a dense softmax. All padding is valid and the strides' product divides one second, so that every
activation survives a hop of one second and need not be computed again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgehar.channels import MOST_CHANNELS
from edgehar.contract import Contract
from edgehar.errors import ContractError, EdgeharError
from edgehar.files import LARGEST_MODEL

if TYPE_CHECKING:
    import keras

DROPOUT = 0.2

#: Share of the old statistics kept a step: shorter than Keras' own, since a run has a few hundred steps.
MOMENTUM = 0.9

#: Networks of the family that have a name.
NAMED = {
    "nano": "conv16k9s4-sep24k5",
    "micro": "conv16k9s2-sep32k5s2-sep48k5",
    "mini": "conv32k9s2-sep64k5s2-sep64k5-sep96k3",
}

#: Blocks of one network: more than any that a second of 20 samples has use for.
MOST_BLOCKS = 16

_BLOCK = re.compile(r"(conv|sep)([1-9]\d{0,2})k([1-9]\d?)(?:s([1-9]\d?))?", re.ASCII)


@dataclass(frozen=True)
class ConvBlock:
    """One convolution over time: `conv`, or `sep` for one tap a channel (depthwise) and then one over channels."""

    kind: str
    filters: int
    kernel: int
    stride: int = 1

    def __str__(self) -> str:
        stride = f"s{self.stride}" if self.stride > 1 else ""
        return f"{self.kind}{self.filters}k{self.kernel}{stride}"


def is_spec(text: str) -> bool:
    """Whether the text reads as one of the family, as an architecture's name may."""
    return all(_BLOCK.fullmatch(part) for part in text.split("-"))


def spec(blocks: list[ConvBlock]) -> str:
    """The text of these blocks; `blocks_of` reads it back."""
    return "-".join(map(str, blocks))


def blocks_of(text: str) -> list[ConvBlock]:
    """The blocks of a text.

    Raises:
        EdgeharError: the text is not of the family's form, or its first block is not a `conv`.
    """
    found = [_BLOCK.fullmatch(part) for part in text.split("-")]
    blocks = [ConvBlock(m[1], int(m[2]), int(m[3]), int(m[4] or 1)) for m in found if m]
    # The exporter folds the normalisation into the first convolution, which must therefore see all channels.
    if len(blocks) < len(found) or blocks[0].kind != "conv":
        raise EdgeharError(f"expected blocks as in conv16k9s2-sep32k5, the first of them a conv; got {_shown(text)}")
    return blocks


def require_bearable(blocks: list[ConvBlock]) -> None:
    """Raise EdgeharError for more blocks than any window has use for, or more weights than a model file may have."""
    if len(blocks) > MOST_BLOCKS:
        raise EdgeharError(f"expected at most {MOST_BLOCKS} blocks, got {len(blocks)} in {_shown(spec(blocks))}")
    size, channels = 0, MOST_CHANNELS
    for block in blocks:
        taps = channels * block.kernel
        size += 4 * (taps * block.filters if block.kind == "conv" else taps + channels * block.filters)
        channels = block.filters
    if size > LARGEST_MODEL:
        raise EdgeharError(
            f"expected at most {LARGEST_MODEL:,} bytes of weights, got {size:,} in {_shown(spec(blocks))}"
        )


def _shown(text: str) -> str:
    return repr(text if len(text) <= 80 else f"{text[:77]}…")


def columns(blocks: list[ConvBlock], contract: Contract) -> int:
    """Time steps that the last block leaves of a window.

    Raises:
        ContractError: none is left, or the strides' product does not divide one second.
    """
    left, total = contract.window, 1
    for block in blocks:
        left, total = (left - block.kernel) // block.stride + 1, total * block.stride
        if left < 1:
            raise ContractError(
                f"expected a longer window, got one of {contract.window} samples for {_shown(spec(blocks))}"
            )
    if contract.rate_hz % total:
        raise ContractError(
            f"expected strides whose product divides the {contract.rate_hz:g} samples of one second, got {total} "
            f"in {_shown(spec(blocks))}"
        )
    return left


def build_family(contract: Contract, text: str) -> keras.Model:
    """Build a network of the family with fresh weights from Keras' global seed.

    Args:
        contract: window, labels and input layout.
        text: blocks as in `conv16k9s2-sep32k5s2`.
    Returns:
        float32 (batch, window, channels), or (batch, channels * window) for `flat`, to softmax (batch, classes).
    Raises:
        EdgeharError: not a text of the family.
        ContractError: the contract's window or rate does not take the network.
    Source: Chollet, "Xception: Deep Learning with Depthwise Separable Convolutions", CVPR 2017 (no activation
        between the two halves of a separable convolution).
    """
    import keras
    from keras import layers

    blocks = blocks_of(text)
    columns(blocks, contract)
    stack = [keras.Input(contract.input_shape, name="acceleration")]
    if contract.input_layout == "flat":
        stack.append(layers.Reshape(contract.window_shape, name="reshape"))
    for index, block in enumerate(blocks):
        if block.kind == "sep":
            stack.append(layers.DepthwiseConv1D(block.kernel, block.stride, name=f"depthwise_{index}"))
            stack.append(layers.Conv1D(block.filters, 1, name=f"pointwise_{index}"))
        else:
            stack.append(layers.Conv1D(block.filters, block.kernel, block.stride, name=f"conv_{index}"))
        stack.append(layers.BatchNormalization(momentum=MOMENTUM, name=f"norm_{index}"))
        stack.append(layers.ReLU(name=f"relu_{index}"))
    stack += [
        layers.GlobalAveragePooling1D(name="mean"),
        layers.Dropout(DROPOUT, name="dropout"),
        layers.Dense(len(contract.labels), activation="softmax", name="dense"),
    ]
    return keras.Sequential(stack, name="family")
