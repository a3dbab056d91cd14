"""What TensorFlow's converter crashes on is refused by name before it is asked."""

from __future__ import annotations

import numpy as np
import pytest

from edgehar.contract import Contract
from edgehar.convert import tflite
from edgehar.convert.convertible import require_convertible
from edgehar.errors import ContractError

keras = pytest.importorskip("keras")
layers = keras.layers
CONTRACT = Contract(("a", "b", "c"))


def network(*middle):
    stack = [keras.Input((80, 3)), layers.Conv1D(4, 9, 8), *middle, layers.Dense(3, activation="softmax")]
    return keras.Sequential(stack)


LOOPS = {
    "LSTM": lambda: network(layers.LSTM(4, name="memory")),
    "GRU": lambda: network(layers.GRU(4, name="memory")),
    "SimpleRNN": lambda: network(layers.SimpleRNN(4, name="memory")),
    "Bidirectional": lambda: network(layers.Bidirectional(layers.LSTM(4), name="memory")),
    "ConvLSTM1D": lambda: network(
        layers.Reshape((3, 3, 4)), layers.ConvLSTM1D(4, 2, name="memory"), layers.GlobalAveragePooling1D()
    ),
    "RNN": lambda: network(layers.RNN(layers.LSTMCell(4), name="memory")),
    "TimeDistributed": lambda: network(
        layers.Reshape((3, 3, 4)), layers.TimeDistributed(layers.LSTM(4), name="memory"), layers.Flatten()
    ),
}


@pytest.mark.parametrize("kind", LOOPS)
def test_a_loop_is_refused_for_int8_by_name(kind):
    with pytest.raises(ContractError, match=rf"'memory' \({kind}\).*Conv1D.*unroll=True.*without --int8"):
        tflite.convert(LOOPS[kind](), CONTRACT, "int8", calibration=np.zeros((1, 80, 3), np.float32))


def test_a_loop_inside_of_a_model_is_found():
    start = keras.Input((80, 3))
    with pytest.raises(ContractError, match="'memory'"):
        require_convertible(keras.Model(start, LOOPS["GRU"]()(start)), "int8")


def test_float_and_unrolled_are_taken():
    require_convertible(LOOPS["LSTM"](), "float")
    require_convertible(network(layers.LSTM(4, unroll=True)), "int8")
    require_convertible(network(layers.Bidirectional(layers.GRU(4, unroll=True))), "int8")


def test_one_channel_under_a_depthwise_convolution():
    start = keras.Input((80, 3))
    now = layers.Conv1D(1, 4)(start)
    now = layers.Add()([now, layers.Conv1D(1, 3, padding="same")(now)])
    now = layers.GlobalAveragePooling1D()(layers.SeparableConv1D(4, 3, name="deep")(now))
    model = keras.Model(start, layers.Dense(3, activation="softmax")(now))
    with pytest.raises(ContractError, match=r"'deep' \(SeparableConv1D\) reads one channel.*two filters"):
        tflite.convert(model, CONTRACT, "float")


def test_another_failure_of_the_converter_is_one_line(monkeypatch):
    import tensorflow

    class Failing:
        def convert(self):
            raise RuntimeError("somewhere\n<unknown>:0: error: failed while converting: 'main':\nmore")

    monkeypatch.setattr(tensorflow.lite.TFLiteConverter, "from_concrete_functions", lambda functions: Failing())
    with pytest.raises(ContractError, match=r"^expected layers .* failed while converting: 'main':; use Conv1D"):
        tflite.convert(network(layers.GlobalAveragePooling1D()), CONTRACT, "float")
