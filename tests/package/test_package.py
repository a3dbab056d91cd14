"""Packages: metadata by each ecosystem's rules; sources that compile, against its tool or against stubs of its API."""

from __future__ import annotations

import ast
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from edgehar import __version__, cli
from edgehar.channels import parse_channels
from edgehar.compile.c import write_c
from edgehar.data.polyphase import make_polyphase
from edgehar.engine import engine_dir
from edgehar.errors import EdgeharError
from edgehar.package import KINDS, package_files
from edgehar.package.library import SENSOR_HZ, read_library, require_readable
from tests.firmware.test_channels import contract_of, network

STUBS = Path(__file__).parent / "stubs"
STRICT = ["-std=c99", "-Wall", "-Wextra", "-Werror", "-Wno-unused-parameter"]
SKETCH = ["-std=c++11", "-Wall", "-Wextra", "-Werror", "-Wno-sign-compare"]
CORE = ["-mcpu=cortex-m4", "-mthumb"]


@pytest.fixture(scope="module")
def library(bundle_of, tmp_path_factory):
    folder = tmp_path_factory.mktemp("generated")
    bundle = bundle_of("micro")
    from edgehar.bundle import open_bundle

    write_c(bundle / "model_int8.tflite", folder, sensor_hz=SENSOR_HZ)
    assert make_polyphase(SENSOR_HZ, 20.0)
    return read_library(folder, open_bundle(bundle).contract)


@pytest.fixture(scope="module")
def library_of_both(tmp_path_factory):
    """Of a model that takes the gyroscope as well."""
    folder = tmp_path_factory.mktemp("both")
    (folder / "model.tflite").write_bytes(network(6))
    contract = contract_of("acc,gyro")
    write_c(folder / "model.tflite", folder, sensor_hz=SENSOR_HZ, contract=contract)
    return read_library(folder, contract)


def laid_out(library, root):
    """Each package on disk."""
    for kind in KINDS:
        for name, content in package_files(kind, library).items():
            path = root / kind / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
    return root


@pytest.fixture(scope="module")
def trees(library, tmp_path_factory):
    return laid_out(library, tmp_path_factory.mktemp("packages"))


def compiles(compiler, sources, includes, tmp_path, *options):
    if shutil.which(compiler) is None:
        pytest.skip(f"needs {compiler}")
    for source in sources:
        places = [f"-I{place}" for place in includes]
        command = [compiler, *options, *places, "-c", str(source), "-o", str(tmp_path / "out.o")]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{source.name}: {done.stderr[:2000]}"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_nothing_is_left_to_fill_in_and_nothing_leaves_the_folder(kind, library):
    files = package_files(kind, library)
    for name, content in files.items():
        assert ".." not in name and not name.startswith("/")
        if not name.startswith("src/edgehar"):
            assert not re.search(rb"@[A-Z]+@", content), name
    assert "README.md" in files and b"walking" in files["README.md"]
    assert {f"src/{name}" for name in ("edgehar.h", "edgehar.c", "model_data.c", "model_data.h")} <= set(files)


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_source_compiles_for_a_cortex_m4_from_one_folder(kind, trees, tmp_path):
    """As the ecosystems do: all files of src, one include folder; the driver and the module have tests of their own."""
    folder = trees / kind / "src"
    sources = [path for path in sorted(folder.iterdir()) if path.suffix in (".c", ".S") and "mod" not in path.stem[:3]]
    sources += [folder / "model_data.c"]
    compiles("arm-none-eabi-gcc", sources, [folder], tmp_path, *CORE, "-O2", "-std=c99", "-Wall", "-Wextra", "-Werror")


def test_arduino(trees, tmp_path):
    """library.properties by the Arduino library specification; the sketch as the IDE builds it, a .cpp."""
    folder = trees / "arduino"
    told = dict(line.split("=", 1) for line in (folder / "library.properties").read_text().splitlines())
    needed = {"name", "version", "author", "maintainer", "sentence", "paragraph", "category", "url", "architectures"}
    assert needed <= set(told) and all(told.values())
    # The specification demands an address, and the project has none: a name that can never be somebody else's.
    assert told["url"] == "https://edgehar.invalid/"
    assert re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9 _.\-]{0,62}", told["name"])
    assert re.fullmatch(r"\d+\.\d+\.\d+", told["version"]) and told["version"] == __version__
    assert told["category"] in {
        "Display", "Communication", "Signal Input/Output", "Sensors", "Device Control", "Timing", "Data Storage",
        "Data Processing", "Other",
    }  # fmt: skip
    assert (folder / "src" / told["includes"]).is_file()
    for line in (folder / "keywords.txt").read_text().splitlines():
        assert re.fullmatch(r"\w+\t(KEYWORD1|KEYWORD2|LITERAL1)", line)
    sketch = tmp_path / "lsm6dso.ino.cpp"
    sketch.write_text("#include <Arduino.h>\n" + (folder / "examples/lsm6dso/lsm6dso.ino").read_text())
    compiles("g++", [sketch], [STUBS / "arduino", folder / "src"], tmp_path, *SKETCH)


