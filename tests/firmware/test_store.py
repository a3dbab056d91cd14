"""Storing and deciding apart give what pushing gives; what finds no room is reported; two threads race for nothing."""

from __future__ import annotations

import subprocess
from pathlib import Path

import numpy as np
import pytest

from .engine import FIRMWARE, Engine
from .test_streamer import build_program, network, run_program

PLACES, PERIOD, HOP, UNIT = 16, 50_000, 20, 0.05
DECISION, GAP, LOST, FULL = 1, 4, 8, -6


@pytest.fixture(scope="module")
def place(tmp_path_factory, engine_objects) -> Path:
    folder = tmp_path_factory.mktemp("store")
    Engine(network(), folder, engine_objects)
    return folder


def build(place: Path, *flags: str) -> Path:
    program = place / f"store{'-'.join(flags)}"
    includes = [f"-I{FIRMWARE / 'include'}", f"-I{FIRMWARE / 'src'}", f"-I{place}"]
    units = [*sorted((FIRMWARE / "src").glob("*.[cS]")), place / "model_data.c", Path(__file__).with_name("store.c")]
    command = ["gcc", "-O1", "-std=gnu99", "-Wall", "-Wextra", "-Werror", *flags, *includes, *units, "-pthread", "-o"]
    subprocess.run([*map(str, command), str(program)], check=True)
    return program


def run(program: Path, lines: list[str], *words: str) -> list[list[int]]:
    text = "\n".join(lines) + "\n"
    done = subprocess.run([program, *words], input=text, capture_output=True, text=True, check=True, timeout=120)
    return [[int(word) for word in line.split()] for line in done.stdout.splitlines()]


def pushed(place: Path, lines: list[str]) -> list[list[int]]:
    """Decisions of the same lines pushed one by one."""
    host = build_program(place, place / "build")
    rows = run_program(host, lines, "--counts", UNIT, "--hop", HOP)
    return [
        [GAP] if "event" in row else [DECISION, row["t_us"], row["label"], row["raw"], *row["p"]] for row in rows
    ]  # fmt: skip


def test_decides_as_pushing_does(place):
    """Whatever the turns, as long as there is room; a gap included."""
    rng = np.random.default_rng(1)
    counts, now, stored, lines, waiting = rng.integers(-400, 400, (900, 3)).tolist(), 0, [], [], 0
    for index, (x, y, z) in enumerate(counts):
        now += PERIOD if index != 500 else 5 * PERIOD
        lines.append(f"{now},{x},{y},{z}")
        stored.append(f"s {lines[-1]}")
        waiting += 1
        if waiting == PLACES or rng.random() < 0.2:
            stored.append("d")
            waiting = 0
    got = run(build(place), [*stored, "d"])
    assert got == pushed(place, lines)
    assert len(got) > 30 and [GAP] in got


@pytest.mark.parametrize("timed", [True, False])
def test_what_finds_no_room_is_reported_and_begins_anew(timed, place):
    """17 to 20 samples without a decision between: the last ones are lost, and the next one stored flushes."""
    rng = np.random.default_rng(2)
    counts = rng.integers(-400, 400, (300, 3)).tolist()
    lines = []
    for index, (x, y, z) in enumerate(counts):
        lines.append(f"s {index * PERIOD if timed else -1},{x},{y},{z}")
        if index < 100 or index >= 119:
            lines.append("d")
    got = run(build(place), lines)
    # Samples 0 … 99 are decided, 100 … 115 wait, 116 … 118 are lost, and 119, too, finds the queue full.
    assert got.count([FULL]) == 4 and got.count([LOST]) == 1
    at = got.index([LOST])
    assert [row[1] // PERIOD for row in got[:at] if row[0] == DECISION] == [79, 99]
    assert [row[1] // PERIOD for row in got[at:] if row[0] == DECISION] == [199, 219, 239, 259, 279, 299]
    alone = pushed(place, [line[2:] for line in lines if line != "d"][120:] if timed else [
        f"{index * PERIOD},{x},{y},{z}" for index, (x, y, z) in enumerate(counts) if index >= 120
    ])  # fmt: skip
    assert got[at + 1 :] == alone


def test_two_threads_race_for_nothing(place):
    """ThreadSanitizer watches both sides; equal decisions whoever is faster."""
    program = build(place, "-fsanitize=thread")
    samples = 6000
    got = run(program, [], str(samples))
    lines = [f"{i * PERIOD},{i * 7 % 300},{(i * i) % 900},{i % 41 * 30}" for i in range(samples)]
    assert got == pushed(place, lines)
    assert len(got) == (samples - 80) // HOP + 1
