"""The quantisation report: its figures by hand, one layer at a time, and `export --explain` as a command."""

from __future__ import annotations

import json

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgehar import data
from edgehar.cli import main
from edgehar.contract import Contract, TensorQuantisation
from edgehar.convert import explain as module
from edgehar.convert.calibration import coverage
from edgehar.convert.fake_quantise import constant, fake_quantised, stored_constants
from edgehar.convert.matched import Pair, match, open_graph
from edgehar.errors import ContractError
from edgehar.report.explain_table import print_explanation
from edgehar.report.tables import results_console
from edgehar.runtimes import open_model

PEOPLE = ("2", "9")


@pytest.fixture(scope="module")
def test_windows():
    hapt = data.load("hapt")
    windows = data.cut_windows(hapt, Contract(data.HAPT_LABELS)).of_subjects(PEOPLE)
    return windows.select(np.arange(0, len(windows), 6))


@pytest.fixture(scope="module")
def graphs(bundle):
    names = ("model_float.tflite", "model_int8.tflite")
    return [(bundle / name).read_bytes() for name in names]


@pytest.fixture(scope="module")
def explanation(bundle, test_windows):
    steps = []
    found = module.explain(bundle / "model_float.tflite", bundle / "model_int8.tflite", test_windows, steps.append)
    assert len(steps) == len(found.layers) + 2
    return found


def test_decibels():
    assert module.decibels(100.0, 1.0) == pytest.approx(20)
    assert module.decibels(1.0, 10.0) == pytest.approx(-10)
    assert module.decibels(1.0, 0.0) is None and module.decibels(0.0, 1.0) is None


def test_cost_by_hand():
    whole = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]], np.float32)
    changed = np.array([[0.8, 0.2], [0.4, 0.6], [0.2, 0.8]], np.float32)
    got = module.cost(whole, changed, np.array([0, 0, 1]))
    assert got["accuracy_loss"] == pytest.approx(1 / 3)
    assert got["agreement"] == pytest.approx(2 / 3)
    assert got["difference"] == pytest.approx((0.1 + 0.2 + 0) / 3)


class FakeGraph:
    """One activation that is the window times a factor, as codes where it is int8."""

    def __init__(self, factor: float, quantisation: TensorQuantisation | None):
        self.factor, self.quantisation, self.given = factor, quantisation, None

    def get_input_details(self):
        return [{"index": 0, "shape": [1, 2], "dtype": np.float32}]

    def set_tensor(self, index, value):
        self.given = value

    def invoke(self):
        pass

    def get_tensor(self, index):
        from edgehar.runtimes.quantise import quantise

        value = (self.given * np.float32(self.factor)).astype(np.float32)
        return value if self.quantisation is None else quantise(value, self.quantisation)


def test_activations_by_hand():
    steps = TensorQuantisation(0.5, 0)  # values up to 63.75 are not clipped
    pair = Pair("layer", "CONV_2D", (2,), 0, 0, (), steps)
    windows = np.array([[1.0, 2.1], [3.0, 70.0]], np.float32)
    got = module.compare_activations(FakeGraph(1, None), FakeGraph(2, steps), [pair], windows)[0]
    signal = 1 + 2.1**2 + 9 + 70**2
    # The int8 graph says 2, 4, 6 and 63.5 (clipped); this float output alone would be 1, 2, 3 and 63.5.
    assert got["snr_db"] == pytest.approx(10 * np.log10(signal / (1 + 1.9**2 + 9 + 6.5**2)), rel=1e-5)
    assert got["rounding_db"] == pytest.approx(10 * np.log10(signal / (0.1**2 + 6.5**2)), rel=1e-5)
    assert got["clipped"] == 0.25
    assert got["codes_used"] == 4 / 256


