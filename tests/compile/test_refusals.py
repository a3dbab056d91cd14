"""What the compiler does not cover, it refuses by name and reason, and writes nothing."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from edgehar.compile.c import write_c
from edgehar.compile.kernel_path import KERNEL_PATHS
from edgehar.contract import Contract
from edgehar.errors import ContractError, EdgeharError
from tests.firmware.networks import INT32, NetworkWriter


def base() -> NetworkWriter:
    net = NetworkWriter(1)
    net.conv(4, 3)
    return net


def finished(net: NetworkWriter) -> NetworkWriter:
    net.mean()
    net.dense(4)
    net.softmax(spread=None)  # no oracle runs what is refused
    return net


def unknown_operator(net: NetworkWriter) -> None:
    target = net.tensor([1, 1, net.columns, net.channels], 0.1)
    net.operator("ELU", [net.now], [target])
    net.now = target


def free_batch(net: NetworkWriter) -> None:
    net.operator("SHAPE", [net.now], [net.tensor([4], kind=INT32)])


def two_dimensions(net: NetworkWriter) -> None:
    net.conv(4, 4)
    net.graph.tensors[net.graph.operators[-1].inputs[1]].shape = [4, 2, 2, 4]


def weights_with_zero_point(net: NetworkWriter) -> None:
    net.conv(4, 3)
    net.graph.tensors[net.graph.operators[-1].inputs[1]].quantization.zeroPoint = [1, 0, 0, 0]


def overflow(net: NetworkWriter) -> None:
    net.conv(1, 3)
    bias = net.graph.tensors[net.graph.operators[-1].inputs[2]]
    net.model.buffers[bias.buffer].data = np.frombuffer(np.int32([2**31 - 1]).tobytes(), np.uint8)


def pool_that_rescales(net: NetworkWriter) -> None:
    net.pool("MAX_POOL_2D", 2, 2)
    net.graph.tensors[net.now].quantization.scale = [0.5]


def mean_over_channels(net: NetworkWriter) -> None:
    axis = net.tensor([1], kind=INT32, data=np.array([3], np.int32))
    target = net.tensor([1, 1, net.columns], 0.1)
    net.operator("MEAN", [net.now, axis], [target], schema.ReducerOptionsT())


def float_tensor(net: NetworkWriter) -> None:
    net.conv(4, 3)
    net.graph.tensors[net.now].type = schema.TensorType.FLOAT32


def mixed_channels(net: NetworkWriter) -> None:
    net._reshape([1, 1, net.columns // 2, net.channels * 2])
    net.columns, net.channels = net.columns // 2, net.channels * 2
    net.conv(4, 3)


CASES: dict[Callable[[NetworkWriter], None], str] = {
    unknown_operator: "ELU .* is not covered",
    free_batch: "SHAPE .* batch of 1",
    two_dimensions: "CONV_2D .* along time",
    weights_with_zero_point: "CONV_2D .* zero point",
    overflow: "CONV_2D .* overflow",
    pool_that_rescales: "MAX_POOL_2D .* quantisation",
    mean_over_channels: "MEAN .* over time",
    float_tensor: "CONV_2D .*: expected int8 in",
    mixed_channels: "CONV_2D .* expected time along one axis",
}


@pytest.mark.parametrize("change", CASES, ids=lambda case: case.__name__)
def test_refused_by_name(change, tmp_path):
    net = base()
    change(net)
    path = tmp_path / "model.tflite"
    path.write_bytes(finished(net).bytes())
    with pytest.raises(ContractError, match=CASES[change]):
        write_c(path, tmp_path / "c")
    assert not (tmp_path / "c").exists()


def test_no_softmax_at_the_end(tmp_path):
    net = base()
    net.mean()
    net.dense(4)
    path = tmp_path / "model.tflite"
    path.write_bytes(net.bytes())
    with pytest.raises(ContractError, match="ends in SOFTMAX"):
        write_c(path, tmp_path / "c")


def test_another_softmax_scale(tmp_path):
    net = finished(base())
    net.graph.tensors[net.now].quantization.zeroPoint = [0]
    path = tmp_path / "model.tflite"
    path.write_bytes(net.bytes())
    with pytest.raises(ContractError, match=r"SOFTMAX .* scale 1/256"):
        write_c(path, tmp_path / "c")


def test_labels_that_do_not_fit(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(finished(base()).bytes())
    with pytest.raises(ContractError, match=r"expected 3 classes .* got 4"):
        write_c(path, tmp_path / "c", contract=Contract(labels=("a", "b", "c")))


def test_a_window_beyond_the_clock_of_the_rate(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(finished(base()).bytes())
    slow = Contract(labels=("a", "b", "c", "d"), rate_hz=0.2)
    with pytest.raises(ContractError, match="at most 380 s"):
        write_c(path, tmp_path / "c", contract=slow)


def test_odd_labels_are_escaped(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(finished(base()).bytes())
    _, source = write_c(path, tmp_path / "c", contract=Contract(labels=('a "b"', "c\\d", "é??/", "*/ x")))
    text = source.read_text(encoding="ascii")
    assert '"a \\042b\\042"' in text and '"c\\134d"' in text and '"\\303\\251\\077\\077/"' in text


@pytest.mark.parametrize("content", [b"", b"not a model", b"\x1c\0\0\0TFL3" + b"\xff" * 64])
def test_other_files(tmp_path, content):
    path = tmp_path / "model.tflite"
    path.write_bytes(content)
    with pytest.raises(EdgeharError, match=r"model\.tflite"):
        write_c(path, tmp_path / "c")


def test_truncated_models_never_crash(tmp_path):
    content = finished(base()).bytes()
    path = tmp_path / "model.tflite"
    for length in range(8, len(content), 97):
        path.write_bytes(content[:length])
        try:
            write_c(path, tmp_path / "c")
        except EdgeharError:
            continue


def test_unknown_kernels_and_schedule(tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(finished(base()).bytes())
    with pytest.raises(EdgeharError, match="kernels of " + ", ".join(KERNEL_PATHS)):
        write_c(path, tmp_path / "c", kernels="neon")
    with pytest.raises(EdgeharError, match="schedule of hop, spread"):
        write_c(path, tmp_path / "c", hop=4, schedule="never")
