"""Makes what is committed as vectors: the small model of firmware_ref/tests/model, and the golden outputs.

    python tests/vectors/make_vectors.py

Golden outputs come from TFLite-Micro's interpreter, not from the engine. A test runs this and compares.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from firmware.networks import NetworkWriter, random_network  # noqa: E402

from edgehar.compile.c import write_c  # noqa: E402
from edgehar.contract import Contract  # noqa: E402
from edgehar.files import write_text  # noqa: E402

#: Networks of the golden file: every operator, both paddings, extreme scales among them.
SEEDS = (0, 2, 5, 7, 9, 14, 15, 21)
WINDOWS = 3


def small_model() -> bytes:
    """A network of every part that the streamer can meet, small enough to be committed as C."""
    net = NetworkWriter(2024)
    net.conv(7, 5, 2, activation=1)
    net.residual_valid(2)
    net.depthwise(1, 3)
    net.mean()
    net.dense(5)
    net.softmax()
    return net.bytes()


def small_contract() -> Contract:
    """Its labels."""
    return Contract(labels=("walk", "sit", "stand", "lie", "other"))


def write_small_model(folder: Path) -> None:
    """model_data.h and model_data.c, and the .tflite that they come from."""
    path = folder / "small.tflite"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(small_model())
    write_c(path, folder, contract=small_contract())
    path.unlink()


def windows(seed: int, samples: int) -> np.ndarray:
    """int8 (WINDOWS, samples, 3): noise over the full range, a walk, and the two extremes in turn."""
    rng = np.random.default_rng(seed)
    noise = rng.integers(-128, 128, (samples, 3))
    walk = np.clip(rng.normal(0, 9, (samples, 3)).cumsum(0), -128, 127)
    square = np.where(np.arange(samples)[:, None] // 5 % 2, 127, -128) * np.ones((1, 3))
    return np.stack([noise, walk, square]).astype(np.int8)


def golden() -> str:
    """JSON: a seed, input bytes and output bytes, one window per line."""
    from tflite_micro import runtime

    rows = []
    for seed in SEEDS:
        content = random_network(seed)
        interpreter = runtime.Interpreter.from_bytes(content)
        samples = int(interpreter.get_input_details(0)["shape"][1])
        for window in windows(seed, samples):
            interpreter.set_input(window[None], 0)
            interpreter.invoke()
            output = interpreter.get_output(0).ravel().tolist()
            rows.append(f'  {{"seed": {seed}, "input": "{window.tobytes().hex()}", "output": {output}}}')
    return "[\n" + ",\n".join(rows) + "\n]\n"


if __name__ == "__main__":
    write_small_model(ROOT / "firmware_ref" / "tests" / "model")
    write_text(Path(__file__).with_name("int8_networks.json"), golden())
