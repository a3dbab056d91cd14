"""`edgehar.stream`: DataFrames in and out, the same decisions as the command's."""

from __future__ import annotations

import json
import warnings

import pandas as pd
import pytest

import edgehar
from edgehar.errors import EdgeharError
from edgehar.streaming import SmoothingConfig


def test_the_command_decides_the_same(bundle, run_cli) -> None:
    frame = edgehar.read("hapt")
    one = frame[frame["recording"] == "exp03"]
    found = edgehar.stream(one[["time", "x", "y", "z"]], bundle)
    labels = list(edgehar.open_bundle(bundle).contract.labels)
    assert list(found.columns) == ["time", "label", "raw", "score", *labels]
    done = run_cli("stream", "hapt", "--recording", "exp03", "--json", "--bundle", bundle)
    rows = [row for row in map(json.loads, done.stdout.splitlines()) if "event" not in row]
    assert found["time"].tolist() == [row["t"] for row in rows]
    assert found["label"].tolist() == [row["label"] for row in rows]
    assert found["raw"].tolist() == [row["raw"] for row in rows]
    assert found[labels].to_numpy().tolist() == [row["probabilities"] for row in rows]
    assert found["score"].between(0, 1).all() and (found["label"] == "unsure").any()


def test_engines_agree_and_recordings_are_named(bundle) -> None:
    frame = edgehar.read("hapt")
    two = frame[frame["recording"].isin(["exp03", "exp05"])]
    smoothing = SmoothingConfig("majority", threshold=0)
    whole = edgehar.stream(two, bundle, hop=21, smoothing=smoothing)
    assert list(whole.columns)[:2] == ["recording", "time"]
    assert list(whole["recording"].unique()) == ["exp03", "exp05"]
    pd.testing.assert_frame_equal(whole, edgehar.stream(two, bundle, hop=21, smoothing=smoothing, engine="incremental"))


def test_what_is_wrong_is_said(bundle) -> None:
    still = pd.DataFrame({"time": [i / 20 for i in range(300)], "x": 0.0, "y": 0.0, "z": 1.0})
    with pytest.warns(UserWarning, match="--unit g"):
        edgehar.stream(still, bundle)
    with pytest.raises(EdgeharError, match="time is missing"):
        edgehar.stream(still[["x", "y", "z"]], bundle)
    with pytest.raises(EdgeharError, match="4 s or more"):
        edgehar.stream(still[:40], bundle)
    with pytest.raises(EdgeharError, match="engine"):
        edgehar.stream(still, bundle, engine="half")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(edgehar.stream(still.assign(z=9.8), bundle)) == 12
