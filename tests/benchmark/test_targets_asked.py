"""Which rows of emulated cores `bench` measures, and what is refused before anything is timed."""

from __future__ import annotations

import pytest

from edgehar.benchmark import emulated, qemu
from edgehar.benchmark.targets import import_measure
from edgehar.cli import main
from edgehar.errors import BundleError


@pytest.fixture
def asked(monkeypatch):
    """Stand-ins for the tools and the counting; what is asked of it."""
    found = []

    def measure(source, target, *, hop=None):
        found.append((target, hop))
        engine = "whole window" if hop is None else f"incremental hop {hop} (hop)"
        return {"target": target, "engine": engine, "instructions": 5}

    monkeypatch.setattr(emulated, "measure", measure)
    monkeypatch.setattr(qemu, "require_tools", lambda: None)
    return found


def test_each_hop_is_counted_beside_the_whole_window(bundle_of, asked, tmp_path, capsys):
    words = ["bench", str(bundle_of("micro")), "--dataset", "golden", "--quick", "--runtimes", "litert-int8"]
    words += ["--target", "cortex-m4", "--out", str(tmp_path / "results")]
    assert main([*words, "--engine", "incremental", "--hop", "20", "--hop", "40"]) == 0
    assert asked == [("cortex-m4", None), ("cortex-m4", 20), ("cortex-m4", 40)]
    assert "cortex-m4, hop 40" in capsys.readouterr().out
    asked.clear()
    assert main(words) == 0
    assert asked == [("cortex-m4", None)]


def test_a_folder_without_a_model_is_refused_at_once(bundle_of, asked, tmp_path):
    with pytest.raises(BundleError, match="expected a bundle"):
        import_measure(["cortex-m4"], tmp_path)
    assert import_measure(["cortex-m4"], bundle_of("micro"))("cortex-m4", None)["instructions"] == 5
