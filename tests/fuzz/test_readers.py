"""The corpora of all readers once more, and that valid inputs are read: `make fuzz` goes on from there."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgehar.errors import EdgeharError

from .__main__ import CORPUS, SHARES
from .readers import READERS

#: Seeds of which one of a target's readers makes nothing.
REFUSED = {("phyphox", "get"), ("toml", "schema"), ("tables", "logger")}


@pytest.mark.parametrize("name", READERS)
def test_valid_inputs_are_read(name, tmp_path):
    reader, read = READERS[name], 0
    for seed, content in reader.seeds().items():
        if (name, seed) in REFUSED:
            with pytest.raises(EdgeharError):
                reader.read(content, tmp_path)
        else:
            reader.read(content, tmp_path)
            read += 1
    assert read


@pytest.mark.parametrize("name", READERS)
def test_nothing_but_an_error_of_ours_leaves_a_reader(name, tmp_path):
    inputs = sorted((CORPUS / name).iterdir())
    outcomes = set()
    for path in inputs:
        try:
            READERS[name].read(path.read_bytes(), tmp_path)
            outcomes.add(None)
        except EdgeharError as error:
            assert "\n" not in str(error), path.name
            outcomes.add(type(error))
    assert inputs


#: What was found by hand or by fuzzing, and by whom it is read.
FOUND = [
    ("phyphox", b'{"inputs": 5}'), ("phyphox", b'{"inputs": [{"source": "accelerometer", "outputs": [1]}]}'),
    ("phyphox", b'{"status": [1], "buffer": 3}'),
    ("phyphox", b'{"buffer": {"accX": {"buffer": [' + b"9" * 400 + b"]}}}"),
    ("phyphox", b"[" * 8000), ("sensorlogger", b"[" * 8000), ("sensorserver", b"[" * 8000),
    ("sensorlogger", b'{"payload": [{"name": "gravity", "time": 1e999, "values": {"x": 1, "y": 1, "z": 1}}]}'),
    ("toml", b"a = " + b"[" * 8000),
]  # fmt: skip


@pytest.mark.parametrize("case", FOUND, ids=lambda case: f"{case[0]}-{case[1][:20]!r}")
def test_what_was_found(case, tmp_path):
    name, content = case
    try:
        READERS[name].read(content, tmp_path)
    except EdgeharError as error:
        assert "\n" not in str(error)


def test_every_reader_has_its_share():
    assert set(SHARES) == set(READERS) and sum(SHARES.values()) == pytest.approx(100)
    assert {path.name for path in Path(CORPUS).iterdir()} == set(READERS)
