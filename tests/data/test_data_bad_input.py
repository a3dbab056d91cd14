"""Bad recordings through the command line: exit 2 (or 1 from `check`), one line, no traceback, nothing written."""

import gzip
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from edgehar.cli import main

GOOD = "t,x,y,z,label,subject\n" + "".join(
    f"{i / 50:.2f},0,9.8,{i % 3},{'walking' if i < 500 else 'sitting'},{i // 250}\n" for i in range(1000)
)


def binary(n: int = 5000) -> bytes:
    return np.random.default_rng(0).bytes(n)


def npz(folder: Path) -> bytes:
    np.savez(folder / "x.npz", acc=np.zeros((10, 3)), label=np.zeros(10))
    content = (folder / "x.npz").read_bytes()
    (folder / "x.npz").unlink()
    return content


def zipped(folder: Path) -> bytes:
    with zipfile.ZipFile(folder / "x.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.csv", GOOD)
    content = (folder / "x.zip").read_bytes()
    (folder / "x.zip").unlink()
    return content


def pickled(folder: Path) -> bytes:
    np.savez(folder / "x.npz", acc=np.array([{"a": 1}], object), trial=np.zeros(1))
    content = (folder / "x.npz").read_bytes()
    (folder / "x.npz").unlink()
    return content


# name of the file, its content (or how to make it), more arguments, what the message says
UNREADABLE = [
    ("empty.csv", b"", [], "empty file"),
    ("empty.txt", b"", ["--kind", "wisdm"], "it is empty"),
    ("empty.npz", b"", [], "damaged or other file"),
    ("empty.zip", b"", [], "expected a zip file"),
    ("empty.gz", b"", [], "empty file"),
    ("binary.csv", binary(), [], "binary file"),
    ("binary.npz", binary(), [], "damaged or other file"),
    ("binary.zip", binary(), [], "expected a zip file"),
    ("binary.tar.gz", binary(), [], "expected a tar archive"),
    ("binary.txt", binary(), ["--kind", "wisdm"], "expected records user,activity"),
    ("cut.npz", lambda folder: npz(folder)[:-60], [], "damaged or other file"),
    ("half.npz", lambda folder: npz(folder)[:200], [], "damaged or other file"),
    ("pickle.npz", pickled, [], "plain arrays"),
    ("other.npz", npz, ["--kind", "hapt"], "is missing"),
    ("foreign.npz", npz, [], "expected the arrays of HAPT or MotionSense"),
    ("cut.zip", lambda folder: zipped(folder)[:-30], [], "expected a zip file"),
    ("cut.csv.gz", gzip.compress(GOOD.encode())[:-200], [], "damaged gzip file"),
    ("cut.csv", GOOD[: GOOD.rindex(",")].rsplit(",", 2)[0].encode(), [], "is the file cut short?"),
    ("header.csv", b"t,x,y,z\n", [], "none under the header"),
    ("utf16.csv", GOOD.encode("utf-16-le"), [], "binary file"),
    ("columns.csv", b"t,a,b\n0,1,2\n", [], "expected one column for x"),
    ("twice.csv", b"t,x,accx,y,z\n0,1,2,3,4\n", [], "got several (x, accx)"),
    ("named.csv", GOOD.encode(), ["--columns", "x,y,w"], "no column 'w'"),
    ("text.csv", GOOD.replace(",9.8,", ",much,", 1).encode(), [], "line 2 of"),
    ("text2.csv", GOOD.replace("0.40,", "soon,", 1).encode(), [], "expected a number in column 't', line 22"),
    ("norate.csv", b"x,y,z\n0,9.8,0\n0,9.8,0\n", [], "--rate HZ or --time COLUMN"),
    ("unit.csv", GOOD.replace(",9.8,", ",4.4,").encode(), [], "give --unit"),
    (
        "linear.csv",
        GOOD.replace(",9.8,0,", ",-1,0,").replace(",9.8,2,", ",1,0,").replace(",9.8,1,", ",0,0,").encode(),
        [],
        "gravity included",
    ),
    ("clock.csv", b"t,x,y,z\n" + b"0,0,9.8,0\n" * 50, [], "--time-unit"),
    (
        "nan.csv",
        b"t,x,y,z\n" + b"".join(b"%d.0e-2,nan,9.8,0\n" % i for i in range(50)),
        ["--unit", "g"],
        "none that can be used",
    ),
    ("rate.csv", GOOD.encode(), ["--rate", "-5"], "rate above 0"),
    ("axes.csv", GOOD.encode(), ["--axes", "x,y"], "expected axes like"),
    ("label.csv", GOOD.encode(), ["--label", "running=jogging"], "no label 'running'"),
    ("pair.csv", GOOD.encode(), ["--label", "running"], "expected OWN=NAME"),
    ("three.csv", GOOD.encode(), ["--columns", "x,y"], "expected three different columns for x, y, z"),
    ("schema.csv", GOOD.encode(), ["--schema", "nowhere.toml"], "no such file: nowhere.toml"),
]

