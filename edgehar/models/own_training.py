"""How a network made without edgehar saw its windows in training, and what that means for samples in m/s²."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from edgehar.channels import ACCELERATION, Channel, channels_text
from edgehar.contract import STANDARD_GRAVITY, Contract, Normalisation
from edgehar.errors import EdgeharError
from edgehar.models.front import ORDERS, with_affine

if TYPE_CHECKING:
    import keras
    import numpy as np
    from numpy.typing import NDArray

#: m/s² of one of the unit.
UNITS = {"m/s^2": 1.0, "g": STANDARD_GRAVITY}

#: Factor that turns a platform's axes into Android's.
SIGNS = {"android": 1.0, "ios": -1.0}

#: Windows on which an import is compared with its original.
WINDOWS = 64

Values = tuple[float, ...]


@dataclass(frozen=True)
class Training:
    """The network saw (x - mean) / std, with x in `unit` and of `sign`, its numbers in `order`.

    Attributes:
        mean, std: in `unit`, one per channel; 0 and 1 where it saw samples as they come.
        channels: what a sample is.
    """

    mean: Values = (0.0, 0.0, 0.0)
    std: Values = (1.0, 1.0, 1.0)
    unit: str = "m/s^2"
    sign: str = "android"
    order: str = "samples"
    channels: tuple[Channel, ...] = ACCELERATION

    @classmethod
    def of(
        cls,
        mean: Sequence[float] | None,
        std: Sequence[float] | None,
        unit: str,
        sign: str,
        order: str,
        channels: tuple[Channel, ...] = ACCELERATION,
    ) -> Training:
        """From numbers as a person gives them.

        Raises:
            EdgeharError: a mean without a deviation, another number of them than 1 or one per channel, an unknown word,
                or a unit or sign of the acceleration where there are other channels.
        """
        for name, word, words in (("unit", unit, UNITS), ("sign", sign, SIGNS), ("order", order, ORDERS)):
            if word not in words:
                raise EdgeharError(f"expected the {name} {' or '.join(words)}, got {word!r}")
        if (mean is None) != (std is None):
            raise EdgeharError("expected a mean and a deviation, got one of them; where training only divided, mean 0")
        if channels != ACCELERATION and (unit, sign) != ("m/s^2", "android"):
            raise EdgeharError(
                f"expected the channels {channels_text(channels)} in their own units with Android's signs, "
                f"got the unit {unit} and the sign {sign}, which are of x, y and z of the acceleration alone"
            )
        count = len(channels)
        if mean is None or std is None:
            return cls((0.0,) * count, (1.0,) * count, unit, sign, order, channels)
        means, deviations = _values("mean", mean, count), _values("deviation", std, count, positive=True)
        return cls(means, deviations, unit, sign, order, channels)

    @classmethod
    def by(cls, contract: Contract, order: str) -> Training:
        """As a contract says it: in m/s² and with Android's sign."""
        norm = contract.normalisation
        if norm is None or norm.folded:
            return cls.of(None, None, "m/s^2", "android", order, contract.channels)
        return cls.of(norm.mean, norm.std, "m/s^2", "android", order, contract.channels)

    @property
    def is_plain(self) -> bool:
        """Whether the network saw samples as they come."""
        return set(self.mean) == {0.0} and set(self.std) == {1.0}

    def into(self, model: keras.Model, contract: Contract) -> tuple[keras.Model, Contract]:
        """The model and its contract for samples in m/s² with Android's sign.

        The normalisation goes into the contract; only another sign needs a layer in front of the network.
        """
        unit = UNITS[self.unit]
        if SIGNS[self.sign] < 0:
            scale = [-1.0 / (deviation * unit) for deviation in self.std]
            offset = [-mean / deviation for mean, deviation in zip(self.mean, self.std, strict=True)]
            return with_affine(model, contract, scale, offset), contract
        if self.is_plain and unit == 1.0:
            return model, contract
        mean, std = ([value * unit for value in values] for values in (self.mean, self.std))
        norm = Normalisation(tuple(mean), tuple(std), folded=False)
        return model, replace(contract, normalisation=norm)

    def windows(self, samples: int) -> NDArray[np.float32]:
        """Windows float32 (64, samples, channels) as the network saw them: noise, the first all zeros."""
        import numpy as np

        channels = len(self.channels)
        noise = np.random.default_rng(0).normal(size=(WINDOWS, samples, channels))
        spread = 3.0 / UNITS[self.unit] if self.is_plain else 1.0
        noise = noise * spread + np.random.default_rng(1).normal(size=(WINDOWS, 1, channels)) * spread
        noise[0] = 0
        return noise.astype(np.float32)

    def raw(self, windows: NDArray[np.float32]) -> NDArray[np.float32]:
        """The same windows in m/s² with Android's sign."""
        import numpy as np

        values = windows.astype(np.float64) * self.std + self.mean
        return (values * UNITS[self.unit] * SIGNS[self.sign]).astype(np.float32)

    def shown(self, windows: NDArray[np.float32], shape: tuple[int | None, ...]) -> NDArray[np.float32]:
        """The same windows in the shape (batch, …) and the order of the network's own input."""
        by_axis = self.order == "axes" or (
            shape[1:2] == (len(self.channels),) and len(self.channels) < windows.shape[1]
        )
        ordered = windows.transpose(0, 2, 1) if by_axis else windows
        free = [-1 if n is None else n for n in shape[1:]]
        return ordered.reshape(len(windows), *free)

    def said(self) -> list[str]:
        """What was taken for granted, one sentence each."""
        upright = "at rest the axis that points up reads " + ("+" if self.sign == "android" else "-")
        upright += f"{STANDARD_GRAVITY:.1f} m/s^2" if self.unit == "m/s^2" else "1 g"
        said = [f"trained on {self.unit} with gravity, {self.sign} sign: {upright}"]
        if self.channels != ACCELERATION:
            units = ", ".join(f"{one.name} in {one.unit}" for one in self.channels)
            said = [f"a sample is {units}, Android's axes and signs"]
        if self.is_plain:
            said.append("trained on samples as they come; if they were normalised, say --mean and --std")
        length = math.hypot(*self.mean)
        if self.channels == ACCELERATION and self.unit == "m/s^2" and 0.5 < length < 1.5 and max(self.std) < 2:
            said.append(f"a mean of length {length:.2f} looks like g: then say --unit g")
        if len(self.channels) == 1:
            return said
        if self.order == "samples":
            said.append(
                "numbers in the order x0, y0, z0, x1, …; a notebook that reshapes [xs, ys, zs] needs --order axes"
            )
        else:
            said.append("numbers in the order x0, x1, …, y0, y1, …, z0, …")
        return said


def _values(name: str, values: Sequence[float], count: int, positive: bool = False) -> Values:
    if len(values) not in (1, count):
        raise EdgeharError(f"expected one {name} or {count}, one for each channel; got {len(values)}")
    if not all(math.isfinite(value) and (value > 0 or not positive) for value in values):
        raise EdgeharError(
            f"expected {'positive ' if positive else ''}finite numbers for the {name}, got {list(values)}"
        )
    return tuple(map(float, values if len(values) == count else tuple(values) * count))
