"""A profile: what was learned of one person, for one model, in a few hundred bytes.

Little-endian: `EHP1`, flags u16 (1: rotation, 2: last layer), classes u16, inputs u16, 0 u16, the first 8 bytes of the
model's SHA-256, rotation int16[9] in Q14 (row by row) and int16 0, bias int32[classes], weights int8[classes * inputs],
zeros to a multiple of 4, CRC-32 of all before. Without a last layer, bias and weights are absent.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgehar.compile.head import dense_layer
from edgehar.compile.network import Network
from edgehar.compile.read import read_network
from edgehar.errors import ContractError, DataError
from edgehar.files import LARGEST_MODEL, read_bytes, temporary_folder, write_bytes

MAGIC = b"EHP1"
ROTATION, LAST_LAYER = 1, 2
#: No profile is larger: 256 classes of 4,096 inputs.
LARGEST = 2 << 20
_HEADER = struct.Struct("<4sHHHH8s10h")
#: The rotation that turns nothing, Q14.
IDENTITY = (16384, 0, 0, 0, 16384, 0, 0, 0, 16384)


@dataclass(frozen=True)
class Profile:
    """One person's part of a model.

    Attributes:
        model: SHA-256 of the int8 `.tflite` that it belongs to, hexadecimal, at least its first 16 digits.
        rotation: 3 × 3 in Q14, row by row, for samples before the network; None: as they come.
        weights: int8 (classes, inputs) of the last dense layer on the model's own scales; None: the model's.
        bias: int32 (classes,), with `weights`.
    """

    model: str
    rotation: tuple[int, ...] | None = None
    weights: NDArray[np.int8] | None = None
    bias: NDArray[np.int32] | None = None

    def to_bytes(self) -> bytes:
        """The file's bytes."""
        flags = (ROTATION if self.rotation else 0) | (LAST_LAYER if self.weights is not None else 0)
        classes, inputs = (0, 0) if self.weights is None else self.weights.shape
        digest = bytes.fromhex(self.model[:16])
        body = _HEADER.pack(MAGIC, flags, classes, inputs, 0, digest, *(self.rotation or IDENTITY), 0)
        if self.weights is not None and self.bias is not None:
            body += self.bias.astype("<i4").tobytes() + self.weights.astype(np.int8).tobytes()
        body += bytes(-len(body) % 4)
        return body + struct.pack("<I", zlib.crc32(body))


def parse_profile(content: bytes, where: str = "the profile") -> Profile:
    """Read a profile's bytes.

    Raises:
        DataError: no profile, torn, or of another format.
    """
    if len(content) < _HEADER.size + 4 or content[:4] != MAGIC:
        raise DataError(f"expected a profile (EHP1) in {where}, got {len(content)} bytes of something else")
    if struct.unpack("<I", content[-4:])[0] != zlib.crc32(content[:-4]):
        raise DataError(f"expected {where} whole, its checksum does not fit: written in part, or changed; adapt again")
    _, flags, classes, inputs, zero, digest, *rotation = _HEADER.unpack(content[: _HEADER.size])
    layer = 4 * classes + classes * inputs
    expected = _HEADER.size + layer + -layer % 4 + 4
    if flags & ~(ROTATION | LAST_LAYER) or zero or rotation[9] or len(content) != expected:
        raise DataError(f"expected {expected} bytes of format EHP1 in {where}, got {len(content)}; adapt again")
    weights = bias = None
    if flags & LAST_LAYER:
        at = _HEADER.size
        bias = np.frombuffer(content, "<i4", classes, at).astype(np.int32)
        weights = np.frombuffer(content, np.int8, classes * inputs, at + 4 * classes).reshape(classes, inputs).copy()
    return Profile(digest.hex(), tuple(rotation[:9]) if flags & ROTATION else None, weights, bias)


def read_profile(path: str | os.PathLike[str]) -> Profile:
    """Read a profile's file; raises as `parse_profile`, and EdgeharError where it cannot be read."""
    return parse_profile(read_bytes(path, LARGEST), str(path))


def write_profile(path: str | os.PathLike[str], profile: Profile) -> None:
    """Write a profile atomically."""
    write_bytes(path, profile.to_bytes())


def apply_profile(model: bytes, network: Network, profile: Profile) -> bytes:
    """A copy of an int8 `.tflite` with the profile's last layer, for any runtime.

    Args:
        model: the bytes that `network` was read from.
    Raises:
        ContractError: a profile of another model.
    """
    if network.sha256[:16] != profile.model[:16]:
        raise ContractError(
            f"expected a profile of the model {network.sha256[:16]}, got one of {profile.model[:16]}; adapt this model"
        )
    if profile.weights is None or profile.bias is None:
        return model
    layer = dense_layer(network)
    assert layer.weights is not None
    if profile.weights.size != layer.weights.size or len(profile.bias) != len(layer.weights):
        raise ContractError(f"expected a last layer of {layer.weights.shape}, got {profile.weights.shape}")
    from ai_edge_litert import schema_py_generated as schema

    content = bytearray(model)
    root = schema.Model.GetRootAs(content, 0)
    graph = root.Subgraphs(0)
    output = network.tensors[layer.output].index
    for index in range(graph.OperatorsLength()):
        operator = graph.Operators(index)
        if operator.Outputs(0) == output:
            for tensor, values in ((operator.Inputs(1), profile.weights), (operator.Inputs(2), profile.bias)):
                place = root.Buffers(graph.Tensors(tensor).Buffer()).DataAsNumpy()
                place[:] = np.frombuffer(np.ascontiguousarray(values).tobytes(), np.uint8)
            return bytes(content)
    raise ContractError("expected the last dense layer in the .tflite, found none")


@contextmanager
def personal_model(path: Path, profile: Profile | None) -> Iterator[Path]:
    """The int8 `.tflite` to run: the file itself, or, while the block lasts, a copy with the profile's last layer.

    Raises:
        ContractError: a profile of another model.
    """
    if profile is None:
        yield path
        return
    with temporary_folder() as folder:
        own = folder / path.name
        write_bytes(own, apply_profile(read_bytes(path, LARGEST_MODEL), read_network(path), profile))
        yield own
