"""Small int8 networks with random shapes, weights, scales and zero points, written as .tflite directly.

A converter would take seconds for each and would never choose the awkward values that tell a right kernel from
a lucky one: channel counts that are no multiple of any block, zero points at both ends of the range, biases that
nearly fill 32 bits, requantisation factors above one and far below 2^-10, pads on one side only.
"""

from __future__ import annotations

import tempfile
from functools import cache
from pathlib import Path

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema

from edgehar.compile.read import read_network
from edgehar.errors import ContractError

INT8, INT32 = schema.TensorType.INT8, schema.TensorType.INT32
SAME, VALID = schema.Padding.SAME, schema.Padding.VALID
OPERATORS = schema.BuiltinOperator
OPTIONS = schema.BuiltinOptions

#: Deviation of the logits over windows, in natural units: softmax then uses its whole range and saturates seldom.
SPREAD = 2.0


def windows_of(rng: np.random.Generator, samples: int, count: int, channels: int = 3) -> np.ndarray:
    """int8 (count, samples, channels): full-range noise and slow walks in turn; the first jumps from end to end."""
    noise = rng.integers(-128, 128, (count, samples, channels))
    noise[1::2] = np.clip(rng.normal(0, 9, (count, samples, channels)).cumsum(1), -128, 127)[1::2]
    noise[0] = np.where(np.arange(samples)[:, None] // 7 % 2, 127, -128)
    return noise.astype(np.int8)


def stream_of(rng: np.random.Generator, samples: int) -> np.ndarray:
    """int8 (samples, 3): stretches of noise, of slow walks and of rest, so that a network's answer keeps changing."""
    parts, left = [], samples
    while left > 0:
        length = int(rng.integers(20, 90))
        centre = rng.integers(-100, 101, 3)
        kind = rng.integers(0, 3)
        steps = rng.normal(0, (60, 9, 1)[kind], (length, 3))
        parts.append(centre + (steps.cumsum(0) if kind == 1 else steps))
        left -= length
    return np.clip(np.concatenate(parts)[:samples] if parts else np.zeros((0, 3)), -128, 127).astype(np.int8)


def reference_outputs(content: bytes, windows: np.ndarray) -> np.ndarray:
    """Outputs int8 (count, values) of LiteRT's reference kernels."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    interpreter = Interpreter(model_content=content, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    interpreter.allocate_tensors()
    source, result = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    outputs = []
    for window in windows:
        interpreter.set_tensor(source["index"], window.reshape(source["shape"]))
        interpreter.invoke()
        outputs.append(interpreter.get_tensor(result["index"]).ravel())
    return np.stack(outputs)


def distinct(outputs: np.ndarray) -> int:
    """How many different rows there are."""
    return len(np.unique(outputs, axis=0))


class TfliteWriter:
    """Collects tensors and operators, then packs them."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.model = schema.ModelT()
        self.model.version = 3
        self.model.buffers = [schema.BufferT()]
        self.model.operatorCodes = []
        self.graph = schema.SubGraphT()
        self.graph.tensors, self.graph.operators = [], []
        self.model.subgraphs = [self.graph]

    def tensor(self, shape, scale=None, zero=0, kind=INT8, data=None, axis=0) -> int:
        """Add a tensor; constants have `data`; `scale` may be one number or one per channel."""
        tensor = schema.TensorT()
        tensor.name = f"t{len(self.graph.tensors)}".encode()
        tensor.shape, tensor.type = list(shape), kind
        if data is not None:
            buffer = schema.BufferT()
            buffer.data = np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
            self.model.buffers.append(buffer)
            tensor.buffer = len(self.model.buffers) - 1
        if scale is not None:
            scales = np.atleast_1d(np.asarray(scale, np.float32))
            quantisation = schema.QuantizationParametersT()
            quantisation.scale = scales.tolist()
            quantisation.zeroPoint = [int(zero)] * len(scales)
            quantisation.quantizedDimension = axis
            tensor.quantization = quantisation
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def operator(self, name, inputs, outputs, options=None, version=1) -> None:
        """Add an operator; `options` is a schema options object or None."""
        code = schema.OperatorCodeT()
        code.builtinCode = getattr(OPERATORS, name)
        code.deprecatedBuiltinCode = min(code.builtinCode, 127)
        code.version = version
        self.model.operatorCodes.append(code)
        operator = schema.OperatorT()
        operator.opcodeIndex = len(self.model.operatorCodes) - 1
        operator.inputs, operator.outputs = list(inputs), list(outputs)
        if options is not None:
            operator.builtinOptions = options
            operator.builtinOptionsType = getattr(OPTIONS, type(options).__name__[:-1])
        self.graph.operators.append(operator)

    def pack(self, source: int, result: int) -> bytes:
        """The .tflite's bytes."""
        self.graph.inputs, self.graph.outputs = [source], [result]
        builder = flatbuffers.Builder(1 << 16)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


class NetworkWriter(TfliteWriter):
    """Layers over one stream: remembers the present tensor, its shape and its quantisation."""

    def __init__(self, seed: int, window: int = 80, extreme: bool = False, channels: int = 3) -> None:
        super().__init__(seed)
        self.extreme = extreme
        self.columns, self.channels, self.width = window, channels, channels
        self.scale, self.zero = self._scale(0.1), self._zero()
        self.source = self.tensor([1, window, channels], self.scale, self.zero)
        self.now = self.source
        self._reshape([1, 1, window, channels])

    def _scale(self, around: float) -> float:
        spread = 6.0 if self.extreme else 1.0
        return float(np.float32(around * 2.0 ** self.rng.uniform(-spread, spread)))

    def _zero(self) -> int:
        if self.extreme and self.rng.random() < 0.5:
            return int(self.rng.choice([-128, 127]))
        return int(self.rng.integers(-128, 128))

    def _reshape(self, shape) -> None:
        target = self.tensor(shape, self.scale, self.zero)
        wanted = self.tensor([len(shape)], kind=INT32, data=np.array(shape, np.int32))
        self.operator("RESHAPE", [self.now, wanted], [target], schema.ReshapeOptionsT())
        self.now = target

    def _outputs(self, kernel: int, stride: int, padding: int) -> int:
        return -(-self.columns // stride) if padding == SAME else (self.columns - kernel) // stride + 1

    def _weights(self, shape, filters: int, fan: int, axis: int, per_tensor: bool = False):
        """Random weights, one scale a filter, a bias, and an output scale that uses the int8 range."""
        weights = self.rng.integers(-127, 128, shape).astype(np.int8)
        spread = 5.0 if self.extreme else 0.5
        scales = np.float32(0.01 * 2.0 ** self.rng.uniform(-spread, spread, 1 if per_tensor else filters))
        typical = 73.0 * 73.0 * np.sqrt(fan)
        bias = self.rng.normal(0, typical, filters)
        if self.extreme:
            bias[self.rng.random(filters) < 0.1] = 2.0**31 - 1 - 2**17 * fan
        bias = bias.astype(np.int64).clip(-(2**31) + 1, 2**31 - 1).astype(np.int32)
        output_scale = self._scale(typical * self.scale * float(np.median(scales)) / 50)
        w = self.tensor(shape, scales, 0, data=weights, axis=axis)
        b = self.tensor([filters], np.float32(self.scale) * scales, 0, INT32, bias)
        return w, b, output_scale, self._zero()

    def _finish(self, name, operands, shape, scale, zero, options, version) -> None:
        target = self.tensor(shape, scale, zero)
        self.operator(name, operands, [target], options, version)
        self.now, self.scale, self.zero = target, scale, zero
        if len(shape) == 4:
            self.columns = shape[2]
        self.channels = shape[-1]

    def conv(self, filters: int, kernel: int, stride: int = 1, padding: int = VALID, activation: int = 0) -> None:
        w, b, scale, zero = self._weights([filters, 1, kernel, self.channels], filters, kernel * self.channels, 0)
        options = schema.Conv2DOptionsT()
        options.padding, options.strideW, options.strideH = padding, stride, 1
        options.fusedActivationFunction = activation
        options.dilationWFactor = options.dilationHFactor = 1
        shape = [1, 1, self._outputs(kernel, stride, padding), filters]
        self._finish("CONV_2D", [self.now, w, b], shape, scale, zero, options, 3)

    def depthwise(self, multiplier: int, kernel: int, stride=1, padding=VALID, activation: int = 0) -> None:
        filters = self.channels * multiplier
        w, b, scale, zero = self._weights([1, 1, kernel, filters], filters, kernel, 3)
        options = schema.DepthwiseConv2DOptionsT()
        # The reference kernel wants equal strides; the height is 1, so that strideH changes nothing.
        options.padding, options.strideW, options.strideH = padding, stride, stride
        options.depthMultiplier, options.fusedActivationFunction = multiplier, activation
        options.dilationWFactor = options.dilationHFactor = 1
        shape = [1, 1, self._outputs(kernel, stride, padding), filters]
        self._finish("DEPTHWISE_CONV_2D", [self.now, w, b], shape, scale, zero, options, 3)

    def pool(self, kind: str, kernel: int, stride: int, padding: int = VALID, activation: int = 0) -> None:
        options = schema.Pool2DOptionsT()
        options.padding, options.strideW, options.strideH = padding, stride, 1
        options.filterWidth, options.filterHeight = kernel, 1
        options.fusedActivationFunction = activation
        shape = [1, 1, self._outputs(kernel, stride, padding), self.channels]
        self._finish(kind, [self.now], shape, self.scale, self.zero, options, 2)

    def residual(self, kernel: int, activation: int = 0) -> None:
        """A convolution of the same shape beside the identity, then ADD."""
        skip, skip_scale = self.now, self.scale
        self.conv(self.channels, kernel, 1, SAME)
        options = schema.AddOptionsT()
        options.fusedActivationFunction = activation
        scale = self._scale(max(skip_scale, self.scale) * 1.2)
        shape = [1, 1, self.columns, self.channels]
        self._finish("ADD", [self.now, skip], shape, scale, self._zero(), options, 2)

    def residual_valid(self, kernel: int) -> None:
        """Two convolutions beside a pool of the same reach, all with valid padding, then ADD: a cut may follow."""
        start, columns, channels, scale, zero = self.now, self.columns, self.channels, self.scale, self.zero
        self.conv(channels + 1, kernel)
        self.conv(channels, kernel)
        deep, deep_scale = self.now, self.scale
        self.now, self.columns, self.channels, self.scale, self.zero = start, columns, channels, scale, zero
        self.pool("MAX_POOL_2D", 2 * kernel - 1, 1)
        shape = [1, 1, self.columns, self.channels]
        options = schema.AddOptionsT()
        operands = [deep, self.now] if self.rng.random() < 0.5 else [self.now, deep]
        out_scale = self._scale(max(deep_scale, self.scale) * 1.2)
        self._finish("ADD", operands, shape, out_scale, self._zero(), options, 2)

    def residual_down(self, stride: int) -> None:
        """One column of `stride` beside a convolution over all of them, then ADD; columns: a multiple of `stride`."""
        assert self.columns % stride == 0
        start, columns, channels, scale, zero = self.now, self.columns, self.channels, self.scale, self.zero
        self.pool("MAX_POOL_2D", 1, stride)
        shortcut, shortcut_scale = self.now, self.scale
        self.now, self.columns, self.channels, self.scale, self.zero = start, columns, channels, scale, zero
        self.conv(channels, stride, stride)
        options = schema.AddOptionsT()
        out_scale = self._scale(max(shortcut_scale, self.scale) * 1.2)
        shape = [1, 1, self.columns, self.channels]
        self._finish("ADD", [shortcut, self.now], shape, out_scale, self._zero(), options, 2)

    def mean(self, keep_dims: bool = False, same_scale: bool = False, flat: bool = True) -> None:
        if flat:
            self._reshape([1, self.columns, self.channels])
        axis = self.tensor([1] if flat else [2], kind=INT32, data=np.array([1] if flat else [1, 2], np.int32))
        options = schema.ReducerOptionsT()
        options.keepDims = keep_dims
        shape = [1, *([1] if flat else [1, 1]), self.channels] if keep_dims else [1, self.channels]
        scale, zero = (self.scale, self.zero) if same_scale else (self._scale(self.scale * 0.7), self._zero())
        self._finish("MEAN", [self.now, axis], shape, scale, zero, options, 2)
        self.columns = 1
        if len(shape) > 2:
            self._reshape([1, self.channels])

    def flatten(self) -> None:
        self._reshape([1, self.columns * self.channels])

    def dense(self, filters: int, activation: int = 0, per_tensor: bool = False) -> None:
        inputs = int(self.graph.tensors[self.now].shape[-1])
        w, b, scale, zero = self._weights([filters, inputs], filters, inputs, 0, per_tensor)
        options = schema.FullyConnectedOptionsT()
        options.fusedActivationFunction = activation
        self._finish("FULLY_CONNECTED", [self.now, w, b], [1, filters], scale, zero, options, 4)
        self.columns = 1

    def softmax(self, beta: float = 1.0, spread: float | None = SPREAD) -> None:
        """SOFTMAX; `spread`: first give the dense layer before it the scales that make its logits vary by so much."""
        if spread is not None:
            self._spread_logits(spread / beta)
        options = schema.SoftmaxOptionsT()
        options.beta = beta
        self._finish("SOFTMAX", [self.now], [1, self.channels], 1 / 256, -128, options, 2)

    def _spread_logits(self, spread: float) -> None:
        """Weight scales, biases and output scale of the last layer, a dense one, by what its input does on windows."""
        dense = self.graph.operators[-1]
        source, kernel, bias = (self.graph.tensors[index] for index in dense.inputs)
        total = int(np.prod(self.graph.tensors[self.source].shape))
        windows = windows_of(np.random.default_rng(0), total // self.width, 24, self.width)
        x = reference_outputs(self.pack(self.source, int(dense.inputs[0])), windows).astype(np.int64)
        weights = self.model.buffers[kernel.buffer].data.view(np.int8).reshape(kernel.shape).astype(np.int64)
        sums = (x - source.quantization.zeroPoint[0]) @ weights.T
        deviation = np.maximum(sums.std(0), 1.0)
        each = deviation if len(kernel.quantization.scale) > 1 else np.median(deviation, keepdims=True)
        scales = np.float32(spread / (source.quantization.scale[0] * each))
        shifted = -sums.mean(0) + self.rng.normal(0, 0.3, len(deviation)) * deviation
        self.model.buffers[bias.buffer].data = np.round(shifted).astype(np.int32).view(np.uint8)
        kernel.quantization.scale = scales.tolist()
        bias.quantization.scale = (np.float32(source.quantization.scale[0]) * scales).tolist()
        self.scale, self.zero = float(np.float32(spread / 20 * 2.0 ** self.rng.uniform(-0.3, 0.3))), 0
        self.zero = int(self.rng.integers(-30, 31))
        logits = self.graph.tensors[self.now].quantization
        logits.scale, logits.zeroPoint = [self.scale], [self.zero]

    def bytes(self) -> bytes:
        return self.pack(self.source, self.now)


def covered(content: bytes) -> bool:
    """Whether the compiler takes it: extreme scales can make sums that overflow, which it refuses."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        path.write_bytes(content)
        try:
            read_network(path)
        except ContractError as error:
            assert any(words in str(error) for words in ("could overflow", "too large", "too small")), error
            return False
    return True


#: Different answers that a network must give to 24 windows to be worth comparing.
LIVELY = 8


@cache
def random_network(seed: int, *, valid: bool = False) -> bytes:
    """A network drawn by `seed`; every third has extreme scales; `valid`: no padding anywhere.

    Drawn again where it gives nearly the same answer to every window: equality over that would prove nothing.
    """
    for attempt in range(50):
        rng = np.random.default_rng([seed, attempt])
        window = int(rng.choice([80, 80, 80, 33, 128]))
        net = NetworkWriter(seed + 1000 + 100_000 * attempt, window=window, extreme=seed % 3 == 2)
        for _ in range(int(rng.integers(1, 5))):
            _random_layer(net, rng, valid)
        _random_head(net, rng, seed)
        content = net.bytes()
        if not covered(content):
            continue
        if distinct(reference_outputs(content, windows_of(np.random.default_rng(1), window, 24))) >= LIVELY:
            return content
    raise AssertionError(f"seed {seed}: no lively network in 50 draws")


def _random_layer(net: NetworkWriter, rng: np.random.Generator, valid: bool) -> None:
    padding = VALID if valid or rng.random() < 0.5 else SAME
    activation = int(rng.integers(0, 4))
    longest = max(1, min(12, net.columns // 3))
    kernel = int(rng.integers(1, longest + 1))
    stride = int(rng.choice([1, 1, 1, 2, 3, 4]))
    choice = rng.integers(0, 8)
    if net.columns < 6:
        choice, kernel, stride = 0, min(kernel, net.columns), 1
    if choice <= 2:
        net.conv(int(rng.integers(1, 40)), kernel, stride, padding, activation)
    elif choice == 3:
        net.depthwise(int(rng.integers(1, 4)), kernel, stride, padding, activation)
    elif choice == 4:
        net.pool("MAX_POOL_2D", min(kernel, 5), stride, padding, activation)
    elif choice == 5:
        net.pool("AVERAGE_POOL_2D", min(kernel, 5), stride, padding, activation)
    elif valid or choice == 6:
        net.residual_valid(max(1, min(3, kernel, (net.columns + 1) // 4)))
    else:
        net.residual(kernel, activation)


def _random_head(net: NetworkWriter, rng: np.random.Generator, seed: int) -> None:
    if seed % 2:
        net.mean(keep_dims=bool(seed & 2), same_scale=bool(seed & 4), flat=seed % 5 != 0)
    else:
        net.flatten()
    if rng.random() < 0.5:
        net.dense(int(rng.integers(2, 30)), activation=1)
    net.dense(int(rng.integers(2, 9)), per_tensor=seed % 4 == 1)
    net.softmax(beta=float(rng.choice([1.0, 1.0, 0.5, 2.0])))
