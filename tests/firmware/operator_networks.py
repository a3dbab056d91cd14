"""Small int8 networks around one operator each: what converters make of batch normalisations, gates, activations,
joined branches, causal and dilated convolutions. Scales, zero points and shapes are drawn by a seed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from ai_edge_litert import schema_py_generated as schema

from .networks import INT32, SAME, VALID, NetworkWriter, covered, distinct, reference_outputs, windows_of

#: Operators of one value: (output quantisation or None for a drawn one, options, version).
UNARY = {
    "LOGISTIC": ((1 / 256, -128), None, 2),
    "TANH": ((1 / 128, 0), None, 2),
    "HARD_SWISH": (None, schema.HardSwishOptionsT, 1),
    "LEAKY_RELU": (None, schema.LeakyReluOptionsT, 2),
    "RELU": (None, None, 2),
    "RELU6": ("same", None, 2),
    "QUANTIZE": (None, schema.QuantizeOptionsT, 2),
}
#: Options and version of operators of two values.
BINARY = {
    "ADD": (schema.AddOptionsT, 2),
    "SUB": (schema.SubOptionsT, 2),
    "MUL": (schema.MulOptionsT, 2),
}


class OperatorWriter(NetworkWriter):
    """The layers of `NetworkWriter`, and the operators of this file."""

    def mark(self) -> tuple[int, int, int, float, int]:
        """Where the network stands, to come back to."""
        return self.now, self.columns, self.channels, self.scale, self.zero

    def back(self, mark: tuple[int, int, int, float, int]) -> None:
        self.now, self.columns, self.channels, self.scale, self.zero = mark

    def shape(self, columns: int | None = None, channels: int | None = None) -> list[int]:
        """The present shape, in as many dimensions, with other columns or channels."""
        shape = [int(n) for n in self.graph.tensors[self.now].shape]
        if len(shape) > 2:
            shape[-2] = self.columns if columns is None else columns
        shape[-1] = self.channels if channels is None else channels
        return shape

    def unary(self, name: str) -> None:
        given, kind, version = UNARY[name]
        options = None if kind is None else kind()
        if name == "LEAKY_RELU":
            options.alpha = float(np.float32(self.rng.uniform(0.01, 0.9)))
        drawn = self._scale(self.scale * 0.8), self._zero()
        scale, zero = (self.scale, self.zero) if given == "same" else given or drawn
        self._finish(name, [self.now], self.shape(), scale, zero, options, version)

    def constant(self, name: str, kind: str, activation: int = 0, first: bool = False) -> None:
        """ADD, SUB or MUL with a constant: `kind` is `one` number, one per `channels`, or one per `columns`."""
        shape = {"one": [], "channels": [self.channels], "columns": self.shape()}[kind]
        values = self.rng.integers(-127, 128, shape).astype(np.int8)
        scale, zero = self._scale(0.02 if name == "MUL" else self.scale), self._zero()
        operand = self.tensor(shape, scale, zero, data=values)
        options, version = BINARY[name][0](), BINARY[name][1]
        options.fusedActivationFunction = activation
        out = self._scale(self.scale * (scale * 73 if name == "MUL" else 1.5))
        operands = [operand, self.now] if first else [self.now, operand]
        self._finish(name, operands, self.shape(), out, self._zero(), options, version)

    def two(self, name: str, other: int, other_scale: float, shape: list[int], activation: int = 0) -> None:
        """ADD or MUL with another stream."""
        options, version = BINARY[name][0](), BINARY[name][1]
        options.fusedActivationFunction = activation
        scale = self.scale * other_scale * 40 if name == "MUL" else max(self.scale, other_scale) * 1.2
        operands = [self.now, other] if self.rng.random() < 0.5 else [other, self.now]
        self._finish(name, operands, shape, self._scale(scale), self._zero(), options, version)

    def prelu(self, per_column: bool) -> None:
        shape = self.shape()[1:] if per_column else [1, self.channels]
        slopes = self.tensor(
            shape, self._scale(0.005), self._zero(), data=self.rng.integers(-128, 128, shape).astype(np.int8)
        )
        self._finish("PRELU", [self.now, slopes], self.shape(), self._scale(self.scale), self._zero(), None, 1)

    def join(self, others: list[int], channels: int) -> None:
        """CONCATENATION of the present stream and others of its quantisation, `channels` in all."""
        options = schema.ConcatenationOptionsT()
        options.axis = -1 if self.rng.random() < 0.5 else len(self.graph.tensors[self.now].shape) - 1
        operands = [self.now, *others]
        self._finish("CONCATENATION", operands, self.shape(channels=channels), self.scale, self.zero, options, 2)

    def requantise(self, scale: float, zero: int) -> None:
        self._finish("QUANTIZE", [self.now], self.shape(), scale, zero, schema.QuantizeOptionsT(), 2)

    def pad(self, before: int, after: int) -> None:
        widths = np.zeros((len(self.shape()), 2), np.int32)
        widths[-2] = before, after
        operand = self.tensor(widths.shape, kind=INT32, data=widths)
        shape = self.shape(columns=self.columns + before + after)
        self._finish("PAD", [self.now, operand], shape, self.scale, self.zero, schema.PadOptionsT(), 2)

    def dilated(self, filters: int, kernel: int, dilation: int, padding: int = VALID, stride: int = 1) -> None:
        """CONV_2D with dilation; `filters` 0: DEPTHWISE_CONV_2D."""
        columns = self.columns
        if filters:
            self.conv(filters, kernel, stride, padding, 1)
        else:
            self.depthwise(int(self.rng.integers(1, 3)), kernel, stride, padding)
        self.graph.operators[-1].builtinOptions.dilationWFactor = dilation
        reach = (kernel - 1) * dilation + 1
        self.columns = -(-columns // stride) if padding == SAME else (columns - reach) // stride + 1
        self.graph.tensors[self.now].shape = [1, 1, self.columns, self.channels]

    def apart(self, filters: int, kernel: int, blocks: int) -> None:
        """A dilated convolution between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND; zeros at both ends, some cut off."""
        ends = 1, (blocks - (self.columns + 1)) % blocks
        padded = self.columns + sum(ends)
        self._reshape([1, self.columns, self.channels])
        numbers = [self.tensor([1], kind=INT32, data=np.array([blocks], np.int32))]
        numbers.append(self.tensor([1, 2], kind=INT32, data=np.array([ends], np.int32)))
        shape = [blocks, padded // blocks, self.channels]
        self._finish("SPACE_TO_BATCH_ND", [self.now, *numbers], shape, self.scale, self.zero, None, 2)
        self.columns = padded // blocks
        self._reshape([blocks, 1, self.columns, self.channels])
        self.conv(filters, kernel, activation=1)
        self.graph.tensors[self.now].shape = [blocks, 1, self.columns, filters]
        self._reshape([blocks, self.columns, filters])
        cut = self.tensor([1, 2], kind=INT32, data=np.array([[1, ends[1]]], np.int32))
        columns = self.columns * blocks - 1 - ends[1]
        operands = [self.now, numbers[0], cut]
        self._finish("BATCH_TO_SPACE_ND", operands, [1, columns, filters], self.scale, self.zero, None, 2)
        self.columns = columns
        self._reshape([1, 1, columns, filters])

    def causal(self, filters: int, kernel: int, dilation: int) -> None:
        self.pad((kernel - 1) * dilation, 0)
        self.dilated(filters, kernel, dilation)

    def slice(self, begin: int, end: int) -> None:
        """STRIDED_SLICE: columns begin … end - 1."""
        shape = self.shape()
        first, last = [0] * len(shape), list(shape)
        first[-2], last[-2] = begin, end
        bounds = [
            self.tensor([len(shape)], kind=INT32, data=np.array(values, np.int32))
            for values in (first, last, [1] * len(shape))
        ]
        options = schema.StridedSliceOptionsT()
        shape = self.shape(columns=end - begin)
        self._finish("STRIDED_SLICE", [self.now, *bounds], shape, self.scale, self.zero, options, 2)
        self.columns = end - begin

    def reduce_max(self) -> None:
        axis = self.tensor([1], kind=INT32, data=np.array([2], np.int32))
        options = schema.ReducerOptionsT()
        options.keepDims = False
        self._finish("REDUCE_MAX", [self.now, axis], [1, 1, self.channels], self.scale, self.zero, options, 2)
        self.columns = 1
        self._reshape([1, self.channels])


def _unary(name: str) -> Callable[[OperatorWriter], None]:
    return lambda net: net.unary(name)


def _constant(name: str, kind: str, first: bool = False) -> Callable[[OperatorWriter], None]:
    return lambda net: net.constant(name, kind, int(net.rng.integers(0, 4)), first)


def _gate(name: str, activation: str | None) -> Callable[[OperatorWriter], None]:
    """Two branches of equal shape, one of them behind an activation."""

    def gate(net: OperatorWriter) -> None:
        start, filters, kernel = net.mark(), int(net.rng.integers(1, 9)), int(net.rng.integers(1, 5))
        net.conv(filters, kernel)
        if activation:
            net.unary(activation)
        branch, scale = net.now, net.scale
        net.back(start)
        net.conv(filters, kernel)
        net.two(name, branch, scale, net.shape(), int(net.rng.integers(0, 4)))

    return gate


def _swish(net: OperatorWriter) -> None:
    start = net.mark()
    net.unary("LOGISTIC")
    branch, scale = net.now, net.scale
    net.back(start)
    net.two("MUL", branch, scale, net.shape())


def _squeeze_excite(name: str) -> Callable[[OperatorWriter], None]:
    """Each channel times, or plus, a number that its mean over the window gave."""

    def squeeze(net: OperatorWriter) -> None:
        start, channels = net.mark(), net.channels
        net.mean()
        net.dense(3, activation=1)
        net.dense(channels)
        net.unary("LOGISTIC")
        gate, scale = net.now, net.scale
        net.back(start)
        net.two(name, gate, scale, net.shape())

    return squeeze


def _attention(net: OperatorWriter) -> None:
    """Each step times one number."""
    start = net.mark()
    net.conv(1, 1)
    net.unary("LOGISTIC")
    gate, scale = net.now, net.scale
    net.back(start)
    net.two("MUL", gate, scale, net.shape())


def _join(branches: int) -> Callable[[OperatorWriter], None]:
    def join(net: OperatorWriter) -> None:
        start, others, channels = net.mark(), [], 0
        quantisation = None
        for _ in range(branches):
            net.back(start)
            net.conv(int(net.rng.integers(1, 7)), 3)
            if quantisation is None:
                quantisation = net.scale, net.zero
            else:
                net.requantise(*quantisation)
            others.append(net.now)
            channels += net.channels
        net.join(others[:-1], channels)

    return join


def _dilated(padding: int, depthwise: bool = False, stride: int = 1) -> Callable[[OperatorWriter], None]:
    def dilated(net: OperatorWriter) -> None:
        filters = 0 if depthwise else int(net.rng.integers(1, 12))
        net.dilated(filters, int(net.rng.integers(2, 5)), int(net.rng.integers(2, 6)), padding, stride)

    return dilated


def _causal(net: OperatorWriter) -> None:
    """A temporal convolutional network's block, seen by a mean: nothing of it streams."""
    for dilation in (1, 2, 4):
        net.causal(5, 3, dilation)


