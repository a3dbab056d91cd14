"""`crossval --align`: every fold's recordings turned by their own walking, with those of training or alone."""

import json

import pytest

from edgehar.cli import main
from edgehar.training import run
from tests.training.crossval.conftest import QUICK


@pytest.mark.parametrize("align", ["all", "measured", "both"])
def test_the_folds_are_measured_on_turned_recordings(align, recordings, tmp_path, monkeypatch, capsys):
    """What is asked for reaches each fold's training; what did not walk is told."""
    seen = []
    prepare = run.prepare

    def watched(plan, dataset):
        prepared = prepare(plan, dataset)
        seen.append((plan.align, prepared))
        return prepared

    monkeypatch.setattr(run, "prepare", watched)
    flag = ["--align"] if align == "all" else ["--align", align]
    words = ["crossval", "--dataset", str(recordings), "--folds", "2", *QUICK, *flag, "--out", str(tmp_path / "run")]
    assert main(words) == 0, capsys.readouterr().err
    assert [word for word, _ in seen] == [align, align] and all(one.contract.walking_gravity for _, one in seen)
    for _, one in seen:
        copied = {
            subject for subject, name in zip(one.coarse.subject, one.coarse.recording, strict=True) if "aligned" in name
        }
        assert copied == (set(one.split.train + one.split.validation) if align == "both" else set())
    fold = json.loads((tmp_path / "run" / "fold-01.json").read_text())
    assert fold["unaligned"] == []
    assert json.loads((tmp_path / "run" / "crossval.json").read_text())["plan"]["run"]["align"] == align
