"""The compiler's one entry point."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from edgehar.channels import ACCELERATION, Channel
from edgehar.compile.c.blob import pack_blob
from edgehar.compile.c.emit import Labels, emit_header, emit_source
from edgehar.compile.c.names import DEFAULT, Names
from edgehar.compile.plan import make_plan
from edgehar.compile.read import read_network
from edgehar.contract import Contract, TensorQuantisation
from edgehar.data.polyphase import make_polyphase
from edgehar.errors import ContractError
from edgehar.files import write_bytes, write_text
from edgehar.front_end import LARGEST, UNIT
from edgehar.models import find_contract

#: `rate_holds` of firmware_ref/src/edgehar.c multiplies the time of half a window by 22 in 32 bits.
LONGEST_WINDOW_US = 380_000_000


def write_c(
    tflite_path: str | os.PathLike[str],
    out_dir: str | os.PathLike[str],
    *,
    kernels: str = "portable",
    hop: int | None = None,
    schedule: str = "hop",
    contract: Contract | None = None,
    name: str = DEFAULT,
    sensor_hz: float | None = None,
    blob: bool = False,
) -> list[Path]:
    """Write a header and a source for the engine: `model_data.h` and `model_data.c`, or as `name` says.

    The same model and options give the same bytes. Models of different names may be linked into one image.

    Args:
        tflite_path: an int8 .tflite.
        out_dir: folder for the two files, made where absent.
        kernels: kernel path that the weights are packed for: `portable`, `thumb` (Cortex-M0, M0+), `thumb2` (M3),
            `dsp` (M4, M7, M33), `mve` (M55), `riscv` (rv32im) or `vector` (hosts).
        hop: samples between decisions for the incremental engine; None for the whole-window engine, any hop.
        schedule: `hop`: compute when a decision is due; `spread`: compute as samples arrive.
        contract: labels and rate; by default those inside the .tflite, else class numbers at 20 Hz.
        sensor_hz: rate of a sensor, from which the device filters to the model's; None: it has the model's.
        name: word from which files and symbols are named; see `Names`.
    Returns:
        the two paths.
    Raises:
        EdgeharError: no .tflite, a hop or a sensor's rate out of range, no such name, a folder that cannot be written.
        ContractError: the engine does not cover the model; the message names the operator and the reason.
    """
    names = Names(name)
    network = read_network(Path(tflite_path))
    if contract is None:
        contract = find_contract(Path(tflite_path))
    source, classes = network.tensors[network.source], network.tensors[network.result].channels
    got = (classes, source.columns, source.channels)
    if contract is not None and (len(contract.labels), *contract.window_shape) != got:
        raise ContractError(
            f"expected {len(contract.labels)} classes of windows {contract.window_shape} by the contract, "
            f"got {classes} of {got[1:]} in {tflite_path}"
        )
    if contract is None and source.channels != len(ACCELERATION):
        raise ContractError(
            f"expected a contract that says what the {source.channels} channels of a sample are, got none "
            f"for {tflite_path}"
        )
    plan = make_plan(network, kernels=kernels, hop=hop, schedule=schedule)
    labels = Labels.of(contract, classes)
    if source.columns * labels.period_us > LONGEST_WINDOW_US:
        raise ContractError(
            f"expected a window of at most {LONGEST_WINDOW_US // 1_000_000} s for the C engine, which times it in "
            f"32 bits; got {source.columns} samples, one every {labels.period_us} µs, in {tflite_path}"
        )
    if sensor_hz is not None:
        _require_q8(labels.channels, TensorQuantisation(source.scale, source.zero_point))
    rate_hz = 1e6 / labels.period_us if contract is None else contract.rate_hz
    resampler = None if sensor_hz is None else make_polyphase(sensor_hz, rate_hz)
    texts = {
        names.header: emit_header(plan, labels, names, resampler),
        names.source: emit_source(plan, labels, names, resampler),
    }
    content = pack_blob(plan, labels) if blob else None
    paths = []
    for file, text in texts.items():
        paths.append(Path(out_dir) / file)
        write_text(paths[-1], text)
    if content is not None:
        paths.append(Path(out_dir) / names.blob)
        write_bytes(paths[-1], content)
    return paths


def _require_q8(channels: Sequence[Channel], quantisation: TensorQuantisation) -> None:
    """A magnetic field is the one value that may leave Q8 where int8 still holds it."""
    lowest, highest = ((code - quantisation.zero_point) * quantisation.scale for code in (-128, 127))
    largest = LARGEST / UNIT
    if any(one.sensor == "mag" for one in channels) and max(-lowest, highest) > largest + quantisation.scale / 2:
        raise ContractError(
            f"expected an input within ±{largest:g} µT for a sensor's own rate, got one of {lowest:.0f} to "
            f"{highest:.0f}; subtract the device's own field before training, or push samples at the model's rate"
        )
