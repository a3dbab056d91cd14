"""The int8 files that ship are exports of the weights that ship."""

from __future__ import annotations

import json

import numpy as np
import pytest

import edgehar
from edgehar import cli, data, models
from edgehar.files import sha256_file
from edgehar.models.registry import _folder
from edgehar.runtimes import open_model


def test_each_was_made_of_the_weights_beside_it():
    told = json.loads((_folder() / "int8" / "files.json").read_text())
    assert set(told) == set(models.int8_names()) >= {"micro", "micro-pocket", "micro-wrist"}
    for name, entry in told.items():
        assert entry["keras_sha256"] == sha256_file(models.shipped(name)), f"{name}: run benchmarks/int8_files.py"
        assert entry["bytes"] == models.int8_file(name).stat().st_size


def test_micro_is_byte_for_byte_what_an_export_writes(bundle_of):
    assert models.int8_file("micro").read_bytes() == (bundle_of("micro") / "model_int8.tflite").read_bytes()


@pytest.mark.parametrize("name", ["micro-pocket", "micro-wrist"])
def test_contracts_and_answers_are_those_of_the_weights(name):
    opened = open_model(models.int8_file(name))
    contract = models.read_contract(models.shipped(name))
    assert opened.contract.labels == contract.labels and opened.contract.same_input(contract)
    # What the weights' own front end makes of people at the waist: nobody's training, but real movement.
    recording = data.load("hapt").recordings[8]
    x = data.resampling.contract_parts(recording, contract)[0].acc
    windows = np.stack([x[start : start + 80] for start in range(0, 6400, 40)])
    kept = open_model(models.shipped(name))
    ours, theirs = opened.predict(windows), kept.predict(windows)
    opened.close()
    kept.close()
    assert (ours.argmax(1) == theirs.argmax(1)).mean() >= 0.95 and len(set(ours.argmax(1))) >= 3


def test_a_name_streams_and_a_file_of_that_name_goes_first(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["stream", "hapt", "--bundle", "micro"]) == 0
    assert "decisions" in capsys.readouterr().out
    (tmp_path / "micro").mkdir()
    assert cli.main(["stream", "hapt", "--bundle", "micro"]) == 2
    assert "without manifest.json" in capsys.readouterr().err
    assert edgehar.model_cards("micro-pocket")[0].placement == "pocket"