def test_platformio(trees, tmp_path):
    """library.json by PlatformIO's manifest rules; the example is the Arduino sketch as a .cpp."""
    folder = trees / "platformio"
    told = json.loads((folder / "library.json").read_text())
    assert re.fullmatch(r"[^:;/,@<>]{1,50}", told["name"]) and told["version"] == __version__
    assert told["description"] and told["license"] == "MIT" and told["authors"][0]["name"]
    assert all(re.fullmatch(r"[a-z\d \-]{1,50}", word) for word in told["keywords"])
    assert all((folder / told["build"]["srcDir"] / name).is_file() for name in told["headers"])
    for example in told["examples"]:
        assert all((folder / example["base"] / name).is_file() for name in example["files"])
    main = folder / "examples/lsm6dso/src/main.cpp"
    compiles("g++", [main], [STUBS / "arduino", folder / "src"], tmp_path, *SKETCH)


def test_zephyr(trees, tmp_path):
    """module.yml and sample.yaml have the keys of Zephyr's schemas, whose files exist; the sample compiles."""
    yaml = pytest.importorskip("yaml")
    folder = trees / "zephyr"
    module = yaml.safe_load((folder / "zephyr/module.yml").read_text())
    assert set(module) <= {"name", "build", "samples", "tests", "boards", "blobs", "runners", "package-managers"}
    assert (folder / module["build"]["kconfig"]).is_file()
    assert (folder / module["build"]["cmake"] / "CMakeLists.txt").is_file()
    sample = yaml.safe_load((folder / "samples/lsm6dso/sample.yaml").read_text())
    assert sample["sample"]["name"] and sample["tests"]["edgehar.lsm6dso"]["build_only"] is True
    for line in (folder / "samples/lsm6dso/prj.conf").read_text().split():
        assert re.fullmatch(r"CONFIG_[A-Z0-9_]+=y", line)
    assert "config EDGEHAR" in (folder / "zephyr/Kconfig").read_text()
    main = folder / "samples/lsm6dso/src/main.c"
    compiles("gcc", [main], [STUBS / "zephyr", folder / "src"], tmp_path, "-std=c11", *STRICT[1:])


def test_cmake_builds_installs_and_is_found(trees, tmp_path):
    """With CMake itself: library, install, find_package, and the example with a board's functions."""
    if shutil.which("cmake") is None:
        pytest.skip("needs cmake: apt-get install cmake")
    folder = trees / "cmake"

    def run(*command):
        done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
        assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]

    run("cmake", "-S", folder, "-B", tmp_path / "b", f"-DCMAKE_INSTALL_PREFIX={tmp_path / 'i'}")
    run("cmake", "--build", tmp_path / "b", "-j2")
    run("cmake", "--install", tmp_path / "b")
    device = tmp_path / "device.c"
    device.write_text(
        '#include "device.h"\n'
        "int device_write(uint8_t reg, uint8_t value) { (void)reg; (void)value; return -1; }\n"
        "int device_read(uint8_t reg, uint8_t *to, size_t n) { (void)reg; (void)to; (void)n; return -1; }\n"
        "int device_wait(uint64_t *now) { (void)now; return 0; }\n"
        "void device_show(int status, const edgehar_decision *d) { (void)status; (void)d; }\n"
    )
    run("cmake", "-S", folder / "examples/lsm6dso", "-B", tmp_path / "e", f"-DDEVICE={device}")
    run("cmake", "--build", tmp_path / "e", "-j2")
    assert subprocess.run([tmp_path / "e" / "lsm6dso"], check=False).returncode == 1  # no sensor answers
    (tmp_path / "u").mkdir()
    (tmp_path / "u/CMakeLists.txt").write_text(
        "cmake_minimum_required(VERSION 3.16)\nproject(u C)\nfind_package(edgehar CONFIG REQUIRED)\n"
        "add_executable(u u.c)\ntarget_link_libraries(u edgehar::edgehar)\n"
    )
    (tmp_path / "u/u.c").write_text(
        '#include "edgehar.h"\n#include "model_data.h"\n'
        "int main(void) { return edgehar_label_name(&edgehar_model_data, 0)[0] == 'w' ? 0 : 1; }\n"
    )
    run("cmake", "-S", tmp_path / "u", "-B", tmp_path / "ub", f"-DCMAKE_PREFIX_PATH={tmp_path / 'i'}")
    run("cmake", "--build", tmp_path / "ub")
    run(tmp_path / "ub" / "u")


