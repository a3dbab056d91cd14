"""The whole state of a training run in one file, so that a run that was stopped goes on as if it had not been.

A plain `.npz` read with `allow_pickle=False`, replaced atomically after every epoch.
"""

from __future__ import annotations

import json
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgehar import files
from edgehar.errors import EdgeharError

Arrays = list[NDArray[np.generic]]


@dataclass(frozen=True)
class Checkpoint:
    """State after an epoch.

    Attributes:
        network: every variable of the trained network, the state of its dropout generators among them.
        optimiser: every variable of the optimiser.
        average: every variable of the averaged network.
        best: variables of the averaged network at the best epoch.
        history: one dictionary per epoch; its length is the number of epochs done.
        recipe_sha256: hash of what the run was started with.
    """

    network: Arrays
    optimiser: Arrays
    average: Arrays
    best: Arrays
    history: list[dict[str, float]]
    recipe_sha256: str


_GROUPS = ("network", "optimiser", "average", "best")


def save(checkpoint: Checkpoint, path: Path) -> None:
    """Write the checkpoint atomically."""
    arrays = {f"{group}_{index}": value for group in _GROUPS for index, value in enumerate(getattr(checkpoint, group))}
    text = files.dump_json({"history": checkpoint.history, "recipe_sha256": checkpoint.recipe_sha256})
    with files.atomic_path(path) as temporary:
        np.savez(temporary, allow_pickle=False, state=np.frombuffer(text.encode(), np.uint8), **arrays)


def load(path: Path) -> Checkpoint:
    """Read what `save` wrote.

    Raises:
        EdgeharError: not a checkpoint, or a damaged one.
    """
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            state = json.loads(archive["state"].tobytes())
            groups: dict[str, Arrays] = {}
            for group in _GROUPS:
                count = sum(name.startswith(f"{group}_") for name in archive.files)
                groups[group] = [archive[f"{group}_{index}"] for index in range(count)]
            return Checkpoint(**groups, history=state["history"], recipe_sha256=state["recipe_sha256"])
    except (OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise EdgeharError(f"expected a training checkpoint, got a damaged file: {path} ({error})") from error
