"""What decides a training run, apart from the recordings: the defaults are the shipped model's recipe."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from edgehar.errors import EdgeharError


@dataclass(frozen=True)
class Augmentation:
    """Changes that a window may undergo without becoming another activity.

    Attributes:
        rotation: standard deviation in rad of a rotation about a random axis. Strong rotation hurts,
            since the direction of gravity is what tells sitting from standing.
        scale: standard deviation of a factor on all axes, around 1.
        noise: standard deviation of white noise, m/s².
        shift: grid in samples of the positions that a training window may start at; each epoch draws
            as many windows as `train_step` would cut. 0: the windows of `train_step` only.
        mix: parameter of the beta law by which pairs of windows and of targets are mixed; 0 for none.
            Source: Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018.
    """

    rotation: float = 0.1
    scale: float = 0.05
    noise: float = 0.3
    shift: int = 5
    mix: float = 0.2

    def __post_init__(self) -> None:
        for name in ("rotation", "scale", "noise", "shift", "mix"):
            _require(name, getattr(self, name), low=0)


@dataclass(frozen=True)
class Recipe:
    """Hyper-parameters of one run.

    Attributes:
        epochs: length of the cosine schedule, which takes the learning rate from its value to 0.
        patience: epochs without a better validation loss after which training stops.
        weight_decay: decoupled (AdamW), on kernels only.
        average: decay per step of the exponential moving average of the weights, which is what is
            validated and kept; 0 keeps the last weights themselves.
        class_weights: weigh each class by the inverse of its share.
        normalisation: `axis` for one deviation per axis, `scalar` for one over all axes.
    """

    arch: str = "cnn"
    seed: int = 1
    epochs: int = 8
    batch_size: int = 64
    learning_rate: float = 1e-3
    weight_decay: float = 1e-2
    label_smoothing: float = 0.1
    average: float = 0.99
    patience: int = 5
    class_weights: bool = True
    normalisation: str = "axis"
    augmentation: Augmentation = field(default_factory=Augmentation)

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size", "patience"):
            _require(name, getattr(self, name), low=1)
        for name in ("seed", "weight_decay"):
            _require(name, getattr(self, name), low=0)
        _require("learning_rate", self.learning_rate, low=1e-9)
        for name in ("label_smoothing", "average"):
            _require(name, getattr(self, name), low=0, high=0.99999)
        if self.normalisation not in ("axis", "scalar"):
            raise EdgeharError(f"expected normalisation 'axis' or 'scalar', got {self.normalisation!r}")

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready dictionary; `from_dict` reads it back to an equal object."""
        return asdict(self)

    @classmethod
    def from_dict(cls, value: Any, where: str = "recipe") -> Recipe:
        """Read a dictionary made by `to_dict`; raises EdgeharError for anything else."""
        names = {item.name for item in fields(cls)}
        if not isinstance(value, dict) or set(value) != names or not isinstance(value["augmentation"], dict):
            raise EdgeharError(f"expected a training recipe in {where}, got another set of entries")
        try:
            return cls(**{**value, "augmentation": Augmentation(**value["augmentation"])})
        except TypeError as error:
            raise EdgeharError(f"expected a training recipe in {where}: {error}") from error


def _require(name: str, value: float, low: float, high: float = math.inf) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        limit = f"{low} or more" if math.isinf(high) else f"{low} … {high}"
        raise EdgeharError(f"expected --{name.replace('_', '-')} of {limit}, got {value!r}")
