"""Opening Keras files of unknown origin: sizes before contents, safe mode, and finite weights."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgehar.errors import EdgeharError
from edgehar.files import LARGEST_MODEL, open_regular, temporary_space
from edgehar.models.library import import_keras
from edgehar.quiet import quiet
from edgehar.schema import decode
from edgehar.zips import DAMAGE, MODEL, open_zip

if TYPE_CHECKING:
    import h5py
    import keras

#: Largest absolute weight. The variances of a batch normalisation of raw counts are the largest that make sense.
LARGEST_WEIGHT = 1e9

_CONFIG, _WEIGHTS = "config.json", "model.weights.h5"


def open_archive(path: Path) -> keras.Model:
    """The network in a `.keras` file, in Keras' safe mode, not compiled.

    Raises:
        EdgeharError: not a regular file, not a `.keras`, larger than it may be, refused by safe mode, or with weights
            that are not finite; or no room for temporary files.
        MissingExtra: Keras is not installed.
    """
    config = check_archive(path)
    keras = import_keras()
    check_network(config, str(path))
    try:
        with quiet(), temporary_space():  # Keras unpacks the weights there
            model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except EdgeharError:
        raise
    except Exception as error:  # Keras raises nearly every type on a damaged or hostile file
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise EdgeharError(f"expected a .keras file that safe mode can load, got {path}: {reason}") from error
    check_weights(model, str(path))
    return model


def check_archive(path: Path) -> dict[str, object]:
    """The network's description in a `.keras`, once the sizes of everything in it are known to be bearable.

    Raises:
        EdgeharError, MissingExtra: as `open_archive`.
    """
    try:
        with open_regular(path, LARGEST_MODEL) as stream, open_zip(stream, str(path), MODEL) as archive:
            config, weights = archive.read(_CONFIG), archive.read(_WEIGHTS)
    except (*DAMAGE, KeyError) as error:
        raise EdgeharError(f"expected a .keras file, got something else or a damaged one: {path} ({error})") from error
    check_weights_file(weights, f"{_WEIGHTS} of {path}")
    return decode(config, dict, f"{_CONFIG} of {path}")


def check_network(config: dict[str, object], where: str) -> None:
    """Refuse a description whose weights would not fit, before Keras makes room for them.

    Nothing is said of a description that Keras cannot build: loading it says more.

    Raises:
        EdgeharError: more than `LARGEST_MODEL` bytes of float32 weights.
    """
    import random

    keras = import_keras()
    state = random.getstate()  # an initialiser without a seed draws one here, and a training counts on the next draws
    try:
        with quiet(), keras.StatelessScope(initialize_variables=False):
            network = keras.saving.deserialize_keras_object(config, safe_mode=True)
            size = 4 * sum(math.prod(variable.shape) for variable in network.variables)
    except Exception:  # Keras raises nearly every type
        return
    finally:
        random.setstate(state)
        _forget_variables()
    if size > LARGEST_MODEL:
        raise EdgeharError(f"expected a network of at most {LARGEST_MODEL:,} bytes of weights in {where}, got {size:,}")


def _forget_variables() -> None:
    """Keras keeps a list of variables without values, and would give them some at the next occasion."""
    from keras.src.backend.common import global_state

    global_state.set_global_attribute("uninitialized_variables", [])


def check_weights_file(content: bytes, where: str) -> None:
    """Refuse an HDF5 file whose data sets declare more bytes than a network has, or that reads from other files.

    A data set may be packed to next to nothing, or lie in a file outside of this one.

    Raises:
        EdgeharError: not HDF5, damaged, or such a file.
        MissingExtra: h5py, which comes with Keras, is not installed.
    """
    from edgehar.errors import MissingExtra

    try:
        import h5py
    except ImportError as error:
        raise MissingExtra("h5py", "train") from error
    bytes_found = 0

    def visit(group: h5py.Group, depth: int) -> None:
        nonlocal bytes_found
        if depth > 32:
            raise EdgeharError(f"expected at most 32 levels of groups in {where}, got more")
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise EdgeharError(f"expected weights inside {where}, got a link at {name[:80]!r}")
            item = group[name]
            if isinstance(item, h5py.Group):
                visit(item, depth + 1)
            elif isinstance(item, h5py.Dataset):
                if item.external or item.is_virtual:
                    raise EdgeharError(f"expected weights inside {where}, got a link to another file at {name[:80]!r}")
                bytes_found += item.size * item.dtype.itemsize if item.size else 0
                if bytes_found > LARGEST_MODEL:
                    raise EdgeharError(f"expected at most {LARGEST_MODEL:,} bytes of weights in {where}, got more")

    try:
        with h5py.File(io.BytesIO(content), "r") as file:
            visit(file, 0)
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, RecursionError) as error:
        reason = " ".join(str(error).split())[:200]
        raise EdgeharError(f"expected weights in HDF5 in {where}, got a damaged or other file ({reason})") from error


def check_weights(model: keras.Model, where: str) -> None:
    """Refuse weights that no export can carry, by the name of their layer.

    Raises:
        EdgeharError: a weight is infinite, not a number, or beyond `LARGEST_WEIGHT`.
    """
    for layer in model.layers:
        for variable in layer.weights:
            values = np.asarray(variable.numpy())
            if not np.issubdtype(values.dtype, np.number) or not values.size:
                continue
            largest = float(np.abs(values).max())
            if not largest <= LARGEST_WEIGHT:  # also where it is not a number
                raise EdgeharError(
                    f"expected finite weights of at most {LARGEST_WEIGHT:g} in {where}, got {largest:g} in "
                    f"{variable.name} of the layer {layer.name!r}; train it again with a lower learning rate"
                )
