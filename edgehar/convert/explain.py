"""What quantisation does to each layer and to each person: where int8 loses, and how much.

Two comparisons on windows of people who were not trained on. Activations: the float and the int8 file run side
by side with LiteRT's reference kernels and every tensor kept. Cost: for each layer, the float file with that
layer alone rounded as the int8 file rounds it (`fake_quantise`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from edgehar.convert.fake_quantise import constant, fake_quantised, stored_constants
from edgehar.convert.matched import Pair, match, open_graph
from edgehar.data import Windows
from edgehar.errors import ContractError
from edgehar.evaluation.metrics import accuracy
from edgehar.runtimes import open_model
from edgehar.runtimes.quantise import quantise

if TYPE_CHECKING:
    from ai_edge_litert.interpreter import Interpreter

FORMAT = "edgehar-explain-1"

#: Windows on which activations are compared; the cost of a layer is measured on all.
WINDOWS = 300

#: Operators that pass int8 codes on as they are, so that they add no rounding of their own.
SAME_CODES = ("RESHAPE", "EXPAND_DIMS", "SQUEEZE", "MAX_POOL_2D", "STRIDED_SLICE")


@dataclass(frozen=True)
class LayerCost:
    """One layer; signal-to-noise ratios are 10 log10(sum of float² / sum of (int8 - float)²) in dB.

    Attributes:
        name: of the layer's output in both `.tflite` files.
        operator: what computes it, INPUT for the window itself.
        shape: of the output, without the batch.
        snr_db: of the output inside of the int8 model: the rounding of all layers up to this one.
        rounding_db: of the float output rounded to this layer's codes: its own activation alone.
        weights_db: of the weights; None for a layer without. All three are None where nothing is lost.
        codes_used: share of the 256 codes that the output takes.
        clipped: share of the float output's values outside of the codes' range.
        accuracy_loss: accuracy that is lost where this layer alone is int8, 0 … 1; negative where it is won.
        agreement: share of windows that keep the float model's label then.
        difference: mean over windows of the largest change of a probability then.
    """

    name: str
    operator: str
    shape: tuple[int, ...]
    snr_db: float | None
    rounding_db: float | None
    weights_db: float | None
    codes_used: float
    clipped: float
    accuracy_loss: float
    agreement: float
    difference: float


class ActivationCost(TypedDict):
    """The entries of `LayerCost` that come from running both graphs."""

    snr_db: float | None
    rounding_db: float | None
    codes_used: float
    clipped: float


@dataclass(frozen=True)
class Person:
    """One person: windows, accuracy of the float and of the int8 file, share of windows with the same label."""

    subject: str
    windows: int
    float_accuracy: float
    int8_accuracy: float
    agreement: float


@dataclass(frozen=True)
class Explanation:
    """Layers in the order of the graph, people in the order of the windows."""

    layers: tuple[LayerCost, ...]
    people: tuple[Person, ...]
    float_accuracy: float
    int8_accuracy: float
    windows: int
    activation_windows: int

    @property
    def costliest(self) -> LayerCost:
        """The layer that costs most accuracy; of equals, most agreement, then most change of probabilities."""
        return max(self.layers, key=lambda layer: (layer.accuracy_loss, -layer.agreement, layer.difference))

    def to_dict(self) -> dict[str, object]:
        """JSON-ready."""
        return {"format": FORMAT, "costliest": self.costliest.name, **asdict(self)}


def explain(
    float_model: Path, int8_model: Path, test: Windows, on_step: Callable[[str], None] = lambda step: None
) -> Explanation:
    """Compare the two `.tflite` files of one network.

    Args:
        test: windows of people who were not trained on; evenly spaced ones serve for the activations.
        on_step: called with what is being done.
    Raises:
        ContractError: the two files do not have the same operators.
    """
    contents = float_model.read_bytes(), int8_model.read_bytes()
    reference, quantised = (open_graph(content) for content in contents)
    pairs = [pair for pair in match(reference, quantised) if pair.operator not in SAME_CODES]
    if not pairs:
        raise ContractError(
            "expected the int8 model to have the operators of the float model, so that layers can be compared, got "
            "others; export without --explain"
        )
    on_step("explain: activations")
    some = test.x[:: max(1, len(test) // WINDOWS)]
    activations = compare_activations(reference, quantised, pairs, some)
    on_step("explain: people")
    outputs = [_predict(path, test.x) for path in (float_model, int8_model)]
    graph = schema.ModelT.InitFromPackedBuf(bytearray(contents[0]), 0)
    layers = []
    for number, (pair, activation) in enumerate(zip(pairs, activations, strict=True), 1):
        on_step(f"explain: {pair.name} alone in int8 ({number} of {len(pairs)})")
        alone = _run(fake_quantised(contents[0], [pair], quantised), test.x)
        layers.append(
            LayerCost(
                name=pair.name,
                operator=pair.operator,
                shape=pair.shape,
                weights_db=weights_snr(graph, pair, quantised),
                **activation,
                **cost(outputs[0], alone, test.y),
            )
        )
    labels = [output.argmax(axis=1) for output in outputs]
    return Explanation(
        tuple(layers),
        tuple(by_person(labels[0], labels[1], test)),
        accuracy(test.y, labels[0]),
        accuracy(test.y, labels[1]),
        len(test),
        len(some),
    )


def compare_activations(
    reference: Interpreter, quantised: Interpreter, pairs: list[Pair], windows: NDArray[np.float32]
) -> list[ActivationCost]:
    """What both graphs give when run side by side, one entry per pair."""
    signal, noise, rounding, clipped, count = np.zeros((5, len(pairs)))
    seen = np.zeros((len(pairs), 256), bool)
    source, sink = reference.get_input_details()[0], quantised.get_input_details()[0]
    for window in windows:
        given = window.reshape(source["shape"])
        reference.set_tensor(source["index"], given)
        quantised.set_tensor(sink["index"], _codes(given, pairs[0]) if sink["dtype"] == np.int8 else given)
        reference.invoke()
        quantised.invoke()
        for row, pair in enumerate(pairs):
            values = reference.get_tensor(pair.reference).astype(np.float64)
            codes = quantised.get_tensor(pair.quantised)
            low, high = pair.bounds
            signal[row] += np.square(values).sum()
            noise[row] += np.square(_real(codes, pair) - values).sum()
            rounding[row] += np.square(_real(_codes(values, pair), pair) - values).sum()
            clipped[row] += np.count_nonzero((values < low) | (values > high))
            count[row] += values.size
            seen[row, codes.reshape(-1).astype(np.int64) + 128] = True
    return [
        {
            "snr_db": decibels(signal[row], noise[row]),
            "rounding_db": decibels(signal[row], rounding[row]),
            "codes_used": float(seen[row].mean()),
            "clipped": float(clipped[row] / count[row]),
        }
        for row in range(len(pairs))
    ]


def weights_snr(graph: schema.ModelT, pair: Pair, quantised: Interpreter) -> float | None:
    """Signal-to-noise ratio in dB of a layer's stored weights, its bias left out; None where there are none."""
    stored = stored_constants(graph, pair, quantised)
    ours = pair.constants[0][0] if pair.constants else -1
    if ours not in stored:
        return None
    weights = constant(graph, ours)
    assert weights is not None  # what is stored has a float constant
    noise = stored[ours].astype(np.float64) - weights
    return decibels(float(np.square(weights.astype(np.float64)).sum()), float(np.square(noise).sum()))


