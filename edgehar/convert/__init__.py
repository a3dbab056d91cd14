"""From a trained Keras model to TFLite and ONNX, float and int8."""
