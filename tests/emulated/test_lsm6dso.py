"""The program of examples/lsm6dso on an emulated core: a recorded FIFO gives the decisions that Python gives."""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

from edgehar import data
from edgehar.benchmark import qemu
from edgehar.compile.c import write_c
from edgehar.data.resampling import resample, split_at_gaps
from edgehar.runtimes import open_model
from edgehar.schema import read_json
from edgehar.streaming import Decision, Flush, Streamer
from edgehar.streaming.sensor import Sensor, fifo_times

from .test_budgets import GROWTH, RUNNER

pytestmark = pytest.mark.emulated

UNIT, RATE, HOP, ROOM = 0.000122 * 9.80665, 52.0, 20, 26
ACCELEROMETER, GYROSCOPE, OVERRUN = 2, 1, 8
RECORD = struct.Struct("<3iIQ32s")
#: Instructions that a filter adds to an output, by the sensor's rate.
LIMITS = {26: 300, 52: 600, 104: 1_400}


def sensed() -> np.ndarray:
    """The counts of a sensor at 52 Hz, mounted as main.c says, in a shipped recording of 50 Hz: int16 (N, 3)."""
    recording = split_at_gaps(data.load("hapt").recordings[0])[0]
    acc = resample(recording, RATE).acc[: 52 * 120]
    axes = np.stack([-acc[:, 1], acc[:, 0], acc[:, 2]], axis=1)
    return np.clip(np.floor(axes / UNIT + 0.5), -32768, 32767).astype(np.int16)


def fifos_of(counts: np.ndarray) -> list[tuple[int, int, np.ndarray]]:
    """Interrupts: time, FIFO_STATUS2, samples. The clock is 1 % off, the task is late, and once far too late."""
    rng = np.random.default_rng(8)
    found, at, now = [], 0, 1_000_000.0
    while at + 2 * ROOM < len(counts):
        size = ROOM + int(rng.integers(0, 3) == 0)
        now += size * 1.01e6 / RATE
        lost = len(found) == 120
        if lost:  # a pause in which the FIFO ran over: 5 s of samples are gone
            at, now = at + 260, now + 260 * 1.01e6 / RATE
        found.append((int(now + rng.uniform(0, 900)), OVERRUN if lost else 0, counts[at : at + size]))
        at += size
    return found


def encoded(fifos: list[tuple[int, int, np.ndarray]]) -> bytes:
    """As recorded_device.c reads it; every fifth FIFO holds a word of the gyroscope, which the driver passes over."""
    parts = []
    for index, (now, state, samples) in enumerate(fifos):
        words = [struct.pack("<B3h", ACCELEROMETER << 3 | (k & 3) << 1, *row) for k, row in enumerate(samples.tolist())]
        if index % 5 == 0:
            words.insert(3, struct.pack("<B3h", GYROSCOPE << 3, 1, 2, 3))
        parts.append(struct.pack("<QBB", now, state, len(words)) + b"".join(words))
    return b"".join(parts)


def events_of(
    sensor: Sensor, streamer: Streamer, fifos: Iterable[tuple[int, int, np.ndarray]]
) -> list[Decision | Flush]:
    """What Python has of FIFOs (time, state, samples): all begins anew with one that ran over."""
    found: list[Decision | Flush] = []
    kept = None
    for now, state, samples in fifos:
        if state & OVERRUN:
            sensor.reset()
            streamer.reset()
            kept = None
        for block in sensor.push(samples, fifo_times(now, len(samples), kept, sensor.period_us)):
            found += [] if block.flush is None else [streamer.flush(*block.flush)]
            found += streamer.push(block.x, block.t_us)
        kept = now
    return found


def test_a_recorded_fifo_gives_pythons_decisions(bundle_of: Callable[[str], Path], tmp_path: Path) -> None:
    model = bundle_of("micro") / "model_int8.tflite"
    write_c(model, tmp_path, kernels=qemu.board("m4").kernel, sensor_hz=RATE)
    image = qemu.build("m4", "lsm6dso", tmp_path, model=tmp_path)
    fifos = fifos_of(sensed())
    (tmp_path / "fifos.bin").write_bytes(encoded(fifos))
    qemu.run("m4", image, [tmp_path / "fifos.bin", tmp_path / "results.bin"])
    records = list(RECORD.iter_unpack((tmp_path / "results.bin").read_bytes()))

    runtime = open_model(model, runtime="tflm-int8")
    sensor, streamer = Sensor(runtime.contract, RATE, unit=UNIT, axes=(2, -1, 3)), Streamer(runtime, hop=HOP)
    classes = len(runtime.contract.labels)
    expected = events_of(sensor, streamer, fifos)
    got = [(t, label, raw, tuple(p[:classes])) for status, label, raw, _, t, p in records if status == 1]
    decided = [one for one in expected if isinstance(one, Decision)]
    assert got == [(one.t_us, one.label, one.raw, one.p) for one in decided]
    assert len(decided) == len(expected) > 90 and len({one.label for one in decided}) > 1
    assert [status for status, *_ in records if status not in (1, -100)] == []


@pytest.mark.parametrize("name", RUNNER.SENSORS)
def test_a_filter_is_within_its_budget(name: str, bundle_of: Callable[[str], Path]) -> None:
    """What it adds to an output, the checks of each sensor's sample included."""
    row = RUNNER.measure_sensing(bundle_of("micro"), "cortex-m4", RUNNER.SENSORS[name])
    assert row["instructions_timed"] <= LIMITS[RUNNER.SENSORS[name]]
    budgets = read_json(RUNNER.BUDGETS, dict)
    if RUNNER.compiler() not in budgets:
        pytest.skip("limits hold; no budget for this arm-none-eabi-gcc: benchmarks/instructions.py --update")
    assert not {key: row[key] for key, most in budgets[RUNNER.compiler()][name].items() if row[key] > most * GROWTH}
