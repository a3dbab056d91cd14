"""Makes the inputs that fuzzing of the C engine begins with: valid ones, so that what lies behind checks is reached.

    python tests/vectors/make_seeds.py

Model blobs of all kernel paths and operators, and profiles of the committed small model.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests"), str(ROOT / "tests" / "vectors")]

from firmware.networks import random_network  # noqa: E402
from firmware.operator_networks import operator_network  # noqa: E402
from make_vectors import small_model  # noqa: E402

from edgehar.compile.c import write_c  # noqa: E402
from edgehar.compile.kernel_path import KERNEL_PATHS  # noqa: E402
from edgehar.compile.read import read_network  # noqa: E402
from edgehar.files import write_bytes  # noqa: E402
from edgehar.personal.profile import Profile  # noqa: E402

CORPUS = ROOT / "firmware_ref" / "fuzz"
OPERATORS = (
    "mul-channels", "add-columns", "prelu-columns", "swish", "join-two", "dilated-same", "product", "max", "crop",
    "gate", "squeeze-excite",
)  # fmt: skip
LARGEST = 4096


def blobs() -> dict[str, bytes]:
    """Model blobs by name; those of more than `LARGEST` bytes are left out, since each input takes their time."""
    small = small_model()
    wanted = [("small-" + kernels, small, {"kernels": kernels}) for kernels in KERNEL_PATHS]
    for schedule in ("hop", "spread"):
        wanted.append((f"small-{schedule}", small, {"hop": 4, "schedule": schedule}))
    for seed in (1, 3, 5, 11):
        wanted.append((f"network-{seed}", random_network(seed), {}))
    for seed in (101, 105):
        wanted.append((f"network-{seed}", random_network(seed, valid=True), {"hop": 4, "schedule": "spread"}))
    for block in OPERATORS:
        wanted.append((block, operator_network(block, 0), {}))
    made = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, content, options in wanted:
            file = Path(folder) / f"{name}.tflite"
            file.write_bytes(content)
            blob = write_c(file, Path(folder) / name, blob=True, **options)[-1].read_bytes()
            if len(blob) <= LARGEST:
                made[name] = blob
    return made


def profiles() -> dict[str, bytes]:
    """Records as fuzz_parts.c reads them: a profile, then samples; a rotation alone, a layer alone, both."""
    from edgehar.compile.head import dense_layer

    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "small.tflite"
        file.write_bytes(small_model())
        network = read_network(file)
    weights = dense_layer(network).weights
    assert weights is not None
    rng = np.random.default_rng(1)
    rotation = (0, -16384, 0, 16384, 0, 0, 0, 0, 16384)
    layer = np.int8(rng.integers(-127, 128, weights.shape).reshape(len(weights), -1))
    bias = np.int32(rng.integers(-9000, 9000, len(weights)))
    samples = np.int16(rng.integers(-9000, 9000, (40, 3))).tobytes()
    made = {}
    for name, turn, last in (("rotation", rotation, False), ("layer", None, True), ("both", rotation, True)):
        profile = Profile(network.sha256, turn, layer if last else None, bias if last else None).to_bytes()
        record = bytes([0, len(profile)]) + profile
        made[f"profile-{name}"] = record + bytes([0x7C - 0x7C % 5 + 4, len(samples)]) + samples
    return made


if __name__ == "__main__":
    for folder, made in (("corpus_blob", blobs()), ("corpus_parts", profiles())):
        for name, content in made.items():
            write_bytes(CORPUS / folder / name, content)
