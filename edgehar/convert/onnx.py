"""Conversion to ONNX, float32 and int8 (QDQ, per channel, from the same calibration windows)."""

from __future__ import annotations

import logging
import warnings
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgehar.contract import Contract
from edgehar.convert.onnx_graph import tidy
from edgehar.convert.tflite import import_tensorflow
from edgehar.errors import MissingExtra
from edgehar.files import dump_json, temporary_folder

if TYPE_CHECKING:
    from types import ModuleType

    import keras
    import onnx
    from tensorflow import Tensor

#: New enough for per-channel QuantizeLinear, old enough for runtimes of 2022 and later.
OPSET = 17
CONTRACT_KEY = "edgehar.contract"


def convert(model: keras.Model, contract: Contract, description: str) -> bytes:
    """Convert a keras.Model to ONNX bytes: input `window`, batch of 1, output `probabilities`.

    `tf2onnx.convert.from_keras` cannot read a Keras 3 Sequential; a traced function can be.
    """
    tf = import_tensorflow()
    onnx, tf2onnx = _import()
    signature = [tf.TensorSpec((1, *contract.input_shape), tf.float32, name="window")]

    def probabilities(window: Tensor) -> Tensor:
        return model(window, training=False)

    logging.getLogger("tf2onnx").setLevel(logging.ERROR)
    proto, _ = tf2onnx.convert.from_function(tf.function(probabilities, signature), signature, opset=OPSET)
    tidy(proto, "window", "probabilities")
    _describe(proto, contract, description)
    onnx.checker.check_model(proto, full_check=True)
    return bytes(proto.SerializeToString(deterministic=True))


def quantise(model: bytes, contract: Contract, calibration: NDArray[np.float32], description: str) -> bytes:
    """Quantise what `convert` made; the input and output stay float32.

    Args:
        model: ONNX bytes.
        calibration: float32 (N, window, channels).
    Source: onnxruntime.quantization.quantize_static, min-max ranges.
    """
    onnx, _ = _import()
    from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
    from onnxruntime.quantization.shape_inference import quant_pre_process

    class Reader(CalibrationDataReader):  # type: ignore[misc]
        def __init__(self) -> None:
            self._windows = iter(calibration)

        def get_next(self) -> dict[str, NDArray[np.float32]] | None:
            window = next(self._windows, None)
            return None if window is None else {"window": window.reshape(1, *contract.input_shape)}

    with temporary_folder() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        source, prepared, target = (folder / name for name in ("a.onnx", "b.onnx", "c.onnx"))
        source.write_bytes(model)
        quant_pre_process(str(source), str(prepared))
        quantize_static(
            str(prepared),
            str(target),
            Reader(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            activation_type=QuantType.QInt8,
            weight_type=QuantType.QInt8,
            # Seven bits per weight: ONNX Runtime adds pairs of products in 16 bits on x86-64 without VNNI, and eight
            # saturate there (its quantisation guide, "U8S8 saturation issue").
            reduce_range=True,
        )
        proto = onnx.load(str(target))
    _describe(proto, contract, description)
    return bytes(proto.SerializeToString(deterministic=True))


def _describe(proto: onnx.ModelProto, contract: Contract, description: str) -> None:
    onnx, _ = _import()
    proto.producer_name, proto.producer_version = "edgehar", ""
    proto.doc_string = description
    proto.graph.name, proto.graph.doc_string = "main", ""
    del proto.metadata_props[:]
    onnx.helper.set_model_props(proto, {CONTRACT_KEY: dump_json(contract.to_dict())})


def _import() -> tuple[ModuleType, ModuleType]:
    try:
        import onnx
        import tf2onnx
    except ImportError as error:
        raise MissingExtra("onnx and tf2onnx", "export") from error
    return onnx, tf2onnx
