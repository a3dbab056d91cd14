"""The baseline's script: against a stand-in of CMSIS-NN's interface, since its sources are not part of the project."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.scripts import load_runner

ROOT = Path(__file__).resolve().parents[2]
STUB = ROOT / "tests" / "benchmark" / "cmsis_nn_stub"


BASELINE = load_runner("baseline_cmsis_nn")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The stand-in in the folders of a checkout."""
    for name in ("Include", *(f"Source/{folder}" for folder in BASELINE.FOLDERS)):
        (tmp_path / "cmsis-nn" / name).mkdir(parents=True)
    shutil.copy(STUB / "arm_nnfunctions.h", tmp_path / "cmsis-nn" / "Include")
    shutil.copy(STUB / "stub_s8.c", tmp_path / "cmsis-nn" / "Source" / "ConvolutionFunctions")
    return tmp_path / "cmsis-nn"


def test_without_sources_it_says_what_is_missing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert BASELINE.main([str(tmp_path), str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: expected the sources of CMSIS-NN in") and "arm_nnfunctions.h" in said
    assert said.count("\n") == 1


@pytest.mark.emulated
def test_instructions_and_cycles_stand_beside_edgehars(
    checkout: Path, bundle_of: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert BASELINE.main([str(checkout), str(bundle_of("nano")), "--target", "cortex-m4"]) == 0
    rows = [line.rsplit(maxsplit=3) for line in capsys.readouterr().out.splitlines()[1:]]
    assert [row[0].split(",")[0] for row in rows] == ["CMSIS-NN", "edgehar"]
    baseline, own = ([int(cell.replace(",", "")) for cell in row[1:]] for row in rows)
    assert baseline[0] > own[0] > 0 and baseline[1] > baseline[0] and own[1] > own[0]


@pytest.mark.emulated
def test_other_bytes_are_no_baseline(
    checkout: Path, bundle_of: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    stub = checkout / "Source" / "ConvolutionFunctions" / "stub_s8.c"
    text = stub.read_text()
    assert text.count("(mask >> 1)") == 1
    stub.write_text(text.replace("(mask >> 1)", "mask"))
    assert BASELINE.main([str(checkout), str(bundle_of("nano")), "--target", "cortex-m4"]) != 0
    assert "not the same work" in capsys.readouterr().err
