"""Valid inputs, from which the others are mutated, so that the depth of each reader is reached."""

from __future__ import annotations

import json
import tempfile
import zipfile
from dataclasses import asdict
from functools import cache
from importlib.resources import files
from pathlib import Path

import numpy as np

from edgehar.contract import Contract, Normalisation, TensorQuantisation
from edgehar.personal.profile import Profile
from edgehar.training.run import RunPlan

_LINES = "".join(f"{index * 0.05:.2f},{index % 3}.5,-9.8,{index % 7}\n" for index in range(90))


def _json(value: object) -> bytes:
    return json.dumps(value).encode()


def contract() -> Contract:
    return Contract(
        ("walking", "sitting"),
        normalisation=Normalisation((0.5, -1.0, 9.8), (1.0, 2.0, 3.0), folded=True),
        input_quantisation=TensorQuantisation(0.25, -3),
        output_quantisation=TensorQuantisation(1 / 256, -128),
    )


def documents() -> dict[str, bytes]:
    entry = {"bytes": 3, "sha256": "0" * 64}
    manifest = {"format": "edgehar-bundle-1", "contract": contract().to_dict(), "files": {"labels.txt": entry}}
    place = {"subject": "1", "recording": "a", "start": 40}
    window = {"label": "walking", **place, "window": [[0.5, 1.0, 9.8]] * 3, "probabilities": [0.25, 0.75]}
    golden = {"format": "edgehar-golden-1", "labels": ["walking"], "windows": [window]}
    row = {"name": "keras", "status": "ok", "invoke": {"median": 3.5}, "accuracy": 0.9}
    results = {"format": "edgehar-bench-1", "complete": True, "dataset": {"note": "x"}, "threads": 1, "doubts": []}
    results |= {"rows": [row], "targets": [{"target": "cortex-m4", "instructions": 5}]}
    fetched = {"wisdm": {"url": "https://example.org/a.zip", "sha256": "0" * 64}}
    run = asdict(RunPlan.of({"source": "hapt"}, "micro", {}))
    plans = [b"\x02" + _json(run), b"\x03" + _json({"run": run, "budget": {"flash": 5}})]
    made = [b"\x00" + _json(contract().to_dict()), b"\x01" + _json(manifest), *plans, b"\x04" + _json(results)]
    made += [b"\x05" + _json(golden), b"\x06" + _json(fetched)]
    return {f"document-{index}": content for index, content in enumerate(made)}


def origins() -> dict[str, bytes]:
    own = json.loads((files("edgehar.models") / "micro.json").read_text())
    return {"training": _json(own)}


def lines() -> dict[str, bytes]:
    named = "# made\nms,x,y,z\n" + "".join(f"{index * 50},0.1,0.2,1\n" for index in range(90))
    return {
        "timed": b"\x00" + _LINES.encode(),
        "untimed": b"\x01" + "".join(line.split(",", 1)[1] for line in _LINES.splitlines(True)).encode(),
        "named": b"\x02" + named.encode(),
        "turned": b"\x03" + _LINES.encode(),
        "any": b"\x80" + _LINES.replace("9.8", "nan").encode(),
    }


def sensorlogger() -> dict[str, bytes]:
    def message(name: str, t: int) -> bytes:
        values = {"x": 0.5, "y": -9.8, "z": 1}
        return _json(
            {"messageId": 1, "payload": [{"name": name, "time": t + index, "values": values} for index in range(3)]}
        )

    sums = b"\n".join([message("accelerometer", 5), message("gravity", 5)])
    return {"total": message("totalAcceleration", 10**18), "sums": sums, "raw": message("accelerometerUncalibrated", 0)}


def sensorserver() -> dict[str, bytes]:
    return {"message": _json({"accuracy": 3, "timestamp": 3925657519043709, "values": [0.5, -9.8, 1.25]})}


def phyphox() -> dict[str, bytes]:
    outputs = [{"x": "accX"}, {"y": "accY"}, {"z": "accZ"}, {"t": "acc_time"}]
    config = {"title": "Acceleration with g", "inputs": [{"source": "accelerometer", "outputs": outputs}]}
    buffer = {name: {"size": 0, "updateMode": "full", "buffer": [0.5, None, 2]} for name in ("accX", "acc_time")}
    return {"config": _json(config), "get": _json({"buffer": buffer, "status": {"session": "a", "measuring": True}})}


def profiles() -> dict[str, bytes]:
    rng = np.random.default_rng(1)
    turn = (0, -16384, 0, 16384, 0, 0, 0, 0, 16384)
    weights, bias = np.int8(rng.integers(-127, 128, (6, 8))), np.int32(rng.integers(-9000, 9000, 6))
    return {
        "rotation": Profile("ab" * 32, turn).to_bytes(),
        "layer": Profile("ab" * 32, None, weights, bias).to_bytes(),
        "both": Profile("ab" * 32, turn, weights, bias).to_bytes(),
    }


def tables() -> dict[str, bytes]:
    rows = range(200)
    csv = "time,x,y,z,label,subject\n" + "".join(f"{i / 20},0.{i % 9},9.8,0.1,walking,a\n" for i in rows)
    logger = "time,seconds_elapsed,z,y,x\n" + "".join(f"{10**18 + i * 50_000_000},{i / 20},9.8,0,0\n" for i in rows)
    phone = '"Time (s)","Acceleration x (m/s^2)","Acceleration y (m/s^2)","Acceleration z (m/s^2)"\n' + "".join(
        f"{i / 20:E},1.0E-1,9.8E0,0.0\n" for i in rows
    )
    wisdm = "".join(f"33,Jogging,{10**12 + i * 50_000_000},-0.69,12.68,0.50;\n" for i in rows)
    return {
        "csv": b"\x00" + csv.encode(), "phyphox": b"\x00" + phone.encode(),
        "logger": b"\x00" + logger.replace("time,", "subject,", 1).encode(),
        "tabs": b"\x01" + csv.replace(",", "\t").encode(),
        "zip": b"\x03" + phone.encode(), "wisdm": b"\x04" + wisdm.encode(),
    }  # fmt: skip


def tomls() -> dict[str, bytes]:
    schema = (
        'columns = ["ax", "ay", "az"]\nunit = "g"\ntime = "t"\nrate = 50\naxes = "-y,x,z"\n[labels]\nwalk = "walking"\n'
    )
    pool = '[[source]]\nsource = "hapt"\n[[source]]\nsource = "csv:there"\nlabels = { a = "walking" }\n'
    return {"schema": schema.encode(), "pool": pool.encode()}


@cache
def tflites() -> dict[str, bytes]:
    from tests.firmware.networks import random_network
    from tests.firmware.operator_networks import operator_network

    made = {f"network-{seed}": random_network(seed) for seed in (1, 3, 11)}
    return made | {block: operator_network(block, 0) for block in ("gate", "join-two", "dilated-same")}


@cache
def keras_members() -> dict[str, bytes]:
    """The members of a small `.keras`, with its contract."""
    import keras

    from edgehar.models.keras_file import save

    network = keras.Sequential([
        keras.layers.Input((80, 3)), keras.layers.Conv1D(2, 3, activation="relu"),
        keras.layers.GlobalAveragePooling1D(), keras.layers.Dense(2, activation="softmax"),
    ])  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.keras"
        save(network, Contract(("walking", "sitting")), path)
        with zipfile.ZipFile(path) as archive:
            return {name: archive.read(name) for name in archive.namelist()}


def keras_configs() -> dict[str, bytes]:
    return {"sequential": keras_members()["config.json"]}
