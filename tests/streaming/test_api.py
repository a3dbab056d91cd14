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
    assert list(found.columns) == ["time", "label", "raw", "score", "reason", *labels]
    done = run_cli("stream", "hapt", "--recording", "exp03", "--json", "--bundle", bundle)
    rows = [row for row in map(json.loads, done.stdout.splitlines()) if "event" not in row]
    assert found["time"].tolist() == [row["t"] for row in rows]
    assert found["label"].tolist() == [row["label"] for row in rows]
    assert found["raw"].tolist() == [row["raw"] for row in rows]
    assert found[labels].to_numpy().tolist() == [row["probabilities"] for row in rows]
    assert found["score"].between(0, 1).all() and (found["label"] == "unsure").any()
    assert (found["reason"] != "").tolist() == (found["label"] == "unsure").tolist()


def test_worn_as_never_trained(bundle, run_cli, tmp_path) -> None:
    """A phone turned by a quarter: in the frame, as text and as JSON; and the same with nobody asking."""
    frame = edgehar.read("hapt")
    one = frame[frame["recording"] == "exp03"]
    turned = one.assign(x=one["y"], y=-one["x"])[["time", "x", "y", "z"]]
    turned.to_csv(tmp_path / "turned.csv", index=False)
    found = edgehar.stream(turned, bundle)
    anyhow = edgehar.stream(turned, bundle, placement=False)
    strange = found["reason"] == "placement"
    assert strange.mean() > 0.5 and (found["label"][strange] == "unsure").all()
    assert (anyhow["reason"] != "placement").all() and (anyhow["label"] == "laying").mean() > 0.3
    assert found[~strange].drop(columns="score").equals(anyhow[~strange].drop(columns="score"))

    done = run_cli("stream", tmp_path / "turned.csv", "--json", "--bundle", bundle)
    *rows, summary = map(json.loads, done.stdout.splitlines())
    rows = [row for row in rows if "event" not in row]
    assert [row.get("reason", "") == "placement" for row in rows] == strange.tolist()
    assert summary["out_of_place"] == strange.sum()

    said = run_cli("stream", tmp_path / "turned.csv", "--bundle", bundle).stdout
    assert said.count("unsure (placement)") == strange.sum()
    assert f"worn as this model was never trained in {strange.sum()} of {len(found)} decisions" in said
    assert "edgehar models" in said and "--no-placement" in said

    done = run_cli("stream", tmp_path / "turned.csv", "--json", "--no-placement", "--bundle", bundle)
    *rows, summary = map(json.loads, done.stdout.splitlines())
    assert [row["label"] for row in rows if "event" not in row] == anyhow["label"].tolist()
    assert "out_of_place" not in summary


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
