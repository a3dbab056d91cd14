"""`edgehar crossval`: who measures whom, what is written when, and a cluster that loses a worker."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from edgehar import data
from edgehar.cli import main
from edgehar.contract import Contract
from edgehar.training import crossval, run
from tests.training.crossval.conftest import PEOPLE, QUICK

FOLDS = 3
FILES = [f"fold-{number:02d}.json" for number in range(1, FOLDS + 1)]


@pytest.fixture(scope="module")
def arguments(recordings):
    return ["crossval", "--dataset", str(recordings), "--folds", str(FOLDS), *QUICK]


@pytest.fixture(scope="module")
def serial(arguments, made_once, run_cli):
    """A finished run, one fold after the other, in a process that has done nothing else.

    Where TensorFlow has computed before, it keeps the number of threads inside an operation that it began with, and
    with it the last bits.
    """

    def make(folder):
        done = run_cli(*arguments, "--out", str(folder))
        assert done.returncode == 0, done.stderr

    return made_once("crossval", make)


def differences(one, two):
    """By fold and entry: how far the numbers of two runs are apart."""
    found = {}
    for path in sorted(one.glob("fold-*.json")):
        ours, theirs = (json.loads((folder / path.name).read_text()) for folder in (one, two))
        for name in ours:
            if ours[name] != theirs[name]:
                apart = np.abs(np.subtract(ours[name], theirs[name])) if name == "probabilities" else None
                found[path.name, name] = (
                    (ours[name], theirs[name]) if apart is None else (apart.max(), (apart > 0).mean())
                )
    return found


def contents(folder):
    return {name: (folder / name).read_bytes() for name in FILES}


def test_everybody_is_measured_by_a_model_that_knows_nobody_of_the_fold(serial):
    folds = [json.loads((serial / name).read_text()) for name in FILES]
    measured = [person for fold in folds for person in fold["people"]]
    assert sorted(measured) == [f"p{number}" for number in range(PEOPLE)]
    for fold in folds:
        parts = [set(fold[name]) for name in ("people", "train", "validation")]
        assert sum(map(len, parts)) == len(set.union(*parts)) == PEOPLE and all(parts)
        assert set(fold["subject"]) == set(fold["people"])


def test_figures_are_those_of_the_predictions(serial):
    from sklearn.metrics import accuracy_score, f1_score

    folds = [json.loads((serial / name).read_text()) for name in FILES]
    summary = json.loads((serial / "summary.json").read_text())
    accuracies = []
    for fold in folds:
        predicted = np.array(fold["probabilities"], np.float32).argmax(axis=1)
        accuracies.append(accuracy_score(fold["truth"], predicted))
        assert fold["accuracy"] == pytest.approx(accuracies[-1], abs=1e-12)
        assert fold["macro_f1"] == pytest.approx(f1_score(fold["truth"], predicted, average="macro"), abs=1e-12)
    spread = summary["over_folds"]["accuracy"]
    assert spread["mean"] == pytest.approx(np.mean(accuracies))
    assert spread["deviation"] == pytest.approx(np.std(accuracies, ddof=1))
    truth = np.concatenate([fold["truth"] for fold in folds])
    predicted = np.concatenate([np.argmax(fold["probabilities"], axis=1) for fold in folds])
    assert summary["pooled"]["accuracy"] == pytest.approx(accuracy_score(truth, predicted))
    low, high = summary["pooled"]["interval"]["accuracy"]
    assert low <= summary["pooled"]["accuracy"] <= high
    lines = (serial / "people.csv").read_text().splitlines()
    assert len(lines) == PEOPLE + 1 and set(summary["pooled"]["subjects"]) == {line.split(",")[0] for line in lines[1:]}


def test_each_fold_measured_as_int8(arguments, serial, tmp_path, run_cli):
    folder = tmp_path / "run"
    done = run_cli(*arguments, "--int8", "--out", folder)
    assert done.returncode == 0, done.stderr
    text = done.stdout
    assert "quantised to int8" in text and "int8:" in text
    folds = [json.loads((folder / name).read_text()) for name in FILES]
    for fold, before in zip(folds, (json.loads((serial / name).read_text()) for name in FILES), strict=True):
        assert fold["probabilities"] == before["probabilities"]
        steps = np.array(fold["int8_probabilities"]) * 256
        np.testing.assert_array_equal(steps, np.round(steps))  # the scale of an int8 softmax
        np.testing.assert_allclose(fold["int8_probabilities"], fold["probabilities"], atol=0.05)
        from sklearn.metrics import accuracy_score

        assert fold["int8_accuracy"] == pytest.approx(accuracy_score(fold["truth"], steps.argmax(axis=1)))
    pooled = json.loads((folder / "summary.json").read_text())["pooled_int8"]
    assert pooled["accuracy"] == pytest.approx(
        np.average([fold["int8_accuracy"] for fold in folds], weights=[fold["windows"] for fold in folds])
    )


def test_only_what_is_missing_is_run_again(arguments, serial, tmp_path, run_cli):
    folder = shutil.copytree(serial, tmp_path / "run")
    stamps = {name: (folder / name).stat().st_mtime_ns for name in FILES}
    (folder / FILES[1]).unlink()
    done = run_cli(*arguments, "--out", folder, "--json")
    assert done.returncode == 0, done.stderr
    assert contents(folder) == contents(serial), "the same fold gives the same bytes"
    assert [(folder / name).stat().st_mtime_ns == stamps[name] for name in FILES] == [True, False, True]
    assert "2 of 3 folds are in" in done.stderr and "3 of 3: fold 2" in done.stderr
    assert json.loads(done.stdout)["pooled"] == json.loads((folder / "summary.json").read_text())["pooled"]


def test_labels_merged_in_the_figures_and_not_in_the_folds(arguments, serial, tmp_path, capsys):
    from sklearn.metrics import accuracy_score

    folder = shutil.copytree(serial, tmp_path / "run")
    assert main([*arguments, "--out", str(folder), "--match", "still=sitting,standing", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["pooled"]["confusion"]["labels"] == ["walking", "still"]
    folds = [json.loads((folder / name).read_text()) for name in FILES]
    for fold, shown in zip(folds, told["folds"], strict=True):
        answers = np.array(fold["probabilities"], np.float32)
        merged = np.stack([answers[:, 0], answers[:, 1] + answers[:, 2]], axis=1).argmax(axis=1)
        expected = accuracy_score(np.minimum(fold["truth"], 1), merged)
        assert shown["accuracy"] == pytest.approx(expected)
    assert contents(folder) == contents(serial)
    assert main([*arguments, "--out", str(folder), "--match", "still=sitting,lying"]) == 2
    assert "got 'lying'" in capsys.readouterr().err


def test_an_interruption_keeps_what_has_finished(arguments, serial, tmp_path, monkeypatch, capsys):
    def fold(plan, dataset, number, people, int8, adapting):
        if number == 2:
            raise KeyboardInterrupt
        return json.loads((serial / FILES[number - 1]).read_text())

    monkeypatch.setattr(crossval, "run_fold", fold)
    assert main([*arguments, "--out", str(tmp_path / "run")]) == 130
    assert sorted(path.name for path in (tmp_path / "run").iterdir()) == ["crossval.json", FILES[0]]
    assert "the same command runs the rest" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--epochs", "3"], "run.recipe.epochs 2, not 3"),
        (["--seed", "2"], "run.recipe.seed 1, not 2"),
        (["--folds", "loso"], "folds 3, not loso"),
        (["--everybody"], "everybody False, not True"),
    ],
)
def test_another_plan_is_refused(arguments, serial, more, message, capsys):
    before = contents(serial)
    assert main([*arguments, *more, "--out", str(serial)]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith(f"error: {serial} holds a run with") and message in error and "--out" in error
    assert contents(serial) == before


@pytest.mark.parametrize(
    ("more", "message"),
    [
        (["--folds", "1"], "expected 2 to 7 folds"),
        (["--folds", "8"], "expected 2 to 7 folds"),
        (["--folds", "many"], "expected a number or loso"),
        (["--jobs", "0"], "0 is not in the range"),
        (["--epochs", "0"], "expected --epochs of 1 … 100000"),
        (["--arch", "transformer"], "expected an architecture out of"),
        (["--teachers", "1", "--teacher", "transformer"], "expected an architecture out of"),
    ],
)
def test_refuses(arguments, more, message, tmp_path, capsys):
    assert main([*arguments, *more, "--out", str(tmp_path / "run")]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ") and message in error
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("content", ["{", "[]", '{"people": ["p0"]}'])
def test_a_damaged_fold_is_named(arguments, serial, tmp_path, content, capsys):
    folder = shutil.copytree(serial, tmp_path / "run")
    (folder / FILES[2]).write_text(content)
    assert main([*arguments, "--out", str(folder)]) == 2
    assert f"{folder / FILES[2]}" in capsys.readouterr().err.splitlines()[-1]


def test_published_test_people_stay_out_and_windows_stay_the_same():
    dataset = data.load("hapt")
    chosen = crossval.participants(dataset, everybody=False)
    assert len(chosen.subjects) == 21 and not set(chosen.subjects) & set(dataset.published_test)
    contract = Contract(run.labels_of(dataset))
    expected = data.cut_windows(dataset, contract).of_subjects(chosen.subjects)
    windows = data.cut_windows(chosen, contract)
    assert np.array_equal(windows.x, expected.x) and np.array_equal(windows.y, expected.y)
    assert np.array_equal(windows.subject, expected.subject)


def test_a_cluster_that_loses_a_worker_in_the_middle_finishes_with_all_folds(arguments, serial, tmp_path):
    distributed = pytest.importorskip("distributed", reason="needs the extra 'search'")
    folder = tmp_path / "run"
    options = {"n_workers": 2, "threads_per_worker": 1, "processes": True, "dashboard_address": ":0"}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        process = subprocess.Popen(
            [sys.executable, "-m", "edgehar", *arguments, "--dask", cluster.scheduler_address, "--out", str(folder)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        deadline = time.monotonic() + 300
        while not list(folder.glob("fold-*.json")):
            assert process.poll() is None and time.monotonic() < deadline, process.communicate()
            time.sleep(0.05)
        busy = [address for address, tasks in client.processing().items() if tasks]
        victim = next(worker for worker in cluster.workers.values() if worker.worker_address == busy[0])
        os.kill(victim.pid, signal.SIGKILL)
        assert len(list(folder.glob("fold-*.json"))) < FOLDS, "killed in the middle"
        out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    message = f"the cluster's folds are those of one process, bit for bit: {differences(folder, serial)}"
    assert contents(folder) == contents(serial), message
    assert "all people together: accuracy" in out and "Traceback" not in err
