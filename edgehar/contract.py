"""The contract between training and device: what a window is, and what a model makes of it.

One object says rate, window, axes, unit, sign, labels, normalisation and quantisation. It travels as
JSON beside and inside every artefact, and every runtime checks it before the first prediction.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from typing import Any

from edgehar.errors import ContractError

FORMAT = "edgehar-contract-1"

#: Standard gravity in m/s², the one value that converts g to m/s² in this project.
STANDARD_GRAVITY = 9.80665


@dataclass(frozen=True)
class TensorQuantisation:
    """Affine int8 quantisation of one tensor: real = scale * (q - zero_point)."""

    scale: float
    zero_point: int

    def __post_init__(self) -> None:
        if not (math.isfinite(self.scale) and self.scale > 0):
            raise ContractError(f"expected a positive finite scale, got {self.scale!r}")
        if not -128 <= self.zero_point <= 127:
            raise ContractError(f"expected an int8 zero point, got {self.zero_point!r}")


@dataclass(frozen=True)
class Normalisation:
    """Per-axis (x - mean) / std in m/s², fitted on training people only.

    `folded` is true where the first layer already holds it, so that the model takes raw m/s².
    """

    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    folded: bool

    def __post_init__(self) -> None:
        if not all(math.isfinite(value) for value in self.mean + self.std) or min(self.std) <= 0:
            raise ContractError(f"expected finite means and positive deviations, got {self}")


@dataclass(frozen=True)
class Contract:
    """Canonical input: float32 (window, 3), x, y, z in m/s² with gravity, Android sign, oldest first.

    Attributes:
        labels: class names in the order of the model's outputs.
        rate_hz: samples a second.
        window: samples in a window.
        train_step: samples between the starts of training windows.
        input_layout: `window` for a model input of (window, 3), `flat` for (3 * window,) in the
            same order (x0, y0, z0, x1, …).
        normalisation: None where the model was trained on raw m/s².
        input_quantisation, output_quantisation: None for a float model.
    """

    labels: tuple[str, ...]
    rate_hz: float = 20.0
    window: int = 80
    train_step: int = 40
    axes: tuple[str, str, str] = ("x", "y", "z")
    unit: str = "m/s^2"
    gravity: str = "included"
    sign: str = "android"
    input_layout: str = "window"
    normalisation: Normalisation | None = None
    input_quantisation: TensorQuantisation | None = None
    output_quantisation: TensorQuantisation | None = None

    def __post_init__(self) -> None:
        if len(self.labels) < 2 or len(set(self.labels)) != len(self.labels):
            raise ContractError(f"expected two or more distinct labels, got {list(self.labels)}")
        if not all(isinstance(label, str) and label.strip() for label in self.labels):
            raise ContractError(f"expected labels that are words, got {list(self.labels)}")
        if not (math.isfinite(self.rate_hz) and self.rate_hz > 0):
            raise ContractError(f"expected a positive rate in Hz, got {self.rate_hz!r}")
        if self.window < 1 or self.train_step < 1:
            raise ContractError(f"expected a window and a step of 1 or more, got {self.window} and {self.train_step}")
        fixed = {"axes": ("x", "y", "z"), "unit": "m/s^2", "gravity": "included", "sign": "android"}
        for name, expected in fixed.items():
            if getattr(self, name) != expected:
                raise ContractError(f"expected {name} {expected!r}, got {getattr(self, name)!r}")
        if self.input_layout not in ("window", "flat"):
            raise ContractError(f"expected input layout 'window' or 'flat', got {self.input_layout!r}")

    @property
    def period_s(self) -> float:
        """Seconds between two samples."""
        return 1.0 / self.rate_hz

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one model input without the batch dimension."""
        return (self.window, 3) if self.input_layout == "window" else (self.window * 3,)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready dictionary; `from_dict` reads it back to an equal object."""
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_dict(cls, value: Any, where: str = "contract") -> Contract:
        """Read a dictionary made by `to_dict`.

        Raises:
            ContractError: not a contract, of another format version, or with values out of range.
        """
        if not isinstance(value, dict) or value.get("format") != FORMAT:
            got = value.get("format") if isinstance(value, dict) else type(value).__name__
            raise ContractError(f"expected format {FORMAT!r} in {where}, got {got!r}")
        fields = {key: item for key, item in value.items() if key != "format"}
        try:
            fields["labels"] = tuple(fields["labels"])
            fields["axes"] = tuple(fields["axes"])
            if fields.get("normalisation") is not None:
                norm = fields["normalisation"]
                mean, std = ([float(value) for value in norm[name]] for name in ("mean", "std"))
                if len(mean) != 3 or len(std) != 3:
                    raise ContractError(f"expected a mean and a deviation for x, y and z in {where}, got {norm}")
                fields["normalisation"] = Normalisation(
                    (mean[0], mean[1], mean[2]), (std[0], std[1], std[2]), bool(norm["folded"])
                )
            for name in ("input_quantisation", "output_quantisation"):
                if fields.get(name) is not None:
                    fields[name] = TensorQuantisation(float(fields[name]["scale"]), int(fields[name]["zero_point"]))
            return cls(**fields)
        except (KeyError, TypeError, ValueError) as error:
            raise ContractError(f"incomplete or unknown entries in {where}: {error}") from error

    def same_input(self, other: Contract) -> bool:
        """Whether a window cut for one may be given to the other."""
        return (self.rate_hz, self.window) == (other.rate_hz, other.window)

    def float_io(self) -> Contract:
        """The same contract without quantisation."""
        return replace(self, input_quantisation=None, output_quantisation=None)
