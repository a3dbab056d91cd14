"""What this machine has of what the commands need."""

from __future__ import annotations

import importlib.metadata
import platform
import shutil
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from edgehar import __version__

#: Command or feature -> the packages that it needs beyond the base install, and the extra that has them.
NEEDS: dict[str, tuple[tuple[str, ...], str]] = {
    "stream from standard input, bench on golden windows, plan": (("numpy", "ai-edge-litert", "click", "rich"), ""),
    "data, and stream of recordings": (("pandas", "pyarrow", "scipy"), "data"),
    "data fetch": (("pooch",), "data"),
    "evaluate": (("pandas", "scipy", "scikit-learn"), "data"),
    "train, crossval": (("tensorflow", "matplotlib", "pandas", "scipy", "scikit-learn"), "train"),
    "search": (("tensorflow", "optuna", "joblib", "distributed"), "search"),
    "export": (("tensorflow", "onnx", "tf2onnx", "onnxruntime", "sympy", "scikit-learn"), "export"),
    "bench: accuracy": (("pandas", "scipy", "scikit-learn"), "data"),
    "bench: onnx rows, evaluate of .onnx": (("onnxruntime",), "bench"),
    "bench: tflm-int8": (("tflite-micro",), "bench"),
    "bench: keras, evaluate of .keras": (("tensorflow",), "train"),
    "live sources: sensorserver, serial, mqtt": (("websockets", "pyserial", "paho-mqtt"), "live"),
    "export --sign, verify --key": (("cryptography",), "sign"),
    "pictures (--plot, accuracy.png)": (("matplotlib",), "train"),
}

#: Feature -> the programs that it needs, any of those in one entry, and the Debian packages that have them.
TOOLS: dict[str, tuple[tuple[tuple[str, ...], ...], str]] = {
    "native-int8 (stream, evaluate, bench)": ((("cc", "gcc", "clang"),), "gcc"),
    "bench --target": (
        (("arm-none-eabi-gcc",), ("qemu-system-arm",)),
        "gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm",
    ),
    "demo, export --web (or pip install 'edgehar[web]')": ((("clang",), ("wasm-ld",)), "clang lld"),
    "the engine's own tests and fuzzing": ((("make",), ("clang",)), "make clang libclang-rt-14-dev"),
}


@dataclass(frozen=True)
class Need:
    """One command or feature.

    Attributes:
        what: for people.
        has: package or program -> version, or path of the program; None where it is missing.
        install: the command that gets what is missing; empty where nothing is.
    """

    what: str
    has: dict[str, str | None]
    install: str

    @property
    def missing(self) -> tuple[str, ...]:
        """What is not there."""
        return tuple(name for name, found in self.has.items() if found is None)


@dataclass(frozen=True)
class DoctorResult:
    """What `doctor` found, in the order of the commands."""

    version: str
    python: str
    system: str
    needs: tuple[Need, ...]

    @property
    def ready(self) -> int:
        """Commands and features that miss nothing."""
        return sum(not need.missing for need in self.needs)

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        needs = [{**asdict(need), "missing": list(need.missing)} for need in self.needs]
        return {"edgehar": self.version, "python": self.python, "system": self.system, "needs": needs}


def doctor() -> DoctorResult:
    """Look for the packages and programs that edgehar's commands use; nothing is imported or run."""
    needs = [_packages(what, packages, extra) for what, (packages, extra) in NEEDS.items()]
    needs += [_programs(what, programs, debian) for what, (programs, debian) in TOOLS.items()]
    return DoctorResult(__version__, platform.python_version(), platform.platform(), tuple(needs))


def _packages(what: str, packages: Sequence[str], extra: str) -> Need:
    has = {name: _version(name) for name in packages}
    install = f"pip install 'edgehar[{extra}]'" if extra else "pip install edgehar"
    return Need(what, has, "" if all(has.values()) else install)


def _programs(what: str, programs: Sequence[Sequence[str]], debian: str) -> Need:
    has = {" or ".join(names): next(filter(None, map(shutil.which, names)), None) for names in programs}
    return Need(what, has, "" if all(has.values()) else f"apt-get install {debian}")


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None
