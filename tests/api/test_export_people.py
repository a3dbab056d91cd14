"""An export says whether its figures are of people whom the model has seen."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

import edgehar
from edgehar.bundle.gate import JudgedFile
from edgehar.bundle.write import ExportResult
from edgehar.report.export_tables import show

ROWS = [JudgedFile(name, 0.9, 0.9, None, 1.0, 0.0) for name in ("model.keras", "model_float.tflite")]


@pytest.mark.parametrize(
    ("split", "heading", "note"),
    [
        (None, "On people who were not trained on", ""),
        ("none", "On people of whom the model has seen some or all", "nobody is kept for a test"),
        ("leave:1,2", "On people of whom the model has seen some or all", "was trained on 1 of 2 test people"),
    ],
)
def test_what_the_table_is_of(split, heading, note, monkeypatch, capsys, tmp_path):
    """Person 1 of HAPT was trained on, person 2 was not; nothing is converted here."""
    module = importlib.import_module("edgehar.api.export")

    def written(*_: object, notes: tuple[str, ...], **__: object) -> ExportResult:
        return ExportResult(Path("b"), ROWS, [], {row.file: 1 for row in ROWS}, None, None, notes)

    monkeypatch.setattr(module, "export_bundle", written)
    monkeypatch.setattr(
        edgehar.models, "load", lambda name: (None, edgehar.models.read_contract(edgehar.models.resolve(name)))
    )
    result = edgehar.export("nano", out=tmp_path / "b", split=split)
    show(result)
    assert heading in capsys.readouterr().out
    assert len(result.notes) == bool(note) and all(note in said for said in result.notes)
