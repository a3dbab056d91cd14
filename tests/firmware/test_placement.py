"""Worn as never trained: the C streamer says so where the Python streamer does, or is told to decide all the same."""

from __future__ import annotations

import ctypes
import subprocess
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgehar.data import load, resample
from edgehar.data.readers.hapt import load_hapt
from edgehar.runtimes import open_model
from edgehar.streaming import Decision, Streamer

from ..streaming.test_placement import PLACEMENT, restless
from .engine import COMPILER, FIRMWARE, Engine
from .test_sample_path import contract, network
from .test_streamer import PERIOD, EngineRuntime, as_row, build_program, run_program

PLACED = replace(contract("none"), placement=PLACEMENT)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("placement")


@pytest.fixture(scope="module")
def runtime(place, engine_objects) -> EngineRuntime:
    made = EngineRuntime(Engine(network(), place / "whole", engine_objects, contract=PLACED))
    made.contract = replace(made.contract, placement=PLACEMENT)
    return made


@pytest.fixture(scope="module")
def programs(place, runtime, engine_objects) -> dict[int, Path]:
    """edgehar_host by hop: 0 takes any; 9 is incremental."""
    Engine(network(), place / "step", engine_objects, hop=9, contract=PLACED)
    return {hop: build_program(place / name, place / f"build{hop}") for hop, name in ((0, "whole"), (9, "step"))}


def samples_of(runtime: EngineRuntime, codes: np.ndarray) -> np.ndarray:
    """Samples in m/s² that the runtime's input quantises to these codes."""
    quantisation = runtime.contract.input_quantisation
    return ((codes.astype(np.float64) - quantisation.zero_point) * quantisation.scale).astype(np.float32)


def lines_of(samples: np.ndarray) -> list[str]:
    return [f"{i * PERIOD / 1e6:.6f},{x!r},{y!r},{z!r}" for i, (x, y, z) in enumerate(samples.tolist())]


@pytest.mark.parametrize(("program", "hop"), [(0, 1), (0, 7), (9, 9)])
def test_any_stream(programs, runtime, program, hop):
    rng = np.random.default_rng(hop)
    codes = np.concatenate([restless(rng, 700), np.full((1, 3), 127, np.int8), restless(rng, 700)])
    samples = samples_of(runtime, codes)
    samples[700, 1] = np.nan  # a flush, which forgets
    expected = [as_row(event) for event in Streamer(runtime, hop=hop).push(samples)]
    assert run_program(programs[program], lines_of(samples), "--hop", hop) == expected
    assert {row.get("reason") for row in expected} == {"placement", "score", None, "nan"}


def test_told_to_decide_however_it_is_worn(programs, runtime):
    samples = samples_of(runtime, restless(np.random.default_rng(3), 1000))
    expected = [as_row(event) for event in Streamer(runtime, hop=2, placement=False).push(samples)]
    assert run_program(programs[0], lines_of(samples), "--hop", 2, "--any-placement", 1) == expected
    with pytest.raises(subprocess.CalledProcessError):
        run_program(programs[0], [], "--any-placement", 2)


def test_a_reset_forgets(programs, runtime):
    """Who was turned, and half a block, before a rest as in training, which alone would change nothing."""
    turned = np.tile(np.array([[-80, 0, 0], [-40, 0, 0]], np.int8), (51, 1))
    rest = np.tile(np.array(PLACEMENT.rest[0], np.int8) // PLACEMENT.block, (100, 1))
    first, second = lines_of(samples_of(runtime, turned)), lines_of(samples_of(runtime, rest))
    rows = run_program(programs[0], [*first, "reset", *second], "--hop", 1)
    assert [row["reason"] == "placement" for row in rows] == [True] * 23 + [False] * 21
    assert rows[23:] == run_program(programs[0], second, "--hop", 1)
    kept = run_program(programs[0], lines_of(samples_of(runtime, np.concatenate([turned, rest]))), "--hop", 1)
    assert {row["reason"] for row in kept} == {"placement"}, "a rest forgets nothing"


def test_memory_has_room_for_it(place, runtime):
    """One byte less than the header says is refused."""
    source = place / "room.c"
    source.write_text(
        '#include "model_data.h"\n'
        "int room(int less) {\n"
        "    static uint32_t memory[EDGEHAR_MODEL_MEMORY_BYTES / 4];\n"
        "    static const edgehar_config config = EDGEHAR_CONFIG(&edgehar_model_data, 5);\n"
        "    edgehar stream;\n"
        "    return edgehar_init(&stream, &config, memory, EDGEHAR_MODEL_MEMORY_BYTES - (size_t)less);\n"
        "}\n"
    )
    library = place / "room.so"
    folders = [FIRMWARE / "include", FIRMWARE / "src", place / "whole"]
    sources = [*(FIRMWARE / "src").glob("*.[cS]"), place / "whole" / "model_data.c"]
    command = [COMPILER, "-std=c99", "-shared", "-fPIC", *[f"-I{folder}" for folder in folders], source, *sources]
    subprocess.run([*map(str, command), "-o", str(library)], check=True)
    room = ctypes.CDLL(str(library)).room
    assert (room(0), room(1)) == (0, -2)


def whole_recording(bundle: Path, build: Path, samples: np.ndarray) -> list[dict]:
    """A recording's rows, equal in Python and C."""
    runtime = open_model(bundle / "model_int8.tflite", runtime="tflm-int8")
    events = Streamer(runtime, hop=20).push(samples)
    assert all(isinstance(event, Decision) for event in events)
    rows = run_program(build_program(bundle / "c", build), lines_of(samples), "--hop", 20)
    assert rows == [as_row(event) for event in events]
    return rows


def test_a_whole_recording_of_a_turned_phone(bundle_of, tmp_path):
    dataset = load_hapt()
    recording = resample(next(one for one in dataset.recordings if one.subject in dataset.published_test), 20.0)
    turned = np.stack([recording.acc[:, 1], -recording.acc[:, 0], recording.acc[:, 2]], axis=1)
    rows = whole_recording(bundle_of("micro"), tmp_path, turned)
    reasons = [row["reason"] for row in rows]
    walking = np.flatnonzero(recording.label == dataset.classes.index("walking"))[0]
    first = (int(walking) - 80) // 20 + 1 + 8  # eight seconds of walking
    assert first < 250 and set(reasons[first:]) == {"placement"}, "from the first walk on, sitting and lying included"


def test_a_whole_recording_of_a_pocket(bundle_of, tmp_path, shared_data):
    dataset = load(f"motionsense:{shared_data / 'motionsense_50hz_16_subjects.npz'}")
    code = dataset.classes.index("walking")
    walk = max((one for one in dataset.recordings if (one.label == code).all()), key=len)
    rows = whole_recording(bundle_of("micro"), tmp_path, resample(walk, 20.0).acc)
    assert all(row["label"] == -1 and row["reason"] == "placement" for row in rows[8:])
