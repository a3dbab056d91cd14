"""The assembly files: both assemblers take them, sizes from which jumps are computed are checked, debuggers unwind."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from .engine import FIRMWARE

RISCV = FIRMWARE / "src" / "conv1d_riscv_block.S"
SOURCES = sorted({*(FIRMWARE / "src").glob("*.S")} - {RISCV})
LAYOUT = (FIRMWARE / "src" / "edgehar_layout.h").read_text()
ASSEMBLERS = {"arm-none-eabi-gcc": [], "clang": ["--target=arm-none-eabi"]}
FLAGS = ["-mthumb", "-std=c99", "-pedantic", "-Wall", "-Wextra", "-Werror"]
#: Functions of each file, and a core that has its instructions.
FUNCTIONS = {
    "conv1d_dsp_block.S": ("cortex-m4", ["edgehar_dsp_block"]),
    "depthwise_dsp_fours.S": ("cortex-m4", ["edgehar_dsp_fours"]),
    "conv1d_portable_block.S": ("cortex-m3", ["edgehar_portable_block_4x2"]),
    "conv1d_thumb_block.S": ("cortex-m0", ["edgehar_thumb_conv", "edgehar_thumb_depthwise"]),
    "conv1d_thumb2_block.S": ("cortex-m3", ["edgehar_thumb2_conv", "edgehar_thumb2_depthwise"]),
    "conv1d_mve_block.S": (
        "cortex-m55",
        [
            *(f"edgehar_mve_block_{block}" for block in ("1x2", "2x2", "4x2", "8x1")),
            *("edgehar_mve_held_1", "edgehar_mve_held_2", "edgehar_mve_finish"),
        ],
    ),
}


def assemble(name: str, core: str, source: Path, to: Path) -> subprocess.CompletedProcess[str]:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"needs {name}; on Debian or Ubuntu: apt-get install {name.removesuffix('-gcc')}")
    unit = ["-mfloat-abi=hard"] if core == "cortex-m55" else []  # without one, compilers deny that it has Helium
    unit += ["-mfpu=auto"] if unit and "gcc" in name else []
    command = [found, *ASSEMBLERS[name], f"-mcpu={core}", *unit, *FLAGS, "-c", str(source), "-o", str(to)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def tool(name: str, *arguments: object, system: str = "arm-none-eabi") -> str:
    found = shutil.which(f"{system}-{name}")
    if found is None:
        pytest.skip(f"needs {system}-{name}; on Debian or Ubuntu: apt-get install binutils-{system}")
    return subprocess.run([found, *map(str, arguments)], capture_output=True, text=True, check=True).stdout


def test_the_list_is_whole():
    assert {source.name for source in SOURCES} == set(FUNCTIONS)


@pytest.mark.parametrize("name", ASSEMBLERS)
def test_both_assemblers_take_every_file_for_every_core(name, tmp_path):
    for source in SOURCES:
        core, functions = FUNCTIONS[source.name]
        for each in ("cortex-m0", "cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55"):
            done = assemble(name, each, source, tmp_path / "unit.o")
            assert done.returncode == 0, (each, done.stderr)
            defined = set(re.findall(r" T (\w+)", tool("nm", tmp_path / "unit.o")))
            assert defined >= set(functions) if each == core else each != "cortex-m0" or not defined


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_both_assemblers_make_the_same_code(source, tmp_path):
    core, _ = FUNCTIONS[source.name]
    code = []
    for name in ASSEMBLERS:
        assert assemble(name, core, source, tmp_path / f"{name}.o").returncode == 0
        lines = re.findall(
            r"^ +[0-9a-f]+:\t[0-9a-f ]+\t(.*)$", tool("objdump", "-d", tmp_path / f"{name}.o"), re.MULTILINE
        )
        # Two encodings of one subtraction, and padding behind a function.
        code.append([re.sub(r"subs\t(r\d), \1,", r"subs\t\1,", line) for line in lines if line.split()[0] != "nop"])
    assert code[0] == code[1]


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.name)
def test_functions_have_a_size_and_unwind_data(source, tmp_path):
    core, functions = FUNCTIONS[source.name]
    assert assemble("arm-none-eabi-gcc", core, source, tmp_path / "unit.o").returncode == 0
    lines = re.findall(r"^\w+ (\w+) T (\w+)$", tool("nm", "-S", tmp_path / "unit.o"), re.MULTILINE)
    sizes = {symbol: size for size, symbol in lines}
    assert set(functions) <= set(sizes) and all(int(sizes[name], 16) > 40 for name in functions)
    frames = tool("readelf", "-wf", tmp_path / "unit.o")
    spans = sorted(int(end, 16) for end in re.findall(r"FDE .*pc=0+\.\.(\w+)", frames))
    assert spans == sorted(int(sizes[name], 16) for name in functions)
    # Where the function returns, the stack pointer is where EDGEHAR_ENTER left it: nine words deep.
    for frame in frames.split(" FDE ")[1:]:
        assert re.findall(r"DW_CFA_def_cfa_offset: (\d+)", frame)[-1] == "36"
    assert not re.search(r"\.ARM\.ex|__aeabi_unwind", tool("readelf", "-SsW", tmp_path / "unit.o"))


@pytest.mark.parametrize("constant", re.findall(r"#define (EDGEHAR_\w+(?:BYTES|HEAD)\w*) \d+", LAYOUT))
@pytest.mark.parametrize("name", ASSEMBLERS)
def test_another_size_does_not_assemble(name, constant, tmp_path):
    """Every size that C computes a jump from; the constants are those of a copy, which stands first."""
    for source in [*SOURCES, FIRMWARE / "src" / "edgehar_asm.h"]:
        shutil.copy(source, tmp_path)
    changed = re.sub(rf"#define {constant} (\d+)", lambda m: f"#define {constant} {int(m[1]) + 2}", LAYOUT)
    (tmp_path / "edgehar_layout.h").write_text(changed)
    refused = {}
    for source in SOURCES:
        done = assemble(name, FUNCTIONS[source.name][0], tmp_path / source.name, tmp_path / "unit.o")
        if done.returncode:
            refused[source.name] = done.stderr
    assert len(refused) == 1 and "the jumps into it would miss" in "".join(refused.values()), refused


#: Assemblers for RISC-V, and processors with what its file takes and without.
RISCV_ASSEMBLERS = {"riscv64-unknown-elf-gcc": [], "clang": ["--target=riscv32-unknown-elf"]}
RISCV_CORES = {("rv32im", "ilp32"): True, ("rv32imac", "ilp32"): True, ("rv32ic", "ilp32"): False}


def assemble_riscv(name: str, march: str, mabi: str, to: Path) -> None:
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"needs {name}; on Debian or Ubuntu: apt-get install {name.removesuffix('-gcc')}")
    command = [found, *RISCV_ASSEMBLERS[name], f"-march={march}", f"-mabi={mabi}", *FLAGS[1:], "-c", str(RISCV)]
    subprocess.run([*command, "-o", str(to)], check=True, timeout=60)


@pytest.mark.parametrize("core", RISCV_CORES, ids=lambda core: core[0])
def test_riscv_by_both_assemblers(core, tmp_path):
    """The same code; none for a processor without products."""
    code = []
    for name in RISCV_ASSEMBLERS:
        unit = tmp_path / f"{name}.o"
        assemble_riscv(name, *core, unit)
        listing = tool("objdump", "-d", "-M", "no-aliases", unit, system="riscv64-unknown-elf")
        lines = re.findall(r"^ +[0-9a-f]+:\t[0-9a-f ]+\t([^<#\n]*)", listing, re.MULTILINE)
        # Where to, the linker says of some of them.
        code.append([re.sub(r"^((?:b|c\.b|j|c\.j)\S*) .*", r"\1", " ".join(line.split())) for line in lines])
    assert code[0] == code[1] and bool(code[0]) == RISCV_CORES[core]


def test_riscv_unwinds(tmp_path):
    unit = tmp_path / "unit.o"
    assemble_riscv("riscv64-unknown-elf-gcc", "rv32imc", "ilp32", unit)
    lines = re.findall(r"^\w+ (\w+) T (\w+)$", tool("nm", "-S", unit, system="riscv64-unknown-elf"), re.MULTILINE)
    assert {symbol for _, symbol in lines} == {f"edgehar_riscv_{name}" for name in ("conv", "depthwise", "finish")}
    frames = tool("readelf", "-wf", unit, system="riscv64-unknown-elf").split(" FDE ")[1:]
    assert len(frames) == 3
    for frame in frames:
        saved = set(re.findall(r"DW_CFA_offset(?:_extended_sf)?: r\d+ \((\w+)\)", frame))
        assert saved in ({"ra"}, {"ra", *(f"s{number}" for number in range(12))}), saved


def test_macros_have_the_projects_prefix():
    for path in [*SOURCES, RISCV, *(FIRMWARE / "src").glob("*.[ch]"), *(FIRMWARE / "include").glob("*.h")]:
        names = re.findall(r"^\s*#\s*define\s+(\w+)|^\s*\.macro\s+(\w+)", path.read_text(), re.MULTILINE)
        for name in map("".join, names):
            assert name.startswith("EDGEHAR_"), f"{path.name}: {name}"
