"""Which temperature an export folds into the last layer."""

from __future__ import annotations

import math
from pathlib import Path

from edgehar.errors import EdgeharError
from edgehar.models import read_origin
from edgehar.models.temperature import COLDEST, HOTTEST

#: The word for the temperature that the training fitted on its validation people.
FITTED = "fitted"


def parse_temperature(text: str, model: Path) -> float:
    """Read a number, or `fitted` for the one in the training manifest beside the model.

    Args:
        model: a `.keras`; its manifest is `manifest.json` in the same folder, or NAME.json for a shipped one.
    Raises:
        EdgeharError: not such a number, or nothing was fitted.
    """
    if text == FITTED:
        return _fitted(model)
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not COLDEST <= value <= HOTTEST:
        raise EdgeharError(
            f"expected --temperature with a number of {COLDEST:g} … {HOTTEST:g} or '{FITTED}', got {text[:80]!r}"
        )
    return value


def _fitted(model: Path) -> float:
    origin = read_origin(model)
    if origin is None or origin.temperature is None:
        raise EdgeharError(
            f"expected a fitted temperature in the training manifest beside {model}, got none: it needs validation "
            "people; train again, or give --temperature a number"
        )
    return origin.temperature
