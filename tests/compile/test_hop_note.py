"""A hop at which nothing survives is said, with the hops that do better."""

from __future__ import annotations

import pytest

from edgehar.compile.incremental_plan import hop_note
from edgehar.compile.plan import make_plan
from edgehar.compile.read import read_network

from ..firmware.networks import SAME, NetworkWriter


def network_of(tmp_path, strides, padding=None):
    net = NetworkWriter(1)
    for stride in strides:
        net.conv(4, 3, stride, *(() if padding is None else (padding,)))
    net.mean()
    net.dense(4)
    net.softmax()
    (tmp_path / "model.tflite").write_bytes(net.bytes())
    return read_network(tmp_path / "model.tflite")


@pytest.mark.parametrize(("hop", "named"), [(21, "18, 20, 22"), (1, "2, 4, 6"), (79, "74, 76, 78")])
def test_the_good_hops_are_named(tmp_path, hop, named):
    network = network_of(tmp_path, (2, 2))
    note = hop_note(network, hop)
    assert f"a hop of {hop}:" in note and f"save work: {named} " in note
    whole = make_plan(network)
    assert make_plan(network, hop=hop).macs == whole.macs
    for good in map(int, named.split(", ")):
        assert hop_note(network, good) is None and make_plan(network, hop=good).macs <= whole.macs


def test_a_hop_that_saves_is_not_noted(tmp_path):
    assert hop_note(network_of(tmp_path, (1, 1)), 21) is None


def test_padding_leaves_no_good_hop(tmp_path):
    note = hop_note(network_of(tmp_path, (1,), SAME), 20)
    assert "since CONV_2D" in note and "pads" in note and "at any hop" in note and "x[:, -1]" in note


def test_export_warns(tmp_path, run_cli):
    done = run_cli(
        "export", "--int8", "--model", "micro", "--c-hop", 21, "--no-gate", "--out", tmp_path / "b", cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert "note: no layer's output survives a hop of 21" in done.stderr and "18, 20, 22" in done.stderr
    done = run_cli("export", "--model", "micro", "--c-hop", 20, "--out", tmp_path / "c", cwd=tmp_path)
    assert done.returncode == 2 and "--int8" in done.stderr
