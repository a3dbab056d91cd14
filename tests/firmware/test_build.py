"""How the C builds: warnings, C++, sanitizers, fuzzing, symbols, sizes; and that generated files come out the same."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edgehar.compile.c import write_c
from edgehar.compile.kernel_path import KERNEL_PATHS
from edgehar.compile.plan import SCHEDULES

from .engine import FIRMWARE
from .networks import random_network

ROOT = FIRMWARE.parent
MODEL = FIRMWARE / "tests" / "model"
STRICT = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]
ARM = ["-mcpu=cortex-m3", "-mthumb", "-mfloat-abi=soft", "-O2", "-ffunction-sections", "-fdata-sections"]
#: What firmware may take from the C library and the compiler's runtime, in a counts-only build.
ALLOWED = {"memcpy", "memset"}
#: Of edgehar_adapt.c alone, which most images leave out.
LEARNING = {"__aeabi_ldivmod"}


def run(*command: object, **options) -> subprocess.CompletedProcess[str]:
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=600, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def compiler(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"needs {name}; on Debian or Ubuntu: apt-get install {name}")
    return found


def arm_gcc() -> str:
    found = shutil.which("arm-none-eabi-gcc")
    if found is None:
        pytest.skip(
            "needs arm-none-eabi-gcc; on Debian or Ubuntu: apt-get install gcc-arm-none-eabi libnewlib-arm-none-eabi"
        )
    return found


@pytest.mark.parametrize("name", ["gcc", "clang"])
def test_compiles_without_a_warning(name, tmp_path):
    for defines in ([], ["-DEDGEHAR_COUNTS_ONLY"], ["-DEDGEHAR_CHECK", "-DEDGEHAR_TRACE"]):
        for source in [*sorted((FIRMWARE / "src").glob("*.[cS]")), MODEL / "model_data.c"]:
            includes = [f"-I{FIRMWARE / 'include'}", f"-I{FIRMWARE / 'src'}", f"-I{MODEL}"]
            run(compiler(name), *STRICT, "-O2", *defines, *includes, "-c", source, "-o", tmp_path / "unit.o")


@pytest.mark.parametrize("name", ["g++", "clang++"])
def test_header_in_cpp(name, tmp_path):
    program = tmp_path / "user.cpp"
    program.write_text(
        '#include "edgehar.h"\n#include "model_data.h"\n'
        "static const edgehar_config config = EDGEHAR_CONFIG(&edgehar_model_data, 20);\n"
        "static const edgehar_config counts = EDGEHAR_CONFIG_COUNTS(&edgehar_model_data, 20, 0.01);\n"
        "int main() { return config.hop + counts.counts.shift == 0; }\n"
    )
    flags = ["-std=c++11", "-pedantic", "-Wall", "-Wextra", "-Werror", f"-I{FIRMWARE / 'include'}", f"-I{MODEL}"]
    run(compiler(name), *flags, "-c", program, "-o", tmp_path / "user.o")


@pytest.mark.parametrize("name", ["gcc", "clang"])
def test_engine_and_corpus_under_sanitizers(name, tmp_path):
    done = run("make", "-s", "-C", FIRMWARE, "test", f"CC={compiler(name)}", f"BUILD={tmp_path}")
    assert "engine: all tests passed" in done.stdout
    inputs = re.search(r"(\d+) inputs: no complaint", done.stdout)
    assert inputs and int(inputs[1]) >= 5


@pytest.mark.parametrize("hop", [None, 4])
def test_fuzzing_for_a_bounded_time(hop, tmp_path):
    compiler("clang")
    model = tmp_path / "model.tflite"
    sys.path.insert(0, str(ROOT / "tests" / "vectors"))
    model.write_bytes(random_network(106, valid=True))
    write_c(model, tmp_path / "c", hop=hop, schedule="spread")
    done = subprocess.run(
        ["make", "-s", "-C", FIRMWARE, "fuzz", "SECONDS=6", f"MODEL={tmp_path / 'c'}", f"BUILD={tmp_path / 'build'}"],
        capture_output=True,
        text=True,
        timeout=300,
    )
    if "libclang_rt.fuzzer" in done.stderr:
        pytest.skip("needs clang's libFuzzer; on Debian or Ubuntu: apt-get install libclang-rt-14-dev")
    assert done.returncode == 0, done.stderr[-2000:]


def symbols(objects: list[Path]) -> set[str]:
    """What the objects need and do not have."""
    lines = run("arm-none-eabi-nm", *objects).stdout.splitlines()
    words = [line.split() for line in lines if line.strip() and not line.endswith(":")]
    return {word[-1] for word in words if word[-2] == "U"} - {word[-1] for word in words if word[-2] != "U"}


def arm_objects(folder: Path, *defines: str) -> list[Path]:
    objects = []
    includes = [f"-I{FIRMWARE / 'include'}", f"-I{FIRMWARE / 'src'}", f"-I{MODEL}"]
    for source in [*sorted((FIRMWARE / "src").glob("*.[cS]")), MODEL / "model_data.c"]:
        objects.append(folder / f"{source.name}.o")
        run(arm_gcc(), *STRICT, *ARM, *defines, *includes, "-c", source, "-o", objects[-1])
    return objects


def test_counts_only_build_needs_memcpy_and_memset_alone(tmp_path):
    assert symbols(arm_objects(tmp_path, "-DEDGEHAR_COUNTS_ONLY")) - LEARNING <= ALLOWED


def test_only_learning_and_aligning_divide_in_64_bits(tmp_path):
    objects = arm_objects(tmp_path, "-DEDGEHAR_COUNTS_ONLY")
    assert symbols(objects) >= LEARNING
    assert not symbols([one for one in objects if not re.search("adapt|align", one.name)]) & LEARNING


def test_float_build_needs_no_more_than_single_precision(tmp_path):
    needed = symbols(arm_objects(tmp_path)) - ALLOWED - LEARNING
    assert needed and all(re.fullmatch(r"__aeabi_(f\w+|i2f|cf\w+)", name) for name in needed), needed


def test_no_mutable_globals(tmp_path):
    for unit in arm_objects(tmp_path):
        for line in run("arm-none-eabi-size", "-A", unit).stdout.splitlines():
            name, size, *_ = (*line.split(), "", "")
            if name.startswith((".data", ".bss")) and size.isdigit():
                assert int(size) == 0, (unit.name, line)


def test_unused_kernels_are_not_linked(tmp_path):
    """The small model has no average pool and no other path's convolution."""
    objects = arm_objects(tmp_path, "-DEDGEHAR_COUNTS_ONLY")
    main = tmp_path / "main.c"
    main.write_text(
        '#include "edgehar.h"\n#include "model_data.h"\n'
        "static const edgehar_config config = EDGEHAR_CONFIG_COUNTS(&edgehar_model_data, 20, 0.01);\n"
        "static uint32_t memory[EDGEHAR_MODEL_MEMORY_BYTES / 4]; static edgehar stream; static edgehar_decision d;\n"
        "int main(void) { int16_t c[3] = {0, 0, 0}; edgehar_init(&stream, &config, memory, sizeof memory);\n"
        "return edgehar_push_counts(&stream, c, EDGEHAR_NO_TIME, &d); }\n"
    )
    image = tmp_path / "image.elf"
    includes = [f"-I{FIRMWARE / 'include'}", f"-I{MODEL}"]
    link = ["-nostartfiles", "--specs=nosys.specs", "-Wl,--gc-sections", "-Wl,-e,main", "-Wl,--no-warn-rwx-segments"]
    run(arm_gcc(), *ARM, *includes, main, *objects, *link, "-o", image)
    names = {line.split()[-1] for line in run("arm-none-eabi-nm", image).stdout.splitlines()}
    assert "edgehar_conv1d_portable" in names
    assert not names & {"edgehar_average_pool", "edgehar_conv1d_dsp", "edgehar_conv1d_mve", "edgehar_depthwise_dsp"}
    banned = re.compile(r"_?(malloc|calloc|realloc|free|_sbrk|printf|vfprintf)(_r)?$|__aeabi_[fd]|__\w+[sd]f[23]$")
    assert not [name for name in names if banned.match(name)]


