"""Every command that the README shows runs as it stands."""

import csv
import re
import shlex
import signal
import subprocess
import sys
import urllib.request
import warnings
from pathlib import Path

import numpy as np
import pytest

from edgehar.cli import COMMANDS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.S)
SHOWN = [line.split("#")[0].strip() for block in BLOCKS for line in block.splitlines() if line.strip()]
EDGEHAR = [line for line in SHOWN if "edgehar" in line]
#: What would take minutes runs shortened; the options are the command's own.
SHORTENED = {
    "train": ["--epochs", "1", "--no-refit", "--batch-size", "256", "--teachers", "0"],
    "crossval": shlex.split("--folds 2 --arch conv4k9s4 --epochs 1 --no-refit --shift 0 --batch-size 256 --teachers 0"),
    "search": shlex.split("--trials 1 --epochs 1 --shift 0 --batch-size 256"),
    "bench": ["--quick", "--runtimes", "litert-int8,onnx-int8"],
}


def save_article(path: Path) -> None:
    """The article's network as its notebook makes it, untrained, without a contract."""
    from edgehar.models.library import import_keras

    keras = import_keras()
    layers = keras.layers
    stack = [
        keras.Input((240,)),
        layers.Reshape((80, 3)),
        *(layers.Conv1D(filters, 10, activation="relu") for filters in (100, 100)),
        layers.MaxPooling1D(3),
        *(layers.Conv1D(filters, 10, activation="relu") for filters in (160, 160)),
        layers.GlobalAveragePooling1D(),
        layers.Dropout(0.5),
        layers.Dense(6, activation="softmax"),
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Keras' own advice not to write .h5
        keras.Sequential(stack).save(path)


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Path:
    """An empty folder with a recording of one's own in it."""
    folder = tmp_path_factory.mktemp("newcomer")
    (folder / "recordings").mkdir()
    rng = np.random.default_rng(0)
    t = np.arange(0, 60, 0.02)
    x = 9.81 + 3 * np.sin(2 * np.pi * 2 * t)
    rows = np.column_stack([t, x, rng.normal(0, 1, len(t)), rng.normal(0, 1, len(t))])
    lines = [f"{t:.2f},{x:.4f},{y:.4f},{z:.4f},walking,{'ab'[int(t > 30)]}" for t, x, y, z in rows]
    (folder / "recordings" / "walk.csv").write_text("t,x,y,z,activity,person\n" + "\n".join(lines) + "\n")
    (folder / "my-sensor").write_text(
        "#!/bin/sh\nawk 'BEGIN { for (i = 0; i < 200; i++) print i / 20 \",9.81,0,0\" }'\n"
    )
    (folder / "my-sensor").chmod(0o755)
    save_article(folder / "article.h5")
    return folder


def test_readme_shows_both_targets_and_every_command():
    assert "make demo" in SHOWN and "make test" in SHOWN
    targets = (ROOT / "Makefile").read_text()
    assert re.search(r"^demo:", targets, re.M) and re.search(r"^test:", targets, re.M)
    shown = {shlex.split(line.partition("edgehar ")[2])[0] for line in EDGEHAR}
    assert shown == set(COMMANDS)


def test_the_demo_is_the_two_commands_that_the_readme_names():
    demo = (ROOT / "Makefile").read_text().split("\ndemo:")[1].split("\n\n")[0]
    for command in ("python -m edgehar export --int8", "python -m edgehar bench"):
        assert command in demo and command in EDGEHAR


def serve_and_end(line, place):
    """A server runs until Ctrl-C; it says where."""
    with subprocess.Popen(
        [*shlex.split(line), "--port", "0"], cwd=place, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        address = process.stdout.readline().strip()
        with urllib.request.urlopen(address) as answer:
            assert b"<title>edgehar</title>" in answer.read()
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert process.returncode == 0 and "Traceback" not in said


@pytest.mark.parametrize("line", EDGEHAR)
def test_command_runs(place, line):
    name = shlex.split(line.partition("edgehar ")[2])[0]
    line = line.replace("python -m edgehar", f"{sys.executable} -m edgehar", 1).replace("my-sensor", "./my-sensor", 1)
    if name == "demo":
        serve_and_end(line, place)
        return
    full = " ".join([line, *SHORTENED.get(name, [])])
    done = subprocess.run(full, shell=True, cwd=place, capture_output=True, text=True, timeout=400)
    # A CSV of one activity cannot be trained on, and `check` says so with status 1; a hasty model may fail the gate.
    allowed = {0, 1} if "data check" in line or "--model runs" in line else {0}
    assert done.returncode in allowed, done.stdout + done.stderr
    assert done.stdout.strip() and "Traceback" not in done.stderr


def test_table_of_networks_is_that_of_the_measurement():
    with (ROOT / "docs" / "images" / "front.csv").open() as table:
        rows = list(csv.DictReader(table))
    assert len(rows) >= 4
    for row in rows:
        shown = next(line for line in README.splitlines() if line.replace("*", "").startswith(f"| `{row['model']}` |"))
        low, high = (f"{100 * float(row[f'accuracy_{side}']):.1f}" for side in ("low", "high"))
        figures = [
            f"{int(row['parameters']):,}",
            f"{100 * float(row['accuracy']):.1f} ({low} – {high})",
            *(f"{int(row[name]) / 1000:,.1f}" for name in ("tflite", "flash", "ram")),
            *(f"{int(row[name]) / 1000:,.0f} k" for name in ("instructions", "instructions_hop_20")),
        ]
        assert [f"| {figure} |" for figure in figures if f"| {figure} |" not in shown] == []
