"""edgehar.h and generated headers: what must not compile does not, what must, does and means the same in C and C++."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

import edgehar
from edgehar.compile.c import write_c
from edgehar.compile.c.emit import FORMAT
from edgehar.errors import EdgeharError

from .engine import FIRMWARE
from .networks import NetworkWriter, random_network

HEADER = (FIRMWARE / "include" / "edgehar.h").read_text()
MODEL = FIRMWARE / "tests" / "model"
STRICT = ["-pedantic", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror"]
COMPILERS = {
    "gcc": ["-std=c99"],
    "clang": ["-std=c99"],
    "arm-none-eabi-gcc": ["-std=c99"],
    "g++": ["-std=c++11"],
    "clang++": ["-std=c++11"],
    "g++ 20": ["-std=c++20"],
}


def compile_text(name: str, text: str, folder: Path, *flags: object) -> subprocess.CompletedProcess[str]:
    found = shutil.which(name.split()[0])
    if found is None:
        pytest.skip(f"needs {name}; on Debian or Ubuntu: apt-get install {name}")
    program = folder / ("user.cpp" if "++" in name else "user.c")
    program.write_text(text)
    includes = [f"-I{FIRMWARE / 'include'}", f"-I{FIRMWARE / 'src'}", f"-I{MODEL}"]
    command = [found, *COMPILERS[name], *flags, *includes, "-c", program, "-o", folder / "user.o"]
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False, timeout=60)


STATIC = "static const edgehar_config config_{1} = EDGEHAR_CONFIG_COUNTS(&edgehar_model_data, 20, {0});\n"
LOCAL = "int local_{1}(void); int local_{1}(void) {{ edgehar_counts c = EDGEHAR_COUNTS({0}); return c.shift + {2}; }}\n"
INCLUDES = '#include "edgehar.h"\n#include "model_data.h"\n'
GOOD = ["0.01", "9.80665 / 16384", "9.80665f / 2048", "1", "2e-7", "500.0"]
BAD = ["0", "-9.80665 / 16384", "1e-9", "1e9", "10 / 16384"]


@pytest.mark.parametrize("name", COMPILERS)
def test_a_unit_that_is_no_unit_does_not_compile(name, tmp_path):
    def program(unit: str, index: int) -> tuple[str, str]:
        return STATIC.format(unit, index), LOCAL.format(unit, index, f"config_{index}.hop")

    good = "".join("".join(program(unit, index)) for index, unit in enumerate(GOOD))
    done = compile_text(name, INCLUDES + good, tmp_path, *STRICT)
    assert done.returncode == 0, done.stderr
    for unit in BAD:  # errors without any option, not warnings that a project may have switched off
        for text in (program(unit, 0)[0], LOCAL.format(unit, 0, 0)):
            done = compile_text(name, INCLUDES + text, tmp_path, "-w", "-fsyntax-only")
            assert done.returncode != 0, text


def test_the_map_is_the_best_of_31_bits(tmp_path):
    units = [unit for unit in GOOD if "/" not in unit]
    lines = [
        f"{{ const edgehar_counts c = EDGEHAR_COUNTS({unit}); "
        'printf("%lu %d\\n", (unsigned long)c.multiplier, c.shift); }'
        for unit in units
    ]
    scale = float(np.float32(re.search(r"INPUT_SCALE (\S+)f ", (MODEL / "model_data.h").read_text())[1]))
    for name in ("gcc", "g++"):
        text = f"#include <stdio.h>\n{INCLUDES}int main(void) {{\n" + "\n".join(lines)
        done = compile_text(name, text + "return 0; }\n", tmp_path)
        assert done.returncode == 0, done.stderr
        subprocess.run([name, tmp_path / "user.o", "-o", tmp_path / "user"], check=True)
        printed = subprocess.run([tmp_path / "user"], capture_output=True, text=True, check=True).stdout.split()
        for unit, multiplier, shift in zip(units, map(int, printed[::2]), map(int, printed[1::2]), strict=True):
            assert 1 << 30 <= multiplier <= 1 << 31
            assert abs(multiplier / 2**shift - float(unit) / scale) <= 0.5001 / 2**shift


def test_configurations_mean_the_same_in_c_and_cpp(tmp_path):
    fields = ["hop", "smoothing", "votes", "alpha", "threshold", "hysteresis", "min_dwell"]
    fields += ["counts.multiplier", "counts.shift"]
    prints = "\n".join(f'printf("%lu ", (unsigned long)config.{field});' for field in fields)
    text = (
        '#include <stdio.h>\n#include "edgehar.h"\n#include "model_data.h"\n'
        "static const edgehar_config config = EDGEHAR_CONFIG_COUNTS(&edgehar_model_data, 20, 0.01);\n"
        f"int main(void) {{ {prints} return config.model != &edgehar_model_data; }}\n"
    )
    printed = []
    (tmp_path / "model.c").write_text("const int edgehar_model_data = 0;\n")
    subprocess.run(["gcc", "-c", tmp_path / "model.c", "-o", tmp_path / "model.o"], check=True)
    for name in ("gcc", "g++"):
        assert compile_text(name, text, tmp_path, *STRICT).returncode == 0
        subprocess.run([name, tmp_path / "user.o", tmp_path / "model.o", "-o", tmp_path / "user"], check=True)
        printed.append(subprocess.run([tmp_path / "user"], capture_output=True, text=True, check=True).stdout)
    assert printed[0] == printed[1] and printed[0].startswith("20 1 5 128 128 13 2 ")


def test_a_configuration_by_field_name(tmp_path):
    text = (
        '#include "edgehar.h"\n#include "model_data.h"\n'
        "static const edgehar_config config = {.model = &edgehar_model_data, .hop = 20,\n"
        "    .smoothing = EDGEHAR_SMOOTHING_MAJORITY, .votes = 3, .alpha = EDGEHAR_DEFAULT_ALPHA, .threshold = 192,\n"
        "    .hysteresis = EDGEHAR_DEFAULT_HYSTERESIS, .min_dwell = 1, .counts = EDGEHAR_COUNTS(0.01),\n"
        "    .any_placement = 0};\n"
        "int main(void) { return config.threshold != 192; }\n"
    )
    for name in ("gcc", "clang", "g++ 20"):
        done = compile_text(name, text, tmp_path, *STRICT)
        assert done.returncode == 0, done.stderr


def test_versions_are_the_packages():
    assert re.search(r'^#define EDGEHAR_VERSION "(.*)"$', HEADER, re.MULTILINE)[1] == edgehar.__version__
    assert int(re.search(r"^#define EDGEHAR_FORMAT (\d+)$", HEADER, re.MULTILINE)[1]) == FORMAT


@pytest.mark.parametrize("line", ["#define EDGEHAR_FORMAT 999", ""])
def test_a_model_of_another_format_does_not_compile(line, tmp_path):
    """Nor does one beside an engine that is older than the number."""
    model, engine = tmp_path / "model.tflite", tmp_path / "engine"
    model.write_bytes(random_network(101, valid=True))
    write_c(model, tmp_path, name="walk")
    engine.mkdir()
    (engine / "edgehar.h").write_text(re.sub(r"#define EDGEHAR_FORMAT \d+", line, HEADER))
    text = '#include "walk_data.h"\nint main(void) { return 0; }\n'
    assert compile_text("gcc", text, tmp_path).returncode == 0
    done = compile_text("gcc", text, tmp_path, f"-I{engine}")
    assert done.returncode != 0 and f"made for format {FORMAT}" in done.stderr


def test_more_classes_than_a_decision_holds_do_not_compile(tmp_path):
    net = NetworkWriter(7)
    net.mean()
    net.dense(33)
    net.softmax()
    (tmp_path / "model.tflite").write_bytes(net.bytes())
    write_c(tmp_path / "model.tflite", tmp_path, name="walk")
    text = '#include "walk_data.h"\nint main(void) { return 0; }\n'
    done = compile_text("gcc", text, tmp_path)
    assert done.returncode != 0 and "-DEDGEHAR_MOST_CLASSES=33" in done.stderr
    assert compile_text("gcc", text, tmp_path, "-DEDGEHAR_MOST_CLASSES=33").returncode == 0


TWO = """#include "edgehar.h"
#include "walk_data.h"
#include "fall_data.h"
#include <stdio.h>
static const edgehar_config configs[] = {
    EDGEHAR_WALK_CONFIG_COUNTS(20, 0.002), EDGEHAR_FALL_CONFIG_COUNTS(20, 0.002)
};
static uint32_t memory[2][(EDGEHAR_WALK_MEMORY_BYTES + EDGEHAR_FALL_MEMORY_BYTES) / 4];
static edgehar streams[2];
int main(void)
{
    int model, i, k;
    for (model = 0; model < 2; model++)
        if (edgehar_init(&streams[model], &configs[model], memory[model], sizeof memory[model])) return 1;
    for (i = 0; i < 400; i++) {
        const int16_t counts[3] = {(int16_t)(i % 7 * 900), (int16_t)(4000 - i % 11 * 700), (int16_t)(i % 3 * 1500)};
        for (model = 0; model < 2; model++) {
            edgehar_decision decision;
            if (edgehar_push_counts(&streams[model], counts, EDGEHAR_NO_TIME, &decision) == EDGEHAR_DECISION) {
                printf("%d", model);
                for (k = 0; k < decision.classes; k++) printf(" %d", decision.p[k]);
                printf("\\n");
            }
        }
    }
    return 0;
}
"""


def test_two_models_in_one_image(tmp_path):
    """Both names in one program, interleaved; each decides as it does alone."""
    generated, alone = [], []
    samples = "".join(f"{i * 50_000},{i % 7 * 900},{4000 - i % 11 * 700},{i % 3 * 1500}\n" for i in range(400))
    flags = ["-std=c99", *STRICT, f"-I{FIRMWARE / 'include'}", f"-I{FIRMWARE / 'src'}"]
    engine = sorted((FIRMWARE / "src").glob("*.[cS]"))
    for name, seed in (("walk", 101), ("fall", 104)):
        (tmp_path / f"{name}.tflite").write_bytes(random_network(seed, valid=True))
        generated.append(write_c(tmp_path / f"{name}.tflite", tmp_path, name=name)[1])
        folder = tmp_path / name
        write_c(tmp_path / f"{name}.tflite", folder)
        program = folder / "host"
        sources = [*engine, FIRMWARE / "port" / "host" / "host_stream.c", folder / "model_data.c"]
        subprocess.run(["gcc", *flags, f"-I{folder}", *sources, "-o", program], check=True)
        done = subprocess.run([program, "--counts", "0.002"], input=samples, capture_output=True, text=True, check=True)
        alone.append([json.loads(line)["p"] for line in done.stdout.splitlines()])
    (tmp_path / "main.c").write_text(TWO)
    program = tmp_path / "two"
    subprocess.run(
        ["gcc", *flags, f"-I{tmp_path}", *engine, *generated, tmp_path / "main.c", "-o", program], check=True
    )
    lines = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    rows = [[int(word) for word in line.split()] for line in lines]
    assert len(alone[0]) > 10 and len(alone[1]) > 10 and alone[0] != alone[1]
    assert [[row[1:] for row in rows if row[0] == model] for model in (0, 1)] == alone


@pytest.mark.parametrize("name", ["", "Walk", "1st", "a-b", "int main", "ä", "a" * 32, "_a", "a\n"])
def test_a_name_that_is_no_word_is_refused(name, tmp_path):
    (tmp_path / "model.tflite").write_bytes(random_network(101, valid=True))
    with pytest.raises(EdgeharError, match="expected a name"):
        write_c(tmp_path / "model.tflite", tmp_path / "c", name=name)
    assert not (tmp_path / "c").exists()
