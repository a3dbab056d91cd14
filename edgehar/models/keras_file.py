"""`.keras` files that carry their contract, and that come out byte for byte the same every time.

A `.keras` file is a zip of `config.json`, `metadata.json` and `model.weights.h5`; ours has `contract.json`
as a fourth member, which Keras passes over. Keras writes the date into the file; here it is taken out.
"""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from edgehar import files
from edgehar.contract import Contract
from edgehar.errors import ContractError
from edgehar.models.carried import MEMBER, read_contract
from edgehar.models.opening import check_weights, open_archive

if TYPE_CHECKING:
    import keras

#: The earliest time that a zip can hold, so that equal content gives equal bytes.
_NO_DATE = (1980, 1, 1, 0, 0, 0)


def save(model: keras.Model, contract: Contract, path: str | os.PathLike[str]) -> None:
    """Write the model without optimiser state, with the contract as `contract.json`, atomically.

    Raises:
        ContractError: the model's input or output does not fit the contract.
        EdgeharError: weights that are not finite, or the place cannot be written.
    """
    _check_fit(model, contract, str(path))
    check_weights(model, str(path))
    plain = type(model).from_config(model.get_config())  # not compiled, so without optimiser
    plain.set_weights(model.get_weights())
    with files.atomic_path(path) as temporary:
        plain.save(temporary)
        with zipfile.ZipFile(temporary) as archive:
            members = {name: archive.read(name) for name in archive.namelist()}
        metadata = json.loads(members["metadata.json"])
        metadata.pop("date_saved", None)
        members["metadata.json"] = files.dump_json(metadata).encode()
        _pack(temporary, members, contract)


def replace_contract(path: str | os.PathLike[str], contract: Contract) -> None:
    """Give a `.keras` of ours another contract; all else in it stays as it is, byte for byte.

    Raises:
        EdgeharError: not a `.keras` file of ours, or it cannot be written.
    """
    read_contract(path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    with files.atomic_path(path) as temporary:
        _pack(temporary, members, contract)


def _pack(path: Path, members: dict[str, bytes], contract: Contract) -> None:
    """A zip of these members and the contract."""
    members[MEMBER] = files.dump_json(contract.to_dict()).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name in sorted(members):
            archive.writestr(zipfile.ZipInfo(name, _NO_DATE), members[name])


def load(path: str | os.PathLike[str]) -> tuple[keras.Model, Contract]:
    """Read a model and its contract; Keras' safe mode refuses anything that would run code from the file.

    Raises:
        EdgeharError: no such file, or not a `.keras` file that safe mode accepts.
        ContractError: no contract inside, or one that the model does not fit.
    """
    contract = read_contract(path)
    model = open_archive(Path(path))
    _check_fit(model, contract, str(path))
    return model, contract


def _check_fit(model: keras.Model, contract: Contract, where: str) -> None:
    got = (tuple(model.input_shape), tuple(model.output_shape))
    expected = ((None, *contract.input_shape), (None, len(contract.labels)))
    if got != expected:
        raise ContractError(f"expected input and output {expected} by the contract of {where}, got {got}")
