"""Incremental models in a bundle: writing one, proving it on the golden windows, and its part of the README.

The Python block of the page is run by a test as it stands.
"""

from __future__ import annotations

from pathlib import Path
from string import Template

import numpy as np

from edgehar.bundle.golden import read_golden
from edgehar.bundle.kotlin import incremental_kotlin
from edgehar.bundle.readme import METHODS, reciprocal
from edgehar.bundle.samples import sample_words
from edgehar.compile.incremental import incremental_model
from edgehar.compile.incremental_plan import PlanFigures, figures
from edgehar.contract import Contract
from edgehar.convert import metadata
from edgehar.errors import CheckFailed
from edgehar.files import write_bytes
from edgehar.runtimes import incremental_row, open_model


class IncrementalJson(PlanFigures):
    """One incremental model in the manifest."""

    file: str
    operators: list[str]
    states: list[list[int]]
    golden_windows_equal: int


def write_incremental(stage: Path, hop: int, contract: Contract) -> IncrementalJson:
    """Write the incremental model of a hop beside `model_int8.tflite`, run it on the golden windows, and plan it.

    Args:
        stage: folder with `model_int8.tflite` and `golden.json`.
    Returns:
        the planner's figures, with the file's name, its operators and the shapes of its states.
    Raises:
        CheckFailed: an output byte differs from the whole-window model's; there is no known way to this.
    """
    whole = stage / "model_int8.tflite"
    row = incremental_row(hop, "litert-int8-reference")
    made = incremental_model(whole, hop, contract)
    write_bytes(stage / row.file, made.content)
    entries = read_golden(stage / "golden.json").windows
    runtime = open_model(stage / row.file, runtime=row.name, contract=contract)
    outputs = runtime.outputs(np.array([entry.window for entry in entries], np.float32))
    expected = np.array([entry.int8_output for entry in entries], np.int8)
    runtime.close()
    if not np.array_equal(outputs, expected):
        raise CheckFailed(f"{row.file} differs from {whole.name} on {int((outputs != expected).any(1).sum())} windows")
    plan, network = made.plan, made.plan.network
    return {
        **figures(network, hop),
        "file": row.file,
        "operators": metadata.operators(made.content),
        "states": [[1, 1, flow.kept, network.tensors[flow.tensor].channels] for flow in plan.ordered if flow.kept],
        "golden_windows_equal": len(entries),
    }


_PAGE = Template("""
## Incremental: only what is new

`$file` computes one step of $hop new samples and takes over what the windows share: $macs_m instead of
$whole_m million multiply-accumulates per decision, and the same bytes as `model_int8.tflite`. Its inputs are `samples`
and $count states, its outputs `probabilities` and the new states in the same order, which are the next step's
inputs. Begin with any state: once a window of $window samples has gone in, nothing of it is left. After a pause, begin
again.$alignment$note$others

```python
$python
```

```kotlin
$kotlin
```

```cpp
$cpp
```
""")

_ALIGNMENT = Template("""

$window is no multiple of $hop: the first step begins with $pad filled in already, by whatever is there, which does not
count either.""")

_PYTHON = Template("""import json

import numpy as np
from ai_edge_litert.interpreter import Interpreter


class IncrementalModel:
    \"\"\"Takes samples one by one; gives probabilities every $hop samples, once $window have come.\"\"\"

    def __init__(self, path):
        self.interpreter = Interpreter(path)
        self.interpreter.allocate_tensors()
        self.inputs, self.outputs = self.interpreter.get_input_details(), self.interpreter.get_output_details()
        self.clear()

    def clear(self):
        \"\"\"Call after a gap.\"\"\"
        self.samples, self.missing = [$zeros] * $pad, $window

    def push(self, sample):
        \"\"\"sample: $short. Returns the probabilities, or None where no decision is due.\"\"\"
        self.samples.append(sample)
        self.missing -= 1
        if len(self.samples) < $hop:
            return None
        scale, zero_point = self.inputs[0]["quantization"]
        steps = np.array([self.samples], np.float32) * (np.float32(1) / np.float32(scale))
        whole = np.trunc(steps)
        rounded = whole + np.trunc((steps - whole) * 2)  # to the nearest, half away from zero
        quantised = np.clip(rounded + zero_point, -128, 127).astype(np.int8)
        self.interpreter.set_tensor(self.inputs[0]["index"], quantised)
        self.interpreter.invoke()
        for state, kept in zip(self.inputs[1:], self.outputs[1:]):
            self.interpreter.set_tensor(state["index"], self.interpreter.get_tensor(kept["index"]))
        self.samples = []
        output = self.interpreter.get_tensor(self.outputs[0]["index"])[0]
        return None if self.missing > 0 else (output.astype(np.float32) + 128) / 256


golden = json.load(open("golden.json"))
model = IncrementalModel("$file")
for sample in golden["windows"][0]["window"]:
    probabilities = model.push(sample)
print(golden["labels"][int(probabilities.argmax())], probabilities.max())""")

