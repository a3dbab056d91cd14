"""The manifest beside a model says which recordings it was trained on; nothing falls back on other ones silently."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from edgehar import data, models
from edgehar.errors import DataError, EdgeharError
from edgehar.files import sha256_bytes

MODEL = b"not read"


@pytest.fixture
def recordings(tmp_path):
    lines = ["t,x,y,z,person,activity"]
    for person in "ab":
        for at in range(300):
            activity = "walking" if at < 150 else "sitting"
            lines.append(f"{at / 20:.2f},{at % 7 / 10:.1f},0.1,9.8,{person},{activity}")
    path = tmp_path / "walk.csv"
    path.write_text("\n".join(lines) + "\n")
    return path


def manifest(path, **changes):
    source = data.DataSource(str(path), unit="m/s^2", labels=(("sitting", "seated"),))
    whole = {
        "data": {"name": "walk", "sha256": source.open().sha256},
        "plan": {"data": source.to_dict()},
        "subjects": {"train": ["a"], "validation": [], "test": ["b"]},
        "temperature": 0.7,
        "model": {"sha256": sha256_bytes(MODEL)},
    }
    return {**whole, **changes}


def manifest_of_nobody():
    return {"data": {"name": "x", "sha256": ""}, "subjects": {"train": [], "validation": [], "test": []}}


def write(folder: Path, content, name="manifest.json"):
    (folder / "model.keras").write_bytes(MODEL)
    (folder / name).write_text(json.dumps(content))
    return folder / "model.keras"


@pytest.mark.parametrize("name", ["manifest.json", "model.json"])
def test_the_recordings_of_the_training_manifest(name, recordings, tmp_path):
    model = write(tmp_path, manifest(recordings), name)
    origin = models.read_origin(model)
    assert (origin.train, origin.test, origin.temperature) == (("a",), ("b",), 0.7)
    dataset = models.open_recordings(model)
    assert dataset.classes == ("walking", "seated") and dataset.subjects == ("a", "b")
    assert origin.trained_on(dataset) == ("a",)
    assert origin.trained_on(data.load("hapt")) == ()


def test_what_is_given_wins(recordings, tmp_path):
    model = write(tmp_path, manifest(recordings))
    assert models.open_recordings(model, data.DataSource("hapt")).name == "hapt"
    hapt = data.load("hapt")
    assert models.open_recordings(model, hapt) is hapt


def test_a_model_without_manifest_asks_for_recordings(tmp_path):
    (tmp_path / "model.keras").write_bytes(MODEL)
    with pytest.raises(DataError, match=r"no manifest .* name them with --dataset"):
        models.open_recordings(tmp_path / "model.keras")


def test_a_manifest_of_another_model_says_nothing(recordings, tmp_path):
    model = write(tmp_path, manifest(recordings))
    model.write_bytes(b"another network")
    assert models.read_origin(model) is None


def test_recordings_that_are_gone_or_others(recordings, tmp_path):
    model = write(tmp_path, manifest(recordings))
    recordings.write_text(recordings.read_text().replace(",9.8,", ",9.7,"))
    with pytest.raises(DataError, match=r"got others .* give --dataset .*walk\.csv"):
        models.open_recordings(model)
    recordings.unlink()
    with pytest.raises(DataError, match=r"walk\.csv.* name others with --dataset"):
        models.open_recordings(model)


@pytest.mark.parametrize("content", [[], "text", {}, {"data": 1}, {"format": 3, "files": []}])
def test_other_json_beside_a_model_says_nothing(content, tmp_path):
    assert models.read_origin(write(tmp_path, content)) is None


@pytest.mark.parametrize(
    "content",
    [
        {"format": "edgehar-bundle-1"},
        {"format": "edgehar-bundle-1", "files": []},
        {"data": {"name": "x", "sha256": 3}, "subjects": {"train": [], "validation": [], "test": []}},
        {"data": {"name": "x", "sha256": ""}, "subjects": {"train": "abc", "validation": [], "test": []}},
        {"data": {"name": "x", "sha256": ""}, "plan": {"data": {"source": 3}}, "subjects": {}},
        {"data": {"name": "x", "sha256": ""}, "plan": [], "subjects": {"train": [], "validation": [], "test": []}},
        {**manifest_of_nobody(), "temperature": 0},
        {**manifest_of_nobody(), "plan": {"data": {"source": "x", "rate": "50"}}},
    ],
)
def test_damaged_manifests_are_refused(content, tmp_path):
    with pytest.raises(EdgeharError, match=r"expected .*manifest\.json.*; move it away"):
        models.read_origin(write(tmp_path, content))


def test_shipped_models_and_bundles(bundle, tmp_path):
    hapt = data.load("hapt")
    for name in models.shipped_names():
        assert (models.read_origin(models.shipped(name)).sha256 == hapt.sha256) == ("-" not in name)
    for place in (bundle, bundle / "model_int8.tflite", bundle / "model.keras"):
        origin = models.read_origin(place)
        assert set(origin.test) == set(hapt.published_test)
        assert models.open_recordings(place).name == "hapt"
    told = json.loads((bundle / "manifest.json").read_text())
    told["origin"] |= {"dataset": "walk", "dataset_source": None}
    (tmp_path / "manifest.json").write_text(json.dumps(told))
    with pytest.raises(DataError, match=r"names 'walk' but not where it is; name it with --dataset"):
        models.open_recordings(tmp_path)


@pytest.mark.parametrize(
    "value",
    [
        None, {}, {"source": 1}, {"source": "x", "other": 1}, {"source": "x", "columns": [3]},
        {"source": "x", "labels": [["a"]]}, {"source": "x", "rate": "50"}, {"source": "x", "unit": 3},
    ],
)  # fmt: skip
def test_a_source_is_read_back_or_refused(value):
    full = data.DataSource("x", "csv", Path("a.toml"), (("a", "b"),), ("x", "y", "z"), "g", "x,y,z", 50.0)
    assert data.DataSource.from_dict(json.loads(json.dumps(full.to_dict()))) == full
    with pytest.raises(DataError):
        data.DataSource.from_dict(value)
