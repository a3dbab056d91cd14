"""Labels that the model does not have, coarser ones, and single people: what is counted, merged, left out and said."""

from __future__ import annotations

import json

import numpy as np
import pytest

import edgehar
from edgehar.api.evaluate import evaluate
from edgehar.cli import main
from edgehar.data import DataSource, load
from edgehar.errors import DataError
from edgehar.evaluation import match_labels

LABELS = ("walking", "upstairs", "downstairs", "sitting", "standing", "laying")
#: Two of HAPT's test people: what they do on stairs is renamed below.
PEOPLE = ("2", "4")


@pytest.fixture(scope="module")
def coarse():
    """HAPT with the one word `stairs`, and with a word that the model never heard instead of laying."""
    return load("hapt", labels={"WALKING_UPSTAIRS": "stairs", "WALKING_DOWNSTAIRS": "stairs", "LAYING": "cycling"})


@pytest.fixture(scope="module")
def plain():
    return evaluate("micro", people=PEOPLE)


def merged(evaluation, first, second):
    counts = np.array(evaluation.confusion)
    counts[first] += counts[second]
    counts[:, first] += counts[:, second]
    return np.delete(np.delete(counts, second, axis=0), second, axis=1)


def test_merging_sums_probabilities_where_the_first_stood():
    matching = match_labels(LABELS, {"stairs": ("downstairs", "upstairs")})
    assert matching.labels == ("walking", "stairs", "sitting", "standing", "laying")
    assert matching.words["downstairs"] == matching.words["stairs"] == 1 and matching.words["laying"] == 4
    # The two together beat a third that beats each.
    answers = np.array([[0.4, 0.3, 0.25, 0.05, 0, 0]], np.float32)
    np.testing.assert_allclose(matching.merge(answers), [[0.4, 0.55, 0.05, 0, 0]], atol=1e-7)
    untouched = match_labels(LABELS)
    assert untouched.merge(answers) is answers and untouched.labels == LABELS


@pytest.mark.parametrize(
    ("groups", "message"),
    [
        ({"stairs": ("up",)}, "expected labels of the model in stairs=up, got 'up'"),
        ({"a": ("walking",), "b": ("walking",)}, "'walking' in one match"),
        ({"sitting": ("standing",)}, "expected 'sitting' itself"),
    ],
)
def test_matches_that_make_no_sense(groups, message):
    with pytest.raises(DataError, match=message):
        match_labels(LABELS, groups)


def test_labels_that_the_model_does_not_have_are_counted(coarse, plain):
    result = evaluate("micro", coarse, people=PEOPLE)
    support = dict(zip(LABELS, plain.models["micro.keras"].scores.support.tolist(), strict=True))
    assert result.dropped["cycling"] == support["laying"] and set(result.dropped) == {"cycling", "stairs"}
    assert sum(result.dropped.values()) + result.models["micro.keras"].windows == plain.models["micro.keras"].windows
    assert any("dropped" in note and "cycling" in note and "it has: walking, upstairs" in note for note in result.notes)
    assert result.to_dict()["dropped"] == result.dropped
    assert plain.dropped == {} and plain.notes == ()


def test_a_coarser_truth_matches_several_labels(coarse, plain):
    result = evaluate("micro", coarse, people=PEOPLE, match={"stairs": ["upstairs", "downstairs"]})
    assert set(result.dropped) == {"cycling"}
    figures = result.models["micro.keras"]
    assert figures.labels == ("walking", "stairs", "sitting", "standing", "laying")
    # Stretches of either are one word now, and the cut may differ by a window: compare with HAPT's own words merged.
    own = evaluate("micro", people=PEOPLE, match={"stairs": ["upstairs", "downstairs"]}).models["micro.keras"]
    assert own.windows == plain.models["micro.keras"].windows
    # Nearly all of it is a sum of the six-class confusion; a window moves only where two halves beat a third.
    expected = merged(plain.models["micro.keras"], 1, 2)
    assert np.abs(own.confusion - expected).sum() <= 0.02 * own.windows
    assert np.array_equal(own.confusion[2:4], figures.confusion[2:4])
    assert own.accuracy >= plain.models["micro.keras"].accuracy


def test_a_match_without_effect_is_refused(coarse):
    with pytest.raises(DataError, match="expected recordings of lying or laying"):
        evaluate("micro", coarse, people=PEOPLE, match={"lying": ["laying"]})


def test_one_person_has_no_interval(capsys):
    assert main(["evaluate", "micro", "--subjects", "2"]) == 0
    captured = capsys.readouterr()
    assert "windows of one person, no interval" in captured.out and "(" not in captured.out.splitlines()[0]
    assert "one person, no interval" in captured.err
    assert main(["evaluate", "micro", "--subjects", "2", "--json"]) == 0
    figures = json.loads(capsys.readouterr().out)["models"]["micro.keras"]
    assert figures["interval"]["accuracy"] is None and figures["interval"]["macro_f1"] is None


def test_command_line(capsys, coarse):
    rename = ("--label", "WALKING_UPSTAIRS=stairs", "--label", "WALKING_DOWNSTAIRS=stairs", "--dataset", "hapt")
    arguments = ["evaluate", "micro", "--subjects", "2,4", *rename]
    assert main([*arguments, "--match", "stairs=upstairs,downstairs"]) == 0
    captured = capsys.readouterr()
    assert "stairs" in captured.out and "dropped" not in captured.err
    assert main(arguments) == 0
    captured = capsys.readouterr()
    assert "note: dropped" in captured.err and "stairs" in captured.err
    for bad in ("stairs", "stairs=", "=a", "stairs=a,,b"):
        assert main([*arguments, "--match", bad]) == 2
        assert "expected NAME=A,B" in capsys.readouterr().err


def test_the_baseline_learns_from_the_models_training_people(capsys):
    result = evaluate("micro", people=PEOPLE, baseline=True, match={"stairs": ["upstairs", "downstairs"]})
    assert result.baseline.windows == result.models["micro.keras"].windows
    assert result.baseline.labels == result.models["micro.keras"].labels
    assert 0.8 < result.baseline.accuracy < 1 and result.baseline.confidence is None
    assert json.loads(json.dumps(result.to_dict()))["baseline"]["confidence"] is None
    other = load("hapt", labels={"LAYING": "lying"})
    with pytest.raises(DataError, match="recordings that the model was trained on"):
        evaluate("micro", other, people=PEOPLE, baseline=True)


def test_public_name_and_forms_of_recordings(plain):
    assert edgehar.evaluate is evaluate
    for form in ("hapt", DataSource("hapt"), load("hapt")):
        result = evaluate("micro", form, people="2,4")
        assert result.people == PEOPLE and result.to_dict() == plain.to_dict()
