"""The last layer anew from a few labelled windows, in integers: what firmware_ref/src/edgehar_adapt.c equals.

Softmax regression from the shipped weights, held to them by a small pull, on the int8 embedding: what the last dense
layer reads. Only the classes that the windows show are told apart, the others keep their weights. The weights' change
lies in the span of the windows, so that steps are taken on one coefficient for each window and class, and cost no more
for a wide embedding. The result is written on the model's own int8 grid; any runtime can take it. docs/spec.md has
every rounding.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from edgehar.compile.head import Head
from edgehar.errors import DataError

#: Gradient steps; each moves by 2 (the rate) over the number of windows, and pulls back by 1/128.
STEPS = 48
#: Windows and classes that the coefficients have room for.
MOST_WINDOWS, MOST_CLASSES = 16, 16
#: 2^(-i/32) in Q15, i = 0 … 32.
_POWERS = np.floor(32768.0 * 2.0 ** (-np.arange(33) / 32) + 0.5).astype(np.int64)
#: log2(e) in Q16.
_LOG2_E = 94548
#: The shipped layer's logits are kept within ±2^27 in Q16, so that no sum of theirs overflows 32 bits.
_LARGEST_LOGIT = 1 << 27
#: The logit of a class that no window shows, so far below all others that its probability is 0.
_NEVER = -(1 << 30)


def adapt(
    head: Head, embeddings: NDArray[np.int8], labels: NDArray[np.int64]
) -> tuple[NDArray[np.int8], NDArray[np.int32]]:
    """New weights int8 (classes, inputs) and bias int32 (classes,) from labelled windows.

    Args:
        embeddings: int8 (windows, inputs), 1 … `MOST_WINDOWS` windows.
        labels: (windows,) class indices.
    Raises:
        DataError: too many windows or classes, none, or a label out of range.
    """
    classes, inputs = head.weights.shape
    count = len(labels)
    if not 1 <= count <= MOST_WINDOWS or embeddings.shape != (count, inputs):
        raise DataError(f"expected 1 to {MOST_WINDOWS} windows of {inputs} values, got {embeddings.shape}")
    if classes > MOST_CLASSES:
        raise DataError(f"expected a model of at most {MOST_CLASSES} labels to adapt, got {classes}")
    if min(labels) < 0 or max(labels) >= classes:
        raise DataError(f"expected labels 0 to {classes - 1}, got {sorted(set(map(int, labels)))}")
    x = embeddings.astype(np.int64) - head.zero_point
    products = x @ x.T
    norm = max(1, int(np.trace(products)) // count)
    kernel = _truncated(products << 12, norm) + 4096
    sums = _wrapped(x @ head.weights.astype(np.int64).T + head.bias)
    start = np.array([[_logit(int(sums[k, c]), head, c) for c in range(classes)] for k in range(count)], dtype=np.int64)
    # What no window shows is not told apart here: its probability would only be taken from it, whatever it looks like.
    shown = np.isin(np.arange(classes), labels)
    start[:, ~shown] = _NEVER
    target = np.zeros((count, classes), np.int64)
    target[np.arange(count), labels] = 32768
    coefficients = np.zeros((count, classes), np.int64)
    for _ in range(STEPS):
        error = softmax(start + ((kernel @ coefficients) >> 12)) - target
        coefficients = coefficients - _truncated(error << 2, count) - (coefficients >> 7)
    inverse = np.array(head.inverse, np.int64)
    each = np.clip(_truncated((coefficients * inverse) >> 4, norm), -(1 << 30), 1 << 30)
    weights = np.clip(head.weights + ((each.T @ x + (1 << 19)) >> 20), -127, 127).astype(np.int8)
    moved = (coefficients.sum(0) * inverse + (1 << 23)) >> 24
    bias = np.clip(head.bias + moved, -(2**31) + 1, 2**31 - 1).astype(np.int32)
    return weights, bias


def softmax(logits: NDArray[np.int64]) -> NDArray[np.int64]:
    """Probabilities in Q15 of logits in Q16, both int64 (…, classes)."""
    away = (logits.max(-1, keepdims=True) - logits) * _LOG2_E >> 16
    whole, rest = away >> 16, away & 0xFFFF
    index, part = rest >> 11, rest & 0x7FF
    powers = _POWERS[index] - (((_POWERS[index] - _POWERS[index + 1]) * part) >> 11)
    powers = np.where(whole < 16, powers >> np.minimum(whole, 16), 0)
    shares: NDArray[np.int64] = (powers << 15) // powers.sum(-1, keepdims=True)
    return shares


def _logit(value: int, head: Head, index: int) -> int:
    """A 32-bit sum as a logit in Q16."""
    logit = requantise(value, head.multiplier[index], head.shift[index])
    return min(max(logit, -_LARGEST_LOGIT), _LARGEST_LOGIT)


def requantise(value: int, multiplier: int, shift: int) -> int:
    """value * multiplier / 2^31 * 2^shift, rounded half up once, in 64 bits; shift -31 … 30."""
    right = 31 - shift
    return (value * multiplier + (1 << (right - 1))) >> right


def _truncated(values: NDArray[np.int64], divisor: int) -> NDArray[np.int64]:
    """Quotients rounded towards zero, as C divides."""
    quotients: NDArray[np.int64] = np.sign(values) * (np.abs(values) // divisor)
    return quotients


def _wrapped(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """Within 32 bits: the compiler refuses a layer whose sums could leave them."""
    assert np.abs(values).max(initial=0) < 2**31
    return values
