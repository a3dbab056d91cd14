"""`adapt`, `evaluate` and `train` with alignment: what it does to recordings, and what is refused."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

import edgehar
from edgehar import data, models
from edgehar.compile.read import read_network
from edgehar.contract import Contract
from edgehar.data import Dataset, cut_windows, resample
from edgehar.errors import DataError, EdgeharError
from edgehar.front_end import from_q8, rotate, to_q8
from edgehar.models.keras_file import replace_contract
from edgehar.personal.aligned import ALIGN
from edgehar.personal.alignment import shortest_turn, walking_gravity
from edgehar.personal.profile import Profile, read_profile
from edgehar.training import run

TURN = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]], np.float32)
PERSON = "1"


@pytest.fixture(scope="module")
def micro(bundle_of):
    return bundle_of("micro")


@pytest.fixture(scope="module")
def turned() -> Dataset:
    """A recording of a HAPT training person, a quarter turn about the screen's axis, at 20 Hz."""
    hapt = data.load("hapt")
    one = next(item for item in hapt.recordings if item.subject == PERSON)
    even = resample(one, 20.0)
    return replace(hapt, recordings=(replace(even, acc=even.acc @ TURN.T),), published_test=())


def rotation_of(dataset: Dataset) -> tuple[int, ...]:
    target = models.read_contract(models.shipped("micro")).walking_gravity
    gravity = walking_gravity(dataset.recordings[0].acc)
    assert target is not None and gravity is not None
    return shortest_turn(gravity, target)


def test_a_profile_holds_rotation_last_layer_or_both(micro, turned, tmp_path):
    rotation, hash_ = rotation_of(turned), read_network(micro / "model_int8.tflite").sha256
    both = edgehar.adapt(turned, micro, out=tmp_path / "both")
    layer = edgehar.adapt(turned, micro, out=tmp_path / "layer", align=False)
    alone = edgehar.adapt(turned, micro, out=tmp_path / "alone", last_layer=False)
    assert both.profile.rotation == alone.profile.rotation == rotation and layer.profile.rotation is None
    assert (tmp_path / "alone").read_bytes() == Profile(hash_, rotation).to_bytes() and alone.size == 44
    assert both.size == layer.size > 300
    assert both.profile.weights is not None and not np.array_equal(both.profile.weights, layer.profile.weights)
    assert read_profile(tmp_path / "both").rotation == rotation
    assert "turned by 8" in both.aligned and "as was asked for" in layer.aligned
    assert both.to_dict()["rotation"] == list(rotation) and layer.to_dict()["rotation"] is None
    # Windows are turned before they are cut, and before the most typical ones are chosen.
    assert set(both.used) == set(layer.used) and alone.used == {} and len(alone.missing) == 6
    item = turned.recordings[0]
    upright = replace(turned, recordings=(replace(item, acc=from_q8(rotate(to_q8(item.acc), rotation))),))
    straight = edgehar.adapt(upright, micro, out=tmp_path / "straight", align=False)
    assert straight.used == both.used and np.array_equal(straight.profile.weights, both.profile.weights)
    assert alone.before is not None and alone.after is not None and alone.before < 0.5 and alone.after > 0.85
    assert both.before is not None and both.before < 0.5 and both.after >= layer.after
    rows = edgehar.stream(data.to_frame(turned), micro, profile=tmp_path / "alone")
    upright = replace(item, acc=from_q8(rotate(to_q8(item.acc), rotation)))
    other = edgehar.stream(data.to_frame(replace(turned, recordings=(upright,))), micro)
    assert rows["label"].tolist() == other["label"].tolist()


def test_without_labels_walking_alone_is_learned_from(micro, turned, tmp_path):
    item = turned.recordings[0]
    bare = replace(turned, recordings=(replace(item, label=np.full_like(item.label, -1)),))
    found = edgehar.adapt(bare, micro, out=tmp_path / "me")
    assert found.profile == Profile(found.profile.model, rotation_of(turned)) and found.before is None
    with pytest.raises(DataError, match="windows or more of sitting"):
        edgehar.adapt(bare, micro, out=tmp_path / "no", labels=["sitting"])


def test_what_cannot_be_aligned_is_said_or_refused(micro, turned, tmp_path):
    item = turned.recordings[0]
    still = turned.classes.index("sitting"), turned.classes.index("standing"), turned.classes.index("laying")
    rest = np.isin(item.label, still)
    quiet = replace(
        turned, recordings=(replace(item, t=np.arange(rest.sum()) / 20, acc=item.acc[rest], label=item.label[rest]),)
    )
    found = edgehar.adapt(quiet, micro, out=tmp_path / "me")
    assert found.profile.rotation is None and found.aligned == "not aligned: nobody walks for 8 s"
    for options in ({"align": True}, {"last_layer": False}):
        with pytest.raises(DataError, match="somebody walks for 8 s"):
            edgehar.adapt(quiet, micro, out=tmp_path / "no", **options)
    for options in ({"align": False}, {"labels": ["sitting"]}, {"each": 2}):
        with pytest.raises(DataError, match="expected alignment alone"):
            edgehar.adapt(turned, micro, out=tmp_path / "no", last_layer=False, **options)
    with pytest.raises(DataError, match="somebody walks for 8 s"):
        edgehar.evaluate(micro / "model_int8.tflite", quiet, align=True)
    assert not (tmp_path / "no").exists()


