"""firmware_ref/README.md: its program compiles and runs, its files and commands exist."""

from __future__ import annotations

import re
import subprocess

from .engine import COMPILER, FIRMWARE

TEXT = (FIRMWARE / "README.md").read_text()


def test_the_program_compiles_and_decides(tmp_path):
    (block,) = re.findall(r"```c\n(.*?)```", TEXT, re.DOTALL)
    (tmp_path / "main.c").write_text("\n".join(line.removeprefix("   ") for line in block.splitlines()))
    (tmp_path / "board.c").write_text(
        "#include <stdint.h>\n#include <stdio.h>\n"
        "int read_sensor(int16_t counts[3]);\nvoid show(const char *label, int percent);\n"
        "int read_sensor(int16_t counts[3]) {\n"
        "    static int left = 200;\n    counts[0] = 0; counts[1] = 8192; counts[2] = 0;\n    return left-- > 0;\n}\n"
        'void show(const char *label, int percent) { printf("%s %d\\n", label, percent); }\n'
    )
    model = FIRMWARE / "tests" / "model"
    sources = [*sorted((FIRMWARE / "src").glob("*.[cS]")), model / "model_data.c", *tmp_path.glob("*.c")]
    flags = ["-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror"]
    flags += [f"-I{FIRMWARE / 'include'}", f"-I{FIRMWARE / 'src'}", f"-I{model}"]
    program = tmp_path / "program"
    subprocess.run([COMPILER, *flags, *sources, "-o", program], check=True)
    lines = subprocess.run([program], capture_output=True, text=True, check=True).stdout.splitlines()
    assert len(lines) == (200 - 80) // 20 + 1


def test_five_steps_and_no_dead_names():
    assert re.findall(r"^(\d)\. \*\*", TEXT, re.MULTILINE) == list("12345")
    for name in re.findall(r"`((?:include|src|port|tests|fuzz)(?:/[\w/.]*)?)`", TEXT):
        assert (FIRMWARE / name).exists(), name
    for name in re.findall(r"`((?:docs|edgehar)/[\w/.]+)`", TEXT):
        assert (FIRMWARE.parent / name).exists(), name
