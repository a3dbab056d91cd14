"""`evaluate --adapt`: who is learned from what, and that nothing that was learned from is scored."""

import json
import re

import numpy as np
import pytest

import edgehar
from edgehar import data
from edgehar.cli import main
from edgehar.contract import Contract
from edgehar.data import Dataset, Windows, cut_windows
from edgehar.errors import DataError, EdgeharError
from edgehar.personal import person, trial

LABELS = ("walking", "sitting", "standing")


@pytest.fixture(scope="module")
def micro(bundle_of):
    return bundle_of("micro")


def make_windows(places, people=None):
    """Windows of zeros at (recording, class, first sample)."""
    names = [name for name, *_ in places]
    return Windows(
        np.zeros((len(places), 80, 3), np.float32),
        np.array([code for _, code, _ in places], np.int64),
        np.array([people[name] for name in names] if people else names, np.str_),
        np.array(names, np.str_),
        np.array([start for *_, start in places], np.int64),
        LABELS,
    )


@pytest.fixture
def learned(monkeypatch):
    """What each unit was learned from; a profile's answers are all `sitting`, the model's all `walking`.

    The windows' embeddings are their order, so that the most typical one is the one in the middle.
    """
    calls = []

    def learn(path, contract, windows, used):
        calls.append([(str(windows.recording[at]), int(windows.y[at]), int(windows.start[at])) for at in used])
        return object()

    def predict(path, contract, profile, runtime, x):
        return np.tile(np.eye(3, dtype=np.float32)[0 if profile is None else 1], (len(x), 1))

    monkeypatch.setattr(person, "embed", lambda path, contract, x: np.arange(len(x), dtype=np.int8)[:, None])
    monkeypatch.setattr(trial, "learn", learn)
    monkeypatch.setattr(trial, "_predict", predict)
    return calls


def attempt(windows, **options):
    return trial.try_profiles("model", Contract(LABELS), windows, **options)


def test_each_recording_is_learned_and_nothing_it_saw_is_scored(learned):
    """Windows half over one another: the middle one goes, and so does each neighbour that holds a sample of it."""
    places = [(name, code, 40 * (7 * code + at)) for name in ("r1", "r2") for code in (0, 1, 2) for at in range(7)]
    windows = make_windows(places)
    found = attempt(windows)
    assert learned == [[(name, code, 40 * (7 * code + 3)) for code in (0, 1, 2)] for name in ("r1", "r2")]
    assert (found.unit, found.units, found.unlearned, found.used) == ("recording", 2, (), 6)
    samples = {(name, at) for call in learned for name, _, start in call for at in range(start, start + 80)}
    for index, (name, _, start) in enumerate(places):
        shares = any((name, at) in samples for at in range(start, start + 80))
        assert (index in found.scored) == (not shares)
    assert len(found.scored) == len(places) - 6 * 3
    assert (found.plain.argmax(1) == 0).all() and (found.adapted.argmax(1) == 1).all()


def test_recordings_of_one_activity_each_are_learned_by_person(learned):
    places = [(f"{person}-{code}", code, 40 * at) for person in "ab" for code in (0, 1, 2) for at in range(7)]
    found = attempt(make_windows(places, {name: name[0] for name, *_ in places}))
    assert (found.unit, found.units, found.used) == ("person", 2, 6)
    assert learned[0] == [(f"a-{code}", code, 120) for code in (0, 1, 2)]


def test_pooled_with_recordings_of_one_activity_each_everybody_is_learned_by_person(learned):
    """Otherwise the windows of those whose recordings hold one activity each would be scored without a profile."""
    places = [(f"b-{code}", code, 40 * at) for code in (0, 1, 2) for at in range(7)]
    places += [("a", code, 40 * (9 * code + at)) for code in (0, 1, 2) for at in range(7)]
    places += [("c", 0, 40 * at) for at in range(7)]  # has nothing to tell apart, and decides nothing
    found = attempt(make_windows(places, {name: name[0] for name, *_ in places}))
    assert (found.unit, found.units, found.unlearned) == ("person", 3, ("c",)) and len(learned) == 2
    several = attempt(make_windows(places[21:], {name: name[0] for name, *_ in places}))
    assert (several.unit, several.units) == ("recording", 2)


def test_parts_between_gaps_are_one_recording(learned):
    places = [("r#1", 0, 40 * at) for at in range(5)] + [("r#2", code, 40 * at) for code in (1, 2) for at in range(5)]
    assert attempt(make_windows(places)).units == 1 and len(learned) == 1


def test_a_recording_too_short_to_learn_counts_as_the_model_is(learned):
    places = [("long", code, 40 * (9 * code + at)) for code in (0, 1) for at in range(9)]
    places += [("short", code, 200 * code) for code in (0, 1)]
    found = attempt(make_windows(places))
    assert found.unlearned == ("short",) and len(learned) == 1
    with pytest.raises(DataError, match="each of two of walking, sitting, standing in a recording"):
        attempt(make_windows(places[-2:]))