# content, more arguments, what the message says
UNUSABLE = [
    (GOOD.replace(",label,", ",mark,").encode(), [], "no sample has a label"),
    (GOOD.encode(), ["--subject-column", "@file"], "windows of 1 person"),
    (GOOD.encode(), ["--time", "none", "--rate", "28.2842712"], "cannot resample 28.2843 Hz"),
    (GOOD[: GOOD.index("1.00,")].encode(), [], "the longest stretch is 1.00 s"),
    (GOOD.encode(), ["--label", "walking=a", "--label", "sitting=a"], "windows of 1 activities (a)"),
    (GOOD.encode(), ["--unit", "g"], "unit or gravity is wrong"),
]


@pytest.mark.parametrize(("name", "content", "arguments", "message"), UNREADABLE, ids=[row[0] for row in UNREADABLE])
@pytest.mark.parametrize("command", ["info", "check"])
def test_unreadable_recordings_exit_2(tmp_path, capsys, command, name, content, arguments, message):
    path = tmp_path / name
    path.write_bytes(content(tmp_path) if callable(content) else content)
    assert main(["data", command, str(path), *arguments]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ")
    assert captured.err.count("\n") == 1
    assert message in captured.err
    assert [item.name for item in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize(("content", "arguments", "message"), UNUSABLE, ids=[row[2] for row in UNUSABLE])
def test_unusable_recordings_exit_1(tmp_path, capsys, content, arguments, message):
    path = tmp_path / "walk.csv"
    path.write_bytes(content)
    assert main(["data", "check", str(path), "--json", *arguments]) == 1
    captured = capsys.readouterr()
    assert captured.err.count("\n") == 1
    assert captured.err.startswith("error: not usable to train: ")
    assert message in captured.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["data", "check", "nowhere.csv"], "no such file or folder: nowhere.csv"),
        (["data", "info", "wisdm:nowhere"], "no such file or folder: nowhere"),
        (["data", "info", "x" * 5000], "no such file or folder"),
        (["data", "check"], "Missing argument"),
        (["data", "check", "hapt", "--kind", "xml"], "Invalid value for '--kind'"),
        (["data", "inspect"], "No such command 'inspect'"),
    ],
)
def test_what_is_not_there(capsys, tmp_path, monkeypatch, arguments, message):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert message in captured.err
    assert captured.err.count("\n") == 1


def test_an_empty_folder(tmp_path, capsys):
    assert main(["data", "check", str(tmp_path)]) == 2
    assert "it holds no file" in capsys.readouterr().err


def test_an_unreadable_file(tmp_path, capsys):
    if os.geteuid() == 0:
        pytest.skip("root reads every file")
    path = tmp_path / "secret.csv"
    path.write_text(GOOD)
    path.chmod(0)
    assert main(["data", "check", str(path)]) == 2
    assert "cannot read" in capsys.readouterr().err


def test_as_a_process(tmp_path):
    path = tmp_path / "cut.npz"
    path.write_bytes(npz(tmp_path)[:100])
    result = subprocess.run(
        [sys.executable, "-m", "edgehar", "data", "check", str(path)], capture_output=True, text=True, timeout=120
    )
    assert result.returncode == 2
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert result.stderr.count("\n") == 1
