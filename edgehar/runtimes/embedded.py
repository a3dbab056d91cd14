"""Finding a model's contract, and checking the model against it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from edgehar import schema
from edgehar.channels import channels_text
from edgehar.contract import Contract, TensorQuantisation
from edgehar.errors import ContractError
from edgehar.files import LARGEST_MODEL, read_bytes
from edgehar.models.carried import MEMBER

#: Key of the contract in ONNX `metadata_props`.
ONNX_KEY = "edgehar.contract"


def read_model(path: Path) -> bytes:
    """The content of a model file; ContractError where it is no regular file or larger than a network may be."""
    return read_bytes(path, LARGEST_MODEL, ContractError)


def contract_from_text(text: str | bytes, path: Path) -> Contract:
    """Read a contract that was found inside `path`; ContractError where it is not one."""
    content = text if isinstance(text, bytes) else text.encode("utf-8", "surrogatepass")
    return schema.decode(content, Contract, f"the contract inside {path}", error=ContractError)


def settle(path: Path, inside: Contract | None, given: Contract | None) -> Contract:
    """The one contract to use: the caller's, else the one inside the file, else the one beside it.

    Raises:
        ContractError: there is none, or the caller's and the file's own disagree.
    """
    if given is not None and inside is not None:
        if given.labels != inside.labels:
            raise ContractError(f"expected the labels {list(given.labels)}, got {list(inside.labels)} in {path}")
        if not given.same_input(inside):
            raise ContractError(f"expected windows of {_input(given)}, got {_input(inside)} in {path}")
    # The file's own entry on folding and layout is nearer to the truth than a caller's.
    found = inside if inside is not None else given
    if found is not None:
        return found
    beside = path.parent / MEMBER
    if beside.exists():
        return schema.read_json(beside, Contract, error=ContractError)
    raise ContractError(
        f"no contract inside {path} and no {MEMBER} beside it, so its rate, window and labels are not known; "
        f"export the model with 'edgehar export' (a network of Keras alone: first 'edgehar import'), or put its "
        f"{MEMBER} beside it"
    )


def _input(contract: Contract) -> str:
    """What a window holds, for messages."""
    front = "" if contract.front_end == "none" else f" through the front end {contract.front_end}"
    return f"{contract.window} samples of {channels_text(contract.channels)} at {contract.rate_hz:g} Hz{front}"


def check_tensors(
    path: Path, contract: Contract, inputs: Sequence[Sequence[object]], outputs: Sequence[Sequence[object]]
) -> None:
    """Check a model's input and output shapes, each with the batch dimension, against its contract.

    A dimension that is not a positive integer is free and fits anything.

    Raises:
        ContractError: another number of inputs or outputs, or other shapes.
    """
    for kind, shapes, expected in (
        ("input", inputs, (1, *contract.input_shape)),
        ("output", outputs, (1, len(contract.labels))),
    ):
        if len(shapes) != 1:
            hint = "; an incremental model runs with: edgehar stream --engine incremental" if len(shapes) > 1 else ""
            raise ContractError(f"expected one {kind}, got {len(shapes)} in {path}{hint}")
        shape = tuple(int(n) if isinstance(n, int | np.integer) and n > 0 else None for n in shapes[0])
        fits = len(shape) == len(expected) and all(n in (None, e) for n, e in zip(shape, expected, strict=True))
        if not fits:
            why = f"{len(contract.labels)} labels" if kind == "output" else f"layout {contract.input_layout}"
            raise ContractError(
                f"expected the {kind} shape {expected} of the contract ({why}), got {tuple(shapes[0])} in {path}"
            )


def with_quantisation(
    path: Path, contract: Contract, inputs: TensorQuantisation | None, outputs: TensorQuantisation | None
) -> Contract:
    """The contract with the model's own quantisation.

    Raises:
        ContractError: the contract names other parameters than the model has.
    """
    for kind, said, got in (
        ("input", contract.input_quantisation, inputs),
        ("output", contract.output_quantisation, outputs),
    ):
        if said is not None and got is not None and said != got:
            raise ContractError(
                f"expected {kind} scale {said.scale:.9g} and zero point {said.zero_point} of the contract, "
                f"got {got.scale:.9g} and {got.zero_point} in {path}"
            )
    return replace(contract, input_quantisation=inputs, output_quantisation=outputs)
