"""Named Keras networks through TensorFlow's converter: bytes equal to TFLite-Micro's, whole and incremental, in C and
as an incremental `.tflite`."""

from __future__ import annotations

import numpy as np
import pytest

from edgehar.compile.incremental import incremental_model
from edgehar.compile.plan import make_plan
from edgehar.convert import tflite
from edgehar.convert.metadata import with_quantisation
from edgehar.runtimes.incremental import from_bytes
from edgehar.runtimes.quantise import quantise

from .keras_networks import CONTRACT, windows
from .keras_operators import NETWORKS, named_model
from .networks import stream_of

pytest.importorskip("keras")

#: Networks of which convolutions run on the stream at a hop of 20; the others see the window's ends from the first on.
STREAMING = (*NETWORKS.keys() - {"inception"},)
HOP = 20


@pytest.mark.parametrize("name", NETWORKS)
def test_equal_to_tflite_micro(name, make_engine, tflm, tmp_path):
    content = tflite.convert(named_model(name), CONTRACT, "int8", calibration=windows(1))
    whole, micro = make_engine(content), tflm(content)
    source = with_quantisation(CONTRACT, content).input_quantisation
    outputs = []
    noise = np.random.default_rng(2).integers(-128, 128, (8, 80, 3)).astype(np.int8)
    for window in (*quantise(windows(7, 24), source), *noise):
        outputs.append(whole.invoke(window))
        np.testing.assert_array_equal(outputs[-1], micro.invoke(window))
    assert len({tuple(output) for output in outputs}) > 20

    samples = stream_of(np.random.default_rng(3), 80 + 9 * HOP)
    expected = whole.stream(samples, HOP)
    step = make_engine(content, hop=HOP, schedule="spread", kernels="dsp")
    np.testing.assert_array_equal(step.stream(samples, HOP), expected)
    split = make_plan(whole.network, hop=HOP).split
    assert any(layer.kind == "conv" for layer in whole.network.layers[:split]) == (name in STREAMING)

    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    model = from_bytes(incremental_model(path, HOP, CONTRACT).content, path, f"tflm-int8-stream-hop{HOP}", CONTRACT)
    rest, made = samples, []
    while len(rest):
        model.extend(rest[:HOP])
        rest = rest[HOP:]
        if model.full:
            made.append(model.output())
    np.testing.assert_array_equal(np.stack(made), expected)


def test_outputs_of_a_sigmoid(make_engine, tflm):
    """Each output is a probability of its own, in the same steps of 1/256."""
    content = tflite.convert(named_model("normalised-behind", "sigmoid"), CONTRACT, "int8", calibration=windows(1))
    engine, micro = make_engine(content), tflm(content)
    output = with_quantisation(CONTRACT, content).output_quantisation
    assert output is not None and (output.scale, output.zero_point) == (1 / 256, -128)
    outputs = []
    for window in np.random.default_rng(4).integers(-128, 128, (20, 80, 3)).astype(np.int8):
        outputs.append(engine.invoke(window))
        np.testing.assert_array_equal(outputs[-1], micro.invoke(window))
    sums = (np.stack(outputs).astype(int) + 128).sum(1)
    assert len({tuple(output) for output in outputs}) > 10 and sums.std() > 10
