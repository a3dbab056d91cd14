"""Put a bundle's model into the app: python android_ref/take_model.py BUNDLE [APP]

BUNDLE is what `python -m edgehar export --int8` wrote. The app, app/src/main beside this file unless another folder is
named, takes from it cpp/model/ (for the C engine) and assets/ (for LiteRT, and the filters from sensors' rates).
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from edgehar.channels import ACCELERATION, channels_text
from edgehar.contract import Contract
from edgehar.errors import EdgeharError
from edgehar.schema import read_json
from edgehar.web.site import filters_of

APP = Path(__file__).resolve().parent / "app" / "src" / "main"
FROM_C = ("model_data.c", "model_data.h")
FROM_BUNDLE = ("model_int8.tflite", "labels.txt")


def filters_text(rate_hz: float) -> str:
    """assets/resampler.txt: the model's rate, and a line for each rate of a sensor with its filter's terms and taps."""
    lines = [f"model {rate_hz!r}"]
    for rate, one in filters_of(rate_hz).items():
        half = one["half"]
        assert isinstance(half, list)
        lines.append(" ".join([rate, str(one["up"]), str(one["down"]), *map(repr, half)]))
    return "\n".join(lines) + "\n"


def take_model(bundle: Path, app: Path = APP) -> list[Path]:
    """Copy a bundle's model into the app; returns what was written.

    Raises:
        EdgeharError: a bundle without an int8 model as C, or of other channels than x, y, z.
    """
    wanted = [*(bundle / "c" / name for name in FROM_C), *(bundle / name for name in FROM_BUNDLE)]
    missing = [path for path in wanted if not path.is_file()]
    if missing:
        raise EdgeharError(f"expected {missing[0]}, got none; run: python -m edgehar export --int8 --out {bundle}")
    contract = read_json(bundle / "contract.json", Contract)
    if contract.channels != ACCELERATION:
        raise EdgeharError(
            "expected a model of x, y and z of the acceleration for the app, which reads a phone's accelerometer; "
            f"got the channels {channels_text(contract.channels)}"
        )
    written = []
    for path in wanted:
        place = app / ("cpp/model" if path.name in FROM_C else "assets")
        place.mkdir(parents=True, exist_ok=True)
        written.append(Path(shutil.copyfile(path, place / path.name)))
    written.append(app / "assets" / "resampler.txt")
    written[-1].write_text(filters_text(contract.rate_hz))
    return written


if __name__ == "__main__":
    if not 2 <= len(sys.argv) <= 3:
        sys.exit(__doc__)
    try:
        for path in take_model(*map(Path, sys.argv[1:])):
            print(path)
    except EdgeharError as error:
        print(f"take_model: {error}", file=sys.stderr)
        sys.exit(2)
