"""From a trained Keras model to a bundle: TFLite, ONNX, C source, calibration, quality gate."""
