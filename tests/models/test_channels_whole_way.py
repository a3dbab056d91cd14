"""Samples of one, six and nine channels from a table through import or training to the C streamer, byte for byte."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

import edgehar
from edgehar.channels import parse_channels
from edgehar.data.channels import take_channels
from edgehar.errors import EdgeharError
from edgehar.runtimes import open_model
from edgehar.streaming import Streamer
from tests.firmware.test_streamer import as_row, build_program

keras = pytest.importorskip("keras")
layers = keras.layers

LABELS = ("sitting", "standing", "walking")
COLUMNS = ("ax", "ay", "az", "gx", "gy", "gz", "mx", "my", "mz")
#: Channels -> samples of a window.
CASES = {"acc.magnitude": 80, "acc,gyro": 80, "acc,gyro,mag": 128}
#: deg/s and gauss in the table, rad/s and µT in the contract.
SPREAD = {"acc": 10, "gyro": 2, "mag": 30}
UNIT = {"acc.magnitude": "m/s^2", "acc,gyro": "m/s^2,deg/s", "acc,gyro,mag": "m/s^2,deg/s,G"}


@pytest.fixture(scope="module")
def table(tmp_path_factory) -> Path:
    """Three people, three activities: noise of another strength and gravity along another axis in each."""
    rng = np.random.default_rng(3)
    rows = ["t," + ",".join(COLUMNS) + ",label,subject"]
    for person in ("ann", "bob", "cyd"):
        for code, label in enumerate(LABELS):
            acc = rng.normal(0, 0.3 + code, (300, 3)) + np.roll([9.7, 0.5, 0.3], code)
            gyro, mag = rng.normal(0, 10 + 60 * code, (300, 3)), rng.normal(0.2 * code, 0.05, (300, 3))
            rows += [
                f"{i / 20 + 1000 * code:.2f}," + ",".join(f"{value:.4f}" for value in values) + f",{label},{person}"
                for i, values in enumerate(np.concatenate([acc, gyro, mag], axis=1))
            ]
    path = tmp_path_factory.mktemp("table") / "walks.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def read(table: Path, text: str):
    count = 3 if text == "acc.magnitude" else len(parse_channels(text))
    told = None if text == "acc.magnitude" else text
    return edgehar.read(table, columns=COLUMNS[:count], channels=told, unit=UNIT[text])


def network(window: int, channels: int):
    keras.utils.set_random_seed(5)
    wide = keras.initializers.RandomNormal(stddev=1.5)
    return keras.Sequential(
        [
            keras.Input((window, channels)),
            layers.Conv1D(8, 9, strides=2, activation="relu"),
            layers.Conv1D(24, 5, activation="relu"),
            layers.Conv1D(24, 5, activation="relu"),
            layers.GlobalAveragePooling1D(),
            layers.Dense(3, activation="softmax", kernel_initializer=wide),
        ]
    )


def compare(bundle: Path, dataset, place: Path) -> None:
    """Native, TFLite-Micro, the C streamer and the Python streamer on a whole recording: floats, then counts."""
    native = open_model(bundle / "model_int8.tflite", runtime="native-int8")
    micro = open_model(bundle / "model_int8.tflite", runtime="tflm-int8")
    contract = native.contract
    recording = take_channels(dataset, contract.channels).recordings[2]
    x, times = recording.acc, np.floor(recording.t * 1e6 + 0.5).astype(np.int64)
    windows = np.stack([x[at : at + contract.window] for at in range(0, len(x) - contract.window, 11)])
    np.testing.assert_array_equal(native.outputs(windows), micro.outputs(windows))
    program = build_program(bundle / "c", place / "build")

    def run(lines, *options):
        text = "\n".join(lines) + "\n"
        done = subprocess.run([program, "--hop", "3", *options], input=text, capture_output=True, text=True, check=True)
        return [json.loads(line) for line in done.stdout.splitlines()]

    events = Streamer(native, hop=3).push(x, times)
    assert len({event.p for event in events}) > 8
    numbers = [",".join(f"{value!r}" for value in row) for row in x.astype(np.float64).tolist()]
    rows = run([f"{t / 1e6:.6f},{row}" for t, row in zip(times.tolist(), numbers, strict=True)])
    assert rows == [as_row(event) for event in events]
    # Counts whose unit is the input's own step are the quantised values.
    step = contract.input_quantisation.scale
    counts = np.rint(x / np.float32(step)).astype(int)
    events = Streamer(native, hop=3).push((counts * np.float64(step)).astype(np.float32), times)
    numbers = [",".join(map(str, row)) for row in counts.tolist()]
    lines = [f"{t},{row}" for t, row in zip(times.tolist(), numbers, strict=True)]
    assert run(lines, "--counts", ",".join([repr(step)] * x.shape[1])) == [as_row(event) for event in events]


@pytest.mark.parametrize("text", CASES)
def test_a_network_of_ones_own(tmp_path, table, text):
    window, channels = CASES[text], parse_channels(text)
    model = tmp_path / "own.keras"
    std = [SPREAD[one.sensor] for one in channels]
    told = {"labels": LABELS, "rate_hz": 20, "mean": (0,), "std": std, "channels": text}
    made = edgehar.import_model(network(window, len(channels)), model, **told)
    assert made.contract.window_shape == (window, len(channels))
    assert made.assumed[2].startswith(f"a sample is {channels[0].name} in m/s^2")
    frame = read(table, text)
    figures = edgehar.evaluate(model, frame, people="all").to_dict()["models"]["own.keras"]
    assert figures["windows"] >= 9 and 0 <= figures["accuracy"] <= 1
    edgehar.export(model, tmp_path / "bundle", dataset=frame, gate=None, split="leave:cyd", hops=[4])
    page = (tmp_path / "bundle" / "README.md").read_text()
    assert f"({window}, {len(channels)})" in page and channels[-1].name in page
    from edgehar.data import from_frame

    compare(tmp_path / "bundle", from_frame(frame), tmp_path)


def test_training_on_six_channels(tmp_path, table, run_cli):
    frame = read(table, "acc,gyro")
    assert list(frame.columns[3:9]) == [one.name for one in parse_channels("acc,gyro")]
    done = edgehar.train(
        frame, arch="conv16k9s2-sep24k5", out=tmp_path / "run", epochs=2, teachers=0, split="leave:cyd", validation=0
    )
    assert done.contract.channels == parse_channels("acc,gyro") and len(done.contract.normalisation.mean) == 6
    edgehar.export(done.model, tmp_path / "bundle", dataset=frame, gate=None)
    from edgehar.data import from_frame

    compare(tmp_path / "bundle", from_frame(frame), tmp_path)
    check_stream(tmp_path / "bundle", table, run_cli)


def check_stream(bundle: Path, table: Path, run_cli) -> None:
    """The table by its columns, and as lines in other units with an empty value: both decide, and NaN flushes."""
    told = ("--bundle", bundle, "--channels", "acc,gyro", "--unit", "m/s^2,deg/s", "--json")
    done = run_cli("stream", table, *told, "--columns", ",".join(COLUMNS[:6]))
    decisions = [row for row in map(json.loads, done.stdout.splitlines()) if "raw" in row]
    assert len(decisions) > 5 and done.returncode == 0, done.stderr
    rows = [line.split(",")[:7] for line in table.read_text().splitlines()[1:301]]
    rows[150][5] = ""
    lines = "\n".join(",".join(row) for row in rows)
    live = run_cli("stream", "-", *told, input=lines)
    answers = [json.loads(line) for line in live.stdout.splitlines()]
    assert [row["reason"] for row in answers if row.get("event") == "flush"] == ["nan"], live.stderr
    assert [row for row in answers if "raw" in row][:4] == decisions[:4]
    wrong = run_cli("stream", "-", "--bundle", bundle, "--channels", "acc", input=lines)
    assert wrong.returncode == 2 and "the model's channels acc,gyro, got acc" in wrong.stderr
    short = run_cli("stream", "-", "--bundle", bundle, input="0,1,2,3\n" * 50)
    assert short.returncode == 2 and "expected lines t,acc.x,acc.y,acc.z,gyro.x,gyro.y,gyro.z" in short.stderr


def test_what_cannot_be_turned_is_not_turned(tmp_path, table):
    frame = read(table, "acc,gyro")[["recording", "subject", "time", "acc.x", "gyro.z", "label"]]
    with pytest.raises(EdgeharError, match=r"expected --rotation 0 and no --turn for the channels acc\.x,gyro\.z"):
        edgehar.train(frame, arch="nano", out=tmp_path / "run", epochs=1, rotation=0.1, split="leave:cyd", validation=0)


def test_a_network_whose_channels_nobody_says_is_refused(tmp_path):
    for window, channels in ((80, 6), (128, 9), (80, 1)):
        with pytest.raises(EdgeharError, match=r"say with --channels what a sample is, as in acc,gyro"):
            edgehar.import_model(network(window, channels), tmp_path / "own.keras", labels=LABELS, rate_hz=20)