def test_only_and_a_coarser_label(learned):
    """A window that may be several of the model's labels is scored, and not learned from."""
    places = [("r", code, 80 * (9 * (code + 1) + at)) for code in (-1, 0, 1, 2) for at in range(9)]
    found = attempt(make_windows(places), only=("sitting", "standing"), each=2)
    assert [code for _, code, _ in learned[0]] == [1, 1, 2, 2]
    assert len(found.scored) == 36 - 4


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"only": ("sitting",)}, "expected two activities or more to tell apart, got sitting"),
        (
            {"only": ("flying", "sitting")},
            "activities of walking, sitting, standing to learn from, got flying",
        ),
        ({"each": 6}, "expected 1 to 5 windows of each of 3 activities to learn from \\(16 in all\\), got 6"),
        ({"each": 0}, "got 0"),
    ],
)
def test_refuses(options, words):
    with pytest.raises(DataError, match=words):
        attempt(make_windows([("r", 0, 0)]), **options)


def test_evaluate_gives_what_adapt_gives(micro, tmp_path):
    """One recording: the same profile, the same windows, the same share of right answers as `edgehar adapt` tells."""
    whole = data.load("hapt")
    one = Dataset("one", whole.recordings[:1], whole.classes)
    told = edgehar.adapt(one, micro, out=tmp_path / "me.profile", align=False)
    found = edgehar.evaluate(micro, one, adapt=1, runtime="litert-int8-reference")
    assert list(found.models) == ["model_int8.tflite"] and found.adapted is not None
    before, after = found.models["model_int8.tflite"], found.adapted.figures
    assert before.windows == after.windows == told.scored == found.adapted.to_dict()["figures"]["windows"]
    assert (before.accuracy, after.accuracy) == (pytest.approx(told.before), pytest.approx(told.after))
    assert found.adapted.left_out == len(cut_windows(one, Contract(data.HAPT_LABELS))) - told.scored
    assert set(found.skipped) == {"model_float.tflite", "model.onnx", "model_int8.onnx"}


def test_a_keras_is_quantised_as_an_export_does_it(micro, capsys):
    arguments = ["--subjects", "2", "--adapt", "1", "--json"]
    told = []
    for model in ("micro", str(micro)):
        assert main(["evaluate", model, *arguments]) == 0
        captured = capsys.readouterr()
        told.append(json.loads(captured.out))
        assert "learned from 12 windows of 2 recordings" in captured.err
    assert list(told[0]["models"]) == ["micro.keras, int8"]
    assert list(told[0]["models"].values()) == list(told[1]["models"].values())
    assert told[0]["adapted"] == told[1]["adapted"]
    assert main(["evaluate", "micro", "--subjects", "2", "--adapt", "1", "--only", "sitting,standing"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert "recall before" in "".join(lines) and lines[-2].startswith("before: ") and lines[-1].startswith("after:  ")


def test_labels_merged_in_the_figures_are_learned_apart(micro, capsys):
    given = ["--subjects", "2", "--adapt", "1", "--match", "stairs=upstairs,downstairs", "--json"]
    assert main(["evaluate", str(micro), *given]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["adapted"]["used_windows"] == 12
    assert told["adapted"]["figures"]["confusion"]["labels"] == ["walking", "stairs", "sitting", "standing", "laying"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("micro", "--only", "sitting"), "expected --adapt with --only"),
        (("micro", "--adapt", "1", "--baseline"), "expected --adapt or --baseline, got both"),
        (("micro", "--adapt", "1", "--plot", "plots"), "expected --adapt or --plot, got both"),
        (("micro", "--adapt", "3"), "expected 1 to 2 windows of each of 6 activities"),
        (("micro", "--adapt", "1", "--only", "sitting,flying"), "got flying"),
        (("BUNDLE/model.onnx", "--adapt", "1"), "expected an int8 .tflite, a bundle or a .keras to adapt"),
        (("BUNDLE/model_float.tflite", "--adapt", "1"), "int8"),
        (("BUNDLE", "--adapt", "1", "--runtime", "litert-float"), "expected model_int8.tflite in"),
        (("micro", "--adapt", "1", "--dataset", "CSV"), "no recordings of its training people"),
    ],
)
def test_the_command_refuses(given, words, micro, tmp_path, capsys):
    rows = "".join(f"{at / 20:.2f},0,0,9.8,sitting\n" for at in range(400))
    (tmp_path / "one.csv").write_text("t,x,y,z,activity\n" + rows)
    places = {"BUNDLE": str(micro), "CSV": str(tmp_path / "one.csv")}
    given = [re.sub("BUNDLE|CSV", lambda found: places[found[0]], word) for word in given]
    assert main(["evaluate", *given]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and words in captured.err.splitlines()[-1]


def test_only_without_adapt_in_the_library():
    with pytest.raises(EdgeharError, match="expected adapt with only"):
        edgehar.evaluate("micro", only=["sitting"])