def _causal_last(net: OperatorWriter) -> None:
    """The same with residuals, of which the last steps alone are read: all of it streams."""
    for dilation in (1, 2, 4, 8):
        start = net.mark()
        net.causal(start[2], 3, dilation)
        net.two("ADD", start[0], start[3], net.shape(), 1)
    net.slice(net.columns - int(net.rng.integers(1, 4)), net.columns)


def _pads(net: OperatorWriter) -> None:
    """Padding before a convolution, before a pool, which must see it as zeros, and before another padding."""
    net.pad(2, 1)
    net.conv(4, 3, padding=SAME)
    net.pad(1, 3)
    net.pool("AVERAGE_POOL_2D", 3, 2)
    net.pad(0, 2)
    net.pad(3, 0)
    net.conv(5, 4, 2)


def _crop(net: OperatorWriter) -> None:
    net.slice(3, net.columns - 2)
    net.conv(6, 3)


#: Different answers to 24 windows; half as many where the scales are extreme.
LIVELY = 16

#: What each network is built around.
BLOCKS: dict[str, Callable[[OperatorWriter], None]] = {
    **{name.lower(): _unary(name) for name in UNARY},
    **{f"{name.lower()}-{kind}": _constant(name, kind) for name in BINARY for kind in ("one", "channels", "columns")},
    "mul-channels-first": _constant("MUL", "channels", first=True),
    "sub-one-first": _constant("SUB", "one", first=True),
    "prelu": lambda net: net.prelu(False),
    "prelu-columns": lambda net: net.prelu(True),
    "gate": _gate("MUL", "LOGISTIC"),
    "product": _gate("MUL", None),
    "sum": _gate("ADD", "TANH"),
    "swish": _swish,
    "squeeze-excite": _squeeze_excite("MUL"),
    "squeeze-add": _squeeze_excite("ADD"),
    "attention": _attention,
    "join-two": _join(2),
    "join-four": _join(4),
    "dilated": _dilated(VALID),
    "dilated-same": _dilated(SAME),
    "dilated-depthwise": _dilated(VALID, depthwise=True),
    "dilated-depthwise-same": _dilated(SAME, depthwise=True),
    "dilated-stride": _dilated(VALID, stride=2),
    "apart": lambda net: net.apart(int(net.rng.integers(1, 8)), 3, int(net.rng.integers(2, 5))),
    "causal": _causal,
    "causal-last": _causal_last,
    "pads": _pads,
    "crop": _crop,
    "max": lambda net: None,
    "sigmoid-output": lambda net: None,
}


