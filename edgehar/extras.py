"""Packages beyond the base install: whether they are there, asked before any work and without importing them."""

from __future__ import annotations

from importlib.util import find_spec

from edgehar.errors import MissingExtra

#: Module -> the package that has it, where the two differ.
PACKAGES = {
    "serial": "pyserial",
    "paho.mqtt": "paho-mqtt",
    "sklearn": "scikit-learn",
    "tflite_micro": "tflite-micro",
    "ai_edge_litert": "ai-edge-litert",
}


def found(module: str) -> bool:
    """Whether a module can be imported; nothing is."""
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):
        return False


def require(extra: str, *modules: str) -> None:
    """Raise MissingExtra, which names `edgehar[EXTRA]`, for the first of the modules that is not there."""
    for module in modules:
        if not found(module):
            raise MissingExtra(PACKAGES.get(module, module), extra)
