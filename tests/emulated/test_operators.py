"""Networks of many operators on emulated cores: the decisions of the portable engine on the host, byte for byte."""

from __future__ import annotations

import subprocess

import numpy as np
import pytest

from edgehar.benchmark.emulated import DECISION, build_image, replay
from edgehar.compile.c import write_c
from edgehar.compile.read import read_network

from ..firmware.networks import stream_of
from ..firmware.operator_networks import operator_network
from .test_images import ROOT, _host_lines

pytestmark = pytest.mark.emulated

#: A core of each kernel path, and a network of new operators for each; incremental where the hop is given.
RUNS = (
    ("cortex-m0", "squeeze-excite", None),
    ("cortex-m3", "join-four", 20),
    ("cortex-m4", "causal-last", 4),
    ("cortex-m55", "apart", 20),
    ("cortex-m55", "sum", None),
    ("cortex-m55", "gate", None),
    ("cortex-m55", "mul-columns", None),
    ("cortex-m55", "add-channels", None),
    ("cortex-m55", "prelu", None),
)


@pytest.mark.parametrize(("core", "block", "hop"), RUNS)
def test_a_core_decides_as_the_host_does(core, block, hop, tmp_path):
    tflite = tmp_path / "model.tflite"
    tflite.write_bytes(operator_network(block, 0))
    step = hop or 10
    network = read_network(tflite)
    source = network.tensors[network.source]
    quantised = stream_of(np.random.default_rng(1), 200).astype(np.float32)
    samples = (quantised - source.zero_point) * np.float32(source.scale)
    host, board = tmp_path / "host", tmp_path / "board"
    write_c(tflite, host)
    make = ["make", "-s", "-C", str(ROOT / "firmware_ref"), "host", f"MODEL={host}", f"BUILD={host}"]
    subprocess.run(make, check=True, capture_output=True)
    times = np.arange(200) * 50_000
    expected = _host_lines(host / "host" / "edgehar_host", samples, times, step)
    image = build_image(tflite, core, board, hop=hop)
    pushes = [push for push in replay(core, image, samples, step, board).decisions if push.status == DECISION]
    assert [(list(push.p), push.label) for push in pushes] == [(line["p"], line["label"]) for line in expected]
    assert len({push.p for push in pushes}) > 3
