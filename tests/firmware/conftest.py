"""Engines and oracles."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from .engine import COMPILER, Engine, compile_objects


@pytest.fixture(scope="session")
def engine_objects(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    if COMPILER is None:
        pytest.skip("needs a C compiler; on Debian or Ubuntu: apt-get install gcc")
    return compile_objects(tmp_path_factory.mktemp("objects"))


@pytest.fixture
def make_engine(tmp_path: Path, engine_objects: list[Path]) -> Callable[..., Engine]:
    """Compile a .tflite's bytes with options of `write_c`."""
    count = iter(range(1_000_000))

    def make(content: bytes, **options) -> Engine:
        return Engine(content, tmp_path / f"engine{next(count)}", engine_objects, **options)

    return make


class LitertReference:
    """LiteRT with reference kernels, every layer's output kept."""

    def __init__(self, content: bytes) -> None:
        from ai_edge_litert.interpreter import Interpreter, OpResolverType

        self._interpreter = Interpreter(
            model_content=content,
            experimental_op_resolver_type=OpResolverType.BUILTIN_REF,
            experimental_preserve_all_tensors=True,
        )
        self._interpreter.allocate_tensors()
        self._input = self._interpreter.get_input_details()[0]
        self._output = self._interpreter.get_output_details()[0]["index"]

    def invoke(self, window: np.ndarray) -> np.ndarray:
        self._interpreter.set_tensor(self._input["index"], window.reshape(self._input["shape"]))
        self._interpreter.invoke()
        return self._interpreter.get_tensor(self._output).ravel()

    def tensor(self, index: int) -> np.ndarray:
        return self._interpreter.get_tensor(index).ravel()


class TfliteMicro:
    """TFLite-Micro's own interpreter."""

    def __init__(self, content: bytes) -> None:
        from tflite_micro import runtime

        self._interpreter = runtime.Interpreter.from_bytes(content)
        self._shape = self._interpreter.get_input_details(0)["shape"]

    def invoke(self, window: np.ndarray) -> np.ndarray:
        self._interpreter.set_input(window.reshape(self._shape), 0)
        self._interpreter.invoke()
        return self._interpreter.get_output(0).ravel()


@pytest.fixture
def litert() -> type[LitertReference]:
    return LitertReference


@pytest.fixture
def tflm() -> type[TfliteMicro]:
    pytest.importorskip("tflite_micro", reason="needs tflite-micro: pip install 'edgehar[bench]'")
    return TfliteMicro
