"""The contract between training and device: what a window is, and what a model makes of it.

One object says rate, window, channels, unit, sign, labels, normalisation and quantisation. It travels as
JSON beside and inside every artefact, and every runtime checks it before the first prediction.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import Any, ClassVar

from edgehar import schema
from edgehar.channels import ACCELERATION, Channel, alignable, channels_text, check_channels
from edgehar.errors import ContractError

FORMAT = "edgehar-contract-1"

#: What may stand between the samples and the windows; edgehar/front_end.py computes it.
FRONT_ENDS = ("none", "pocket")

#: Standard gravity in m/s², the one value that converts g to m/s² in this project.
STANDARD_GRAVITY = 9.80665

#: What a contract may say, far beyond what any recording of a body needs, so that no size computed from it runs away.
LARGEST_WINDOW, LONGEST_LABEL, MOST_LABELS = 4096, 100, 256
SLOWEST_HZ, FASTEST_HZ = 0.1, 10_000.0
#: In a channel's unit; accelerometers end at 200 g.
LARGEST_MEAN, LARGEST_DEVIATION, SMALLEST_DEVIATION = 1e4, 1e4, 1e-6
#: The rate that walking is told at (edgehar/personal/alignment.py).
WALKING_RATE_HZ = 20.0
#: Length of a direction in whole numbers, Q14.
DIRECTION_ONE = 1 << 14
#: Bounds of a scale of int8 values, within the normal numbers of float32.
SMALLEST_SCALE, LARGEST_SCALE = 1e-30, 1e30
#: What `PlacementLimits` may hold, so that squares of sums stay within 32 bits, weighted ones within 64.
LARGEST_BLOCK, LARGEST_WEIGHT, LARGEST_SQUARE = 147, 1 << 16, 1 << 62

#: What a contract says of the acceleration, where there is nothing but it.
_OF_ACCELERATION = {"axes": ("x", "y", "z"), "unit": "m/s^2", "gravity": "included", "sign": "android"}


@dataclass(frozen=True)
class TensorQuantisation:
    """Affine int8 quantisation of one tensor: real = scale * (q - zero_point)."""

    scale: float
    zero_point: int

    def __post_init__(self) -> None:
        if not SMALLEST_SCALE <= self.scale <= LARGEST_SCALE:
            raise ContractError(f"expected a scale of {SMALLEST_SCALE:g} … {LARGEST_SCALE:g}, got {self.scale!r}")
        if not -128 <= self.zero_point <= 127:
            raise ContractError(f"expected an int8 zero point, got {self.zero_point!r}")


@dataclass(frozen=True)
class Normalisation:
    """(x - mean) / std per channel, in its unit, fitted on training people only.

    `folded` is true where the first layer already holds it, so that the model takes samples as they come.
    """

    mean: tuple[float, ...]
    std: tuple[float, ...]
    folded: bool

    def __post_init__(self) -> None:
        if not all(abs(value) <= LARGEST_MEAN for value in self.mean):
            raise ContractError(f"expected means of at most {LARGEST_MEAN:g}, got {list(self.mean)}")
        if not all(SMALLEST_DEVIATION <= value <= LARGEST_DEVIATION for value in self.std):
            raise ContractError(
                f"expected deviations of {SMALLEST_DEVIATION:g} … {LARGEST_DEVIATION:g}, got {list(self.std)}"
            )


@dataclass(frozen=True)
class PlacementLimits:
    """Where training people had the device, told from blocks of int8 samples; docs/spec.md, "Placement".

    All whole numbers, in the codes of the int8 input: sums of a block's samples x, y, z are compared.

    Attributes:
        block: samples of a block.
        moving: block² times the variance, summed over the axes, above which a block moves.
        steady: squared distance of two blocks' sums up to which gravity keeps its direction.
        walk, walk_limit: sums of a block in which training people walk, and the squared distance from them that is
            within what training people do.
        rest, weights, rest_limit: the same at rest, one for each activity, axes weighted.
    """

    block: int
    moving: int
    steady: int
    walk: tuple[int, int, int]
    walk_limit: int
    rest: tuple[tuple[int, int, int], ...]
    weights: tuple[int, int, int]
    rest_limit: int

    def __post_init__(self) -> None:
        if not 1 <= self.block <= LARGEST_BLOCK:
            raise ContractError(f"expected a block of 1 … {LARGEST_BLOCK} samples, got {self.block!r}")
        if len(self.rest) > MOST_LABELS:
            raise ContractError(f"expected at most {MOST_LABELS} activities at rest, got {len(self.rest)}")
        if not all(abs(value) <= 128 * self.block for sums in (self.walk, *self.rest) for value in sums):
            raise ContractError(f"expected sums of {self.block} int8 samples, got {[self.walk, *self.rest]}")
        if not all(1 <= value <= LARGEST_WEIGHT for value in self.weights):
            raise ContractError(f"expected weights of 1 … {LARGEST_WEIGHT}, got {list(self.weights)}")
        for name in ("moving", "steady", "walk_limit", "rest_limit"):
            if not 0 <= getattr(self, name) <= LARGEST_SQUARE:
                raise ContractError(f"expected {name} of 0 … 2^62, got {getattr(self, name)!r}")


@dataclass(frozen=True)
class Contract:
    """Input: float32 (window, channels), oldest first; usually x, y, z in m/s² with gravity, Android sign.

    Attributes:
        labels: class names in the order of the model's outputs.
        rate_hz: samples per second.
        window: samples in a window.
        train_step: samples between the starts of training windows.
        axes, unit, gravity, sign: of the acceleration, the same in every contract.
        input_layout: `window` for a model input of (window, channels), `flat` for (channels * window,) in the
            same order (x0, y0, z0, x1, …).
        front_end: `none`: windows hold x, y, z. `pocket`: they hold what docs/spec.md, "Front end", makes of the
            stream: along gravity, across it, and how far the screen's axis is from level.
        walking_gravity: where gravity is while people walk, in the frame that training had: a direction of length 2^14,
            to which a recording is aligned (docs/spec.md, "Alignment"). None: there is no such direction, or nobody
            walked in training.
        normalisation: None where the model was trained on samples as they come.
        input_quantisation, output_quantisation: None for a float model.
        channels: what the values of a sample are, in their order.
        placement: how training people wore the device, of an int8 model; None where that is not known, and then
            nothing is said of how it is worn.
    """

    json_format: ClassVar[str] = FORMAT

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
    front_end: str = "none"
    walking_gravity: tuple[int, int, int] | None = None
    channels: tuple[Channel, ...] = ACCELERATION
    placement: PlacementLimits | None = None

    def __post_init__(self) -> None:
        if not 2 <= len(self.labels) <= MOST_LABELS or len(set(self.labels)) != len(self.labels):
            raise ContractError(
                f"expected 2 … {MOST_LABELS} distinct labels, got {len(self.labels)}: {', '.join(self.labels)[:200]!r}"
            )
        for label in self.labels:
            # One line of labels.txt, and a word on every screen.
            if not (label.strip() and label.isprintable() and len(label) <= LONGEST_LABEL):
                raise ContractError(
                    f"expected labels of 1 … {LONGEST_LABEL} characters on one line, got {label[:LONGEST_LABEL]!r}"
                )
        if not SLOWEST_HZ <= self.rate_hz <= FASTEST_HZ:
            raise ContractError(f"expected a rate of {SLOWEST_HZ:g} … {FASTEST_HZ:g} Hz, got {self.rate_hz!r}")
        for name in ("window", "train_step"):
            if not 1 <= getattr(self, name) <= LARGEST_WINDOW:
                raise ContractError(
                    f"expected a {name.replace('_', ' ')} of 1 … {LARGEST_WINDOW} samples, got {getattr(self, name)!r}"
                )
        for name, expected in _OF_ACCELERATION.items():
            if getattr(self, name) != expected:
                raise ContractError(f"expected {name} {expected!r}, got {getattr(self, name)!r}")
        if self.input_layout not in ("window", "flat"):
            raise ContractError(f"expected input layout 'window' or 'flat', got {self.input_layout!r}")
        if self.front_end not in FRONT_ENDS:
            raise ContractError(f"expected the front end {' or '.join(FRONT_ENDS)}, got {self.front_end!r}")
        if self.walking_gravity is not None:
            self._check_walking_gravity(self.walking_gravity)
        check_channels(self.channels)
        if self.placement is not None and (self.front_end != "none" or self.channels != ACCELERATION):
            raise ContractError("expected a placement of x, y, z without a front end, got another contract")
        if self.front_end != "none" and self.channels != ACCELERATION:
            raise ContractError(
                f"expected the channels x, y and z of the acceleration for the front end {self.front_end}"
            )
        if self.normalisation is not None:
            self._check_normalisation(self.normalisation)

    def _check_normalisation(self, normalisation: Normalisation) -> None:
        for name, values in (("mean", normalisation.mean), ("std", normalisation.std)):
            if len(values) != len(self.channels):
                raise ContractError(
                    f"expected a number for each of {len(self.channels)} channels at normalisation.{name}, "
                    f"got {len(values)}"
                )

    def _check_walking_gravity(self, direction: tuple[int, int, int]) -> None:
        length = sum(value * value for value in direction) ** 0.5
        if abs(length - DIRECTION_ONE) > 2:  # each entry is rounded
            raise ContractError(
                f"expected a walking gravity of length {DIRECTION_ONE}, got {list(direction)}, {length:.0f} long"
            )
        if self.front_end != "none" or not alignable(self.channels):
            raise ContractError(
                f"expected no walking gravity with the front end {self.front_end} and the channels "
                f"{channels_text(self.channels)}, got {list(direction)}"
            )

    @property
    def period_s(self) -> float:
        """Seconds between two samples."""
        return 1.0 / self.rate_hz

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one model input without the batch dimension."""
        return self.window_shape if self.input_layout == "window" else (self.window * len(self.channels),)

    @property
    def window_shape(self) -> tuple[int, int]:
        """Shape of a window, whatever the model's layout: samples, channels."""
        return self.window, len(self.channels)

    def to_dict(self) -> dict[str, Any]:
        """A JSON-ready dictionary; `from_dict` reads it back to an equal object."""
        entries = asdict(self)
        # As contracts were written before there was the one or the other.
        if self.front_end == "none":
            del entries["front_end"]
        if self.walking_gravity is None:
            del entries["walking_gravity"]
        if self.channels == ACCELERATION:
            del entries["channels"]
        else:
            entries = {name: value for name, value in entries.items() if name not in _OF_ACCELERATION}
        if self.placement is None:
            del entries["placement"]
        return {"format": FORMAT, **entries}

    @classmethod
    def from_dict(cls, value: object, where: str = "contract") -> Contract:
        """Read a dictionary made by `to_dict`.

        Raises:
            ContractError: not a contract, of another format version, or with values out of range.
        """
        return schema.convert(value, cls, where, error=ContractError)

    def same_input(self, other: Contract) -> bool:
        """Whether a window cut for one may be given to the other."""
        mine = (self.rate_hz, self.window, self.front_end, self.channels)
        return mine == (other.rate_hz, other.window, other.front_end, other.channels)

    def float_io(self) -> Contract:
        """The same contract without quantisation, and without what is told in its codes."""
        return replace(self, input_quantisation=None, output_quantisation=None, placement=None)