@pytest.mark.parametrize("kernels", KERNEL_PATHS)
def test_generated_files_come_out_the_same(kernels, tmp_path):
    model = tmp_path / "model.tflite"
    model.write_bytes(random_network(101, valid=True))
    for schedule in SCHEDULES:
        one = write_c(model, tmp_path / "one", kernels=kernels, hop=4, schedule=schedule)
        two = write_c(model, tmp_path / "two", kernels=kernels, hop=4, schedule=schedule)
        assert [path.read_bytes() for path in one] == [path.read_bytes() for path in two]
    text = one[1].read_text()
    assert "Generated by edgehar" in text and "Model SHA-256: " in text and not re.search(r"20\d\d-\d\d", text)


def test_committed_vectors_are_what_the_script_makes(tmp_path):
    pytest.importorskip("tflite_micro")
    code = (
        "import sys; sys.path[:0] = [{0!r}, {1!r}]\nimport make_vectors as v\nfrom pathlib import Path\n"
        "v.write_small_model(Path({2!r}))\nPath({2!r}, 'golden.json').write_text(v.golden())\n"
    ).format(str(ROOT / "tests" / "vectors"), str(ROOT), str(tmp_path))
    run(sys.executable, "-c", code)
    for name in ("model_data.h", "model_data.c"):
        assert (tmp_path / name).read_text() == (MODEL / name).read_text(), "run tests/vectors/make_vectors.py"
    golden = ROOT / "tests" / "vectors" / "int8_networks.json"
    assert (tmp_path / "golden.json").read_text() == golden.read_text()
