"""Recordings as DataFrames, and the way back."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest

import edgehar
from edgehar.data import cut_windows, from_frame, load, to_frame
from edgehar.errors import DataError


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return edgehar.read("hapt")


def test_read_gives_the_documented_columns(frame, hapt):
    assert list(frame.columns) == ["recording", "subject", "time", "x", "y", "z", "label"]
    assert len(frame) == 1_122_772
    assert frame["time"].dtype == np.float64
    assert {frame[axis].dtype for axis in "xyz"} == {np.dtype(np.float32)}
    walking = frame[frame["label"] == "walking"]
    assert walking.groupby("subject", observed=True).ngroups == 30
    assert frame["label"].isna().sum() == sum(int((r.label < 0).sum()) for r in hapt.recordings)
    assert frame.attrs["name"] == "hapt"


def test_a_frame_gives_the_same_data_set_back(frame, hapt):
    again = from_frame(frame)
    assert again.sha256 == hapt.sha256
    assert again.published_test == hapt.published_test
    assert [r.name for r in again.recordings] == [r.name for r in hapt.recordings]
    assert load(frame).sha256 == hapt.sha256


def test_a_table_comes_back_too(table, contract):
    path = table(labels=("walking", "rowing"))
    dataset = load(path)
    again = from_frame(edgehar.read(path))
    assert again.sha256 == dataset.sha256
    np.testing.assert_array_equal(
        cut_windows(again, contract, labels=again.classes).x, cut_windows(dataset, contract, labels=again.classes).x
    )


def test_read_takes_what_the_command_line_takes(table):
    path = table()
    told = edgehar.read(path, axes="-x,-y,-z", labels={"walking": "strolling"}, unit="m/s^2")
    assert set(told["label"].cat.categories) == {"strolling", "sitting"}
    np.testing.assert_array_equal(told["y"], -edgehar.read(path)["y"])
    assert any("axes: -x,-y,-z" in note for note in told.attrs["notes"])


def test_a_frame_of_ones_own(hapt):
    t = np.arange(200) / 25
    made = pd.DataFrame({"z": 0.1, "y": 9.8, "x": 0.0, "time": t})
    (recording,) = from_frame(made).recordings
    assert (recording.rate_hz, recording.subject, len(recording)) == (25, "1", 200)
    np.testing.assert_array_equal(recording.acc[0], np.array([0, 9.8, 0.1], np.float32))
    assert from_frame(made).classes == ()
    assert from_frame(made.drop(columns="time"), rate_hz=50).recordings[0].rate_hz == 50
    labelled = made.assign(label=["Walking"] * 100 + [None] * 100, subject="a", recording=["r"] * 150 + ["s"] * 50)
    dataset = from_frame(labelled, name="mine")
    assert (dataset.name, dataset.classes) == ("mine", ("walking",))
    assert [(r.name, len(r)) for r in dataset.recordings] == [("r", 150), ("s", 50)]
    assert dataset.recordings[1].label.tolist() == [-1] * 50


def test_gaps_in_a_frame_are_counted(hapt):
    made = pd.DataFrame({"x": 0.0, "y": 9.8, "z": 0.1, "time": np.arange(200) / 25})
    dataset = from_frame(made.drop(index=range(50, 60)))
    assert [len(r) for r in dataset.recordings] == [50, 140]
    assert dataset.findings == {"breaks at a gap over two sample periods": 1}


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (pd.DataFrame({"time": [0.0], "x": [1.0], "y": [1.0]}), "z is missing"),
        (pd.DataFrame({"x": [0.0], "y": [1.0], "z": [1.0]}), "time is missing, and no rate_hz"),
        (pd.DataFrame({"time": [0, 1], "x": ["a", "b"], "y": 1.0, "z": 1.0}), "expected numbers"),
        (pd.DataFrame({"time": [], "x": [], "y": [], "z": []}), "none that can be used"),
        (pd.DataFrame({"time": [0, 1], "x": 1.0, "y": 1.0, "z": 1.0, "subject": [None, "a"]}), "1 rows without"),
    ],
)
def test_frames_that_are_none_of_ours(frame, message):
    with pytest.raises(DataError, match=message):
        from_frame(frame)


def test_importing_edgehar_imports_nothing(hapt):
    code = "import sys, edgehar; edgehar.read; print(sorted({'numpy', 'pandas', 'scipy'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "[]"


def test_the_frame_of_several_people(table):
    frame = to_frame(load(table()))
    assert frame.groupby("subject", observed=True)["recording"].nunique().to_dict() == {"a": 1, "b": 1, "c": 1}
