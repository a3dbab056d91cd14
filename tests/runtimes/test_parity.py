"""Every runtime against its oracle: Keras for float, TFLite-Micro and LiteRT's reference kernels for int8."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from edgehar.bundle.gate import Gate
from edgehar.compile.read import read_network
from edgehar.runtimes import open_model

ROUNDINGS = ("litert-int8", "litert-int8-reference")


@pytest.fixture(scope="session")
def keras_probabilities(bundle, windows):
    return open_model(bundle / "model.keras").predict(windows)


@pytest.fixture(scope="session")
def int8_outputs(bundle, windows):
    """Output bytes of each int8 `.tflite` row."""
    names = ("litert-int8", "litert-int8-reference", "tflm-int8")
    return {name: open_model(bundle / "model_int8.tflite", runtime=name).outputs(windows) for name in names}


@pytest.mark.parametrize("file", ["model_float.tflite", "model.onnx"])
def test_float_export_is_the_model(bundle, windows, keras_probabilities, file):
    probabilities = open_model(bundle / file).predict(windows)
    assert probabilities.dtype == np.float32
    assert np.abs(probabilities - keras_probabilities).max() <= 1e-5


def test_keras_one_window_at_a_time_equals_batches(bundle, windows, keras_probabilities):
    runtime = open_model(bundle / "model.keras")
    single = np.stack([runtime.predict_one(window) for window in windows[:40]])
    assert np.abs(single - keras_probabilities[:40]).max() <= 1e-6


def test_reference_kernels_equal_tflite_micro_but_for_the_rounding_of_the_dense_layer(bundle, windows, int8_outputs):
    """Every byte, save in windows where rounding once and rounding twice give other logits: see docs/testing.md."""
    reference, micro = int8_outputs["litert-int8-reference"], int8_outputs["tflm-int8"]
    assert reference.dtype == micro.dtype == np.int8
    assert len(reference) >= 500
    once, twice, got = dense_layer(bundle / "model_int8.tflite", windows)
    np.testing.assert_array_equal(got, once)  # LiteRT rounds once, and that is all that it does otherwise
    assert np.abs(once - twice).max() <= 1
    same_logits = (once == twice).all(axis=1)
    assert same_logits.mean() >= 0.98
    np.testing.assert_array_equal(reference[same_logits], micro[same_logits])


def dense_layer(path: Path, windows: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Logits (N, classes) of the last FULLY_CONNECTED: rounded once, rounded twice, and as LiteRT computed them."""
    network = read_network(path)
    [layer] = [layer for layer in network.layers if layer.name.startswith("FULLY_CONNECTED")]
    before, after = network.tensors[layer.inputs[0]], network.tensors[layer.output]
    interpreter = Interpreter(
        str(path),
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        experimental_preserve_all_tensors=True,
    )
    interpreter.allocate_tensors()
    runtime = open_model(path, runtime="litert-int8-reference")
    inputs, got = [], []
    for window in windows:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], runtime.prepare(window))
        interpreter.invoke()
        inputs.append(interpreter.get_tensor(before.index).ravel().astype(np.int64))
        got.append(interpreter.get_tensor(after.index).ravel().astype(np.int64))
    weights = np.asarray(layer.weights, np.int64).reshape(len(layer.weights), -1)
    sums = (np.stack(inputs) - before.zero_point) @ weights.T + np.asarray(layer.bias, np.int64)
    multiplier, shift = np.asarray(layer.multiplier, np.int64), np.asarray(layer.shift, np.int64)
    assert (shift <= 0).all()  # otherwise the sum would be shifted up first
    low, high = layer.activation
    once = (sums * multiplier + (1 << (30 - shift))) >> (31 - shift)
    first = (sums * multiplier + (1 << 30)) >> 31
    rest, mask = first & ((1 << -shift) - 1), (1 << -shift) - 1
    twice = (first >> -shift) + (rest > (mask >> 1) + (first < 0))
    return np.clip(once + after.zero_point, low, high), np.clip(twice + after.zero_point, low, high), np.stack(got)


def test_xnnpack_says_the_same(bundle, windows, recorded, int8_outputs, record_property):
    """XNNPACK rounds once where the reference kernels round twice.

    No bound on a single byte follows from that: a step of the last layer's input to softmax can be worth
    dozens of output steps where two classes are close. So bytes are counted and labels compared.
    """
    fast, oracle = int8_outputs["litert-int8"], int8_outputs["litert-int8-reference"]
    more = [open_model(bundle / "model_int8.tflite", runtime=name).outputs(recorded) for name in ROUNDINGS]
    fast, oracle = np.concatenate([fast, more[0]]).astype(int), np.concatenate([oracle, more[1]]).astype(int)
    differ = np.abs(fast - oracle) > 0
    same_label = float((fast.argmax(axis=1) == oracle.argmax(axis=1)).mean())
    record_property("xnnpack_bytes_that_differ", float(differ.mean()))
    record_property("xnnpack_label_agreement", same_label)
    print(f"XNNPACK: {100 * differ.mean():.2f} % of bytes differ, labels agree on {100 * same_label:.2f} %")
    assert same_label >= Gate().min_agreement / 100


def test_onnx_int8_agrees_with_keras_on_recorded_windows(bundle, golden, keras_probabilities):
    probabilities = open_model(bundle / "model_int8.onnx").predict(golden)
    assert (probabilities.argmax(axis=1) == keras_probabilities[: len(golden)].argmax(axis=1)).mean() >= 0.9


def test_golden_bytes_are_what_the_runtimes_give(bundle: Path, golden):
    entries = json.loads((bundle / "golden.json").read_text())["windows"]
    for name in ("litert-int8-reference", "tflm-int8"):
        runtime = open_model(bundle / "model_int8.tflite", runtime=name)
        for entry, window in zip(entries, golden, strict=True):
            tensor = runtime.prepare(window)
            assert tensor.reshape(-1).tolist() == entry["int8_input"]
            assert runtime.invoke(tensor).tolist() == entry["int8_output"]


def test_two_threads_give_the_same_bytes(bundle, golden, int8_outputs):
    outputs = open_model(bundle / "model_int8.tflite", threads=2).outputs(golden)
    np.testing.assert_array_equal(outputs, int8_outputs["litert-int8"][: len(golden)])
