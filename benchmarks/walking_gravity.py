"""Gravity while walking, written into shipped weights that were trained before contracts had it.

    python benchmarks/walking_gravity.py nano micro mini cnn

It is computed as training does it, from the training and validation people that the weights' manifest names. The
contract inside the `.keras` and the manifest beside it are written anew; the network's own bytes stay as they are.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

from edgehar import files, models
from edgehar.models.keras_file import replace_contract
from edgehar.personal.aligned import contract_gravity
from edgehar.schema import read_json


def write(name: str) -> tuple[int, int, int] | None:
    """Write it into one of the shipped weights; returns what was written."""
    path = models.shipped(name)
    origin = models.read_origin(path)
    assert origin is not None
    contract = models.read_contract(path)
    gravity = contract_gravity(models.open_recordings(path), origin.train + origin.validation, contract)
    told = replace(contract, walking_gravity=gravity)
    replace_contract(path, told)
    manifest = read_json(path.with_suffix(".json"), dict)
    manifest["contract"] = told.to_dict()
    manifest["model"] |= {"sha256": files.sha256_file(path), "bytes": Path(path).stat().st_size}
    files.write_json(path.with_suffix(".json"), manifest)
    return gravity


if __name__ == "__main__":
    for each in sys.argv[1:]:
        print(each, write(each))
