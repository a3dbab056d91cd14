"""What quantisation does to each layer and to each person, as tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgehar.report.tables import NOTHING, percent, terminal_table

if TYPE_CHECKING:
    from rich.console import Console

    from edgehar.convert.explain import Explanation


def print_explanation(explanation: Explanation, console: Console) -> None:
    """Print one line per layer, the layer that costs most, and one line per person."""
    columns = [
        "layer", "shape", "in int8 dB", "rounding dB", "weights dB", "codes used %", "clipped %", "alone: loses pp",
        "agrees %",
    ]  # fmt: skip
    rows = [
        [
            layer.name,
            "×".join(str(size) for size in layer.shape if size != 1),
            _decibels(layer.snr_db),
            _decibels(layer.rounding_db),
            _decibels(layer.weights_db),
            percent(layer.codes_used, 0),
            percent(layer.clipped, 3),
            percent(layer.accuracy_loss, 2),
            percent(layer.agreement, 2),
        ]
        for layer in explanation.layers
    ]
    console.print(terminal_table("int8 against float, layer by layer, on test people", columns, rows))
    console.print(
        f"in int8: signal to noise of the layer inside of the int8 model, {explanation.activation_windows} windows; "
        "rounding, weights: of its own activation and weights; clipped: float values outside of its range; alone: "
        f"float model with only this layer in int8, {explanation.windows} windows.",
        soft_wrap=True,
    )
    costliest = explanation.costliest
    if costliest.accuracy_loss > 0:
        console.print(
            f"{costliest.name} costs most: {percent(costliest.accuracy_loss, 2)} points of accuracy when it alone is "
            f"in int8; the whole int8 model loses "
            f"{percent(explanation.float_accuracy - explanation.int8_accuracy, 2)}.",
            soft_wrap=True,
        )
    else:
        console.print(
            f"No layer costs accuracy when it alone is in int8; {costliest.name} changes most.", soft_wrap=True
        )
    people = [
        [
            person.subject,
            str(person.windows),
            percent(person.float_accuracy, 2),
            percent(person.int8_accuracy, 2),
            f"{100 * (person.int8_accuracy - person.float_accuracy):+.2f}",
            percent(person.agreement, 2),
        ]
        for person in explanation.people
    ]
    title = "float and int8 .tflite, person by person"
    columns = ["person", "windows", "float %", "int8 %", "difference pp", "agrees %"]
    console.print(terminal_table(title, columns, people))


def _decibels(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.1f}"
