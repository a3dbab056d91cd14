"""Tables of functions of one int8 value: all 256 inputs at many scales and zero points, equal to TFLite-Micro's."""

from __future__ import annotations

import numpy as np
import pytest

from edgehar.compile import unary
from edgehar.errors import ContractError
from tests.firmware.networks import TfliteWriter
from tests.firmware.operator_networks import UNARY

VALUES = np.arange(-128, 128).astype(np.int8)
SCALES = 60


def micro(name, source, output, options, version) -> np.ndarray:
    """TFLite-Micro's outputs for the 256 values."""
    runtime = pytest.importorskip("tflite_micro").runtime
    net = TfliteWriter(0)
    tensors = net.tensor([1, 256], *source), net.tensor([1, 256], *output)
    net.operator(name, tensors[:1], tensors[1:], options, version)
    interpreter = runtime.Interpreter.from_bytes(net.pack(*tensors))
    interpreter.set_input(VALUES.reshape(1, 256), 0)
    interpreter.invoke()
    return interpreter.get_output(0).ravel()


def function(name, source, output, options) -> unary.Function:
    if name == "LEAKY_RELU":
        return unary.leaky_relu(source, output, options.alpha)
    makers = {"LOGISTIC": unary.logistic, "TANH": unary.tanh, "HARD_SWISH": unary.hard_swish, "RELU": unary.relu,
              "RELU6": unary.relu_6, "QUANTIZE": unary.quantise}  # fmt: skip
    return makers[name](source, output)


def zero(rng: np.random.Generator) -> int:
    return int(rng.choice([-128, 0, 127, int(rng.integers(-128, 128))]))


@pytest.mark.parametrize("name", UNARY)
def test_a_table_is_tflite_micros(name):
    rng = np.random.default_rng(3)
    given, kind, version = UNARY[name]
    seen = set()
    for _ in range(SCALES):
        source = float(np.float32(2.0 ** rng.uniform(-12, 2.9))), zero(rng)
        drawn = float(np.float32(source[0] * 2.0 ** rng.uniform(-4, 4))), zero(rng)
        output = source if given == "same" else given or drawn
        options = None if kind is None else kind()
        if name == "LEAKY_RELU":
            options.alpha = float(np.float32(rng.uniform(-0.5, 1.5)))
        table = np.frombuffer(unary.table(function(name, source, output, options)), np.int8)
        np.testing.assert_array_equal(
            table[VALUES.view(np.uint8)], micro(name, source, output, options, version), f"{source} {output}"
        )
        seen.add(table.tobytes())
    assert len(seen) > SCALES // 3


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: unary.logistic((0.1, 0), (1 / 128, 0)), "scale 1/256"),
        (lambda: unary.tanh((0.1, 0), (1 / 256, 0)), "scale 1/128"),
        (lambda: unary.tanh((8.0, 0), (1 / 128, 0)), "too large"),
        (lambda: unary.logistic((1e-7, 0), (1 / 256, -128)), "too small"),
        (lambda: unary.hard_swish((1.0, 0), (0.001, 0)), "finer"),
        (lambda: unary.relu_6((0.1, 0), (0.2, 0)), "quantisation"),
    ],
)
def test_what_has_no_table_is_refused(make, words):
    with pytest.raises(ContractError, match=words):
        make()
