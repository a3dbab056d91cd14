"""The README of a bundle: how to run it from Python, on Android and with TFLite-Micro.

The Python block is run by a test as it stands, and the numbers come from the model at hand.
"""

from __future__ import annotations

from string import Template

from edgehar.bundle.kotlin import android_section
from edgehar.bundle.samples import sample_words
from edgehar.contract import Contract, TensorQuantisation

_HEAD = Template("""# $description

A window is $window samples of $sample at $rate Hz, oldest first: feed the
sensor's values as they are, the model normalises by itself. Outputs, in order: $labels.

`contract.json` says the same for programs, `manifest.json` has the SHA-256, accuracy and origin of every file, and
`golden.json` has windows of every class with the outputs that a correct runtime gives.

## Python

```python
$python
```
""")

_PYTHON_INT8 = Template("""import json

import numpy as np
from ai_edge_litert.interpreter import Interpreter

golden = json.load(open("golden.json"))
window = np.array(golden["windows"][0]["window"], np.float32)  # $shape, $unit

interpreter = Interpreter("$file")
interpreter.allocate_tensors()
inputs, outputs = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
scale, zero_point = inputs["quantization"]
steps = window * (np.float32(1) / np.float32(scale))
whole = np.trunc(steps)
rounded = whole + np.trunc((steps - whole) * 2)  # to the nearest, half away from zero
quantised = np.clip(rounded + zero_point, -128, 127).astype(np.int8)
interpreter.set_tensor(inputs["index"], quantised.reshape(inputs["shape"]))
interpreter.invoke()
probabilities = (interpreter.get_tensor(outputs["index"])[0].astype(np.float32) + 128) / 256
print(golden["labels"][int(probabilities.argmax())], probabilities.max())""")

_PYTHON_FLOAT = Template("""import json

import numpy as np
from ai_edge_litert.interpreter import Interpreter

golden = json.load(open("golden.json"))
window = np.array(golden["windows"][0]["window"], np.float32)  # $shape, $unit

interpreter = Interpreter("$file")
interpreter.allocate_tensors()
inputs, outputs = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
interpreter.set_tensor(inputs["index"], window.reshape(inputs["shape"]))
interpreter.invoke()
probabilities = interpreter.get_tensor(outputs["index"])[0]
print(golden["labels"][int(probabilities.argmax())], probabilities.max())""")

_MICRO = Template("""
## TFLite-Micro

Make an array of the model with `xxd -i $file > model.cc`, declare it `alignas(16) const`, and register
these operators only. The arena needs $arena.

```cpp
#include <cmath>

#include "tensorflow/lite/micro/micro_interpreter.h"
#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"

alignas(16) static uint8_t arena[$arena_size];

// window: $samples samples of $short, oldest first. Returns the index of the label, or -1.
int classify(const float window[$values]) {
  static tflite::MicroMutableOpResolver<$count> resolver;
  static tflite::MicroInterpreter* interpreter = nullptr;
  if (interpreter == nullptr) {
$adds
    static tflite::MicroInterpreter instance(tflite::GetModel($array), resolver, arena, sizeof arena);
    if (instance.AllocateTensors() != kTfLiteOk) return -1;
    interpreter = &instance;
  }
  int8_t* input = interpreter->input(0)->data.int8;
  for (int i = 0; i < $values; ++i) {
    const long q = std::lround(window[i] * ${reciprocal}f) + ($zero_point);
    input[i] = static_cast<int8_t>(q < -128 ? -128 : q > 127 ? 127 : q);
  }
  if (interpreter->Invoke() != kTfLiteOk) return -1;
  const int8_t* output = interpreter->output(0)->data.int8;
  int best = 0;
  for (int i = 1; i < $classes; ++i) {
    if (output[i] > output[best]) best = i;
  }
  return best;  // its probability is (output[best] + 128) / 256
}
```
""")

_C = """
## Plain C

`c/` has the same model for the engine in `firmware_ref/`: fewer instructions, less flash and less RAM than
TFLite-Micro, with equal bytes. `firmware_ref/README.md` goes from this folder to a running image.
"""

