"""The whole way: a recording of a phone that was put in on its side, aligned by its own walking, in Python and in C."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import edgehar
from edgehar.data import Recording, resample
from edgehar.data.readers.hapt import load_hapt
from edgehar.runtimes import open_model
from edgehar.streaming import Decision, Flush, Streamer

from .test_streamer import as_row, build_program, run_program

#: A quarter turn about the screen's axis, and one about the long side.
TURNS = {"on its side": [[0, -1, 0], [1, 0, 0], [0, 0, 1]], "backwards": [[0, 0, 1], [0, 1, 0], [-1, 0, 0]]}
#: A person of the training part: no choice looks at test people.
PERSON = "1"


@pytest.fixture(scope="module")
def upright() -> Recording:
    return next(one for one in load_hapt().recordings if one.subject == PERSON)


@pytest.fixture(scope="module")
def micro(bundle_of) -> Path:
    return bundle_of("micro")


@pytest.fixture(scope="module")
def program(micro, tmp_path_factory) -> Path:
    return build_program(micro / "c", tmp_path_factory.mktemp("aligned"))


@pytest.mark.parametrize("turn", TURNS)
def test_c_decides_as_the_stream_in_python(micro, program, upright, turn):
    even = resample(upright, 20.0)
    turned = np.float32(even.acc @ np.array(TURNS[turn], np.float32).T)
    t_us = np.arange(len(turned)) * 50_000
    lines = [f"{t / 1e6:.6f},{x!r},{y!r},{z!r}" for t, (x, y, z) in zip(t_us.tolist(), turned.tolist(), strict=True)]
    runtime = open_model(micro / "model_int8.tflite", runtime="native-int8")
    found = {}
    for align in (False, True):
        events = Streamer(runtime, hop=20, align=align).push(turned, t_us)
        words = ["--align", 1] if align else []
        assert run_program(program, lines, "--hop", 20, *words) == [as_row(event) for event in events]
        found[align] = [event for event in events if isinstance(event, Decision)]
        assert [event.reason for event in events if isinstance(event, Flush)] == ["aligned"] * align
    assert len(found[True]) > 200 and found[True] != found[False]


def test_plain_is_wrong_and_aligned_is_right(micro, upright):
    """Twenty seconds of walking first, as a person would who has put the phone in; then the whole recording."""
    walking = np.flatnonzero(upright.label == load_hapt().classes.index("walking"))[:1000]
    acc = np.concatenate([upright.acc[walking], upright.acc])
    label = np.concatenate([upright.label[walking], upright.label])
    names, times = np.array([*load_hapt().classes, ""])[label], np.arange(len(acc)) / 50
    labels = edgehar.open_bundle(micro).contract.labels
    share = {}
    for name, matrix in {"upright": np.eye(3), **TURNS}.items():
        frame = pd.DataFrame(acc @ np.array(matrix).T, columns=["x", "y", "z"]).assign(time=times)
        for align in (False, True):
            rows = edgehar.stream(frame, micro, align=align)
            rows = rows[rows["time"] > 20]
            truth = names[np.minimum(np.searchsorted(times, rows["time"]), len(names) - 1)]
            known = np.isin(truth, labels)
            share[name, align] = float((rows["label"].to_numpy() == truth)[known].mean())
    for turn in TURNS:
        assert share[turn, False] < 0.5 and share[turn, True] > share["upright", False] - 0.05, share
        assert share[turn, True] > 0.8, share
