"""The contract that a model file carries: `contract.json` in the zip that a `.keras` is and that ends a `.tflite`."""

from __future__ import annotations

import os
from pathlib import Path

from edgehar import schema
from edgehar.contract import Contract
from edgehar.errors import ContractError, EdgeharError
from edgehar.files import LARGEST_MODEL, open_regular
from edgehar.zips import DAMAGE, MODEL, open_zip

#: Name of the contract inside a model file, and as a file beside it.
MEMBER = "contract.json"

#: What to do with a network that Keras saved and edgehar did not.
IMPORT_HINT = "give it one with: edgehar import MODEL --labels a,b,c --rate 20 (and --mean, --std of its training)"


def find_contract(path: str | os.PathLike[str]) -> Contract | None:
    """The contract inside a `.keras` or `.tflite` file; None where it carries none.

    Raises:
        ContractError: no such file, or it carries one that cannot be read.
    """
    try:
        return _carried(path)
    except DAMAGE:  # no zip, which is a `.tflite` without a contract; whoever opens the model says what else it is
        return None


def read_contract(path: str | os.PathLike[str]) -> Contract:
    """The contract inside a `.keras` file, read without Keras.

    Raises:
        EdgeharError: not a `.keras` file.
        ContractError: no such file, or a `.keras` file without a contract of ours.
    """
    if Path(path).suffix.lower() in (".h5", ".hdf5") and Path(path).is_file():
        raise ContractError(f"expected a .keras with its contract, got {path}, which holds none; {IMPORT_HINT}")
    try:
        found = _carried(path)
    except DAMAGE as error:
        raise EdgeharError(f"expected a .keras file, got something else or a damaged one: {path} ({error})") from error
    if found is None:
        raise ContractError(f"expected {MEMBER} inside {path}, got a model without one; {IMPORT_HINT}")
    return found


def _carried(path: str | os.PathLike[str]) -> Contract | None:
    """As `find_contract`; one of `zips.DAMAGE` where the file holds no sound zip."""
    with (
        open_regular(path, LARGEST_MODEL, ContractError) as stream,
        open_zip(stream, str(path), MODEL, ContractError) as archive,
    ):
        if MEMBER not in archive.namelist():
            return None
        content = archive.read(MEMBER)
    return schema.decode(content, Contract, f"the contract inside {path}", error=ContractError)
