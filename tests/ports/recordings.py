"""What the ports are fed with."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

#: A quarter turn about z, in units of 1/16384.
TURNED = (0, 16384, 0, -16384, 0, 0, 0, 0, 16384)


def recording(name: str) -> NDArray[np.float32]:
    """A HAPT recording at 20 Hz, float32 (N, 3), m/s²."""
    from edgehar.data.readers.hapt import load_hapt
    from edgehar.data.resampling import resample

    (one,) = [one for one in load_hapt().recordings if one.name == name]
    return np.asarray(resample(one, 20.0).acc, np.float32)
