"""The planner's figures against the design's, against the file that is written, and against real activations."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from edgehar.compile.incremental import incremental_model
from edgehar.compile.incremental_plan import figures, near, plan_step, whole_macs
from edgehar.compile.plan import splits
from edgehar.compile.read import read_network
from edgehar.errors import ContractError, EdgeharError
from edgehar.streaming.model import open_incremental_model
from tests.firmware.networks import SAME, NetworkWriter
from tests.incremental.conftest import contract_of, whole_window


@pytest.fixture(scope="module")
def article(bundle) -> Path:
    return bundle / "model_int8.tflite"


@pytest.mark.parametrize(("hop", "millions"), [(3, 0.73), (9, 1.92), (20, 4.33), (21, 3.80), (39, 6.29), (80, 8.69)])
def test_work_of_the_article_network(article, hop, millions):
    assert round(plan_step(read_network(article), hop).macs / 1e6, 2) == millions


@pytest.mark.parametrize("hop", [1, 2, 3, 7, 9, 20, 21, 39, 40, 80])
def test_the_file_holds_what_is_planned(article, hop):
    made = incremental_model(article, hop)
    plan = figures(read_network(article), hop)
    interpreter = Interpreter(model_content=made.content)
    inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
    assert [detail["name"] for detail in inputs][:2] == ["samples", "state_0"][: len(inputs)]
    assert list(inputs[0]["shape"]) == [1, hop, 3]
    assert sum(int(np.prod(detail["shape"])) for detail in inputs[1:]) == plan["state_bytes"]
    assert [list(d["shape"]) for d in inputs[1:]] == [list(d["shape"]) for d in outputs[1:]]
    tensors = {detail["index"]: detail for detail in interpreter.get_tensor_details()}
    computed = [
        int(tensors[op["outputs"][0]]["shape"][2])
        for op in interpreter._get_ops_details()
        if op["op_name"] == "CONV_2D"
    ]
    assert computed == [row["computed"] for row in plan["layers"] if row["layer"].startswith("CONV_2D")]


@pytest.mark.parametrize("hop", [3, 20])
def test_survivors_are_equal_activations_of_two_windows(article, hop):
    """Run two overlapping windows whole: what the plan says survives is equal, column for column."""
    interpreter = Interpreter(
        str(article),
        experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
        experimental_preserve_all_tensors=True,
    )
    interpreter.allocate_tensors()
    source = interpreter.get_input_details()[0]["index"]
    samples = np.random.default_rng(4).integers(-128, 128, (1, 80 + hop, 3)).astype(np.int8)
    network = read_network(article)
    plan = figures(network, hop)
    seen = []
    for start in (0, hop):
        interpreter.set_tensor(source, samples[:, start : start + 80])
        interpreter.invoke()
        seen.append([interpreter.get_tensor(network.tensors[layer.output].index) for layer in network.layers])
    checked = 0
    for row, before, after in zip(plan["layers"], *seen, strict=True):
        if row["incremental"]:
            columns = row["survive"]
            assert columns == row["columns"] - row["computed"]
            np.testing.assert_array_equal(after[0, 0, :columns], before[0, 0, -columns:])
            checked += columns
    assert checked > 70


def test_near_has_the_hop_and_nothing_cheaper_is_missed(article):
    network = read_network(article)
    found = near(network, 20)
    best = min(range(15, 26), key=lambda hop: plan_step(network, hop).macs / hop)
    assert 20 in [entry["hop"] for entry in found] and best in [entry["hop"] for entry in found]
    assert near(network, 1)[0]["hop"] == 1
    assert near(network, 80)[-1]["hop"] == 80


@pytest.mark.parametrize("hop", [0, -1, 81, 1.5, "3", None, True])
def test_hops_that_cannot_be(article, hop):
    for attempt in (lambda: incremental_model(article, hop), lambda: figures(read_network(article), hop)):
        with pytest.raises(EdgeharError, match="expected a hop of 1 to 80 samples, got"):
            attempt()
    with pytest.raises(EdgeharError, match="hop"):
        open_incremental_model(article, hop=hop)


def padded() -> bytes:
    net = NetworkWriter(5)
    net.conv(8, 5, 1, SAME)
    net.mean()
    net.dense(4)
    net.softmax()
    return net.bytes()


def global_first() -> bytes:
    """A mean over the window, then layers that look like convolutions over one column."""
    net = NetworkWriter(6)
    net.mean()
    net.dense(12, activation=1)
    net.dense(3)
    net.softmax()
    return net.bytes()


@pytest.mark.parametrize("make", [padded, global_first])
def test_networks_that_forbid_increments_run_whole_windows_and_say_so(make, tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(make())
    assert splits(read_network(path), 4) == [0]
    made = incremental_model(path, 4, contract_of(path))
    assert made.plan.note is not None and "every step runs the whole window" in made.plan.note
    assert made.plan.macs == whole_macs(made.plan.network) and made.plan.state_bytes == 76 * 3
    model = Interpreter(model_content=made.content, experimental_op_resolver_type=OpResolverType.BUILTIN_REF)
    model.allocate_tensors()
    inputs, outputs = model.get_input_details(), model.get_output_details()
    samples = np.random.default_rng(1).integers(-128, 128, (120, 3)).astype(np.int8)
    oracle = whole_window(path.read_bytes(), "litert-int8-reference")
    for end in range(4, 121, 4):
        model.set_tensor(inputs[0]["index"], samples[None, end - 4 : end])
        model.invoke()
        model.set_tensor(inputs[1]["index"], model.get_tensor(outputs[1]["index"]))
        if end >= 80:
            expected = oracle(samples[end - 80 : end])
            np.testing.assert_array_equal(model.get_tensor(outputs[0]["index"]).reshape(-1), expected)


def test_files_that_are_no_int8_model(bundle, tmp_path):
    with pytest.raises(ContractError, match="int8"):
        incremental_model(bundle / "model_float.tflite", 3)
    with pytest.raises(EdgeharError, match=r"got something else: .*model\.onnx"):
        incremental_model(bundle / "model.onnx", 3)
    with pytest.raises(EdgeharError, match="no such file"):
        incremental_model(tmp_path / "absent.tflite", 3)
    bare = tmp_path / "bare.tflite"
    bare.write_bytes(padded())
    with pytest.raises(ContractError, match="no contract inside"):
        incremental_model(bare, 3)


def test_command(bundle, run_cli):
    done = run_cli("plan", bundle, "--hop", "21")
    assert done.returncode == 0, done.stderr
    assert "3,795,960" in done.stdout and "8,685,960" in done.stdout and "state" in done.stdout
    done = run_cli("plan", bundle / "model_int8.tflite", "--hop", "21", "--json")
    plan = json.loads(done.stdout)
    assert plan == json.loads(json.dumps(figures(read_network(bundle / "model_int8.tflite"), 21)))
    assert plan["c_engine"]["spread"]["late_macs"] < plan["c_engine"]["hop"]["macs"] <= plan["macs"]
    for arguments, words in (
        (("--hop", "0"), "expected a hop of 1 to 80"),
        (("--hop", "81"), "expected a hop of 1 to 80"),
        (("--hop", "2.5"), "not a valid integer"),
    ):
        done = run_cli("plan", bundle, *arguments)
        assert done.returncode == 2 and words in done.stderr and len(done.stderr.splitlines()) == 1
