"""Conversion to TFLite: float32, float16 weights, dynamic range, and full-integer int8.

The graph is traced with a batch of 1 and its variables frozen: a free batch dimension would leave SHAPE,
STRIDED_SLICE and PACK in the file, and live variables READ_VARIABLE.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from edgehar.contract import Contract
from edgehar.convert.convertible import explain_failure, require_convertible
from edgehar.errors import ContractError, MissingExtra
from edgehar.quiet import quiet

if TYPE_CHECKING:
    import keras
    from tensorflow.types.experimental import ConcreteFunction

#: What `convert` can make.
KINDS = ("float", "int8", "float16", "dynamic")


def convert(
    model: keras.Model,
    contract: Contract,
    kind: str,
    *,
    calibration: NDArray[np.float32] | None = None,
    float_io: bool = False,
) -> bytes:
    """Convert a keras.Model to TFLite bytes (without metadata).

    Args:
        model: takes samples as they come in the contract's input layout.
        kind: one of `KINDS`.
        calibration: float32 (N, window, channels), needed for `int8`.
        float_io: for `int8`, keep float32 input and output with QUANTIZE and DEQUANTIZE inside.
    Raises:
        ContractError: a layer that TensorFlow cannot convert.
    Source: tf.lite.TFLiteConverter, post-training integer quantisation (per-channel weights, int8
        activations, 8-bit quantisation specification of LiteRT).
    """
    tf = import_tensorflow()
    require_convertible(model, kind)
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        converter = tf.lite.TFLiteConverter.from_concrete_functions([frozen_function(model, contract)])
        if kind == "int8":
            assert calibration is not None and len(calibration), "int8 needs calibration windows"
            shape = (1, *contract.input_shape)
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.representative_dataset = lambda: ([window.reshape(shape)] for window in calibration)
            converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
            if not float_io:
                converter.inference_input_type = tf.int8
                converter.inference_output_type = tf.int8
        elif kind == "float16":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
            converter.target_spec.supported_types = [tf.float16]
        elif kind == "dynamic":
            converter.optimizations = [tf.lite.Optimize.DEFAULT]
        try:
            return bytes(converter.convert())
        except Exception as error:  # the converter's own, ValueError and RuntimeError, none with a common base
            raise ContractError(explain_failure(model, kind, error)) from error


def frozen_function(model: keras.Model, contract: Contract) -> ConcreteFunction:
    """A concrete function of one window with every variable a constant."""
    tf = import_tensorflow()
    from tensorflow.python.framework.convert_to_constants import convert_variables_to_constants_v2

    spec = tf.TensorSpec((1, *contract.input_shape), tf.float32, name="window")
    function = tf.function(lambda window: model(window, training=False))
    return convert_variables_to_constants_v2(function.get_concrete_function(spec))


def import_tensorflow() -> Any:
    """Import TensorFlow quietly; MissingExtra where it is absent."""
    import os

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with quiet():
            import tensorflow as tf
    except ImportError as error:
        raise MissingExtra("tensorflow", "export") from error
    tf.get_logger().setLevel("ERROR")
    return tf