def test_esp_idf(trees, tmp_path):
    yaml = pytest.importorskip("yaml")
    folder = trees / "esp-idf"
    told = yaml.safe_load((folder / "idf_component.yml").read_text())
    assert told["version"] == __version__ and told["dependencies"]["idf"].startswith(">=")
    assert not {"url", "repository", "documentation", "issues"} & set(told), "optional, and there is no such page"
    assert "idf_component_register" in (folder / "CMakeLists.txt").read_text()
    main = folder / "examples/lsm6dso/main/main.c"
    compiles("gcc", [main], [STUBS / "esp_idf", folder / "src"], tmp_path, "-std=c11", *STRICT[1:])


def test_micropython(trees, tmp_path):
    folder = trees / "micropython"
    compiles(
        "gcc",
        [folder / "src/modedgehar.c"],
        [STUBS / "micropython", folder / "src"],
        tmp_path,
        "-std=gnu99",
        *STRICT[1:],
    )
    ast.parse((folder / "examples/lsm6dso.py").read_text())
    assert not (folder / "src/lsm6dso.c").exists()
    assert "SRC_USERMOD_C += $(EDGEHAR_DIR)/modedgehar.c" in (folder / "micropython.mk").read_text()


def test_examples_read_the_gyroscope_where_the_model_does(library, library_of_both, tmp_path):
    """Every example compiles with six channels, and names the call that reads both sensors."""
    folder = laid_out(library_of_both, tmp_path / "both")
    sketch = tmp_path / "lsm6dso.ino.cpp"
    sketch.write_text("#include <Arduino.h>\n" + (folder / "arduino/examples/lsm6dso/lsm6dso.ino").read_text())
    for compiler, source, stubs, kind, options in (
        ("g++", sketch, "arduino", "arduino", SKETCH),
        ("g++", folder / "platformio/examples/lsm6dso/src/main.cpp", "arduino", "platformio", SKETCH),
        ("gcc", folder / "zephyr/samples/lsm6dso/src/main.c", "zephyr", "zephyr", ["-std=c11", *STRICT[1:]]),
        ("gcc", folder / "cmake/examples/lsm6dso/main.c", "cmake", "cmake", STRICT),
        ("gcc", folder / "esp-idf/examples/lsm6dso/main/main.c", "esp_idf", "esp-idf", ["-std=c11", *STRICT[1:]]),
        ("gcc", folder / "micropython/src/modedgehar.c", "micropython", "micropython", ["-std=gnu99", *STRICT[1:]]),
    ):
        includes = [STUBS / stubs, folder / kind / "src"]
        compiles(compiler, [source], includes, tmp_path, *options)
        if kind != "micropython":
            symbols = subprocess.run(["nm", tmp_path / "out.o"], capture_output=True, text=True, check=True).stdout
            assert "lsm6dso_read_both" in symbols and "edgehar_set_sensors" in symbols
    assert b"and a gyroscope" in package_files("arduino", library_of_both)["README.md"]
    assert b"gyroscope" not in package_files("arduino", library)["README.md"]
    assert (
        b"push(x, y, z, gx, gy, gz, time_us)   # m/s\xc2\xb2 with gravity and rad/s at"
        in (package_files("micropython", library_of_both)["README.md"])
    )


@pytest.mark.parametrize("text", ["gyro", "gyro,acc", "acc,mag", "acc.magnitude", "acc,gyro,mag"])
def test_models_that_the_examples_cannot_feed_are_refused(text, tmp_path):
    """At export in one line, and by the compiler, where somebody takes the driver for another model."""
    with pytest.raises(EdgeharError, match=rf"channels acc or acc,gyro for a package.* got {text};"):
        require_readable(contract_of(text))
    (tmp_path / "model.tflite").write_bytes(network(len(parse_channels(text))))
    write_c(tmp_path / "model.tflite", tmp_path, sensor_hz=SENSOR_HZ, contract=contract_of(text))
    folder = engine_dir()
    includes = [f"-I{path}" for path in (folder / "include", folder / "examples/lsm6dso", tmp_path)]
    command = ["gcc", "-std=c99", "-fsyntax-only", *includes, str(folder / "examples/lsm6dso/main.c")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode and "train with --channels acc" in done.stderr


def test_refusals(capsys, tmp_path):
    for arguments, words in (
        (["--package", "arduinoo"], "expected packages out of"),
        (["--package", "cmake", "--sensor-rate", "104"], "52 Hz"),
        (["--package", "cmake", "--io", "float"], "--io int8"),
    ):
        assert cli.main(["export", "--model", "micro", "--out", str(tmp_path / "b"), *arguments]) == 2
        assert words in capsys.readouterr().err
    assert not (tmp_path / "b").exists()


def test_the_export_holds_them(tmp_path, capsys):
    import edgehar

    out = tmp_path / "b"
    assert (
        cli.main(["export", "--model", "nano", "--out", str(out), "--package", "zephyr", "--package", "arduino"]) == 0
    )
    assert {"packages/zephyr/zephyr/module.yml", "packages/arduino/library.properties"} <= set(
        edgehar.open_bundle(out).names
    )
    assert "note: the C source has portable kernels" in capsys.readouterr().err
    assert edgehar.verify(out).strangers == ()
