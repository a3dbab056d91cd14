"""The baseline's script: against a stand-in of CMSIS-NN's interface, since its sources are not part of the project."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from edgehar.benchmark.qemu import build_error
from edgehar.compile.read import read_network
from edgehar.errors import EdgeharError
from tests.scripts import load_runner

from ..firmware.operator_networks import operator_network

ROOT = Path(__file__).resolve().parents[2]
STUB = ROOT / "tests" / "benchmark" / "cmsis_nn_stub"


BASELINE = load_runner("baseline_cmsis_nn")


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """The stand-in in the folders of a checkout, its depthwise convolution in need of another folder; one file is none
    for int8, and does not compile."""
    for name in ("Include", *(f"Source/{folder}" for folder in (*BASELINE.FOLDERS, *BASELINE.LATER_FOLDERS))):
        (tmp_path / "cmsis-nn" / name).mkdir(parents=True)
    sources = tmp_path / "cmsis-nn" / "Source"
    shutil.copy(STUB / "arm_nnfunctions.h", tmp_path / "cmsis-nn" / "Include")
    text = (STUB / "stub_s8.c").read_text()
    depthwise = text.index("arm_cmsis_nn_status arm_depthwise_conv_wrapper_s8")
    calling = text[depthwise:].replace("(void)ctx;", "(void)ctx;\n    arm_transpose_s8();", 1)
    (sources / "ConvolutionFunctions" / "stub_s8.c").write_text(
        text[:depthwise] + "void arm_transpose_s8(void);\n" + calling
    )
    (sources / "TransposeFunctions" / "arm_transpose_s8.c").write_text("void arm_transpose_s8(void) {}\n")
    (sources / "NNSupportFunctions" / "arm_other_f16.c").write_text("#error no such type\n")
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


@pytest.mark.emulated
def test_a_layer_that_it_refuses_is_named(
    checkout: Path, bundle_of: Callable[[str], Path], capsys: pytest.CaptureFixture[str]
) -> None:
    stub = checkout / "Source" / "ConvolutionFunctions" / "stub_s8.c"
    text = stub.read_text()
    begin = text.rindex("return ARM_CMSIS_NN_SUCCESS")
    stub.write_text(text[:begin] + text[begin:].replace("ARM_CMSIS_NN_SUCCESS", "ARM_CMSIS_NN_FAILURE"))
    assert BASELINE.main([str(checkout), str(bundle_of("nano")), "--target", "cortex-m55"]) == 2
    said = capsys.readouterr()
    assert "DEPTHWISE_CONV_2D" in said.err and ", the 2. convolution of 4, got its status -3" in said.err
    assert said.out == ""


@pytest.mark.parametrize("block", ["dilated", "dilated-depthwise"])
def test_dilation_is_refused(block: str, tmp_path: Path) -> None:
    content = operator_network(block, 0)
    (tmp_path / "model.tflite").write_bytes(content)
    network = read_network(tmp_path / "model.tflite")
    with pytest.raises(EdgeharError, match="expected convolutions without dilation, got "):
        BASELINE.emit(network, BASELINE.trace(network, content), (STUB / "arm_nnfunctions.h").read_text())


def test_of_the_linkers_words_those_are_told_that_say_why() -> None:
    words = "x.c:(.text+0xf0): undefined reference to `arm_transpose_s8'\ncollect2: error: ld returned 1 exit status\n"
    assert str(build_error("m55", "CMSIS-NN", words)) == (
        "cannot build CMSIS-NN for cortex-m55: x.c:(.text+0xf0): undefined reference to `arm_transpose_s8'"
    )
    over = "ld: region `RAM' overflowed by 5120 bytes\ncollect2: error: ld returned 1 exit status\n"
    assert str(build_error("m0", "CMSIS-NN", over)).startswith("CMSIS-NN needs 5,120 bytes more RAM than microbit")
    assert str(build_error("m4", "CMSIS-NN", "")) == "cannot build CMSIS-NN for cortex-m4: no word of why"
