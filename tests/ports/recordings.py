"""What the ports are fed with, and the script in benchmarks/ that measures them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

#: A quarter turn about z, in units of 1/16384.
TURNED = (0, 16384, 0, -16384, 0, 0, 0, 0, 16384)


def recording(name: str) -> NDArray[np.float32]:
    """A HAPT recording at 20 Hz, float32 (N, 3), m/s²."""
    from edgehar.data.readers.hapt import load_hapt
    from edgehar.data.resampling import resample

    (one,) = [one for one in load_hapt().recordings if one.name == name]
    return np.asarray(resample(one, 20.0).acc, np.float32)


def load_runner(name: str) -> ModuleType:
    """A script of benchmarks/ as a module."""
    if name in sys.modules:
        return sys.modules[name]
    path = Path(__file__).resolve().parents[2] / "benchmarks" / f"{name}.py"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module
