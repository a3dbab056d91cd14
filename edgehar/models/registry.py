"""Architectures by name, and the trained weights that ship with the package."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edgehar.contract import Contract
from edgehar.errors import EdgeharError
from edgehar.models import article, family, keras_file, library
from edgehar.models.seeding import seed_keras

if TYPE_CHECKING:
    import keras

#: Architecture name -> function that builds it with fresh weights from Keras' global seed.
ARCHITECTURES: dict[str, Callable[[Contract], keras.Model]] = {
    **{name: partial(family.build_family, text=text) for name, text in family.NAMED.items()},
    "cnn": article.build,
}

DEFAULT = "cnn"


def build(arch: str, contract: Contract, seed: int) -> keras.Model:
    """Build an architecture with fresh weights; sets the global seeds of Python, NumPy and TensorFlow.

    Args:
        arch: one of `ARCHITECTURES`, or blocks of the family as in `conv16k9s2-sep32k5` (see `family`).
    Returns:
        float32 (batch, *contract.input_shape) to softmax (batch, classes). The input is normalised
        outside of the model: it sees (m/s² - mean) / std.
    Raises:
        EdgeharError: no such architecture.
        ContractError: the architecture cannot take the contract's window.
    """
    require_architecture(arch)
    seed_keras(library.import_keras(), seed)
    return ARCHITECTURES[arch](contract) if arch in ARCHITECTURES else family.build_family(contract, arch)


def require_architecture(arch: str) -> None:
    """Raise EdgeharError unless `build` knows the architecture; imports nothing heavy."""
    if arch in ARCHITECTURES:
        return
    if not family.is_spec(arch):
        raise EdgeharError(f"expected an architecture out of {', '.join(ARCHITECTURES)}, got {arch[:80]!r}")
    family.require_bearable(family.blocks_of(arch))


def shipped_names() -> tuple[str, ...]:
    """Names of the trained models inside the package."""
    return tuple(sorted(path.stem for path in _folder().glob("*.keras")))


def shipped(name: str = DEFAULT) -> Path:
    """Path of a trained model inside the package; its manifest lies beside it as `NAME.json`.

    Args:
        name: as in `micro` (also `micro-waist`), `micro-pocket`, `micro-wrist`.
    Raises:
        EdgeharError: no trained model of that name.
    """
    name = name.removesuffix("-waist")  # the first to ship have no placement in their names
    path = _folder() / f"{name}.keras"
    if name not in shipped_names():
        raise EdgeharError(f"expected a shipped model out of {', '.join(shipped_names()) or 'none'}, got {name!r}")
    return path


def int8_names() -> tuple[str, ...]:
    """Names of the shipped models whose int8 file ships, too."""
    return tuple(sorted(path.stem for path in (_folder() / "int8").glob("*.tflite")))


def int8_file(path_or_name: str | os.PathLike[str]) -> Path:
    """The shipped int8 file where such a name is given and nothing of that name is here, else the path as it is."""
    path = Path(path_or_name)
    known = str(path_or_name).removesuffix("-waist")
    return _folder() / "int8" / f"{known}.tflite" if known in int8_names() and not path.exists() else path


def resolve(path_or_name: str | os.PathLike[str]) -> Path:
    """The path of a `.keras` file given as such, or of a shipped model given by its name.

    Raises:
        EdgeharError: neither a file nor a shipped name.
    """
    path = Path(path_or_name)
    if path.suffix or path.exists() or len(path.parts) != 1:
        if not path.is_file():
            raise EdgeharError(f"no such model file: {path}")
        return path
    return shipped(str(path_or_name))


def load(path_or_name: str | os.PathLike[str]) -> tuple[keras.Model, Contract]:
    """Load a model and its contract by path or shipped name, in safe mode; raises as `keras_file.load`."""
    return keras_file.load(resolve(path_or_name))


def _folder() -> Path:
    return Path(__file__).parent
