"""Networks: their architectures, the trained ones that ship, and the files that hold them."""

from edgehar.models.carried import find_contract, read_contract
from edgehar.models.keras_file import save
from edgehar.models.origin import Origin, open_recordings, read_origin
from edgehar.models.registry import (
    ARCHITECTURES,
    build,
    int8_file,
    int8_names,
    load,
    require_architecture,
    resolve,
    shipped,
    shipped_names,
)
from edgehar.models.temperature import fold_temperature

__all__ = [
    "ARCHITECTURES",
    "Origin",
    "build",
    "find_contract",
    "fold_temperature",
    "int8_file",
    "int8_names",
    "load",
    "open_recordings",
    "read_contract",
    "read_origin",
    "require_architecture",
    "resolve",
    "save",
    "shipped",
    "shipped_names",
]