def test_graphs_are_matched(graphs):
    reference, quantised = map(open_graph, graphs)
    pairs = match(reference, quantised)
    assert pairs[0].operator == "INPUT" and pairs[0].name == "window"
    assert pairs[-1].operator == "SOFTMAX" and pairs[-1].quantisation == TensorQuantisation(1 / 256, -128)
    assert [pair.operator for pair in pairs].count("CONV_2D") == 4
    low, high = pairs[-1].bounds
    assert (low, high) == (-0.5 / 256, 255.5 / 256)


def test_the_coverage_leaves_out_what_no_calibration_sets(graphs, test_windows):
    found = coverage(*graphs, test_windows.x[:20])
    assert len(found) == len(match(*map(open_graph, graphs))) - 1 and found[0].tensor == "window"
    assert all(entry.calibrated != (-0.5 / 256, 255.5 / 256) for entry in found)


def test_stored_constants_are_near_the_float_ones(graphs):
    reference, quantised = map(open_graph, graphs)
    graph = schema.ModelT.InitFromPackedBuf(bytearray(graphs[0]), 0)
    for pair in match(reference, quantised):
        stored = stored_constants(graph, pair, quantised)
        assert len(stored) == (2 if pair.operator in ("CONV_2D", "FULLY_CONNECTED") else 0)
        for index, values in stored.items():
            ours = constant(graph, index)
            assert ours.shape == values.shape
            # Per channel, weights are off by half a step of 1/127 of the channel's largest at most.
            if ours.ndim > 1:
                largest = np.abs(ours).reshape(len(ours), -1).max(axis=1)
                off = np.abs(ours - values).reshape(len(ours), -1).max(axis=1)
                assert (off <= largest / 127 * 0.501).all() and off.max() > 0


def test_every_layer_rounded_is_the_int8_model(bundle, graphs, test_windows):
    """With all layers rounded, the float graph must say what the int8 file says, to a step or two."""
    reference, quantised = map(open_graph, graphs)
    pairs = match(reference, quantised)
    none, everything = (fake_quantised(graphs[0], chosen, quantised) for chosen in ([], pairs))
    x = test_windows.x
    plain, int8 = (open_model(bundle / f"model_{kind}.tflite").predict(x) for kind in ("float", "int8"))
    np.testing.assert_array_equal(module._run(none, x), plain)
    rounded = module._run(everything, x)
    assert np.abs(rounded - int8).max() <= 6 / 256
    assert np.abs(rounded - int8).mean() < np.abs(plain - int8).mean()
    assert (rounded.argmax(axis=1) == int8.argmax(axis=1)).mean() > 0.99
    np.testing.assert_array_equal(rounded * 256, np.round(rounded * 256))  # the output has 256 values


def test_layers(explanation, bundle, test_windows):
    names = [layer.operator for layer in explanation.layers]
    assert names == ["INPUT", *["CONV_2D"] * 4, "MEAN", "FULLY_CONNECTED", "SOFTMAX"]
    for layer in explanation.layers:
        assert 20 < layer.snr_db < 70 and 20 < layer.rounding_db < 70, layer
        assert (layer.weights_db is None) == (layer.operator in ("INPUT", "MEAN", "SOFTMAX"))
        assert 0 <= layer.clipped < 0.02
        # How many of its 256 probabilities the last layer says depends on the windows: it is counted below.
        assert layer.operator == "SOFTMAX" or 0.25 < layer.codes_used <= 1, layer
        assert layer.agreement > 0.95 and abs(layer.accuracy_loss) < 0.05 and 0 < layer.difference < 0.05
    first = explanation.layers[0]
    assert first.snr_db == pytest.approx(first.rounding_db)
    runtime = open_model(bundle / "model_int8.tflite", runtime="litert-int8-reference")
    said = np.unique(runtime.outputs(test_windows.x))
    runtime.close()
    assert explanation.layers[-1].codes_used == len(said) / 256 > 0.1
    worst = max(layer.accuracy_loss for layer in explanation.layers)
    assert explanation.costliest.accuracy_loss == worst


