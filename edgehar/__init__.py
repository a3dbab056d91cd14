"""edgehar: a trained Keras 1D CNN for activity recognition on a phone or a microcontroller, unchanged.

Every public name is imported when it is first asked for, so that `import edgehar` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

#: Public name -> the module that holds it.
_HOMES = {
    "adapt": "edgehar.api.adapt",
    "Bundle": "edgehar.bundle",
    "Contract": "edgehar.contract",
    "EdgeharError": "edgehar.errors",
    "Streamer": "edgehar.streaming",
    "bench": "edgehar.api.bench",
    "crossval": "edgehar.api.crossval",
    "evaluate": "edgehar.api.evaluate",
    "engine_dir": "edgehar.engine",
    "import_model": "edgehar.api.import_model",
    "export": "edgehar.api.export",
    "model_cards": "edgehar.api.models",
    "open_bundle": "edgehar.bundle",
    "open_model": "edgehar.runtimes",
    "read": "edgehar.api.read",
    "record": "edgehar.api.record",
    "stream": "edgehar.api.stream",
    "search": "edgehar.api.search",
    "train": "edgehar.api.train",
    "verify": "edgehar.api.verify",
}

__all__ = [*_HOMES, "__version__"]

if TYPE_CHECKING:
    from edgehar.api.adapt import adapt as adapt
    from edgehar.api.bench import bench as bench
    from edgehar.api.crossval import crossval as crossval
    from edgehar.api.evaluate import evaluate as evaluate
    from edgehar.api.export import export as export
    from edgehar.api.import_model import import_model as import_model
    from edgehar.api.models import model_cards as model_cards
    from edgehar.api.read import read as read
    from edgehar.api.record import record as record
    from edgehar.api.search import search as search
    from edgehar.api.stream import stream as stream
    from edgehar.api.train import train as train
    from edgehar.api.verify import verify as verify
    from edgehar.bundle import Bundle as Bundle
    from edgehar.bundle import open_bundle as open_bundle
    from edgehar.contract import Contract as Contract
    from edgehar.engine import engine_dir as engine_dir
    from edgehar.errors import EdgeharError as EdgeharError
    from edgehar.runtimes import open_model as open_model
    from edgehar.streaming import Streamer as Streamer


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'edgehar' has no attribute {name!r}")
    value = getattr(import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