def test_evaluate_aligns_each_recording(micro, turned):
    path = micro / "model_int8.tflite"
    plain = edgehar.evaluate(path, turned, people="all")
    aligned = edgehar.evaluate(path, turned, people="all", align=True)
    name = path.name
    assert aligned.models[name].windows == plain.models[name].windows
    assert plain.models[name].accuracy < 0.5 and aligned.models[name].accuracy > 0.85
    assert aligned.notes[0] == "aligned 1 of 1 recordings by their own first walking" not in plain.notes
    learned = edgehar.evaluate(path, turned, people="all", align=True, adapt=1)
    assert learned.adapted is not None and learned.adapted.figures.accuracy >= 0.9
    assert learned.models[name].accuracy > 0.85 and learned.notes[0] == aligned.notes[0]
    with pytest.raises(EdgeharError, match="a baseline or align"):
        edgehar.evaluate(path, turned, people="all", align=True, baseline=True)


def test_a_model_without_a_direction_is_refused(micro, turned, tmp_path, run_cli):
    model = tmp_path / "model.keras"
    model.write_bytes((micro / "model.keras").read_bytes())
    replace_contract(model, replace(models.read_contract(model), walking_gravity=None))
    with pytest.raises(DataError, match="knows where gravity is while people walk"):
        edgehar.evaluate(model, turned, people="all", align=True)
    done = run_cli("stream", "hapt", "--bundle", models.shipped("micro-pocket"), "--align")
    assert done.returncode == 2 and "front end pocket leaves no direction" in done.stderr


def test_words_of_the_commands(micro, tmp_path, run_cli):
    done = run_cli("adapt", "hapt", "--bundle", micro, "--subject", PERSON, "--rotation-only", cwd=tmp_path)
    assert done.returncode == 0 and "aligned by walking: turned by" in done.stdout and "44 bytes" in done.stdout
    done = run_cli("adapt", "hapt", "--bundle", micro, "--rotation-only", "--no-align", cwd=tmp_path)
    assert done.returncode == 2 and "leave out --no-align" in done.stderr
    rows = run_cli("stream", "hapt", "--bundle", micro, "--subject", PERSON, "--align", "--json").stdout.splitlines()
    assert [row["reason"] for row in map(json.loads, rows) if row.get("event") == "flush"] == ["aligned"]


def test_training_windows_are_those_of_turned_recordings(turned):
    """`all` turns everybody's, `measured` those of the test people; `both` adds turned copies of the others'."""
    hapt = data.load("hapt")
    people = ("2", "3", "5", "6")
    upright = tuple(resample(item, 20.0) for item in hapt.recordings if item.subject in people)
    dataset = replace(hapt, recordings=(*upright, *turned.recordings), published_test=(PERSON,))
    cut = {align: run.prepare(run.RunPlan.of({}, "nano", {"align": align}), dataset) for align in ALIGN}
    contract = cut["none"].contract
    assert contract.walking_gravity is not None and all(one.contract == contract for one in cut.values())
    gravity = walking_gravity(turned.recordings[0].acc)
    assert gravity is not None
    rotation = shortest_turn(gravity, contract.walking_gravity)
    one = turned.recordings[0]
    own = replace(turned, recordings=(replace(one, acc=from_q8(rotate(to_q8(one.acc), rotation))),))
    expected = cut_windows(own, contract).x
    plain = cut["none"].coarse
    for align, prepared in cut.items():
        test, others = (prepared.coarse.of_subjects(some) for some in ((PERSON,), people))
        assert np.array_equal(test.x, expected) == (align in ("all", "measured"))
        assert prepared.unaligned == ()
        if align == "both":
            once = len(others) // 2
            every = cut["all"].coarse.of_subjects(people).x
            assert np.array_equal(others.x[:once], plain.of_subjects(people).x)
            assert np.array_equal(others.x[once:], every)
            assert np.array_equal(test.x, plain.of_subjects((PERSON,)).x)
            continue
        assert np.array_equal(others.x, plain.of_subjects(people).x) == (align != "all")
        assert np.array_equal(others.start, plain.of_subjects(people).start)
    with pytest.raises(EdgeharError, match="no alignment with the front end pocket"):
        run.RunPlan.of({}, "micro", {"align": "all", "front_end": "pocket"})
    with pytest.raises(EdgeharError, match="expected to align none, all, measured, both"):
        run.RunPlan.of({}, "micro", {"align": "some"})
    with pytest.raises(EdgeharError, match="all, both or none in a training"):
        edgehar.train(turned, align="measured")
    assert Contract.from_dict(contract.to_dict()) == contract
