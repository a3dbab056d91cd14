"""Several sets as one: who is who, what the list may say, and every class of every set equally often."""

from __future__ import annotations

import numpy as np
import pytest

from edgehar.contract import Contract
from edgehar.data import balance, cut_windows, load
from edgehar.errors import DataError


@pytest.fixture
def listed(table, tmp_path):
    table("one/walk.csv", people=("a", "b"), labels=("walking", "sitting"), seconds=20)
    table("two/walk.csv", people=("b", "c"), labels=("walking", "jogging"), seconds=60)

    def write(text=None):
        path = tmp_path / "both.toml"
        path.write_text(
            text
            or '[[source]]\nname = "one"\nsource = "one/walk.csv"\n\n'
            '[[source]]\nname = "two"\nsource = "csv:two/walk.csv"\nlabels = { walking = "hiking" }\n'
        )
        return path

    return write


def test_people_keep_their_set_and_labels_their_meaning(listed, tmp_path, monkeypatch):
    monkeypatch.chdir("/")  # a path is relative to the list
    both = load(listed())
    assert both.subjects == ("one:a", "one:b", "two:b", "two:c")
    assert both.sources == {"one:a": "one", "one:b": "one", "two:b": "two", "two:c": "two"}
    assert both.classes == ("walking", "jogging", "sitting", "hiking")
    assert len({recording.name for recording in both.recordings}) == len(both.recordings)
    parts = {"one": load(tmp_path / "one/walk.csv"), "two": load(tmp_path / "two/walk.csv")}
    assert sum(map(len, both.recordings)) == sum(len(one) for part in parts.values() for one in part.recordings)
    said = {
        (recording.subject, both.classes[code]) for recording in both.recordings for code in np.unique(recording.label)
    }
    assert ("two:c", "hiking") in said and ("two:c", "walking") not in said and ("one:a", "walking") in said
    assert both.name == "both" and any(note.startswith("two: ") for note in both.notes)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("source = 3", "two or more"),
        ('[[source]]\nsource = "hapt"\n', "two or more"),
        ('[[source]]\nsource = "one/walk.csv"\n[[source]]\nsource = "two/walk.csv"\n', "name of its own"),
        ('[[source]]\nname = "a"\n[[source]]\nsource = "hapt"\n', "source = "),
        ('[[source]]\nsource = "hapt"\nrat = 3\n[[source]]\nsource = "one/walk.csv"\n', "another set of entries"),
        ('[[source]]\nsource = "hapt"\nlabels = 3\n[[source]]\nsource = "one/walk.csv"\n', "labels = "),
        ('[[source]]\nsource = "gone.csv"\n[[source]]\nsource = "one/walk.csv"\n', "gone.csv"),
        ("[[source", "TOML"),
        *(
            (f'[[source]]\nsource = "hapt"\nweight = {weight}\n[[source]]\nsource = "one/walk.csv"\n', "a weight of")
            for weight in ("0", "-1", "nan", "1001", '"3"', "true")
        ),
    ],
)
def test_lists_that_are_refused(listed, text, words):
    with pytest.raises(DataError, match=words):
        load(listed(text))


def test_options_belong_into_the_list(listed):
    with pytest.raises(DataError, match="no option"):
        load(listed(), labels={"walking": "hiking"})


def test_every_class_of_every_set_comes_equally_often(listed):
    both = load(
        listed('[[source]]\nname = "one"\nsource = "one/walk.csv"\n[[source]]\nname = "two"\nsource = "two/walk.csv"\n')
    )
    windows = cut_windows(both, Contract(("walking", "jogging", "sitting")))
    chance = balance(windows, both.sources)
    assert chance.sum() == pytest.approx(1)
    for person_set in ("one", "two"):
        mine = np.array([both.sources[str(name)] == person_set for name in windows.subject])
        for code in np.unique(windows.y[mine]):
            assert chance[mine & (windows.y == code)].sum() == pytest.approx(1 / 4)
    assert len(np.unique(chance)) > 1, "the sets must differ in size for this to say anything"
    assert balance(windows, {}) is None


def test_a_set_comes_more_often_by_its_weight(listed):
    one, two = (
        '[[source]]\nname = "one"\nsource = "one/walk.csv"\n',
        '[[source]]\nname = "two"\nsource = "two/walk.csv"\n',
    )
    both = load(listed(f"{one}weight = 3\n{two}"))
    windows = cut_windows(both, Contract(("walking", "jogging", "sitting")))
    chance = balance(windows, both.sources, both.weights)
    assert chance.sum() == pytest.approx(1)
    for person_set, share in (("one", 3 / 8), ("two", 1 / 8)):
        mine = np.array([both.sources[str(name)] == person_set for name in windows.subject])
        for code in np.unique(windows.y[mine]):
            assert chance[mine & (windows.y == code)].sum() == pytest.approx(share)
    assert both.weights == both.origin["weights"] == {"one": 3.0}
    assert "one: drawn 3 times as often in training" in both.notes
    plain = load(listed(f"{one}{two}weight = 1\n"))
    assert plain.sha256 == both.sha256 and "weights" not in plain.origin, "a run's files without weights are as before"
