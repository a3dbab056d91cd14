"""Networks: their architectures, the trained ones that ship, and the files that hold them."""

from edgehar.models.keras_file import read_contract, save
from edgehar.models.registry import ARCHITECTURES, build, load, require_architecture, resolve, shipped, shipped_names
from edgehar.models.temperature import fold_temperature

__all__ = [
    "ARCHITECTURES",
    "build",
    "fold_temperature",
    "load",
    "read_contract",
    "require_architecture",
    "resolve",
    "save",
    "shipped",
    "shipped_names",
]
