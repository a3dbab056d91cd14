"""What every package holds: the engine's sources, one model, the LSM6DSO's driver."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from edgehar import __version__
from edgehar.channels import ACCELERATION, channels_text, parse_channels
from edgehar.contract import Contract
from edgehar.engine import engine_dir
from edgehar.errors import EdgeharError

#: Rate of the sensor that the examples set up, Hz.
SENSOR_HZ = 52.0

#: What they read of it.
CHANNELS = (ACCELERATION, parse_channels("acc,gyro"))

MAINTAINER = "edgehar's authors"
LICENCE = "MIT"

_EXAMPLE = ("examples", "lsm6dso")
_TEMPLATES = Path(__file__).parent / "files"


@dataclass(frozen=True)
class Library:
    """The parts of a package.

    Attributes:
        engine, headers: sources and headers by name.
        model: `model_data.c` and `model_data.h`.
        driver: of the LSM6DSO, and `device.h`: what a board has to supply.
    """

    contract: Contract
    engine: dict[str, bytes]
    headers: dict[str, bytes]
    model: dict[str, bytes]
    driver: dict[str, bytes]

    @property
    def version(self) -> str:
        """The engine's."""
        return __version__

    @property
    def sentence(self) -> str:
        """One line on what it does."""
        return f"Tells {', '.join(self.contract.labels)} from {self.sensors}, on the device."

    @property
    def sensors(self) -> str:
        """What the model reads of an LSM6DSO."""
        return "an accelerometer and a gyroscope" if self.both else "an accelerometer"

    @property
    def both(self) -> bool:
        """Whether that is the gyroscope, too."""
        return self.contract.channels != ACCELERATION

    @property
    def code(self) -> dict[str, bytes]:
        """Everything in one folder: engine, headers, model and driver."""
        return {**self.headers, **self.engine, **self.model, **self.driver}

    @property
    def sources(self) -> list[str]:
        """Names in `code` that are compiled."""
        return sorted(name for name in self.code if name.endswith((".c", ".S")))

    def fill(self, template: str) -> bytes:
        """A file of `files/`, with @NAME@ replaced by what it stands for."""
        text = (_TEMPLATES / template).read_text(encoding="utf-8")
        known = {
            "VERSION": self.version, "SENTENCE": self.sentence, "MAINTAINER": MAINTAINER, "LICENCE": LICENCE,
            "VALUES": "x, y, z, gx, gy, gz" if self.both else "x, y, z",
            "UNITS": "m/s² with gravity and rad/s" if self.both else "m/s² with gravity",
            "LABELS": ", ".join(self.contract.labels), "SOURCES": "\n".join(f"    {name}" for name in self.sources),
            "SECONDS": f"{self.contract.window * self.contract.period_s:g}",
            "DEFINES": f"EDGEHAR_MOST_CLASSES={max(32, len(self.contract.labels))}",
        }  # fmt: skip
        for name, value in known.items():
            text = text.replace(f"@{name}@", value)
        return text.encode()


def require_readable(contract: Contract) -> None:
    """Raise EdgeharError where the examples' sensor does not have the model's channels."""
    if contract.channels not in CHANNELS:
        known, got = " or ".join(map(channels_text, CHANNELS)), channels_text(contract.channels)
        raise EdgeharError(
            f"expected a model of the channels {known} for a package, whose example reads an LSM6DSO, got {got}; "
            "take the engine with --c-engine, and a driver of your own"
        )


def read_library(generated: Path, contract: Contract) -> Library:
    """The parts, from a folder with `model_data.c` and `model_data.h` and from the engine's own.

    Raises:
        EdgeharError: a generated file is missing, or the engine.
    """
    engine = engine_dir()
    model = {}
    for name in ("model_data.h", "model_data.c"):
        if not (generated / name).is_file():
            raise EdgeharError(f"expected {name} in {generated}, got none; export with --c")
        model[name] = (generated / name).read_bytes()
    driver = {path.name: path.read_bytes() for path in _driver(engine.joinpath(*_EXAMPLE))}
    sources = {path.name: path.read_bytes() for path in sorted((engine / "src").iterdir()) if path.suffix != ".h"}
    headers = {
        path.name: path.read_bytes() for folder in ("include", "src") for path in sorted((engine / folder).glob("*.h"))
    }
    return Library(contract, sources, headers, model, driver)


def _driver(folder: Path) -> Iterator[Path]:
    for name in ("lsm6dso.c", "lsm6dso.h", "lsm6dso_model.h", "device.h"):
        yield folder / name
