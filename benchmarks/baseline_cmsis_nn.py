"""What CMSIS-NN's kernels cost for the convolutions of a model, made again from sources that you have.

    python benchmarks/baseline_cmsis_nn.py CMSIS-NN BUNDLE [--target cortex-m4]

CMSIS-NN is a checkout with Include/arm_nnfunctions.h and Source/. Each convolution of the model is run once, on made-up
input, through `arm_convolve_wrapper_s8` or `arm_depthwise_conv_wrapper_s8`, and its bytes are compared with those of
TFLite's reference kernels. Printed are instructions, counted, and cycles, estimated by Arm's tables; beside them
edgehar's whole window. That holds all other layers and the engine; the baseline holds neither them nor the interpreter.

On 2026-11-26 it printed, with CMSIS-NN as of June 2026 (FabKlein/CMSIS-NN at b8dbf389; of it the files and declarations
that these layers reach), gcc 12.2.1 -O2 and QEMU 7.2.22, thousands of instructions, bytes equal:

             M0       M3       M4      M55    M4, cycles estimated, in thousands
    cnn       –   23,276   15,317    1,933    19,930 ± 2,127
    micro   697      326      225       55       313 ± 35
    mini      –    1,010      643      131       877 ± 87
    nano    243      115       83        –       117 ± 13

`cnn` needs more flash than the M0's board has. The first layer of `nano` is refused on the M55 (status -3): with a
stride of 4 its last three samples are used by no output. The whole of TFLite-Micro took 23.45, 15.50 and 2.05 M on
M3, M4 and M55 for `cnn`: these convolutions are 94 to 99 % of it.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from edgehar.benchmark import qemu
from edgehar.benchmark.cycles import TABLES, estimate
from edgehar.benchmark.emulated import find_int8, measure
from edgehar.benchmark.executed import missing_plugin, plugin_option, read_executed
from edgehar.compile.c import literals
from edgehar.compile.network import Layer, Network
from edgehar.compile.read import read_network
from edgehar.convert.matched import open_graph
from edgehar.engine import engine_dir
from edgehar.errors import EdgeharError
from edgehar.files import LARGEST_MODEL, read_bytes, temporary_folder

HEADER, START = "Include/arm_nnfunctions.h", "baseline_layers"
#: Folders of CMSIS-NN's Source that convolutions need.
FOLDERS = ("ConvolutionFunctions", "NNSupportFunctions")
#: One that releases have or lack: where it is, the M55's depthwise convolution refers to it.
LATER_FOLDERS = ("TransposeFunctions",)
#: Names of the sources for int8; the rest would only have to compile.
INT8_NAMES = ("*_s8*.c", "*_q7*.c")


def check_sources(sources: Path) -> str:
    """The text of CMSIS-NN's header.

    Raises:
        EdgeharError: that is no checkout of CMSIS-NN.
    """
    missing = [name for name in (HEADER, *(f"Source/{folder}" for folder in FOLDERS)) if not (sources / name).exists()]
    if missing:
        raise EdgeharError(
            f"expected the sources of CMSIS-NN in {sources}, got none of {', '.join(missing)}; "
            "get them from its makers, edgehar does not hold them"
        )
    return (sources / HEADER).read_text(encoding="utf-8", errors="replace")


def trace(network: Network, model: bytes) -> list[NDArray[np.int8] | None]:
    """What TFLite's reference kernels have in each tensor, int8 (columns, channels), after a made-up window.

    None for tensors that the model does not have: those of a part of an operator.
    """
    interpreter = open_graph(model)
    details = interpreter.get_input_details()[0]
    codes = np.random.default_rng(4).integers(-128, 128, details["shape"]).astype(np.int8)
    interpreter.set_tensor(details["index"], codes)
    interpreter.invoke()
    return [
        interpreter.get_tensor(tensor.index).reshape(-1, tensor.channels)[tensor.first :][: tensor.columns]
        if tensor.index >= 0
        else None
        for tensor in network.tensors
    ]


def emit(network: Network, traced: list[NDArray[np.int8] | None], header: str) -> str:
    """A program that runs every convolution once, and prints status and how many bytes differ, layer by layer."""
    parts = ['#include "arm_nnfunctions.h"\n#include "port_board.h"\n#include <string.h>\n']
    calls, checks = [], []
    room = 0
    for index, layer in enumerate(network.layers):
        if layer.kind not in ("conv", "depthwise"):
            continue
        assert layer.weights is not None and layer.bias is not None
        inputs, right = traced[layer.inputs[0]], traced[layer.output]
        if inputs is None or right is None or layer.fold != 1:
            raise EdgeharError(f"expected convolutions without dilation, got {layer.name}; take another model")
        inputs = inputs[layer.passed_over(0) :]
        room = max(room, _room(layer, network))
        tables = {"weights": layer.weights.tobytes(), "inputs": inputs.tobytes(), "expected": right.tobytes()}
        parts += [
            literals.words(f"{name}_{index}", content + bytes(-len(content) % 4)) for name, content in tables.items()
        ]
        numbers = {"bias": layer.bias.tolist(), "multiplier": layer.multiplier, "shift": layer.shift}
        parts += [literals.numbers("int32_t", f"{name}_{index}", values) for name, values in numbers.items()]
        parts.append(f"static int8_t out_{index}[{right.size}];\n")
        calls.append(_call(index, layer, network, header))
        checks.append(f'    board_print_pair("status", status[{index}]);\n')
        checks.append(f'    board_print_pair("differ", differing(out_{index}, expected_{index}, {right.size}));\n')
    body = "".join(calls)
    return (
        "\n".join(parts)
        + f"""