_CPP = Template("""// TFLite-Micro: register $operators.
class IncrementalModel {
 public:
  explicit IncrementalModel(tflite::MicroInterpreter& interpreter) : interpreter_(interpreter) { Clear(); }

  // Call after a gap.
  void Clear() {
    filled_ = $pad * $channels;
    missing_ = $window;
  }

  // A sample in $unit. Returns $classes bytes, each probability being (byte + 128) / 256, or nullptr where no decision
  // is due; they hold until the next call.
  const int8_t* Push($cpp_names) {
    const float values[$channels] = {$names};
    for (float value : values) {
      const long q = std::lround(value * ${reciprocal}f) + ($zero_point);
      samples_[filled_++] = static_cast<int8_t>(q < -128 ? -128 : q > 127 ? 127 : q);
    }
    if (missing_ > 0) --missing_;
    if (filled_ < $hop * $channels) return nullptr;
    filled_ = 0;
    // Inputs lie in the arena, where running the network may overwrite them: every step sets them all.
    std::memcpy(interpreter_.input(0)->data.int8, samples_, sizeof samples_);
    size_t at = 0;
    for (int i = 1; i <= $count; ++i) {
      TfLiteTensor* state = interpreter_.input(i);
      std::memcpy(state->data.int8, states_ + at, state->bytes);
      at += state->bytes;
    }
    if (interpreter_.Invoke() != kTfLiteOk) return nullptr;
    at = 0;
    for (int i = 1; i <= $count; ++i) {
      const TfLiteTensor* kept = interpreter_.output(i);
      std::memcpy(states_ + at, kept->data.int8, kept->bytes);
      at += kept->bytes;
    }
    return missing_ > 0 ? nullptr : interpreter_.output(0)->data.int8;
  }

 private:
  tflite::MicroInterpreter& interpreter_;
  int8_t samples_[$hop * $channels] = {};
  int8_t states_[$state_bytes] = {};
  int filled_ = 0;
  int missing_ = 0;
};""")


def incremental_readme(contract: Contract, entry: IncrementalJson, *others: IncrementalJson) -> str:
    """The page's section on the incremental model, written out for one model.

    Args:
        contract: with the int8 model's input quantisation.
        entry: what `write_incremental` returned.
        others: the same of the bundle's other incremental models, which are named only.
    """
    assert contract.input_quantisation is not None
    hop, window = entry["hop"], entry["window"]
    pad = -window % hop
    unique = dict.fromkeys(entry["operators"])
    names = [f"`{other['file']}`" for other in others]
    known = {
        **sample_words(contract),
        "file": entry["file"],
        "hop": str(hop),
        "window": str(window),
        "pad": str(pad),
        "classes": str(len(contract.labels)),
        "count": str(len(entry["states"])),
        "state_bytes": str(max(1, entry["state_bytes"])),
        "macs_m": f"{entry['macs'] / 1e6:.2f}",
        "whole_m": f"{entry['macs_whole'] / 1e6:.2f}",
        "alignment": _ALIGNMENT.substitute(window=window, hop=hop, pad=pad) if pad else "",
        "note": f"\n\nHere {entry['note']}." if entry["note"] else "",
        "others": "\n\nThe same at other hops, with sizes as in `manifest.json`: " + ", ".join(names) + "."
        if names
        else "",
        "operators": ", ".join(METHODS.get(name, f"Add_{name}") for name in unique),
        "reciprocal": reciprocal(contract.input_quantisation),
        "zero_point": str(contract.input_quantisation.zero_point),
    }
    return _PAGE.substitute(
        known,
        python=_PYTHON.substitute(known),
        kotlin=incremental_kotlin(known),
        cpp=_CPP.substitute(known),
    )
