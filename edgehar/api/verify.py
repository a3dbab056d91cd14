"""`edgehar.verify`: whether a bundle is whole, consistent, and made by whom it should be."""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import Any

from edgehar.bundle.read import MANIFEST, Bundle, open_bundle
from edgehar.bundle.signature import SIGNATURE, check_signature, fingerprint, load_public_key
from edgehar.contract import Contract
from edgehar.errors import BundleError, CheckFailed
from edgehar.models import read_contract
from edgehar.schema import LARGE, read_json

#: How the signature fared.
UNSIGNED, UNCHECKED, VALID = "unsigned", "not checked", "valid"


@dataclass(frozen=True)
class VerifyResult:
    """What `verify` found; a bundle that fails is an exception instead.

    Attributes:
        folder: the bundle.
        files: verified files.
        bytes: of all of them.
        signature: `valid`, `unsigned`, or `not checked` where there is one and no key was given.
        key: SHA-256 of the public key that verified, in hexadecimal; None without one.
        strangers: files in the folder that the manifest does not list, which nothing vouches for.
    """

    folder: str
    files: int
    bytes: int
    signature: str
    key: str | None
    strangers: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON-ready."""
        return {**asdict(self), "strangers": list(self.strangers)}


def verify(bundle: str | os.PathLike[str] = "bundle", *, key: str | os.PathLike[str] | None = None) -> VerifyResult:
    """Check size and SHA-256 of every file, the contracts against each other, and the signature by a public key.

    Args:
        bundle: folder that `export` wrote.
        key: PEM of the Ed25519 public key whose owner must have signed it.
    Raises:
        CheckFailed: a file is missing or was changed, contracts differ, or the signature is not there or not the key's.
        BundleError: no bundle.
        EdgeharError: no such key.
        MissingExtra: a key is given and cryptography is not installed.
    """
    public = None if key is None else load_public_key(key)
    opened = open_bundle(bundle)
    if public is not None:  # first: nothing in the folder is worth a look before
        check_signature(opened.path, public)
    try:
        opened.verify()
        _check_contracts(opened)
    except BundleError as error:
        raise CheckFailed(str(error)) from error
    signed = (opened.path / SIGNATURE).exists()
    return VerifyResult(
        folder=str(opened.path),
        files=len(opened.names),
        bytes=sum(entry.bytes for entry in opened.manifest.files.values()),
        signature=VALID if public is not None else UNCHECKED if signed else UNSIGNED,
        key=None if public is None else fingerprint(public),
        strangers=_strangers(opened),
    )


def _check_contracts(bundle: Bundle) -> None:
    """contract.json and the contract inside model.keras say what the manifest says; scales apart, which differ."""
    told = {}
    if "contract.json" in bundle:
        document = read_json(bundle.file("contract.json"), dict, limit=LARGE, error=BundleError)
        told["contract.json"] = Contract.from_dict(document, str(bundle.path / "contract.json"))
    if "model.keras" in bundle:
        told["model.keras"] = read_contract(bundle.file("model.keras"))
    for name, contract in told.items():
        if contract.labels != bundle.contract.labels or not contract.same_input(bundle.contract):
            raise BundleError(f"expected the contract of {MANIFEST} in {bundle.path / name}, got another one")


def _strangers(bundle: Bundle) -> tuple[str, ...]:
    known = {*bundle.names, MANIFEST, SIGNATURE}
    present = (path.relative_to(bundle.path).as_posix() for path in bundle.path.rglob("*") if not path.is_dir())
    return tuple(sorted(set(present) - known))