def cost(whole: NDArray[np.float32], changed: NDArray[np.float32], truth: NDArray[np.int64]) -> dict[str, float]:
    """The entries of `LayerCost` that compare probabilities (N, C) of the float model with those of a changed one."""
    before, after = whole.argmax(axis=1), changed.argmax(axis=1)
    return {
        "accuracy_loss": accuracy(truth, before) - accuracy(truth, after),
        "agreement": float(np.mean(before == after)),
        "difference": float(np.abs(changed.astype(np.float64) - whole).max(axis=1).mean()),
    }


def by_person(ours: NDArray[np.int64], theirs: NDArray[np.int64], test: Windows) -> list[Person]:
    """Accuracy of each person by the labels (N,) of the float and of the int8 model."""
    people = []
    for name in dict.fromkeys(str(subject) for subject in test.subject):
        own = test.subject == name
        people.append(
            Person(
                name,
                int(own.sum()),
                accuracy(test.y[own], ours[own]),
                accuracy(test.y[own], theirs[own]),
                float(np.mean(ours[own] == theirs[own])),
            )
        )
    return people


def decibels(signal: float, noise: float) -> float | None:
    """10 log10(signal / noise); None where there is no noise or no signal."""
    return float(10 * np.log10(signal / noise)) if signal > 0 and noise > 0 else None


def _codes(values: NDArray[np.float32 | np.float64], pair: Pair) -> NDArray[np.int8]:
    return quantise(values.astype(np.float32), pair.quantisation)


def _real(codes: NDArray[np.int8], pair: Pair) -> NDArray[np.float64]:
    return (codes.astype(np.float64) - pair.zero_point) * pair.scale


def _predict(path: Path, windows: NDArray[np.float32]) -> NDArray[np.float32]:
    runtime = open_model(path)
    probabilities = runtime.predict(windows)
    runtime.close()
    return probabilities


def _run(model: bytes, windows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Outputs float32 (N, C) of a float `.tflite` without a contract."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=model, num_threads=1)
    interpreter.allocate_tensors()
    source, sink = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    rows = []
    for window in windows:
        interpreter.set_tensor(source["index"], window.reshape(source["shape"]))
        interpreter.invoke()
        rows.append(interpreter.get_tensor(sink["index"])[0])
    return np.stack(rows)
