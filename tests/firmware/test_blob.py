"""A model as one block of bytes: it decides as the compiled-in model does, and what is torn or made up is refused."""

from __future__ import annotations

import json
import re
import struct
import subprocess
import zlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from edgehar.compile.c import write_c
from edgehar.compile.c.blob import KERNELS
from edgehar.compile.kernel_path import KERNEL_PATHS
from edgehar.contract import Contract
from edgehar.data import resample
from edgehar.data.readers.hapt import load_hapt
from edgehar.errors import ContractError
from edgehar.models import find_contract

from .engine import COMPILER, FIRMWARE
from .networks import SAME, NetworkWriter, random_network, stream_of
from .operator_networks import operator_network
from .test_channels import contract_of, network

#: Places in a blob.
STATE_BYTES, LAYER_COUNT = 32, 75
BLOB, FORMAT, KERNEL, MEMORY, ARGUMENT = -16, -17, -18, -2, -1
SANITIZE = ("-g", "-O1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-DEDGEHAR_CHECK")
FLAGS = ("-std=c99", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror", *SANITIZE)
INCLUDES = tuple(f"-I{FIRMWARE / name}" for name in ("include", "src", "fuzz"))
DRIVER = Path(__file__).with_name("blob.c")
PERSON = "1"  # of the training part
HEADER = (FIRMWARE / "include" / "edgehar_blob.h").read_text()
pytestmark = pytest.mark.skipif(COMPILER is None, reason="needs a C compiler; on Debian or Ubuntu: apt-get install gcc")


def run(*words: object, **options) -> subprocess.CompletedProcess:
    return subprocess.run([str(word) for word in words], capture_output=True, **options)


def build(program: Path, *words: object) -> Path:
    done = run(COMPILER, *FLAGS, *INCLUDES, *words, "-o", program, text=True)
    assert done.returncode == 0, done.stderr
    return program


@pytest.fixture(scope="module")
def engine(tmp_path_factory) -> Path:
    """Every source of the engine, compiled once."""
    folder = tmp_path_factory.mktemp("engine")
    sources = sorted((FIRMWARE / "src").glob("*.c"))
    done = subprocess.run([COMPILER, *FLAGS, *INCLUDES, "-c", *map(str, sources)], cwd=folder, capture_output=True)
    assert done.returncode == 0, done.stderr.decode()
    archive = folder / "engine.a"
    run("ar", "rcs", archive, *sorted(folder.glob("*.o")), check=True)
    return archive


@pytest.fixture(scope="module")
def loader(engine, tmp_path_factory) -> Path:
    """The one image that takes any blob."""
    return build(tmp_path_factory.mktemp("loader") / "loader", DRIVER, engine)


@pytest.fixture(scope="module")
def walk() -> np.ndarray:
    """float32 (N, 3) at 20 Hz: a person's recording."""
    found = next(one for one in load_hapt().recordings if one.subject == PERSON)
    return np.float32(resample(found, 20.0).acc)


def both(loader: Path, engine: Path, tflite: Path, folder: Path, samples: np.ndarray, **options) -> bytes:
    """What the blob decides; the compiled-in model must print the same bytes."""
    write_c(tflite, folder, blob=True, **options)
    program = build(folder / "own", "-DCOMPILED_IN", f"-I{folder}", DRIVER, folder / "model_data.c", engine)
    hop = options.get("hop") or 7
    words = (folder / "model.blob", "stream", hop)
    found = [run(one, *words, input=samples.astype("<f4").tobytes()) for one in (loader, program)]
    assert [one.returncode for one in found] == [0, 0], [one.stderr.decode()[-2000:] for one in found]
    assert found[0].stdout == found[1].stdout
    return found[0].stdout


@pytest.fixture(scope="module")
def bundles(bundle_of, run_cli, tmp_path_factory) -> dict[str, Path]:
    """`nano` by the command line with its blob, and `micro`."""
    folder = tmp_path_factory.mktemp("export")
    done = run_cli("export", "--model", "nano", "--c-blob", "--out", "nano", cwd=folder)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "note: the model blob has no placement" in done.stderr
    return {"nano": folder / "nano", "micro": bundle_of("micro")}


@pytest.fixture(scope="module")
def blob(bundles) -> Path:
    manifest = json.loads((bundles["nano"] / "manifest.json").read_text())
    assert manifest["c_source"]["blob"] is True and "c/model.blob" in manifest["files"]
    return bundles["nano"] / "c" / "model.blob"


WAYS = {
    "whole": {},
    "hop": {"hop": 20},
    "spread": {"hop": 20, "schedule": "spread"},
    "vector": {"kernels": "vector"},
    "thumb": {"kernels": "thumb"},
    "thumb2": {"kernels": "thumb2"},
    "riscv": {"kernels": "riscv"},
}


def pocket(tflite: Path) -> Contract:
    """The model's contract, as if its windows held what that front end makes."""
    contract = find_contract(tflite)
    assert contract is not None
    return replace(contract, front_end="pocket", walking_gravity=None, placement=None)


@pytest.mark.parametrize("name", ["nano", "micro"])
@pytest.mark.parametrize("way", [*WAYS, "pocket"])
def test_shipped_models_on_a_recording(loader, engine, bundles, walk, tmp_path, name, way):
    file = bundles[name] / "model_int8.tflite"
    options = WAYS[way] if way in WAYS else {"contract": pocket(file)}
    lines = both(loader, engine, file, tmp_path, walk[:4000], **options).splitlines()
    assert len(lines) > 190 and len({line.split(maxsplit=1)[1] for line in lines}) > 150
    assert way == "pocket" or len({line.split()[1] for line in lines}) >= 3  # not trained with that front end


def same_for(content: bytes, loader: Path, engine: Path, folder: Path, **options) -> None:
    file = folder / "network.tflite"
    file.write_bytes(content)
    samples = stream_of(np.random.default_rng(5), 700) / np.float32(8)
    assert both(loader, engine, file, folder / "c", samples, **options).count(b"\n") > 50


@pytest.mark.parametrize("seed", range(6))
def test_generated_networks(loader, engine, tmp_path, seed):
    same_for(random_network(seed), loader, engine, tmp_path, **({}, {"kernels": "vector"})[seed % 2])


#: Each kernel that `random_network` leaves out.
@pytest.mark.parametrize(
    "block", ["mul-channels", "add-columns", "prelu-columns", "swish", "join-two", "dilated-same", "product", "max"]
)
def test_other_operators(loader, engine, tmp_path, block):
    same_for(operator_network(block, 0), loader, engine, tmp_path)


def test_other_channels_are_refused(tmp_path):
    file = tmp_path / "network.tflite"
    file.write_bytes(network(6))
    contract = contract_of("acc.x,acc.y,acc.z,gyro.x,gyro.y,gyro.z")
    with pytest.raises(ContractError, match="for a model blob, got the channels"):
        write_c(file, tmp_path / "c", contract=contract, blob=True)
    assert not (tmp_path / "c").exists()


def test_every_flipped_bit_and_every_cut_is_refused(loader, blob):
    done = run(loader, blob, "flips", 5, check=True)
    tried, refused, untouched = map(int, done.stdout.split())
    assert tried == 9 * len(range(0, blob.stat().st_size, 5)) == refused and untouched


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_nothing_is_read_outside_whatever_the_bytes_are(loader, blob, seed):
    """With the checksum made right: the sanitizers end the program at the first byte outside."""
    done = run(loader, blob, "mutate", 4000, seed)
    assert done.returncode == 0, done.stderr.decode()[-3000:]
    taken, refused, without, other = map(int, done.stdout.split())
    assert taken + refused + without + other == 4000 and taken > 100 and refused > 1000 and without > 20


@pytest.fixture(scope="module")
def any_loader(engine, tmp_path_factory) -> Path:
    """An image with the kernels of every core."""
    return build(tmp_path_factory.mktemp("any") / "loader", "-DALL_KERNELS", DRIVER, engine)


class Lies:
    """A blob, and the same with one number changed and the checksum made right."""

    def __init__(self, loader: Path, blob: Path, folder: Path, hop: int) -> None:
        self._loader, self._folder, self._hop = loader, folder, hop
        self.content = blob.read_bytes()
        self.layers, self.edges = struct.unpack_from("<II", self.content, 20)

    def told(self, at: int, kind: str) -> int:
        return struct.unpack_from("<" + kind, self.content, at)[0]

    def status(self, at: int, kind: str, value: int) -> int:
        content = bytearray(self.content[:-4])
        struct.pack_into("<" + kind, content, at, value)
        path = self._folder / "lie.blob"
        path.write_bytes(content + zlib.crc32(content).to_bytes(4, "little"))
        return -run(self._loader, path, "stream", self._hop, input=bytes(12 * 200)).returncode


@pytest.mark.parametrize("kernels", KERNEL_PATHS)
def test_one_column_or_byte_less_than_a_plan_needs_is_refused(any_loader, tmp_path, kernels):
    """What the planner finds is the least: every edge's capacity, the weights, the memory of the last part."""
    options = {"hop": 4, "schedule": "spread"} if kernels in ("portable", "dsp") else {}
    file = tmp_path / "network.tflite"
    file.write_bytes(random_network(105, valid=True))
    lies = Lies(any_loader, write_c(file, tmp_path, blob=True, kernels=kernels, **options)[-1], tmp_path, 4)
    assert lies.status(0, "I", lies.told(0, "I")) == 0
    layers, edges = lies.content[LAYER_COUNT], lies.content[LAYER_COUNT + 1]
    for index in range(edges):
        at = lies.edges + 20 * index + 14
        assert lies.status(at, "H", lies.told(at, "H") - 1) == BLOB, index
    assert lies.status(STATE_BYTES, "I", lies.told(STATE_BYTES, "I") - 4) == BLOB
    convolutions = 0
    for index in range(layers):
        record = lies.layers + 32 * index
        if KERNELS[lies.content[record + 22]].startswith(("conv1d", "depthwise")):
            at = lies.told(record, "I") + 16
            # Packed in whole words.
            assert lies.status(at, "I", lies.told(at, "I") - 4) == BLOB, index
            convolutions += 1
    assert convolutions


#: Operator, and where in the parameters which number cannot be: of a format as `struct` has it.
LIES = [
    ("mul-channels", "scale_columns", 8, "H", 999), ("prelu-columns", "prelu_columns", 4, "I", 8),
    ("swish", "table_columns", 4, "H", 999), ("join-two", "join_columns", 4, "i", 4000),
    ("join-two", "join_columns", 2, "H", 999), ("dilated-same", "gather_columns", 4, "I", 4000),
    ("dilated-same", "gather_columns", 8, "I", 4000), ("dilated-same", "gather_columns", 2, "H", 999),
    ("product", "multiply_columns", 8, "i", -4000), ("product", "multiply_columns", 0, "H", 999),
    ("product", "multiply_columns", 24, "b", 99), ("max", "max_time", 2, "H", 2), ("max", "max_time", 0, "H", 999),
    ("swish", "softmax_columns", 2, "h", 1), ("swish", "softmax_columns", 8, "b", -1),
    ("swish", "softmax_columns", 0, "H", 999), ("swish", "mean_time", 2, "H", 2), ("swish", "mean_time", 12, "b", 99),
    ("swish", "mean_time", 0, "H", 999), ("swish", "conv1d_portable", 26, "H", 999),
    ("swish", "conv1d_portable", 24, "H", 999),
]  # fmt: skip


@pytest.mark.parametrize("case", LIES, ids=lambda case: f"{case[0]}-{case[1]}-{case[2]}")
def test_parameters_that_leave_the_plans_columns_are_refused(any_loader, tmp_path, case):
    block, kernel, offset, kind, value = case
    file = tmp_path / "network.tflite"
    file.write_bytes(operator_network(block, 0))
    lies = Lies(any_loader, write_c(file, tmp_path, blob=True)[-1], tmp_path, 7)
    records = [lies.layers + 32 * index for index in range(lies.content[LAYER_COUNT])]
    at = next(lies.told(one, "I") for one in records if lies.content[one + 22] == KERNELS.index(kernel)) + offset
    assert lies.status(at, kind, lies.told(at, kind)) == 0
    assert lies.status(at, kind, value) == BLOB


def test_softmax_must_have_room_for_its_exponentials(any_loader, tmp_path):
    file = tmp_path / "network.tflite"
    file.write_bytes(operator_network("swish", 0))
    lies = Lies(any_loader, write_c(file, tmp_path, blob=True)[-1], tmp_path, 7)
    records = [lies.layers + 32 * index for index in range(lies.content[LAYER_COUNT])]
    record = next(one for one in records if lies.content[one + 22] == KERNELS.index("softmax_columns"))
    last = lies.told(STATE_BYTES, "I") - 4 * lies.told(lies.told(record, "I"), "H")
    assert lies.status(record + 8, "I", last) == 0
    assert lies.status(record + 8, "I", last + 4) == BLOB


def test_pools_must_have_something_to_pool(any_loader, tmp_path):
    net = NetworkWriter(3)
    net.conv(4, 3, 1)
    net.pool("AVERAGE_POOL_2D", 4, 2, SAME)
    net.mean()
    net.dense(3)
    net.softmax()
    file = tmp_path / "network.tflite"
    file.write_bytes(net.bytes())
    lies = Lies(any_loader, write_c(file, tmp_path, blob=True)[-1], tmp_path, 7)
    records = [lies.layers + 32 * index for index in range(lies.content[LAYER_COUNT])]
    at = next(lies.told(one, "I") for one in records if KERNELS[lies.content[one + 22]] == "average_pool")
    assert lies.status(at, "H", lies.told(at, "H")) == 0
    for offset, value in ((0, 999), (2, 3), (4, 1), (6, 0), (6, 3), (8, 4)):
        assert lies.status(at + offset, "H", value) == BLOB, offset


@pytest.mark.parametrize("lie", ["more edges than there are", "weights longer than the blob"])
def test_what_is_made_up_is_refused(loader, tmp_path, lie):
    file = tmp_path / "network.tflite"
    file.write_bytes(network(3))
    blob = write_c(file, tmp_path, blob=True)[-1]
    content = bytearray(blob.read_bytes()[:-4])
    if lie.startswith("more"):
        content[79] = 200  # source_count
    else:
        parameters = int.from_bytes(
            content[(layers := int.from_bytes(content[20:24], "little")) : layers + 4], "little"
        )
        content[parameters + 16 : parameters + 20] = (len(content) // 4 * 4).to_bytes(4, "little")  # weight_bytes
    blob.write_bytes(content + zlib.crc32(content).to_bytes(4, "little"))
    assert run(loader, blob, "stream", 1, input=b"").returncode == -BLOB


def test_each_failure_has_its_status(loader, bundles, tmp_path):
    file = bundles["nano"] / "model_int8.tflite"
    blob = write_c(file, tmp_path, blob=True, hop=20, schedule="spread", contract=pocket(file))[-1]
    lines = run(loader, blob, "status", 0, check=True).stdout.decode().splitlines()
    found = {name: int(value) for name, value in (line.split() for line in lines)}
    used = {
        KERNELS.index(name) for name in re.findall(r"\.kernel = edgehar_(\w+)", (tmp_path / "model_data.c").read_text())
    }
    without = {int(key[7:]): value for key, value in found.items() if re.fullmatch(r"without\d+", key)}
    assert used < set(without)
    assert without == {number: KERNEL if number in used else 0 for number in without}
    rest = {key: value for key, value in found.items() if not re.fullmatch(r"without\d+", key)}
    assert rest == {
        "ok": 0, "memory": MEMORY, "memory_address": MEMORY, "null": ARGUMENT, "without_share": KERNEL,
        "without_front": KERNEL, "format": FORMAT, "untouched": 1,
    }  # fmt: skip


def test_numbers_are_those_of_the_header():
    names = re.findall(r"EDGEHAR_KERNEL_(\w+?)(?: = 0)?,", HEADER)
    assert tuple(name.lower() for name in names) == KERNELS
    declared = re.findall(r"edgehar_kernel edgehar_(\w+);", (FIRMWARE / "src" / "edgehar_kernels.h").read_text())
    # What keeps sums from call to call needs `keeps`, which a blob has not.
    assert sorted(declared) == sorted([*KERNELS, "conv1d_vector_ahead"])


def test_the_same_model_gives_the_same_bytes(bundles, blob, tmp_path):
    again = write_c(bundles["nano"] / "model_int8.tflite", tmp_path, blob=True, name="walk")[-1]
    assert again.name == "walk.blob" and again.read_bytes() == blob.read_bytes()
