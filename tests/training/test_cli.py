"""`edgehar train` as a process: stopped by Ctrl-C, killed, gone on with; and the ways to ask for nonsense."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time

import pytest

from edgehar import data

#: Two people to train on, one to choose the epoch: a second or so an epoch with the article's network.
PEOPLE = ("1", "3", "5")
EPOCHS = 8


@pytest.fixture(scope="module")
def arguments():
    others = ",".join(person for person in data.load("hapt").subjects if person not in PEOPLE)
    return [
        "--split", f"leave:{others}", "--validation", "0.34", "--epochs", str(EPOCHS), "--shift", "0", "--no-refit",
        "--teachers", "0", "--keep", "best",
    ]  # fmt: skip


def stop_after_next_epoch(arguments, folder, how):
    """Start `train`, send the signal when another epoch's checkpoint is there; returns the finished process."""
    checkpoint = folder / "checkpoints" / "choice" / "student.npz"
    before = checkpoint.stat().st_mtime_ns if checkpoint.exists() else 0
    process = subprocess.Popen(
        [sys.executable, "-m", "edgehar", "train", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    deadline = time.monotonic() + 240
    while not checkpoint.exists() or checkpoint.stat().st_mtime_ns == before:
        assert process.poll() is None and time.monotonic() < deadline, process.communicate()
        time.sleep(0.02)
    process.send_signal(how)
    process.stdout_text, process.stderr_text = process.communicate(timeout=60)
    return process


def test_stopped_killed_and_resumed_equals_uninterrupted(arguments, tmp_path, run_cli):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    done = run_cli("train", *arguments, "--out", whole)
    assert done.returncode == 0, done.stderr
    assert "accuracy" in done.stdout and "By person" in done.stdout

    stopped = stop_after_next_epoch([*arguments, "--out", str(parts)], parts, signal.SIGINT)
    assert stopped.returncode == 130
    assert f"--resume {parts}" in stopped.stderr_text.replace("\n", " ")
    assert "Traceback" not in stopped.stderr_text
    assert sorted(path.name for path in parts.iterdir()) == ["checkpoints", "run.json"]

    killed = stop_after_next_epoch(["--resume", str(parts)], parts, signal.SIGKILL)
    assert killed.returncode == -signal.SIGKILL
    resumed = run_cli("train", "--resume", parts)
    assert resumed.returncode == 0, resumed.stderr
    for name in ("model.keras", "history.csv", "classification_report.txt"):
        assert (parts / name).read_bytes() == (whole / name).read_bytes()
    for name in ("learning_curves.png", "confusion.png", "subjects.csv"):
        assert (parts / name).stat().st_size > 0
    manifest = json.loads((parts / "manifest.json").read_text())
    assert manifest["subjects"]["train"] + manifest["subjects"]["validation"] != []
    assert set(manifest["subjects"]["train"] + manifest["subjects"]["validation"]) == set(PEOPLE)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["--epochs", "0"], "expected --epochs of 1 … 100000, got 0"),
        (["--arch", "transformer"], "expected an architecture out of"),
        (["--arch", "micro", "--teacher", "transformer"], "expected an architecture out of"),
        (["--turn", "w"], "expected --turn with axes out of x, y and z"),
        (["--split", "leave:nobody"], "no person 'nobody'"),
        (["--split", "kfold"], "expected the split published"),
        (["--validation", "1.5"], "validation share"),
        (["--dataset", "no-such-file.csv"], "no-such-file.csv"),
        (["--resume", "no-such-run"], "expected the folder of a training run"),
        (["--resume", "run", "--epochs", "3"], "leave out --epochs"),
        (["--rotation", "-1"], "expected --rotation of 0 … 10, got -1"),
        (["--learning-rate", "fast"], "not a valid float"),
    ],
)
def test_refuses(given, message, tmp_path, monkeypatch, capsys):
    from edgehar.cli import main

    monkeypatch.chdir(tmp_path)
    assert main(["train", *given]) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.startswith("error: ") and captured.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == [], "nothing is left behind"
