"""A Keras network made without edgehar becomes a `.keras` with its contract, the same model to the bit of a float."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgehar.channels import ACCELERATION, parse_channels
from edgehar.contract import Contract
from edgehar.errors import ContractError, EdgeharError
from edgehar.extras import require
from edgehar.files import temporary_folder, write_bytes
from edgehar.models.front import ends_in_sigmoid, with_softmax
from edgehar.models.own_training import Training

if TYPE_CHECKING:
    import keras
    import numpy as np
    from numpy.typing import NDArray

#: Largest difference of a probability: only the order of float32 sums changes.
TOLERANCE = 1e-4


@dataclass(frozen=True)
class ImportedModel:
    """What `import_model` wrote.

    Attributes:
        path: the `.keras`.
        contract: what stands inside it.
        assumed: what was taken for granted or put in front of the network, one sentence each: read them.
        difference: largest absolute difference of a probability from the original, over 64 windows.
    """

    path: Path
    contract: Contract
    assumed: tuple[str, ...]
    difference: float

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready dictionary."""
        return {
            "path": str(self.path),
            "contract": self.contract.to_dict(),
            "assumed": list(self.assumed),
            "difference": self.difference,
        }


def import_model(
    model: str | os.PathLike[str] | keras.Model,
    out: str | os.PathLike[str],
    *,
    labels: Sequence[str] | None = None,
    rate_hz: float | None = None,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    contract: Contract | None = None,
    window: int | None = None,
    unit: str = "m/s^2",
    sign: str = "android",
    order: str = "samples",
    logits: bool = False,
    channels: str | None = None,
) -> ImportedModel:
    """Give a Keras network its contract, so that export, evaluate, bench and stream take it.

    Args:
        model: path of a `.keras` or `.h5`, or a keras.Model; input (window, channels), (window, channels, 1) or
            (channels * window,).
        out: the `.keras` to write.
        labels: in the order of the model's outputs (scikit-learn's LabelEncoder sorts by the alphabet).
        rate_hz: samples per second of the windows that it was trained on.
        mean, std: of the training's (x - mean) / std, in `unit`, one number or one per channel; None where the model
            was trained on samples as they come.
        contract: takes the place of labels, rate, mean, std and channels.
        window: samples, needed only where the model leaves them open.
        unit: `m/s^2` or `g`, in which the network was trained.
        sign: `android` or `ios` (the opposite), with which it was trained.
        order: `samples` for x0, y0, z0, x1, …; `axes` for x0, x1, …, y0, y1, …, as a notebook has it that reshapes
            [xs, ys, zs] without transposing.
        logits: put a softmax behind an output that has none.
        channels: what a sample is, as `acc,gyro` or `acc.magnitude` (`edgehar.channels`), each in its own unit and with
            Android's signs; x, y and z of the acceleration if None.
    Raises:
        EdgeharError: the model cannot be read, or what is said of it does not fit it.
        MissingExtra: TensorFlow is not installed.
    """
    out = Path(out)
    if out.suffix != ".keras":
        raise EdgeharError(f"expected a name that ends in .keras for the model, got {out}")
    told = {"labels": labels, "rate": rate_hz, "mean": mean, "std": std, "channels": channels}
    _check_options(told, contract, (unit, sign) == ("m/s^2", "android"))
    sample = ACCELERATION if channels is None else parse_channels(channels)
    sample = sample if contract is None else contract.channels
    training = Training.of(mean, std, unit, sign, order, sample) if contract is None else Training.by(contract, order)

    from edgehar import models
    from edgehar.models.foreign import canonical, read_foreign

    if isinstance(model, str | os.PathLike):
        if out.exists() and Path(model).exists() and out.samefile(model):
            raise EdgeharError(f"expected another file than the model itself to write to, got {out}")
        require("train", "tensorflow")
        model = read_foreign(Path(model))
    ours, found, layout = canonical(model, window=window, order=order, channels=len(sample))
    given = contract or Contract(tuple(labels or ()), rate_hz or 0.0, found, max(1, found // 2), channels=sample)
    if given.window != found:
        raise ContractError(f"expected a network of the contract's window of {given.window} samples, got {found}")
    given = replace(given, input_layout=layout, input_quantisation=None, output_quantisation=None)
    classes = tuple(model.outputs[0].shape)[1:]
    if classes != (len(given.labels),):
        hint = "; end it with Dense(2, activation='softmax') and train again" if classes == (1,) else ""
        raise ContractError(
            f"expected an output for each of the {len(given.labels)} labels, got outputs of shape {classes}{hint}"
        )
    own = training.windows(found)
    independent = ends_in_sigmoid(model)
    expected = _probabilities(model, training.shown(own, tuple(model.inputs[0].shape)), logits, independent)
    ours = with_softmax(ours) if logits else ours
    if contract is None:
        ours, given = training.into(ours, given)
    with temporary_folder() as folder:
        trial = folder / "model.keras"
        models.save(ours, given, trial)
        difference = _difference(trial, training.raw(own), expected)
        write_bytes(out, trial.read_bytes())
    assumed = _assumed(given, training, logits=logits, labels_given=contract is None, independent=independent)
    return ImportedModel(out, given, assumed, difference)


def _check_options(told: Mapping[str, object], contract: Contract | None, canonical: bool) -> None:
    """Refuse what is said twice, or not at all."""
    if contract is not None:
        twice = [name for name, value in told.items() if value is not None]
        twice += [] if canonical else ["unit or sign, which it fixes to m/s^2 and Android's"]
        if twice:
            raise EdgeharError(f"expected a contract or {', '.join(told)}, got a contract and {', '.join(twice)}")
    elif told["labels"] is None or told["rate"] is None:
        missing = " and ".join(name for name in ("labels", "rate") if told[name] is None)
        raise EdgeharError(
            f"expected the labels in the order of the outputs and the rate in Hz, or a contract; got no {missing}"
        )


def _probabilities(
    model: keras.Model, windows: NDArray[np.float32], logits: bool, independent: bool
) -> NDArray[np.float64]:
    """What the original says of windows in its own input's shape, float64 (N, classes).

    Args:
        logits: a softmax is still missing.
        independent: each output is a probability of its own, of a sigmoid.

    Raises:
        ContractError: it gives no probabilities, or gives them where `logits` says that it does not.
    """
    import numpy as np

    outputs = np.asarray(model(windows, training=False), np.float64)
    if not np.isfinite(outputs).all():
        raise ContractError("expected finite outputs, got NaN or infinity: the network's weights are damaged")
    sums = outputs.sum(1)
    are_probabilities = independent or bool((outputs >= 0).all() and np.abs(sums - 1).max() < 1e-3)
    if are_probabilities == logits:
        if logits:
            raise ContractError(
                "expected an output without softmax or sigmoid with --logits, got probabilities already"
            )
        last = model.layers[-1]
        raise ContractError(
            f"expected probabilities that sum to 1, got sums from {sums.min():.3g} to {sums.max():.3g} behind the "
            f"last layer {last.name!r} ({type(last).__name__}); give --logits to put a softmax behind it"
        )
    if not logits:
        return outputs
    powers = np.exp(outputs - outputs.max(1, keepdims=True))
    return np.asarray(powers / powers.sum(1, keepdims=True))


def _difference(path: Path, windows: NDArray[np.float32], expected: NDArray[np.float64]) -> float:
    """Largest difference of a probability between the written model on m/s² and the original."""
    import numpy as np

    from edgehar.runtimes import open_model

    runtime = open_model(path)
    got = runtime.predict(windows)
    runtime.close()
    difference = float(np.abs(got - expected).max())
    if difference > TOLERANCE:
        raise ContractError(
            f"expected the imported model to say what the original says within {TOLERANCE:g}, got {difference:.3g}; "
            "please report this network"
        )
    return difference


def _assumed(
    contract: Contract, training: Training, *, logits: bool, labels_given: bool, independent: bool
) -> tuple[str, ...]:
    """What a person must check, one sentence each."""
    said = []
    if labels_given:
        order = ", ".join(f"{index} {label}" for index, label in enumerate(contract.labels))
        said.append(f"outputs are {order}")
    said.append(
        f"windows of {contract.window} samples at {contract.rate_hz:g} Hz, {contract.window * contract.period_s:g} s"
    )
    said += training.said()
    if logits:
        said.append("a softmax was put behind the last layer")
    if independent:
        said.append("each output is a probability of its own (sigmoid); a decision is the most probable label")
    return tuple(said)
