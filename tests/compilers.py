"""Compilers that remember what they made, where ccache is: the tests compile the same engine many times.

ccache goes by the contents of source, headers, flags and compiler, so that no test gets another's object.
"""

from __future__ import annotations

import os
import shutil
from contextlib import suppress
from pathlib import Path

#: Programs that make objects.
COMPILERS = (
    "gcc", "g++", "cc", "clang", "clang++", "arm-none-eabi-gcc", "riscv64-unknown-elf-gcc", "aarch64-linux-gnu-gcc",
)  # fmt: skip


def remembering(folder: Path) -> dict[str, str]:
    """What a process's environment needs for it, empty without ccache; links and objects come to lie in the folder."""
    ccache = shutil.which("ccache")
    if ccache is None:
        return {}
    links = folder / "compilers"
    links.mkdir(parents=True, exist_ok=True)
    for name in COMPILERS:
        if shutil.which(name):
            with suppress(FileExistsError):
                (links / name).symlink_to(ccache)
    return {
        "PATH": f"{links}{os.pathsep}{os.environ['PATH']}",
        "CCACHE_DIR": str(folder / "objects"),
        "CCACHE_MAXSIZE": "500M",
        "CCACHE_NOHASHDIR": "1",
    }
