"""The engine outside of a checkout: inside the wheel, and beside a model in a folder that compiles by itself."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import edgehar
from edgehar.bundle.write import CSource, Options, _c_source
from edgehar.compile.c import write_c, write_engine
from edgehar.compile.read import read_network
from edgehar.contract import Contract
from edgehar.files import write_json

from .engine import COMPILER, FIRMWARE
from .networks import random_network

ROOT = Path(__file__).resolve().parents[2]
needs_compiler = pytest.mark.skipif(
    COMPILER is None, reason="needs a C compiler; on Debian or Ubuntu: apt-get install gcc"
)

MAIN = re.search(r"```c\n(.*?)```", (FIRMWARE / "README.md").read_text(), re.DOTALL)[1]
BOARD = """#include <stdint.h>
#include <stdio.h>
int read_sensor(int16_t counts[3]);
void show(const char *label, int percent);
int read_sensor(int16_t counts[3]) {
    static int left = 200;
    counts[0] = (int16_t)(left % 7 * 900); counts[1] = 8192; counts[2] = (int16_t)(left % 5 * 300);
    return left-- > 0;
}
void show(const char *label, int percent) { printf("%s %d\\n", label, percent); }
"""


def run(*command: object, **options) -> str:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture
def model(tmp_path: Path) -> Path:
    path = tmp_path / "model_int8.tflite"
    path.write_bytes(random_network(101, valid=True))
    return path


def test_the_folder_has_what_is_compiled():
    engine = edgehar.engine_dir()
    assert (engine / "include" / "edgehar.h").is_file() and (engine / "src" / "edgehar_engine.c").is_file()


@needs_compiler
def test_engine_and_model_compile_by_themselves(model, tmp_path):
    folder, program = tmp_path / "c", tmp_path / "program"
    write_c(model, folder)
    written = write_engine(folder)
    assert all(path.is_file() for path in written)
    (tmp_path / "main.c").write_text(MAIN)
    (tmp_path / "board.c").write_text(BOARD)
    user = [tmp_path / "main.c", tmp_path / "board.c"]
    run("make", "-s", "-C", folder)
    run("cc", f"-I{folder / 'include'}", f"-I{folder}", *user, folder / "libedgehar.a", "-o", program)
    first = run(program)
    assert len(first.splitlines()) > 3
    # The compiler line that the Makefile gives.
    (line,) = re.findall(r"cc -O2 .*", (folder / "Makefile").read_text())
    line = line.replace("your_program.c", f"{user[0]} {user[1]} -o {program}")
    program.unlink()
    run("sh", "-c", line, cwd=folder)
    assert run(program) == first
    # Another model takes the place of the first one.
    model.write_bytes(random_network(104, valid=True))
    write_c(model, folder)
    os.utime(folder / "model_data.h", (2**31, 2**31))
    run("make", "-s", "-C", folder)
    run("cc", f"-I{folder / 'include'}", f"-I{folder}", *user, folder / "libedgehar.a", "-o", program)
    assert run(program) != first


@pytest.mark.skipif(shutil.which("arm-none-eabi-gcc") is None, reason="needs arm-none-eabi-gcc")
@pytest.mark.parametrize(("kernels", "core"), [("dsp", "cortex-m4"), ("mve", "cortex-m55")])
def test_the_folder_compiles_for_a_core(kernels, core, model, tmp_path):
    write_c(model, tmp_path / "c", kernels=kernels)
    write_engine(tmp_path / "c")
    float_unit = "-mfloat-abi=hard -mfpu=" + ("auto" if core == "cortex-m55" else "fpv4-sp-d16")
    tools = ["CC=arm-none-eabi-gcc", "AR=arm-none-eabi-ar", f"CFLAGS=-mcpu={core} -mthumb {float_unit} -O2"]
    run("make", "-s", "-C", tmp_path / "c", *tools)
    names = run("arm-none-eabi-nm", tmp_path / "c" / "libedgehar.a")
    assert "edgehar_model_data" in names and f" T edgehar_conv1d_{kernels}" in names


def test_a_bundle_takes_name_and_engine(model, tmp_path):
    options = Options(int8=True, c=CSource(asked=True, name="walk", engine=True))
    entry = _c_source(tmp_path, options, lambda step: None)
    assert entry == {"kernels": "portable", "hop": None, "schedule": "hop", "name": "walk", "engine": True}
    assert (tmp_path / "c" / "walk_data.c").is_file() and (tmp_path / "c" / "include" / "edgehar.h").is_file()


@pytest.mark.parametrize("option", [["--c-engine"], ["--c-name", "Walk"], ["--c-name", "walk"]])
def test_options_without_effect_are_refused(option, run_cli, tmp_path):
    more = ["--int8"] if option[-1] == "Walk" else ["--io", "float"]
    done = run_cli("export", *option, *more, cwd=tmp_path)
    assert done.returncode == 2 and done.stderr.startswith("error: expected"), done.stderr
    assert len(done.stderr.strip().splitlines()) == 1 and not (tmp_path / "bundle").exists()


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that a wheel was installed into: that of `make test`, else one made here."""
    given = os.environ.get("EDGEHAR_WHEEL")
    if given:
        return Path(given)
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    ignore = shutil.ignore_patterns("__pycache__", "build", "*.npz", "*.keras")
    for name in ("edgehar", "firmware_ref"):
        shutil.copytree(ROOT / name, source / name, ignore=ignore)
    for name in ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source / name)
    pip = [sys.executable, "-m", "pip", "-q", "--disable-pip-version-check"]
    run(*pip, "wheel", "--no-build-isolation", "--no-deps", "-w", folder, source)
    run(*pip, "install", "--no-deps", "--target", folder / "site", *folder.glob("*.whl"))
    return folder / "site"


@needs_compiler
def test_the_native_runtime_works_from_a_wheel(wheel, model, tmp_path):
    """No checkout: nothing but the wheel and a C compiler; the same bytes as here."""
    write_c(model, tmp_path / "c", name="walk")
    network = read_network(model)
    window, classes = network.tensors[network.source].columns, network.tensors[network.result].channels
    write_json(
        tmp_path / "contract.json", Contract(tuple(f"label {i}" for i in range(classes)), window=window).to_dict()
    )
    code = (
        "import json, numpy as np, edgehar\n"
        f"runtime = edgehar.open_model({str(model)!r}, runtime='native-int8')\n"
        f"windows = np.random.default_rng(1).normal(0, 5, (9, {window}, 3)).astype(np.float32)\n"
        "print(json.dumps([edgehar.__file__, str(edgehar.engine_dir()), runtime.predict(windows).tolist()]))"
    )
    answers = []
    for place in (wheel, ROOT):
        environment = {**os.environ, "PYTHONPATH": str(place), "XDG_CACHE_HOME": str(tmp_path / place.name)}
        answers.append(json.loads(run(sys.executable, "-c", code, cwd=tmp_path, env=environment)))
    assert Path(answers[0][0]).is_relative_to(wheel) and Path(answers[0][1]).is_relative_to(wheel)
    assert answers[0][2] == answers[1][2] and len(answers[0][2]) == 9