_C_ENGINE = """
## Plain C

`c/` has the same model and the engine that runs it: fewer instructions, less flash and less RAM than TFLite-Micro, with
equal bytes. It compiles by itself; `make -C c` makes a library of it, and `c/Makefile` says how for a device.
`c/include/edgehar.h` is the interface.
"""

#: Names of the resolver's methods by operator.
METHODS = {
    "ADD": "AddAdd",
    "AVERAGE_POOL_2D": "AddAveragePool2D",
    "BATCH_TO_SPACE_ND": "AddBatchToSpaceNd",
    "CONCATENATION": "AddConcatenation",
    "CONV_2D": "AddConv2D",
    "DEPTHWISE_CONV_2D": "AddDepthwiseConv2D",
    "DEQUANTIZE": "AddDequantize",
    "FULLY_CONNECTED": "AddFullyConnected",
    "HARD_SWISH": "AddHardSwish",
    "LEAKY_RELU": "AddLeakyRelu",
    "LOGISTIC": "AddLogistic",
    "MAX_POOL_2D": "AddMaxPool2D",
    "MEAN": "AddMean",
    "MUL": "AddMul",
    "PAD": "AddPad",
    "PRELU": "AddPrelu",
    "QUANTIZE": "AddQuantize",
    "REDUCE_MAX": "AddReduceMax",
    "RELU": "AddRelu",
    "RELU6": "AddRelu6",
    "RESHAPE": "AddReshape",
    "SOFTMAX": "AddSoftmax",
    "SPACE_TO_BATCH_ND": "AddSpaceToBatchNd",
    "STRIDED_SLICE": "AddStridedSlice",
    "SUB": "AddSub",
    "TANH": "AddTanh",
}


def bundle_readme(
    contract: Contract,
    description: str,
    operators: list[str],
    *,
    int8: TensorQuantisation | None,
    arena: int | None,
    c_source: bool,
    c_engine: bool = False,
) -> str:
    """Write the page.

    Args:
        operators: of the `.tflite` that the page recommends.
        int8: input quantisation of a full-integer model; None shows the float model.
        arena: bytes measured with TFLite-Micro, None where it was not measured.
        c_source: whether the bundle has a `c/` folder.
        c_engine: whether the engine lies in it too.
    """
    file = "model_int8.tflite" if int8 else "model_float.tflite"
    unique = list(dict.fromkeys(operators))
    known = {
        **sample_words(contract),
        "file": file,
        "description": description,
        "window": str(contract.window),
        "samples": str(contract.window),
        "values": str(contract.window * len(contract.channels)),
        "classes": str(len(contract.labels)),
        "shape": str(contract.window_shape),
        "rate": f"{contract.rate_hz:g}",
        "period_us": f"{1e6 / contract.rate_hz:.0f}",
        "labels": ", ".join(contract.labels),
        "array": file.replace(".", "_"),
        "reciprocal": reciprocal(int8) if int8 else "",
        "zero_point": str(int8.zero_point) if int8 else "",
        "count": str(len(unique)),
        "adds": "\n".join(f"    resolver.{METHODS.get(name, f'Add_{name}')}();" for name in unique),
        "arena": f"{arena} bytes, measured with TFLite-Micro on a 64-bit host (a 32-bit target needs less)"
        if arena
        else "some room: it was not measured here (`pip install 'edgehar[bench]'` and export again)",
        "arena_size": str(-(-(arena or 65536) // 16) * 16),
    }
    python = (_PYTHON_INT8 if int8 else _PYTHON_FLOAT).substitute(known)
    page = _HEAD.substitute(known, python=python)
    page += android_section(known, int8=int8 is not None)
    if int8:
        page += _MICRO.substitute(known)
    return page + ((_C_ENGINE if c_engine else _C) if c_source else "")


def reciprocal(quantisation: TensorQuantisation) -> str:
    """1 / scale as the shortest decimal of the float32 constant that every implementation uses."""
    import numpy as np

    return str(np.float32(1) / np.float32(quantisation.scale))
