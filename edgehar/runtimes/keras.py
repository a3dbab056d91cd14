"""`.keras` models through Keras on TensorFlow, loaded in safe mode."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np
from numpy.typing import NDArray

from edgehar.contract import Contract
from edgehar.errors import ContractError, EdgeharError, MissingExtra
from edgehar.models import find_contract
from edgehar.models.opening import check_archive, open_archive
from edgehar.quiet import quiet
from edgehar.runtimes.base import Runtime
from edgehar.runtimes.embedded import check_tensors, settle

if TYPE_CHECKING:
    import keras

_BATCH = 256


class Keras(Runtime):
    """The trained model itself: what every other runtime is compared with."""

    name: ClassVar[str] = "keras"

    def __init__(self, model: keras.Model, contract: Contract, threads: int) -> None:
        import tensorflow as tf

        self.contract = contract.float_io()
        self.threads = threads
        self._shape = (1, *contract.input_shape)
        self._tensor = tf.constant
        norm = contract.normalisation
        self._norm = None
        if norm is not None and not norm.folded:
            self._norm = np.asarray(norm.mean, np.float32), np.asarray(norm.std, np.float32)
        # A traced function with a fixed batch answers one window far sooner than `model.predict`.
        traced = tf.function(lambda x: model(x, training=False))
        self._one = traced.get_concrete_function(tf.TensorSpec(self._shape, tf.float32))
        self._many = traced.get_concrete_function(tf.TensorSpec((None, *contract.input_shape), tf.float32))

    def prepare(self, window: NDArray[np.float32]) -> NDArray[np.float32]:
        """Normalises where the model does not, and adds the batch dimension."""
        return np.ascontiguousarray(self._normalised(window)).reshape(self._shape)

    def invoke(self, tensor: NDArray[np.float32]) -> NDArray[np.float32]:
        """Runs the network; the output is a copy."""
        return np.asarray(self._one(self._tensor(tensor)).numpy()[0])

    def finish(self, output: NDArray[np.float32]) -> NDArray[np.float32]:
        """The outputs are probabilities already."""
        return output

    def outputs(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """As in the base class, in batches: equal to single windows within 1e-6."""
        self.check(windows)
        if not len(windows):
            return np.zeros((0, len(self.contract.labels)), np.float32)
        flat = self._normalised(windows).reshape(-1, *self._shape[1:])
        parts = [self._many(self._tensor(flat[i : i + _BATCH])).numpy() for i in range(0, len(flat), _BATCH)]
        return np.concatenate(parts)

    def _normalised(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        values = np.asarray(windows, np.float32)
        return values if self._norm is None else (values - self._norm[0]) / self._norm[1]

    def close(self) -> None:
        """Release the traced functions."""
        self._one = self._many = None


def load(path: Path, row: str | None, contract: Contract | None, threads: int) -> Keras:
    """Open a `.keras`; see `edgehar.runtimes.open_model` for arguments and errors.

    Safe mode refuses files with code of their own (Lambda layers).
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    try:
        with quiet():
            import tensorflow as tf
    except ImportError as error:
        raise MissingExtra("tensorflow", "train") from error
    try:
        tf.config.threading.set_intra_op_parallelism_threads(threads)
        tf.config.threading.set_inter_op_parallelism_threads(1)
    except RuntimeError:
        pass  # TensorFlow has started already in this process; the bench gives it one of its own
    try:
        check_archive(path)
        settled = settle(path, find_contract(path), contract)
        model = open_archive(path)
    except MissingExtra:
        raise
    except EdgeharError as error:
        raise ContractError(str(error)) from error
    check_tensors(path, settled, [t.shape for t in model.inputs], [t.shape for t in model.outputs])
    return Keras(model, settled, threads)
