"""The engine's sources beside a generated model: a folder that compiles by itself."""

from __future__ import annotations

import os
from pathlib import Path

from edgehar.engine import engine_dir
from edgehar.files import write_bytes, write_text

#: What is compiled; ports, tests and fuzzing stay behind.
FOLDERS = ("include", "src")

_MAKEFILE = """\
# The engine and its model as a library, libedgehar.a. For a device:
#
#     make CC=arm-none-eabi-gcc AR=arm-none-eabi-ar CFLAGS="-mcpu=cortex-m4 -mthumb -O2"
#
# The same without make: cc -O2 -Iinclude -Isrc -I. src/*.c src/*.S *_data.c your_program.c
CFLAGS ?= -O2
UNITS := $(wildcard src/*.c src/*.S *_data.c)
OBJECTS := $(addprefix build/,$(addsuffix .o,$(notdir $(UNITS))))

libedgehar.a: $(OBJECTS)
\t$(AR) rcs $@ $^
build/%.o: src/% $(wildcard include/*.h src/*.h) | build
\t$(CC) -std=c99 -ffunction-sections -fdata-sections $(CFLAGS) -Iinclude -Isrc -c $< -o $@
build/%_data.c.o: %_data.c %_data.h $(wildcard include/*.h src/*.h) | build
\t$(CC) -std=c99 -fdata-sections $(CFLAGS) -Iinclude -Isrc -I. -c $< -o $@
build:
\tmkdir -p $@
clean:
\trm -rf build libedgehar.a
.PHONY: clean
"""


def write_engine(out_dir: str | os.PathLike[str]) -> list[Path]:
    """Copy `include/` and `src/` of the engine into a folder with generated models, and write a Makefile.

    Args:
        out_dir: folder that `write_c` has written to.
    Returns:
        the paths of what was written.
    Raises:
        EdgeharError: the engine's sources are missing, or the folder cannot be written.
    """
    engine, out = engine_dir(), Path(out_dir)
    paths = [out / "Makefile"]
    write_text(paths[0], _MAKEFILE)
    for folder in FOLDERS:
        for source in sorted((engine / folder).iterdir()):
            paths.append(out / folder / source.name)
            write_bytes(paths[-1], source.read_bytes())
    return paths
