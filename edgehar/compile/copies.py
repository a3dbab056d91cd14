"""Operators that compute nothing: they put columns or channels elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgehar.compile.advice import or_else
from edgehar.compile.builder import INT32, Builder
from edgehar.errors import ContractError

if TYPE_CHECKING:
    from ai_edge_litert import schema_py_generated as schema


def _axis_of_time(shape: tuple[int, ...]) -> int:
    """The axis of (batch, time, channels) and of its forms with four dimensions; 0 where there is none."""
    if len(shape) < 3:
        return 0
    return 2 if len(shape) == 4 and shape[1] == 1 else 1


def _same_quantisation(builder: Builder, stream: int, output: int, where: str) -> None:
    tensor = builder.tensors[stream]
    if builder.quantisation(output, where) != (tensor.scale, tensor.zero_point):
        raise ContractError(f"{where}: a copy that changes the quantisation is not covered")


def pad(builder: Builder, operator: schema.OperatorT, where: str) -> None:
    """PAD along time, with the zero point."""
    index, output = int(operator.inputs[0]), int(operator.outputs[0])
    stream, shape = builder.stream(index, where), builder.shape(index)
    widths = builder.constant(int(operator.inputs[1]), INT32, where)
    time = _axis_of_time(shape)
    if widths.shape != (len(shape), 2) or not time or widths.min() < 0 or np.delete(widths, time, 0).any():
        raise ContractError(or_else(f"{where}: only padding along time is covered; use ZeroPadding1D"))
    _same_quantisation(builder, stream, output, where)
    before, after = (int(width) for width in widths[time])
    tensor = builder.tensors[stream]
    builder.add_layer(
        "gather", where, (stream,), output, tensor.columns + before + after, tensor.channels,
        pad_left=before, pad_right=after,
    )  # fmt: skip


def strided_slice(builder: Builder, operator: schema.OperatorT, where: str) -> None:
    """STRIDED_SLICE that takes neighbouring columns, with all their channels: Cropping1D, x[:, -1]."""
    index, output = int(operator.inputs[0]), int(operator.outputs[0])
    stream, shape = builder.stream(index, where), builder.shape(index)
    begin, end, step = (builder.constant(int(i), INT32, where).ravel().tolist() for i in operator.inputs[1:4])
    options = operator.builtinOptions
    time = _axis_of_time(shape)
    refusal = ContractError(
        or_else(f"{where}: only a slice of neighbouring steps is covered; use Cropping1D or x[:, -1]")
    )
    if options.ellipsisMask or options.newAxisMask or not len(begin) == len(end) == len(step) == len(shape):
        raise refusal
    kept = range(1)
    for axis, size in enumerate(shape):
        bit = 1 << axis
        if options.shrinkAxisMask & bit:
            at = begin[axis] + (size if begin[axis] < 0 else 0)
            taken = range(at, at + 1)
        elif step[axis] == 0:
            raise refusal
        else:
            first = None if options.beginMask & bit else begin[axis]
            last = None if options.endMask & bit else end[axis]
            taken = range(size)[first : last : step[axis]]
        if axis == time:
            kept = taken
        elif taken != range(size):
            raise refusal
    tensor = builder.tensors[stream]
    if not time or len(kept) < 1 or kept.step != 1 or kept[0] < 0 or kept[-1] >= tensor.columns:
        raise refusal
    _same_quantisation(builder, stream, output, where)
    # A kernel that reaches to the window's end, and of which the first column is taken.
    builder.add_layer(
        "gather", where, (stream,), output, len(kept), tensor.channels,
        kernel=tensor.columns - kept[-1], lead=(kept[0],),
    )  # fmt: skip


def space_to_batch(builder: Builder, operator: schema.OperatorT, where: str) -> None:
    """SPACE_TO_BATCH_ND: where two dilated convolutions read one tensor, converters put its columns into a batch."""
    index, output = int(operator.inputs[0]), int(operator.outputs[0])
    stream = builder.stream(index, where)
    blocks, (before, after) = _blocks(builder, operator, index, where)
    if before + after:
        tensor = builder.tensors[stream]
        stream = builder.add_inner(
            "gather", f"{where} (padding)", (stream,), tensor.columns + before + after, tensor.channels,
            pad_left=before, pad_right=after,
        )  # fmt: skip
    builder.put_apart(output, stream, blocks, where)


def batch_to_space(builder: Builder, operator: schema.OperatorT, where: str) -> None:
    """BATCH_TO_SPACE_ND: the columns in their order again, some at the ends left out."""
    index, output = int(operator.inputs[0]), int(operator.outputs[0])
    stream = builder.convolved(index, where)
    blocks, (before, after) = _blocks(builder, operator, output, where)
    tensor = builder.tensors[stream]
    if builder.apart.get(index, 1) != blocks or before + after >= tensor.columns:
        raise ContractError(f"{where}: only columns that SPACE_TO_BATCH_ND took apart are put together")
    _same_quantisation(builder, stream, output, where)
    builder.add_layer(
        "gather", where, (stream,), output, tensor.columns - before - after, tensor.channels,
        kernel=1 + after, lead=(before,) if before else (),
    )  # fmt: skip


def _blocks(builder: Builder, operator: schema.OperatorT, whole: int, where: str) -> tuple[int, tuple[int, int]]:
    """How far apart neighbours lie in the batch, and the columns at both ends; `whole`: the tensor in its order."""
    blocks = builder.constant(int(operator.inputs[1]), INT32, where).ravel().tolist()
    ends = builder.constant(int(operator.inputs[2]), INT32, where).reshape(-1, 2).tolist()
    time = _axis_of_time(builder.shape(whole)) - 1
    others = [(block, end) for axis, (block, end) in enumerate(zip(blocks, ends, strict=False)) if axis != time]
    if not 0 <= time < len(blocks) == len(ends) or any(other != (1, [0, 0]) for other in others):
        raise ContractError(or_else(f"{where}: only columns are taken apart; use dilation along time"))
    if blocks[time] < 1 or min(ends[time]) < 0:
        raise ContractError(f"{where}: blocks of {blocks[time]} and ends of {ends[time]} cannot be")
    return int(blocks[time]), (int(ends[time][0]), int(ends[time][1]))


def concatenate(builder: Builder, operator: schema.OperatorT, where: str) -> None:
    """CONCATENATION of channels, two streams at a time."""
    output, options = int(operator.outputs[0]), operator.builtinOptions
    shape = builder.shape(output)
    if options.fusedActivationFunction or len(shape) < 2 or options.axis % len(shape) != len(shape) - 1:
        raise ContractError(or_else(f"{where}: only channels are joined; use Concatenate along the last axis"))
    streams = [_as_seen(builder, int(index), where) for index in operator.inputs]
    if len(streams) < 2 or len({builder.tensors[stream].columns for stream in streams}) != 1:
        raise ContractError(or_else(f"{where}: tensors of different lengths are not joined; use equal steps"))
    for stream in streams:
        _same_quantisation(builder, stream, output, where)
    joined, columns, channels = streams[0], builder.tensors[streams[0]].columns, builder.tensors[streams[0]].channels
    for number, stream in enumerate(streams[1:], 1):
        channels += builder.tensors[stream].channels
        if number < len(streams) - 1:
            joined = builder.add_inner("join", f"{where} (first {number + 1})", (joined, stream), columns, channels)
        else:
            builder.add_layer("join", where, (joined, stream), output, columns, channels)


def _as_seen(builder: Builder, index: int, where: str) -> int:
    """The stream as its tensor's shape shows it: flattened, it is one column."""
    shape, stream = builder.shape(index), builder.stream(index, where, any_view=True)
    tensor = builder.tensors[stream]
    if shape != (1, tensor.columns * tensor.channels) or tensor.columns == 1:
        return builder.stream(index, where)
    return builder.add_inner(
        "gather", f"{where} (flat)", (stream,), 1, shape[1],
        kernel=tensor.columns, stride=tensor.columns, taps=tensor.columns, apart=tensor.channels,
    )  # fmt: skip
