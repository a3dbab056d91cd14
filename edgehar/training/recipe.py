"""What decides a training run, apart from the recordings; `recipe_for` has those of the shipped models."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any

from edgehar.errors import EdgeharError
from edgehar.schema import convert


def _require(name: str, value: float, low: float, high: float = math.inf) -> None:
    if not (math.isfinite(value) and low <= value <= high):
        limit = f"{low} or more" if math.isinf(high) else f"{low} … {high}"
        raise EdgeharError(f"expected --{name.replace('_', '-')} of {limit}, got {value!r}")


def _keep_floats(part: Augmentation | Distillation | Recipe) -> None:
    """Make whole numbers floats where floats belong, so that a plan that went through JSON equals the one asked for."""
    for item in fields(part):
        value = getattr(part, item.name)
        if isinstance(item.default, float) and isinstance(value, int):
            object.__setattr__(part, item.name, float(value))


@dataclass(frozen=True)
class Augmentation:
    """Changes that a window may undergo without becoming another activity.

    Attributes:
        rotation: standard deviation in rad of a rotation about a random axis. Strong rotation hurts,
            since the direction of gravity is what tells sitting from standing.
        turn: axes (`x`, `y`, `z`, or several) about which half of the windows are turned by 180 degrees: a phone that
            may lie in its pocket with either face to the leg is turned about its long axis, `y`. Not where the
            direction of gravity itself tells classes apart.
        scale: standard deviation of a factor on all axes, around 1.
        noise: standard deviation of white noise, m/s².
        shift: grid in samples of the positions that a training window may start at; each epoch draws
            as many windows as `train_step` would cut. 0: the windows of `train_step` only.
        mix: parameter of the beta law by which pairs of windows and of targets are mixed; 0 for none.
            Source: Zhang et al., "mixup: Beyond Empirical Risk Minimization", ICLR 2018.
    """

    rotation: float = 0.1
    turn: str = ""
    scale: float = 0.05
    noise: float = 0.3
    shift: int = 5
    mix: float = 0.2

    def __post_init__(self) -> None:
        _keep_floats(self)
        for name, high in (("rotation", 10), ("scale", 10), ("noise", 1e3), ("shift", 4096), ("mix", 100)):
            _require(name, getattr(self, name), low=0, high=high)
        if len(set(self.turn)) < len(self.turn) or not set(self.turn) <= set("xyz"):
            raise EdgeharError(f"expected --turn with axes out of x, y and z, got {self.turn!r}")


@dataclass(frozen=True)
class Distillation:
    """Learning from other networks, which are trained first, on the same people.

    Attributes:
        teachers: how many; 0 for none. They differ in their seeds.
        teacher: their architecture; each is trained by its own recipe.
        share: of the target that their mean answer to the window as it was augmented makes; the label has the rest.
            Source: Beyer et al., "Knowledge distillation: A good teacher is patient and consistent", CVPR 2022.
    """

    teachers: int = 0
    teacher: str = "mini"
    share: float = 0.7

    def __post_init__(self) -> None:
        _keep_floats(self)
        _require("teachers", self.teachers, low=0, high=100)
        _require("share", self.share, low=0, high=1)


@dataclass(frozen=True)
class Recipe:
    """Hyper-parameters of one run.

    Attributes:
        epochs: length of the cosine schedule, which takes the learning rate from its value to 0.
        patience: epochs without a better validation loss after which training stops.
        keep: the weights of the `best` epoch on validation people, or of the `last`.
        weight_decay: decoupled (AdamW), on kernels only.
        average: decay per step of the exponential moving average of the weights, which is what is
            validated and kept; 0 keeps the last weights themselves.
        class_weights: power of the inverse of its share that weighs each class: 1 makes classes count alike, 0 windows.
            Between the two, rare classes are found without being called too often.
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
    keep: str = "best"
    class_weights: float = 1.0
    normalisation: str = "axis"
    augmentation: Augmentation = field(default_factory=Augmentation)
    distillation: Distillation = field(default_factory=Distillation)

    def __post_init__(self) -> None:
        _keep_floats(self)
        for name, high in (("epochs", 100_000), ("batch_size", 65_536), ("patience", 100_000)):
            _require(name, getattr(self, name), low=1, high=high)
        _require("seed", self.seed, low=0, high=2**32 - 1)
        _require("weight_decay", self.weight_decay, low=0, high=1e3)
        _require("class_weights", self.class_weights, low=0, high=1)
        _require("learning_rate", self.learning_rate, low=1e-9, high=1e3)
        for name in ("label_smoothing", "average"):
            _require(name, getattr(self, name), low=0, high=0.99999)
        if self.keep not in ("best", "last"):
            raise EdgeharError(f"expected keep 'best' or 'last', got {self.keep!r}")
        if self.normalisation not in ("axis", "scalar"):
            raise EdgeharError(f"expected normalisation 'axis' or 'scalar', got {self.normalisation!r}")

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready dictionary; `from_dict` reads it back to an equal object."""
        return asdict(self)

    @classmethod
    def from_dict(cls, value: object, where: str = "recipe") -> Recipe:
        """Read a dictionary made by `to_dict`; raises EdgeharError for anything else."""
        return convert(value, cls, where, complete=True)


_TAUGHT = Recipe(keep="last", distillation=Distillation(teachers=4))
_SMALL = replace(_TAUGHT, epochs=40, learning_rate=5e-3)

#: The recipe of each architecture whose trained weights ship.
RECIPES = {
    **{arch: replace(_SMALL, arch=arch) for arch in ("nano", "micro", "mini")},
    "cnn": replace(_TAUGHT, arch="cnn", epochs=16),
}


def recipe_for(arch: str) -> Recipe:
    """The recipe of the shipped model of an architecture; that of the small networks for a text of the family."""
    return RECIPES[arch] if arch in RECIPES else replace(_SMALL, arch=arch)