@cache
def operator_network(block: str, seed: int) -> bytes:
    """A network of two layers, the block and a head; every third seed has extreme scales."""
    for attempt in range(400):
        rng = np.random.default_rng([seed, attempt, 5])
        window = int(rng.choice([80, 80, 60]))
        net = OperatorWriter(seed + 7000 + 100_000 * attempt, window=window, extreme=seed % 3 == 2)
        if block != "causal-last" and rng.random() < 0.3:
            BLOCKS[block](net)
        net.conv(int(rng.integers(2, 14)), int(rng.integers(1, 5)), int(rng.choice([1, 1, 2])))
        BLOCKS[block](net)
        if net.columns >= 12:
            net.conv(int(rng.integers(2, 9)), 3, int(rng.choice([1, 2])))
        if block == "max" or rng.random() < 0.3:
            net.reduce_max()
        else:
            net.mean()
        net.dense(int(rng.integers(2, 9)))
        if block == "sigmoid-output":
            net._spread_logits(2.0)
            net.unary("LOGISTIC")
        else:
            net.softmax()
        content = net.bytes()
        if not covered(content):
            continue
        if distinct(reference_outputs(content, windows_of(np.random.default_rng(1), window, 24))) >= (
            LIVELY if seed % 3 < 2 else LIVELY // 2
        ):
            return content
    raise AssertionError(f"{block} {seed}: no lively network in 400 draws")