static int32_t room[{room // 4}], status[{len(network.layers)}];

static int differing(const int8_t *got, const void *expected, int bytes)
{{
    int count = 0;
    for (int at = 0; at < bytes; at++) {{
        count += got[at] != ((const int8_t *)expected)[at];
    }}
    return count;
}}

__attribute__((noinline)) void {START}(void);
void {START}(void)
{{
{body}}}

int main(void)
{{
    board_calibrate();
    const uint32_t before = board_ticks();
    {START}();
    board_print_pair("ticks", (int32_t)board_ticks_between(before, board_ticks()));
{"".join(checks)}    return 0;
}}
"""
    )


def _room(layer: Layer, network: Network) -> int:
    """Bytes of scratch memory, at least what arm_*_wrapper_s8_get_buffer_size asks; its arguments differ by release.

    A convolution lays four columns side by side, each rounded up to a vector; a depthwise one lays 124 channels of
    four columns, or turns its weights round.
    """
    filters, channels = network.tensors[layer.output].channels, network.tensors[layer.inputs[0]].channels
    columns = 4 * -(-layer.kernel * channels // 16) * 16
    return columns + (-(-(496 + filters) * layer.kernel // 4) * 4 if layer.kind == "depthwise" else 0)


def _call(index: int, layer: Layer, network: Network, header: str) -> str:
    source, output = network.tensors[layer.inputs[0]], network.tensors[layer.output]
    depthwise = layer.kind == "depthwise"
    name = f"arm_{'depthwise_conv' if depthwise else 'convolve'}_wrapper_s8"
    declared = re.search(rf"arm_cmsis_nn_status {name}\((.*?)\)", header, re.DOTALL)
    if declared is None:
        raise EdgeharError(f"expected a CMSIS-NN with {name}, its header declares none")
    sums = "&none, " if "weight_sum" in declared[1] else ""
    filters, channels = output.channels, 1 if depthwise else source.channels
    multiple = f"        params.ch_mult = {filters // source.channels};\n" if depthwise else ""
    columns = source.columns - layer.passed_over(0)
    kernel = f"1, 1, {layer.kernel}, {filters}" if depthwise else f"{filters}, 1, {layer.kernel}, {channels}"
    return f"""    {{
        static const cmsis_nn_dims in = {{1, 1, {columns}, {source.channels}}}, filter = {{{kernel}}};
        static const cmsis_nn_dims bias = {{1, 1, 1, {filters}}}, to = {{1, 1, {output.columns}, {filters}}};
        const cmsis_nn_context context = {{room, sizeof room}}, none = {{0, 0}};
        cmsis_nn_per_channel_quant_params scales;
        cmsis_nn_{"dw_" if depthwise else ""}conv_params params;
        memset(&params, 0, sizeof params);
        params.input_offset = {-source.zero_point};
        params.output_offset = {output.zero_point};
{multiple}        params.stride.w = {layer.stride};
        params.stride.h = 1;
        params.padding.w = {layer.pad_left};
        params.dilation.w = params.dilation.h = 1;
        params.activation.min = {layer.activation[0]};
        params.activation.max = {layer.activation[1]};
        scales.multiplier = (int32_t *)multiplier_{index};
        scales.shift = (int32_t *)shift_{index};
        (void)none;
        status[{index}] = {name}(&context, {sums}&params, &scales, &in, (const int8_t *)inputs_{index}, &filter,
            (const int8_t *)weights_{index}, &bias, bias_{index}, &to, out_{index});
    }}
"""


def build(program: str, sources: Path, target: str, folder: Path) -> Path:
    """Compile the program with CMSIS-NN's sources for an emulated board."""
    port = engine_dir() / "port" / "qemu"
    core = qemu.board(target).core.removeprefix("cortex-")
    boards = dict(re.findall(r"^(\w+) = (.*)$", (port / "boards.mk").read_text(encoding="utf-8"), re.MULTILINE))
    (folder / "baseline.c").write_text(program, encoding="utf-8")
    folders = [sources / "Source" / name for name in (*FOLDERS, *LATER_FOLDERS)]
    files = sorted({path for each in folders for pattern in INT8_NAMES for path in each.glob(pattern)})
    files += [port / f"{name}.c" for name in ("port_startup", "port_semihosting", "port_counter")]
    image = folder / "baseline.elf"
    objects = [folder / f"{path.stem}.o" for path in (folder / "baseline.c", *files)]  # the linker script knows names
    command = ["arm-none-eabi-gcc", *boards[f"CORE_{core}"].split(), "-mthumb", "-O2", "-std=gnu11", "-w"]
    command += ["-ffunction-sections", "-fdata-sections", f"-I{sources / 'Include'}", f"-I{port}"]
    command.append(f"-I{engine_dir() / 'include'}")
    for source, made in zip((folder / "baseline.c", *files), objects, strict=True):
        _compile([*command, "-c", str(source), "-o", str(made)], target)
    link = ["-nostartfiles", "--specs=nosys.specs", "-Wl,--gc-sections", f"-L{port}"]
    link.append(f"-T{port / boards[f'SCRIPT_{core}']}")
    _compile([*command, *link, *map(str, objects), "-o", str(image)], target)
    return image


def _compile(command: list[str], target: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise qemu.build_error(target, "CMSIS-NN", done.stderr)


def compare(network: Network, lines: list[list[str]]) -> None:
    """Raise EdgeharError where a layer was refused or has other bytes; `lines` are the program's, in words."""
    layers = [layer for layer in network.layers if layer.kind in ("conv", "depthwise")]
    said = {name: [int(line[1]) for line in lines if line[0] == name] for name in ("status", "differ")}
    for number, (layer, status, differ) in enumerate(zip(layers, said["status"], said["differ"], strict=True), 1):
        title = f"{layer.name}, the {number}. convolution of {len(layers)}"
        if status:
            raise EdgeharError(
                f"expected CMSIS-NN to run {title}, got its status {status}: it does not cover this layer on this core"
            )
        if differ:
            raise EdgeharError(
                f"expected the reference's bytes of CMSIS-NN, got {differ} others in {title}: not the same work"
            )


def main(arguments: list[str]) -> int:
    """Build, run, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sources", type=Path, metavar="CMSIS-NN")
    parser.add_argument("bundle", type=Path, metavar="BUNDLE", help="a bundle with an int8 model, or the .tflite")
    parser.add_argument("--target", default="cortex-m4", help="the core [cortex-m4]")
    given = parser.parse_args(arguments)
    target = given.target
    try:
        header = check_sources(given.sources)
        qemu.require_tools()
        tflite = find_int8(given.bundle)
        network = read_network(tflite)
        with temporary_folder() as folder:
            program = emit(network, trace(network, read_bytes(tflite, LARGEST_MODEL)), header)
            image = build(program, given.sources, target, folder)
            core = qemu.board(target).core
            told = core in TABLES and not missing_plugin()
            plugin = plugin_option(image, folder, start=START, stop="board_ticks", skip=0) if told else None
            lines = [line.split() for line in qemu.run(target, image, [], plugin=plugin)]
            cycles = estimate(core, read_executed(image, folder)) if told else None
        compare(network, lines)
        own = measure(given.bundle, target)
    except EdgeharError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    counted = next(qemu.instructions(target, int(line[1])) for line in lines if line[0] == "ticks")
    print(f"{'':44}{'instructions':>14}{'cycles, est.':>14}{'±':>12}")
    rows = (
        (f"CMSIS-NN, convolutions, {core}", counted, cycles and cycles.cycles, cycles and cycles.error),
        (f"edgehar, whole window, {core}", own["instructions"], own["cycles_estimate"], own["cycles_error"]),
    )
    for title, *values in rows:
        cells = ["–" if value is None else f"{value:,}" for value in values]
        print(f"{title:44}{cells[0]:>14}{cells[1]:>14}{cells[2]:>12}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
