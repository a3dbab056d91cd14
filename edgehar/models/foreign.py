"""Keras networks made without edgehar: read in safe mode, brought to an input that a contract can describe.

A notebook saves `.keras` or the older `.h5`, with an input of (240,), (80, 3), (80, 3, 1) or whatever else its
author reshaped a window of samples to. Here each becomes a model of (window, channels) or of (channels * window,).
"""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from edgehar.errors import ContractError, EdgeharError
from edgehar.files import LARGEST_MODEL, read_bytes
from edgehar.models.front import values_in, with_view
from edgehar.models.library import import_keras
from edgehar.models.opening import check_weights, check_weights_file, open_archive
from edgehar.quiet import quiet

if TYPE_CHECKING:
    import keras

SUFFIXES = (".keras", ".h5", ".hdf5")


def read_foreign(path: Path) -> keras.Model:
    """Read a `.keras` or `.h5` without a contract, in safe mode and without its optimiser.

    Raises:
        EdgeharError: no such file, another kind of file, damaged, too large, or with code or classes of its own.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise EdgeharError(f"expected a .keras or .h5 file, got {path}; save the network with model.save('own.keras')")
    return open_archive(path) if path.suffix.lower() == ".keras" else _open_h5(path)


def _open_h5(path: Path) -> keras.Model:
    check_weights_file(read_bytes(path, LARGEST_MODEL), str(path))
    keras = import_keras()
    try:
        with quiet(), warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Keras 3 warns of what Keras 2 wrote
            model = keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:  # Keras raises nearly every type on a damaged or hostile file
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise EdgeharError(
            f"expected a network of Keras' own layers that safe mode can load, got {path}: {reason}"
        ) from error
    check_weights(model, str(path))
    return model


def canonical(
    model: keras.Model, *, window: int | None = None, order: str = "samples", channels: int = 3
) -> tuple[keras.Model, int, str]:
    """The model with an input that a contract can describe, its window, and the contract's layout.

    Args:
        model: one input that holds a window of samples in any shape, one output.
        window: samples, needed only where the model leaves them open.
        order: of the values of the model's input, one of `front.ORDERS`.
        channels: values of a sample.
    Returns:
        the model itself where it takes (window, channels) or (channels * window,) sample by sample, else one of
        (window, channels).
    Raises:
        ContractError: several inputs or outputs, or no window of so many channels.
    """
    for kind, tensors in (("input", model.inputs), ("output", model.outputs)):
        if tensors is None or len(tensors) != 1:
            got = "none" if tensors is None else str(len(tensors))
            raise ContractError(f"expected a network with one {kind}, got {got}; save the part with one of each")
    given = tuple(model.inputs[0].shape)[1:]
    # Keras 3 reads the `batch_input_shape` of an old .h5 as a shape that has yet to get its batch.
    doubled = len(given) > 1 and given[0] is None and values_in(given[1:]) > channels
    shape, found = _window_of(given[1:] if doubled else given, window, channels)
    if order == "axes" or shape[0] == channels < found:
        return with_view(model, (found, channels), shape, "axes"), found, "window"
    if shape == given and shape in ((found, channels), (channels * found,)):
        return model, found, "window" if len(shape) == 2 else "flat"
    return with_view(model, (found, channels), shape), found, "window"


def _window_of(shape: tuple[int | None, ...], window: int | None, channels: int) -> tuple[tuple[int, ...], int]:
    """The input's shape without free dimensions, and how many samples it holds."""
    wanted = f"expected an input of (window, {channels}), (window, {channels}, 1) or ({channels} * window,)"
    if shape.count(None) > 1:
        raise ContractError(f"{wanted}, got {shape}; build it with keras.Input((80, {channels}))")
    if None in shape and window is None:
        raise ContractError(f"{wanted}, got {shape}, which leaves the samples open: say how many with --window")
    free = 0 if window is None else channels * window if len(shape) == 1 else window
    fixed = tuple(free if n is None else int(n) for n in shape)
    found, rest = divmod(values_in(fixed), channels)
    # Only dimensions of 1 may stand beside the window: anything else would hide an order of its own.
    plain = tuple(n for n in fixed if n != 1)
    if rest or found < 2 or plain not in ((found, channels), (channels * found,), (channels, found)):
        raise ContractError(
            f"{wanted} for {channels} channels, got {fixed}; say with --channels what a sample is, as in acc,gyro, or "
            "put a Reshape or a Permute in front of it"
        )
    if window is not None and window != found:
        raise ContractError(f"expected a window of {window} samples, got an input of {fixed}, which is {found}")
    return fixed, found
