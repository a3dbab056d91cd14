"""The one JSON reader: sizes, depth, types and numbers of a document from anywhere, each refused in one line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass, field
from typing import Annotated

import msgspec
import pytest

from edgehar import schema
from edgehar.channels import parse_channels
from edgehar.contract import Contract, Normalisation, TensorQuantisation
from edgehar.errors import ContractError, EdgeharError

CONTRACT = Contract(
    ("walking", "sitting"),
    normalisation=Normalisation((0.5, -1.0, 9.8), (1.0, 2.0, 3.0), folded=True),
    input_quantisation=TensorQuantisation(0.25, -3),
)


def changed(**entries: object) -> bytes:
    return json.dumps({**CONTRACT.to_dict(), **entries}).encode()


def channel(name: str, unit: str = "m/s^2") -> dict[str, object]:
    return {"name": name, "unit": unit}


TEN = [f"{sensor}.{part}" for sensor in ("acc", "linear", "gravity") for part in ("x", "y", "z", "magnitude")][:10]


def normalisation(**entries: object) -> dict[str, object]:
    return {"mean": [0, 0, 0], "std": [1, 1, 1], "folded": True, **entries}


def test_a_contract_is_read_back():
    assert schema.decode(json.dumps(CONTRACT.to_dict()).encode(), Contract, "x.json") == CONTRACT
    assert Contract.from_dict(CONTRACT.to_dict()) == CONTRACT
    six = Contract(("a", "b"), channels=parse_channels("acc,gyro"))
    assert schema.decode(json.dumps(six.to_dict()).encode(), Contract, "x.json") == six
    assert "channels" not in CONTRACT.to_dict() and not {"axes", "unit", "sign"} & set(six.to_dict())
    assert schema.decode(b'{"format": "edgehar-contract-1", "labels": ["a", "b"]}', Contract, "x") == Contract(
        ("a", "b")
    )


REFUSED = [
    (b"", "expected JSON in x.json"),
    (b"{", "expected JSON in x.json"),
    (b"{} {}", "expected JSON in x.json"),
    (b"\xff\xfe", "not UTF-8"),
    (b"[" * 1_000_000, "at most 32 levels"),
    (b'{"a":' * 1_000_000, "at most"),
    (b'"' + b'\\"' * 1_000_000, "expected JSON"),
    (b'"' * 1_000_000, "expected JSON"),
    (b" " * 5_000_000, "at most 4,194,304 bytes"),
    (b'{"labels": 1, "labels": 2}', "each name once"),
    (b'{"labels": 1, "\\u006cabels": 2}', "each name once"),
    (b"[]", "expected an object, got a list"),
    (b"null", "expected an object, got null"),
    (b"{}", "expected format 'edgehar-contract-1', got None"),
    (changed(format="edgehar-contract-9"), "expected format 'edgehar-contract-1', got 'edgehar-contract-9'"),
    (changed(format=["edgehar-contract-1"]), "expected format"),
    (changed(more=1), "expected only known entries, got 'more'"),
    (changed(labels="walking"), "expected a list, got text at labels"),
    (changed(labels=["a", 1]), "expected text, got a whole number at labels[1]"),
    (changed(labels=["a"]), "expected 2 … 256 distinct labels"),
    (changed(labels=["a", "a"]), "distinct labels"),
    (changed(labels=["a", " "]), "expected labels of 1 … 100 characters"),
    (changed(labels=["a", "b\nc"]), "on one line"),
    (changed(labels=["a", "b" * 101]), "expected labels of 1 … 100 characters"),
    (changed(labels=[str(i) for i in range(257)]), "expected 2 … 256 distinct labels"),
    (changed(rate_hz="20"), "expected a number, got text at rate_hz"),
    (changed(rate_hz=True), "expected a number, got true or false at rate_hz"),
    (changed(rate_hz=None), "expected a number, got null at rate_hz"),
    (changed(rate_hz=0), "expected a rate of 0.1 … 10000 Hz, got 0"),
    (changed(rate_hz=1e5), "expected a rate of 0.1 … 10000 Hz"),
    (changed(rate_hz=float("nan")), "expected JSON"),
    (changed(rate_hz=float("inf")), "expected JSON"),
    (changed(rate_hz=10**400), "expected"),
    (changed(rate_hz=1).replace(b'"rate_hz": 1', b'"rate_hz": 1e999'), "range of a double"),
    (changed(rate_hz=1).replace(b'"rate_hz": 1', b'"rate_hz": 1' + b"0" * 5000), "range of a double"),
    (changed(window=80.0), "expected a whole number, got a number at window"),
    (changed(window=10_000_000), "expected a window of 1 … 4096 samples, got 10000000"),
    (changed(window=-1), "expected a window"),
    (changed(window=10**30), "expected a window"),
    (changed(train_step=0), "expected a train step"),
    (changed(axes=["x", "y"]), "at axes"),
    (changed(axes=["z", "y", "x"]), "expected axes"),
    (changed(unit="g"), "expected unit"),
    (changed(channels=[]), "expected 1 … 9 channels, got 0"),
    (changed(channels=[channel(name) for name in TEN]), "expected 1 … 9 channels, got 10"),
    (changed(channels=[channel("gyro.x", "rad/s")] * 2), "expected each channel once, got gyro.x 2 times"),
    (changed(channels=[channel("gyro.x", "deg/s")]), "expected the unit rad/s of the channel gyro.x, got 'deg/s'"),
    (changed(channels=[channel("gyro.w")]), "expected channels as acc.x, gyro.z or mag.magnitude"),
    (changed(channels=[{"name": "gyro.x"}]), "expected an entry 'unit', got none"),
    (changed(channels="acc"), "expected a list, got text at channels"),
    (changed(channels=[channel("gyro.x", "rad/s")]), "expected a number for each of 1 channels at normalisation.mean"),
    (changed(channels=[channel("acc.x", "m/s^2")], normalisation=None, front_end="pocket"), "for the front end pocket"),
    (changed(input_layout="wide"), "expected input layout"),
    (changed(normalisation=[]), "at normalisation"),
    (changed(normalisation={}), "expected an entry 'mean', got none at normalisation"),
    (changed(normalisation=normalisation(mean=[0, 0])), "at normalisation.mean"),
    (changed(normalisation=normalisation(mean=[0, 0, "0"])), "got text at normalisation.mean[2]"),
    (changed(normalisation=normalisation(mean=[0, 0, 1e5])), "expected means of at most 10000"),
    (changed(normalisation=normalisation(std=[1, 1, 0])), "expected deviations"),
    (changed(normalisation=normalisation(std=[1, 1, 1e-300])), "expected deviations"),
    (changed(normalisation=normalisation(folded=1)), "expected true or false"),
    (changed(normalisation=normalisation(more=1)), "expected only known entries, got 'more' at normalisation"),
    (changed(input_quantisation={"scale": 0, "zero_point": 0}), "expected a scale"),
    (changed(input_quantisation={"scale": 1e300, "zero_point": 0}), "expected a scale"),
    (changed(input_quantisation={"scale": 1, "zero_point": 128}), "expected an int8 zero point"),
    (changed(output_quantisation={"scale": 1}), "expected an entry 'zero_point'"),
]


@pytest.mark.parametrize(("content", "words"), REFUSED, ids=[f"{i} {row[1][:40]}" for i, row in enumerate(REFUSED)])
def test_refused_in_one_line(content, words):
    with pytest.raises(ContractError) as error:
        schema.decode(content, Contract, "x.json", error=ContractError)
    message = str(error.value)
    assert words in message and "x.json" in message and "\n" not in message.strip() and len(message) < 400


@dataclass(frozen=True)
class Inner:
    size: int = 1


class Document(msgspec.Struct):
    count: Annotated[int, msgspec.Meta(ge=0)]


@dataclass(frozen=True)
class Outer:
    name: str
    inner: Inner = field(default_factory=Inner)
    other: Inner | None = None


def test_dataclasses_within_dataclasses():
    assert schema.decode(b'{"name": "a", "other": {"size": 3}}', Outer, "x") == Outer("a", Inner(), Inner(3))
    with pytest.raises(EdgeharError, match="expected only known entries, got 'sise' at inner of x"):
        schema.decode(b'{"name": "a", "inner": {"sise": 3}}', Outer, "x")
    with pytest.raises(EdgeharError, match="expected an entry 'inner', got none"):
        schema.decode(b'{"name": "a", "other": null}', Outer, "x", complete=True)


def test_a_value_out_of_bounds_is_shown():
    with pytest.raises(EdgeharError, match=r"got text at \[\.\.\.\]\[1\] of x"):
        schema.decode(b'{"a": [1, "b"]}', dict[str, list[int]], "x")
    with pytest.raises(EdgeharError, match="expected a whole number >= 0, got -7 at count of x"):
        schema.decode(b'{"count": -7}', Document, "x")


@pytest.mark.parametrize("what", ["folder", "pipe", "device", "link to a device", "missing", "name with a null"])
def test_only_regular_files_are_read(tmp_path, what):
    path = tmp_path / "x.json"
    if what == "folder":
        path.mkdir()
    elif what == "pipe":
        os.mkfifo(path)
    elif what == "link to a device":
        path.symlink_to("/dev/zero")
    elif what == "name with a null":
        path = tmp_path / "x\0.json"
    elif what == "device":
        path = type(path)("/dev/zero")
    with pytest.raises(EdgeharError) as error:
        schema.read_json(path, dict)
    assert any(word in str(error.value) for word in ("expected a file at", "no such file", "cannot read"))


def test_the_contract_imports_no_numpy():
    code = "import sys, edgehar.contract, edgehar.schema\nprint('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"
