"""What the figures depend on: machine, system, versions, and how busy the machine was."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

from edgehar import __version__
from edgehar.versions import installed

PACKAGES = ("numpy", "ai-edge-litert", "tensorflow", "keras", "onnxruntime", "tflite-micro", "psutil")
_GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")


class EnvironmentJson(TypedDict):
    """env.json; None where the system does not tell."""

    cpu: str
    cores: int
    machine: str
    memory_bytes: int | None
    os: str
    python: str
    edgehar: str
    packages: dict[str, str]
    load_average: float | None
    governor: str | None
    command: list[str]
    date: str


def environment(command: Sequence[str]) -> EnvironmentJson:
    """Machine, operating system, versions, load, command and UTC date, ready for JSON."""
    return {
        "cpu": cpu_name(),
        "cores": cores(),
        "machine": platform.machine(),
        "memory_bytes": memory_bytes(),
        "os": platform.platform(),
        "python": platform.python_version(),
        "edgehar": __version__,
        "packages": installed(PACKAGES),
        "load_average": load_average(),
        "governor": _first_line(_GOVERNOR),
        "command": list(command),
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def cpu_name() -> str:
    """The processor's name as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        lines = []
    found = {key.strip().lower(): value.strip() for key, _, value in (line.partition(":") for line in lines)}
    for key in ("model name", "hardware", "cpu model"):
        if found.get(key):
            return found[key]
    return platform.processor() or platform.machine()


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def memory_bytes() -> int | None:
    """Physical memory, where the system tells."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return None


def load_average() -> float | None:
    """Processes that wanted to run, averaged over the last minute; None on Windows."""
    return round(os.getloadavg()[0], 2) if sys.platform != "win32" else None


def stolen_ticks() -> tuple[int, int]:
    """Ticks that a hypervisor took from this machine, and ticks in all, since its start: proc_stat(5); else zeros."""
    try:
        fields = [int(value) for value in (_first_line(Path("/proc/stat")) or "").split()[1:9]]
    except ValueError:
        fields = []
    return (fields[7], sum(fields)) if len(fields) == 8 else (0, 0)


def doubts(found: EnvironmentJson, stolen: tuple[int, int], stolen_later: tuple[int, int]) -> list[str]:
    """What in the environment speaks against the figures."""
    words = []
    load, count = found["load_average"], found["cores"]
    if load is not None and load > 0.5 * count:
        words.append(f"the machine was busy before the start (load average {load:g} on {count} cores)")
    if found["governor"] not in (None, "performance"):
        words.append(f"the clock rate may change (governor {found['governor']})")
    ticks = stolen_later[1] - stolen[1]
    if ticks > 0 and (stolen_later[0] - stolen[0]) / ticks > 0.01:
        share = (stolen_later[0] - stolen[0]) / ticks
        words.append(f"the hypervisor took {100 * share:.0f} % of the processor time")
    return words


def _first_line(path: Path) -> str | None:
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    return lines[0].strip() if lines else None
