"""The quality gate: what was written is run on test people and compared with the trained model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgehar.data import Windows
from edgehar.errors import CheckFailed, EdgeharError
from edgehar.evaluation.metrics import accuracy, bootstrap, macro_f1
from edgehar.runtimes import open_model

#: A float export is the model where no probability differs by more (design.md, oracles).
FLOAT_TOLERANCE = 1e-5


@dataclass(frozen=True)
class Gate:
    """Bounds for quantised models.

    Attributes:
        max_loss: points of accuracy (0 … 100) that may be lost against the trained model.
        min_agreement: per cent of windows that must get the same label.
    """

    max_loss: float = 0.5
    min_agreement: float = 98.0

    @classmethod
    def parse(cls, text: str) -> Gate:
        """Read `LOSS,AGREEMENT`, for example `0.5,98`.

        Raises:
            EdgeharError: not two numbers, or out of range.
        """
        try:
            loss, agreement = (float(part) for part in text.split(","))
        except ValueError as error:
            raise EdgeharError(f"expected --gate LOSS,AGREEMENT such as 0.5,98, got {text!r}") from error
        if not (0 <= loss <= 100 and 0 <= agreement <= 100):
            raise EdgeharError(f"expected a loss and an agreement from 0 to 100, got {text!r}")
        return cls(loss, agreement)


@dataclass(frozen=True)
class JudgedFile:
    """One artefact on the test people.

    Attributes:
        file: name in the bundle.
        accuracy, macro_f1: 0 … 1.
        interval: 95 % interval of the accuracy, bootstrap over people; None where there is only one.
        agreement: share of windows with the trained model's label, 0 … 1.
        max_difference: largest absolute difference of a probability from the trained model's.
        failures: what the gate says against it, one sentence each.
    """

    file: str
    accuracy: float
    macro_f1: float
    interval: tuple[float, float] | None
    agreement: float
    max_difference: float
    failures: tuple[str, ...] = ()


def judge(
    files: dict[str, Path], test: Windows, gate: Gate | None, on_file: Callable[[str], None] = lambda name: None
) -> list[JudgedFile]:
    """Run each model file on the test windows.

    Args:
        files: name in the bundle -> path; `model.keras` first is the trained model.
        gate: None measures without judging.
    """
    rows: list[JudgedFile] = []
    trained: NDArray[np.float32] | None = None
    for name, path in files.items():
        on_file(name)
        runtime = open_model(path)
        probabilities = runtime.predict(test.x)
        runtime.close()
        trained = probabilities if trained is None else trained
        rows.append(_row(name, probabilities, trained, test, rows[0] if rows else None, gate))
    return rows


def _row(
    name: str,
    probabilities: NDArray[np.float32],
    trained: NDArray[np.float32],
    test: Windows,
    first: JudgedFile | None,
    gate: Gate | None,
) -> JudgedFile:
    predicted = probabilities.argmax(axis=1)
    correct = accuracy(test.y, predicted)
    agreement = float(np.mean(predicted == trained.argmax(axis=1)))
    difference = float(np.abs(probabilities - trained).max())
    failures = []
    if first is not None and gate is not None:
        if name in ("model_float.tflite", "model.onnx"):
            if difference > FLOAT_TOLERANCE:
                failures.append(f"a probability differs by {difference:.1e}, at most {FLOAT_TOLERANCE:.0e} is allowed")
        else:
            loss = 100 * (first.accuracy - correct)
            if loss > gate.max_loss:
                failures.append(f"loses {loss:.2f} points of accuracy, at most {gate.max_loss:g} are allowed")
            if 100 * agreement < gate.min_agreement:
                failures.append(
                    f"agrees on {100 * agreement:.2f} % of windows, at least {gate.min_agreement:g} % are needed"
                )
    return JudgedFile(
        name,
        correct,
        macro_f1(test.y, predicted, len(test.labels)),
        bootstrap(test.y, predicted, test.subject, len(test.labels)).accuracy,
        agreement,
        difference,
        tuple(failures),
    )


def require_pass(rows: list[JudgedFile]) -> None:
    """Raise CheckFailed that names every file under the gate."""
    failed = [f"{row.file} {failure}" for row in rows for failure in row.failures]
    if failed:
        raise CheckFailed(
            f"quality gate: {'; '.join(failed)}; the files are kept and marked in manifest.json "
            "(more or other --calibration may help; --gate LOSS,AGREEMENT or --no-gate change the bounds)"
        )
