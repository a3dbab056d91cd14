"""The C engine as the tests drive it: compiled with a network, called through ctypes."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np

from edgehar.compile.c import write_c
from edgehar.compile.network import Network
from edgehar.compile.read import read_network

FIRMWARE = Path(__file__).resolve().parents[2] / "firmware_ref"
COMPILER = shutil.which("gcc") or shutil.which("cc")
#: Asserts in the engine hold the plan to its word: no buffer may ever hold more than the planned columns.
FLAGS = ("-O3", "-std=c99", "-fPIC", "-DEDGEHAR_TRACE", "-DEDGEHAR_CHECK")


def compile_objects(folder: Path, defines: tuple[str, ...] = ()) -> list[Path]:
    """Everything but the model, once for all networks."""
    objects = []
    for source in sorted((FIRMWARE / "src").glob("*.[cS]")):
        objects.append(folder / f"{source.name}.o")
        command = [COMPILER, *FLAGS, *defines, *_includes(folder), "-c", str(source), "-o", str(objects[-1])]
        subprocess.run(command, check=True)
    return objects


def _includes(folder: Path) -> list[str]:
    return [f"-I{path}" for path in (FIRMWARE / "include", FIRMWARE / "src", folder)]


class Engine:
    """One network, one way of running it."""

    def __init__(self, content: bytes, folder: Path, objects: list[Path], **options) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        model = folder / "model.tflite"
        model.write_bytes(content)
        write_c(model, folder, **options)
        library = folder / "engine.so"
        host = FIRMWARE / "port" / "host" / "host_library.c"
        command = [COMPILER, *FLAGS, "-O0", "-shared", "-Wl,-Bsymbolic", *_includes(folder), str(host)]
        subprocess.run([*command, str(folder / "model_data.c"), *map(str, objects), "-o", str(library)], check=True)
        self._library = ctypes.CDLL(str(library))
        self.network: Network = read_network(model)
        self.window = self.network.tensors[self.network.source].columns
        self.classes = self.network.tensors[self.network.result].channels

    def stream(self, samples: np.ndarray, hop: int) -> np.ndarray:
        """int8 (decisions, classes) of int8 samples (N, channels) from a fresh start."""
        samples = np.ascontiguousarray(samples, np.int8)
        decisions = max(0, (len(samples) - self.window) // hop + 1) if len(samples) >= self.window else 0
        out = np.zeros((decisions, self.classes), np.int8)
        made = self._library.edgehar_host_stream(_pointer(samples), len(samples), hop, _pointer(out))
        assert made == decisions
        return out

    def invoke(self, window: np.ndarray) -> np.ndarray:
        """int8 (classes,) of one int8 window (window, channels)."""
        return self.stream(window, 1)[0]

    def traced(self, samples: np.ndarray, hop: int) -> tuple[np.ndarray, list[np.ndarray]]:
        """What `stream` gives, and what each layer made on the way: int8 (columns, channels), in the order of making.

        The engine leaves out columns that nothing reads.
        """
        record = self._library.edgehar_host_record
        decisions = max(1, (len(samples) - self.window) // hop + 1)
        buffers = []
        for index, layer in enumerate(self.network.layers):
            tensor = self.network.tensors[layer.output]
            room = (tensor.columns * decisions + len(samples)) * tensor.channels
            buffers.append(np.zeros(room, np.int8))
            record(index, _pointer(buffers[-1]), room)
        out = self.stream(samples, hop)
        made = [buffer[: record(index, None, 0)] for index, buffer in enumerate(buffers)]
        channels = [self.network.tensors[layer.output].channels for layer in self.network.layers]
        return out, [bytes_.reshape(-1, width) for bytes_, width in zip(made, channels, strict=True)]

    def layers(self, window: np.ndarray) -> list[np.ndarray]:
        """What each layer computed for one window: its first columns, flat."""
        return [columns.ravel() for columns in self.traced(window, 1)[1]]


def _pointer(array: np.ndarray) -> ctypes.c_void_p:
    return array.ctypes.data_as(ctypes.c_void_p)
