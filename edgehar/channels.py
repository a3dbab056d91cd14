"""What the values of a sample are: one to nine channels, each of one sensor, along an axis or as a length.

A channel's name is `SENSOR.PART`, as `gyro.x` or `acc.magnitude`; a sensor's name alone stands for its x, y and z.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edgehar.errors import ContractError, EdgeharError

#: Values of a sample at most: three sensors of three axes.
MOST_CHANNELS = 9

AXES = ("x", "y", "z")
#: A length in place of axes: of the vector that they make, at its own time.
MAGNITUDE = "magnitude"

#: Sensor -> the one unit that its values have here, and what they are. All in Android's axes and with its signs.
SENSORS = {
    "acc": ("m/s^2", "acceleration with gravity"),
    "linear": ("m/s^2", "acceleration without gravity"),
    "gravity": ("m/s^2", "gravity"),
    "gyro": ("rad/s", "rotation rate"),
    "mag": ("uT", "magnetic field"),
}


@dataclass(frozen=True)
class Channel:
    """One value of a sample.

    Attributes:
        name: `SENSOR.PART`: a sensor out of `SENSORS`, and `x`, `y`, `z` or `magnitude`.
        unit: the sensor's, written out so that whoever reads a contract sees it.
    Raises:
        ContractError: no such sensor or part, or another unit.
    """

    name: str
    unit: str

    def __post_init__(self) -> None:
        if self.sensor not in SENSORS or self.part not in (*AXES, MAGNITUDE):
            raise ContractError(
                f"expected channels as acc.x, gyro.z or mag.magnitude, of the sensors {', '.join(SENSORS)}; "
                f"got {self.name[:40]!r}"
            )
        if self.unit != SENSORS[self.sensor][0]:
            raise ContractError(
                f"expected the unit {SENSORS[self.sensor][0]} of the channel {self.name}, got {self.unit[:20]!r}"
            )

    @property
    def sensor(self) -> str:
        """The part of the name before the point."""
        return self.name.partition(".")[0]

    @property
    def part(self) -> str:
        """`x`, `y`, `z` or `magnitude`."""
        return self.name.partition(".")[2]


def check_channels(channels: Sequence[Channel]) -> None:
    """Raise ContractError unless there are one to nine, each once."""
    if not 1 <= len(channels) <= MOST_CHANNELS:
        raise ContractError(f"expected 1 … {MOST_CHANNELS} channels, got {len(channels)}")
    names = [one.name for one in channels]
    for name in names:
        if names.count(name) > 1:
            raise ContractError(f"expected each channel once, got {name} {names.count(name)} times")


def parse_channels(text: str) -> tuple[Channel, ...]:
    """Channels as a person names them: `acc,gyro`, `acc.magnitude`, `linear,gyro.z`.

    Raises:
        ContractError: an unknown name, one twice, or more than nine.
    """
    found: list[Channel] = []
    for word in (part.strip() for part in text.split(",")):
        sensor = word.partition(".")[0]
        names = [f"{word}.{axis}" for axis in AXES] if word in SENSORS else [word]
        found += [Channel(name, SENSORS[sensor][0] if sensor in SENSORS else "") for name in names]
    check_channels(found)
    return tuple(found)


#: What a sample is unless something else is said: x, y and z of the acceleration, gravity included.
ACCELERATION = parse_channels("acc")


def channels_text(channels: Sequence[Channel]) -> str:
    """What `parse_channels` reads back, with a sensor's name for its x, y and z."""
    words: list[str] = []
    at = 0
    while at < len(channels):
        whole = at in vectors(channels)
        words.append(channels[at].sensor if whole else channels[at].name)
        at += 3 if whole else 1
    return ",".join(words)


def vectors(channels: Sequence[Channel]) -> tuple[int, ...]:
    """Places at which x, y and z of one sensor stand one after the other."""
    names = [one.name for one in channels]
    return tuple(
        at for at, one in enumerate(channels) if names[at : at + 3] == [f"{one.sensor}.{axis}" for axis in AXES]
    )


def sensors_of(channels: Sequence[Channel]) -> tuple[str, ...]:
    """The sensors that the channels name, in their order."""
    return tuple(dict.fromkeys(one.sensor for one in channels))


def check_axes(channels: Sequence[Channel], axes: Sequence[int]) -> None:
    """Raise EdgeharError unless a sensor's sample can be these channels, as edgehar_set_sensors says.

    Args:
        axes: for each channel the value of the sample that it is: 1, 2, …, each once; negative where it points the
            other way. Where a rotation has a meaning, x, y and z of a sensor stand together in the sample, too, and
            lengths keep their sign.
    """
    count = len(channels)
    if sorted(map(abs, axes)) != [*range(1, count + 1)]:
        each = "1" if count == 1 else f"{', '.join(map(str, range(1, count)))} and {count}"
        raise EdgeharError(f"expected each of the axes {each} once, perhaps negative, got {list(axes)}")
    if not turnable(channels):
        return
    whole = {at: sorted(abs(one) for one in axes[at : at + 3]) for at in vectors(channels)}
    for at, found in whole.items():
        if found[2] - found[0] != 2:
            raise EdgeharError(
                f"expected three axes that follow one another for x, y and z of {channels[at].sensor}, "
                f"got {list(axes[at : at + 3])}"
            )
    for channel, axis in zip(channels, axes, strict=True):
        if channel.part == MAGNITUDE and axis < 0:
            raise EdgeharError(f"expected no negative axis for {channel.name}, which is a length, got {axis}")


def acceleration_at(channels: Sequence[Channel]) -> int | None:
    """The place of x, y and z of the acceleration with gravity; None where they are not all there in this order."""
    return next((at for at in vectors(channels) if channels[at].sensor == "acc"), None)


def alignable(channels: Sequence[Channel]) -> bool:
    """Whether the acceleration can tell how the device is turned, and every channel can be turned by it."""
    return acceleration_at(channels) is not None and turnable(channels)


def turnable(channels: Sequence[Channel]) -> bool:
    """Whether turning the device has a meaning for every channel: all are vectors, or lengths that nothing turns."""
    held = sum(3 for _ in vectors(channels)) + sum(one.part == MAGNITUDE for one in channels)
    return held == len(channels) and bool(vectors(channels))
