"""The Makefile's goals with one model after another, and models that have names."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from edgehar.benchmark import qemu
from edgehar.compile.c import write_c
from edgehar.errors import EdgeharError
from edgehar.runtimes import native

from .engine import COMPILER, FIRMWARE
from .networks import random_network

pytestmark = pytest.mark.skipif(COMPILER is None, reason="needs a C compiler; on Debian or Ubuntu: apt-get install gcc")

RECORDING = "".join(f"{i / 20},{i % 7 - 3},{9 + i % 5},{i % 3}\n" for i in range(200))


def generate(folder: Path, seed: int, **options) -> Path:
    folder.mkdir()
    (folder / "model.tflite").write_bytes(random_network(seed, valid=True))
    write_c(folder / "model.tflite", folder, **options)
    return folder


def make_host(model: Path, build: Path) -> str:
    """What the host program says of a recording, after `make host` with this model."""
    command = ["make", "-s", "-C", FIRMWARE, "host", f"MODEL={model}", f"BUILD={build}"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    program = build / "host" / "edgehar_host"
    return subprocess.run([program], input=RECORDING, capture_output=True, text=True, check=True).stdout


def test_another_model_replaces_the_one_before(tmp_path):
    one, other = generate(tmp_path / "one", 101), generate(tmp_path / "two", 104)
    # The second model's files are older than what was built from the first.
    for file in other.iterdir():
        os.utime(file, (0, 0))
    first, second, third = [make_host(model, tmp_path / "build") for model in (one, other, one)]
    assert second == make_host(other, tmp_path / "alone")
    assert first == third != second


def test_nothing_is_made_twice(tmp_path):
    model = generate(tmp_path / "one", 101)
    make_host(model, tmp_path / "build")
    built = {path: path.stat().st_mtime_ns for path in (tmp_path / "build").rglob("*")}
    make_host(model, tmp_path / "build")
    assert built == {path: path.stat().st_mtime_ns for path in (tmp_path / "build").rglob("*")}


@pytest.mark.skipif(qemu.missing_tools() is not None, reason=str(qemu.missing_tools()))
def test_size_of_another_model(tmp_path):
    def size(model: Path) -> str:
        command = ["make", "-s", "-C", FIRMWARE, "size", f"MODEL={model}", f"BUILD={tmp_path / 'build'}"]
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout

    one, other = generate(tmp_path / "one", 101), generate(tmp_path / "two", 104, name="walk")
    sizes = [size(model) for model in (one, other, one)]
    assert sizes[0] == sizes[2] != sizes[1]
    assert re.search(r"^model \d+$", sizes[1], re.MULTILINE)


def test_a_name_changes_no_decision(tmp_path):
    plain, named = generate(tmp_path / "plain", 101), generate(tmp_path / "named", 101, name="walk")
    assert {path.name for path in named.glob("*.[ch]")} == {"walk_data.c", "walk_data.h"}
    assert make_host(plain, tmp_path / "b1") == make_host(named, tmp_path / "b2")


def test_two_models_in_a_folder_are_refused(tmp_path):
    folder = generate(tmp_path / "both", 101)
    write_c(folder / "model.tflite", folder, name="walk")
    done = subprocess.run(
        ["make", "-s", "-C", FIRMWARE, "host", f"MODEL={folder}", f"BUILD={tmp_path / 'build'}"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0 and "expected one model" in done.stderr
    with pytest.raises(EdgeharError, match="expected one model"):
        native.build(folder)


def test_cores_have_a_board_and_flags():
    text = (FIRMWARE / "port" / "qemu" / "boards.mk").read_text()
    (cores,) = re.findall(r"^QEMU_CPUS = (.*)$", text, re.MULTILINE)
    assert [f"cortex-{core}" for core in cores.split()] == list(qemu.BOARDS)
    for kind in ("CORE", "SCRIPT"):
        assert re.findall(rf"^{kind}_(\w+) = ", text, re.MULTILINE) == cores.split()


def test_the_host_program_refuses_a_unit(tmp_path):
    make_host(FIRMWARE / "tests" / "model", tmp_path)
    program = tmp_path / "host" / "edgehar_host"
    for unit in ("0", "-0.01", "1e9", "nan", "walk"):
        done = subprocess.run([program, "--counts", unit], input="", capture_output=True, text=True, check=False)
        assert done.returncode == 2 and "--counts" in done.stderr
