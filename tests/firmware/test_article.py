"""The shipped network: 2,000 windows against both oracles, recordings against the Python streamer, its plan."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from edgehar.compile.plan import make_plan
from edgehar.compile.read import read_network

from .engine import FIRMWARE
from .test_networks import windows_of


@pytest.fixture(scope="module")
def content(bundle: Path) -> bytes:
    return (bundle / "model_int8.tflite").read_bytes()


def test_two_thousand_windows(content, make_engine, litert, tflm):
    engine, reference, micro = make_engine(content), litert(content), tflm(content)
    rounding = 0
    for window in windows_of(np.random.default_rng(1), 80, 2000):
        ours = engine.invoke(window)
        np.testing.assert_array_equal(ours, micro.invoke(window))
        if not np.array_equal(ours, reference.invoke(window)):
            # FULLY_CONNECTED alone may differ (docs/testing.md); what goes into it may not.
            rounding += 1
            dense = engine.network.layers[-2]
            source = engine.network.tensors[dense.inputs[0]].index
            np.testing.assert_array_equal(engine.layers(window)[-3], reference.tensor(source))
    assert rounding <= 20


def test_every_layer(content, make_engine, litert):
    engine, reference = make_engine(content), litert(content)
    for window in windows_of(np.random.default_rng(2), 80, 20):
        reference.invoke(window)
        for layer, columns in zip(engine.network.layers[:-2], engine.layers(window)[:-2], strict=True):
            expected = reference.tensor(engine.network.tensors[layer.output].index)
            np.testing.assert_array_equal(columns, expected[: columns.size], layer.name)


@pytest.mark.parametrize("kernels", ["thumb", "thumb2", "dsp", "mve", "riscv", "vector"])
def test_other_kernel_paths(content, make_engine, kernels):
    portable, other = make_engine(content), make_engine(content, kernels=kernels)
    for window in windows_of(np.random.default_rng(3), 80, 20):
        for one, two in zip(portable.layers(window), other.layers(window), strict=True):
            np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("hop", [1, 2, 3, 7, 20, 21, 39, 40, 80])
def test_incremental(content, make_engine, hop):
    whole = make_engine(content)
    samples = windows_of(np.random.default_rng(4), 80, 5).reshape(-1, 3)[: 80 + min(320, 40 * hop)]
    expected = whole.stream(samples, hop)
    for schedule in ("hop", "spread"):
        step = make_engine(content, hop=hop, schedule=schedule)
        np.testing.assert_array_equal(step.stream(samples, hop), expected)


def test_work_of_a_decision(content, tmp_path):
    """MACs as the design derives them; columns that no layer reads are not computed, which saves 0.21 M."""
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    network = read_network(path)
    assert make_plan(network).macs == 8_479_960
    found = {hop: make_plan(network, hop=hop).macs for hop in (3, 9, 20, 21, 39)}
    assert found == {3: 725_960, 9: 1_919_960, 20: 4_332_960, 21: 3_795_960, 39: 6_289_960}
    assert make_plan(network, hop=21, schedule="spread").late_macs < 300_000
    assert make_plan(network, hop=3).state_bytes < 7000


@pytest.fixture(scope="module")
def program(bundle, tmp_path_factory) -> Path:
    """port/host with the shipped network: lines in, decisions out."""
    build = tmp_path_factory.mktemp("host")
    subprocess.run(
        ["make", "-s", "-C", FIRMWARE, f"MODEL={bundle / 'c'}", f"BUILD={build}", "host"], check=True, timeout=300
    )
    return build / "host" / "edgehar_host"


@pytest.mark.parametrize("runtime", ["native-int8", "tflm-int8", None])
def test_the_command_prints_what_the_device_decides(bundle, program, run_cli, runtime):
    """Line by line; of the default, reference kernels, but for the dense layer's rounding, and never the label."""
    from edgehar.data.readers.hapt import load_hapt
    from edgehar.data.resampling import resample

    if runtime == "tflm-int8":
        pytest.importorskip("tflite_micro", reason="needs tflite-micro: pip install 'edgehar[bench]'")
    recordings = {one.name: one for one in load_hapt().recordings}
    x = np.concatenate([resample(recordings[name], 20.0).acc for name in ("exp03", "exp21", "exp43")])
    lines = "".join(
        f"{t:.2f},{a!r},{b!r},{c!r}\n"
        for t, (a, b, c) in zip((np.arange(len(x)) / 20).tolist(), x.astype(np.float64).tolist(), strict=True)
    )
    device = subprocess.run([program], input=lines, capture_output=True, text=True, check=True)
    chosen = ["--runtime", runtime] if runtime else []
    printed = run_cli("stream", "-", "--json", "--bundle", bundle, *chosen, input=lines)
    assert printed.returncode == 0, printed.stderr
    labels = [*(bundle / "labels.txt").read_text().split(), "unsure"]
    expected = [
        {
            "t": row["t_us"] / 1e6,
            "label": labels[row["label"]],
            "raw": labels[row["raw"]],
            "probabilities": [p / 256 for p in row["p"]],
            "scores": [s / 32768 for s in row["scores"]],
            **({"reason": "placement"} if row["reason"] == "placement" else {}),
        }
        for row in map(json.loads, device.stdout.splitlines())
    ]
    got = [json.loads(line) for line in printed.stdout.splitlines()][:-1]
    assert len(got) == len(expected) > 900
    if runtime is not None:
        assert got == expected
        return
    keys = ("t", "label", "raw")
    assert [[row[key] for key in keys] for row in got] == [[row[key] for key in keys] for row in expected]
    assert sum(a["probabilities"] != b["probabilities"] for a, b in zip(got, expected, strict=True)) <= len(got) // 100


def test_recordings_decide_as_in_python(bundle, program):
    """One whole HAPT recording of each test person, through port/host, line by line."""
    from edgehar.data.readers.hapt import PUBLISHED_TEST, load_hapt
    from edgehar.data.resampling import resample
    from edgehar.runtimes import open_model
    from edgehar.streaming import Decision, Streamer

    runtime = open_model(bundle / "model_int8.tflite", runtime="native-int8")
    decisions = 0
    people = {}
    for recording in load_hapt().recordings:
        if recording.subject in PUBLISHED_TEST:
            people.setdefault(recording.subject, recording)
    assert len(people) == len(PUBLISHED_TEST)
    for recording in people.values():
        x = resample(recording, 20.0).acc
        # A gap, a repeated time and one that goes back, at places of no meaning.
        t_us = np.arange(len(x)) * 50_000
        t_us[1003:] += 170_000
        t_us[2000] = t_us[1999]
        t_us[3001:] -= 60_000
        events = Streamer(runtime, hop=20).push(x, t_us)
        lines = [
            f"{t / 1e6!r},{a!r},{b!r},{c!r}"
            for t, (a, b, c) in zip(t_us.tolist(), x.astype(np.float64).tolist(), strict=True)
        ]
        done = subprocess.run(
            [program],
            input="\n".join(lines) + "\n",
            capture_output=True,
            text=True,
            check=True,
        )
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        assert len(rows) == len(events)
        for row, event in zip(rows, events, strict=True):
            if isinstance(event, Decision):
                got = (row["t_us"], row["label"], row["raw"], tuple(row["p"]), tuple(row["scores"]), row["reason"])
                assert got == tuple(event)
                decisions += 1
            else:
                assert (row["t_us"], row["reason"]) == tuple(event)
    assert decisions > 3000
