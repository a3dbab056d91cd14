"""One predict() protocol over Keras, LiteRT, ONNX Runtime, TFLite-Micro and the C engine.

from edgehar.runtimes import open_model
runtime = open_model("bundle/model_int8.tflite")
probabilities = runtime.predict_one(window)      # float32 (80, 3) in m/s², as the contract has it
"""

from edgehar.runtimes.base import Runtime
from edgehar.runtimes.registry import ROWS, Row, incremental_row, open_model, row_named

__all__ = ["ROWS", "Row", "Runtime", "incremental_row", "open_model", "row_named"]
