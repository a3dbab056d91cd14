"""Who made a bundle: an Ed25519 signature (RFC 8032) over manifest.json, which holds the SHA-256 of every other file.

`manifest.sig` is the 64 bytes of the signature, so that other tools can verify it as well.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from edgehar.bundle.read import MANIFEST
from edgehar.errors import CheckFailed, EdgeharError
from edgehar.extras import require
from edgehar.files import read_bytes, sha256_bytes, write_bytes

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

SIGNATURE = "manifest.sig"
SIGNATURE_BYTES = 64

#: What opens an encrypted private key; on a command line it would stand in the history of the shell.
PASSWORD = "EDGEHAR_KEY_PASSWORD"

_LARGEST_KEY = 64 << 10
_MAKE_KEY = "make one with: openssl genpkey -algorithm ed25519 -out key.pem"
_MAKE_PUBLIC = "make it with: openssl pkey -in key.pem -pubout -out public.pem"


def load_private_key(path: str | os.PathLike[str]) -> Ed25519PrivateKey:
    """The private key that signs: PEM, PKCS #8; an encrypted one is opened with the password in the environment.

    Raises:
        EdgeharError: no such file, not an Ed25519 private key, or a password that is missing or wrong.
        MissingExtra: cryptography is not installed.
    """
    require("sign", "cryptography")
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    content = read_bytes(path, _LARGEST_KEY)
    password = os.environ.get(PASSWORD, "").encode() if b"ENCRYPTED" in content else None
    if password == b"":
        raise EdgeharError(f"expected the password of {path} in the environment variable {PASSWORD}, got none")
    try:
        key = load_pem_private_key(content, password)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        hint = f"a wrong password in {PASSWORD}, or a damaged file" if password else f"something else; {_MAKE_KEY}"
        raise EdgeharError(f"expected an Ed25519 private key in {path}, got {hint}") from error
    if not isinstance(key, Ed25519PrivateKey):
        raise EdgeharError(f"expected an Ed25519 private key in {path}, got one of another kind; {_MAKE_KEY}")
    return key


def load_public_key(path: str | os.PathLike[str]) -> Ed25519PublicKey:
    """The public key that verifies: PEM.

    Raises:
        EdgeharError: no such file, or not an Ed25519 public key.
        MissingExtra: cryptography is not installed.
    """
    require("sign", "cryptography")
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    content = read_bytes(path, _LARGEST_KEY)
    if b"PRIVATE KEY" in content:
        raise EdgeharError(f"expected a public key in {path}, got a private one, which must not leave its owner; "
                           f"{_MAKE_PUBLIC}")  # fmt: skip
    try:
        key = load_pem_public_key(content)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise EdgeharError(f"expected an Ed25519 public key in {path}, got something else; {_MAKE_PUBLIC}") from error
    if not isinstance(key, Ed25519PublicKey):
        raise EdgeharError(f"expected an Ed25519 public key in {path}, got one of another kind; {_MAKE_PUBLIC}")
    return key


def fingerprint(key: Ed25519PublicKey) -> str:
    """SHA-256 of the key's 32 bytes, in hexadecimal: what two people compare over another channel."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return sha256_bytes(key.public_bytes(Encoding.Raw, PublicFormat.Raw))


def sign(folder: Path, key: Ed25519PrivateKey) -> None:
    """Write the signature of a folder's manifest beside it."""
    write_bytes(folder / SIGNATURE, key.sign((folder / MANIFEST).read_bytes()))


def check_signature(folder: Path, key: Ed25519PublicKey) -> None:
    """Verify that the owner of a key signed a folder's manifest.

    Raises:
        CheckFailed: it is not signed, or by somebody else, or was changed afterwards.
    """
    from cryptography.exceptions import InvalidSignature

    path = folder / SIGNATURE
    if not path.exists():
        raise CheckFailed(f"expected the signature {SIGNATURE} in {folder}, got none; export with --sign KEY")
    signature = read_bytes(path, SIGNATURE_BYTES + 1)
    try:
        key.verify(signature, read_bytes(folder / MANIFEST))
    except InvalidSignature as error:
        raise CheckFailed(
            f"expected {path} to be made by the key {fingerprint(key)[:16]}… over {MANIFEST}, got another "
            "signature: signed by somebody else, or changed afterwards"
        ) from error