def test_people(explanation, test_windows):
    assert [person.subject for person in explanation.people] == list(PEOPLE)
    assert sum(person.windows for person in explanation.people) == explanation.windows == len(test_windows)
    for kind in ("float_accuracy", "int8_accuracy"):
        total = sum(person.windows * getattr(person, kind) for person in explanation.people)
        assert total / explanation.windows == pytest.approx(getattr(explanation, kind))


def test_table(explanation, capsys):
    print_explanation(explanation, results_console())
    printed = capsys.readouterr().out
    for word in (*(layer.name for layer in explanation.layers), "layer by layer", "person by person", "float %"):
        assert word in printed
    assert max(len(line) for line in printed.splitlines() if "conv_2d" in line) <= 130


def test_other_operators_are_refused(bundle, tmp_path, test_windows):
    graph = schema.ModelT.InitFromPackedBuf(bytearray((bundle / "model_float.tflite").read_bytes()), 0)
    subgraph = graph.subgraphs[0]
    subgraph.outputs = [subgraph.operators[-2].outputs[0]]
    del subgraph.operators[-1]
    from edgehar.convert.metadata import pack

    (tmp_path / "cut.tflite").write_bytes(pack(graph))
    with pytest.raises(ContractError, match="operators of the float model"):
        module.explain(tmp_path / "cut.tflite", bundle / "model_int8.tflite", test_windows)


def test_needs_int8(capsys):
    assert main(["export", "--explain"]) == 2
    assert "--int8" in capsys.readouterr().err


def test_command(tmp_path, capsys):
    """A small network, float input and output, through the whole command."""
    keras = pytest.importorskip("keras")
    from edgehar import files, models

    keras.utils.set_random_seed(0)
    layers = keras.layers
    small = keras.Sequential(
        [
            keras.Input((80, 3)),
            layers.Conv1D(4, 10, strides=5, activation="relu"),
            layers.GlobalAveragePooling1D(),
            layers.Dense(6, activation="softmax"),
        ]
    )
    models.save(small, Contract(data.HAPT_LABELS), tmp_path / "small.keras")
    manifest = {
        "data": {"name": "hapt", "sha256": data.load("hapt").sha256},
        "subjects": {"train": [], "validation": [], "test": ["2", "9"]},
        "model": {"sha256": files.sha256_file(tmp_path / "small.keras")},
        "temperature": 0.5,
    }
    (tmp_path / "small.json").write_text(json.dumps(manifest))
    out = tmp_path / "bundle"
    people = ["--split", "leave:2,9", "--no-gate", "--calibration", "30", "--io", "float", "--temperature", "fitted"]
    assert (
        main(["export", "--model", str(tmp_path / "small.keras"), "--int8", "--explain", "--out", str(out), *people])
        == 0
    )
    captured = capsys.readouterr()
    assert "layer by layer" in captured.out and "alone in int8" in captured.err
    assert captured.out.rstrip().endswith("not judged")
    content = json.loads((out / "explain.json").read_text())
    assert content["format"] == module.FORMAT
    assert [person["subject"] for person in content["people"]] == list(PEOPLE)
    assert content["costliest"] in [layer["name"] for layer in content["layers"]]
    assert [layer["operator"] for layer in content["layers"]] == [
        "INPUT", "CONV_2D", "MEAN", "FULLY_CONNECTED", "SOFTMAX",
    ]  # fmt: skip
    manifest = json.loads((out / "manifest.json").read_text())
    assert "explain.json" in manifest["files"] and manifest["origin"]["temperature"] == 0.5
    # Every file of the bundle has the temperature in its last layer.
    last, _ = models.load(out / "model.keras")
    np.testing.assert_array_equal(last.get_weights()[-2], small.get_weights()[-2] * 2)
    assert all(row["agreement"] > 0.9 for row in manifest["gate"]["rows"])
