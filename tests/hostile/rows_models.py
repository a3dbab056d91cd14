"""Bad model files: (command, the bad thing, what the message says)."""

from __future__ import annotations

from typing import Any

import numpy as np

from edgehar import models
from tests.hostile.things import (
    GONE,
    Make,
    array,
    both,
    contract,
    copied,
    cut,
    data_sets,
    document,
    flipped,
    holed,
    keras_config,
    keras_contract,
    keras_weights,
    link,
    nothing,
    pipe,
    text,
    zip_bomb,
    zip_members,
    zipped,
)  # fmt: skip

MICRO = models.shipped("micro")
M = "m.keras"
EXPORT = "export --model m.keras --dataset hapt --out out"
EVALUATE = "evaluate m.keras --dataset hapt"
CALIBRATE = "export --model micro --int8 --calibration c.npy --out out"
GOOD = {"config.json": b"{}", "metadata.json": b"{}", "contract.json": contract(), "model.weights.h5": b""}


def fill(value: float) -> Make:
    """Weights of which one layer's are this."""

    def change(file: Any) -> None:
        item = max(data_sets(file), key=lambda one: one.size)
        item[...] = np.full(item.shape, value, item.dtype)

    return keras_weights(MICRO, M, change)


def layer(config: dict[str, Any], kind: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in config["config"]["layers"] if one["class_name"] == kind)
    return found


def packed_weights(file: Any) -> None:
    """A data set of 8 GB that takes no room, where a kernel was."""
    item = max(data_sets(file), key=lambda one: one.size)
    name = item.name
    del file[name]
    file.create_dataset(name, shape=(1 << 31,), dtype="f4", chunks=(1 << 20,), compression="gzip", fillvalue=0)


def linked_weights(file: Any) -> None:
    import h5py

    name = max(data_sets(file), key=lambda one: one.size).name
    del file[name]
    file[name] = h5py.ExternalLink("/etc/passwd", "/x")


def outside_weights(file: Any) -> None:
    item = max(data_sets(file), key=lambda one: one.size)
    name, shape = item.name, item.shape
    del file[name]
    file.create_dataset(name, shape=shape, dtype="f4", external=[("/dev/zero", 0, 1 << 30)])


def looped_weights(file: Any) -> None:
    import h5py

    file["loop"] = h5py.SoftLink("/")


def wide(config: dict[str, Any]) -> None:
    layer(config, "Conv1D")["config"]["filters"] = 1 << 30


def wide_input(config: dict[str, Any]) -> None:
    layer(config, "InputLayer")["config"]["batch_shape"] = [None, 1 << 30, 3]


def wide_dense(config: dict[str, Any]) -> None:
    layer(config, "Dense")["config"]["units"] = 50_000_000


def deep(folder: Any) -> None:
    zip_members(MICRO, M, config__json=b'{"a":' * 100_000)(folder)


def text_class(config: dict[str, Any]) -> None:
    layer(config, "Conv1D")["class_name"] = "os.system"


def outside_tensor(folder: Any) -> None:
    """A graph of which one tensor lies in a file of its own."""
    import onnx

    model = onnx.load(folder / "b/model.onnx")
    tensor = model.graph.initializer[0]
    tensor.ClearField("raw_data")
    tensor.data_location = onnx.TensorProto.EXTERNAL
    tensor.external_data.add(key="location", value="../passwd")
    (folder / "b/model.onnx").write_bytes(model.SerializeToString())


def tflite(size: int = 4096) -> bytes:
    return b"\x1c\0\0\0TFL3" + bytes(np.random.default_rng(0).integers(0, 256, size, np.uint8))


ROWS = [
    # Not a model at all
    (EVALUATE, text(M, ""), "expected a model in m.keras, got an empty file"),
    (EVALUATE, text(M, "hello"), "expected a .keras file"),
    (EVALUATE, holed(M, 1 << 40), "expected at most"),
    (EVALUATE, holed(M, 100 << 20), "expected a .keras file"),
    (EVALUATE, pipe(M), "no such model file"),
    (EVALUATE, link(M), "no such"),
    (EVALUATE, lambda folder: (folder / M).mkdir(), "expected a bundle"),
    (EVALUATE, both(copied(MICRO, M), cut(M, 20_000)), "expected a .keras file"),
    (EVALUATE, both(copied(MICRO, M), flipped(M, 8_000)), "expected a"),
    (EVALUATE, zipped(M, {}), "expected"),
    (EVALUATE, zipped(M, {"contract.json": contract()}), "expected a .keras file"),
    (EVALUATE, zipped(M, GOOD), "expected weights in HDF5"),
    (EVALUATE, zip_bomb(M, "model.weights.h5", 2 << 30, contract__json=contract()), "expected at most"),
    (EVALUATE, zip_bomb(M, "contract.json", 100 << 20), "expected members packed"),
    (EVALUATE, zip_bomb(M, "config.json", 1 << 30, contract__json=contract()), "expected at most"),
    (EVALUATE, zipped(M, {**GOOD, **{f"{i}": b"" for i in range(5000)}}), "table of contents"),
    (EVALUATE, zip_members(MICRO, M, model__weights__h5=b"\x89HDF\r\n\x1a\n" + bytes(100)), "expected weights in HDF5"),
    (EVALUATE, zip_members(MICRO, M, model__weights__h5=None), "expected a .keras file"),
    # Its contract
    (EXPORT, zip_members(MICRO, M, contract__json=None), "contract"),
    (EXPORT, zip_members(MICRO, M, contract__json=b"["), "expected JSON"),
    (EXPORT, zip_members(MICRO, M, contract__json=b"[" * 50_000), "at most 32 levels"),
    (EXPORT, zip_members(MICRO, M, contract__json=b"\xff"), "not UTF-8"),
    (EXPORT, keras_contract(MICRO, M, "window", 5_000_000), "expected a window of 1 … 4096 samples"),
    (EXPORT, keras_contract(MICRO, M, "window", 100), "expected input and output"),
    (EXPORT, keras_contract(MICRO, M, "rate_hz", 1e9), "expected a rate"),
    (EXPORT, keras_contract(MICRO, M, "labels", ["a", "b", "c"]), "expected"),
    (EXPORT, keras_contract(MICRO, M, "labels", list("abcdefgh")), "expected"),
    (EXPORT, keras_contract(MICRO, M, "labels", GONE), "expected an entry 'labels'"),
    (EXPORT, keras_contract(MICRO, M, "more", 1), "expected only known entries"),
    (EXPORT, keras_contract(MICRO, M, "normalisation.std.1", 0), "expected deviations"),
    (EXPORT, keras_contract(MICRO, M, "input_layout", "flat"), "expected input and output"),
    # Its network
    (EXPORT, deep, "expected"),
    (EXPORT, zip_members(MICRO, M, config__json=b""), "expected JSON"),
    (EXPORT, zip_members(MICRO, M, config__json=b"[]"), "expected an object"),
    (EXPORT, keras_config(MICRO, M, lambda config: config.pop("config")), "safe mode can load"),
    (EXPORT, keras_config(MICRO, M, text_class), "safe mode can load"),
    (EXPORT, keras_config(MICRO, M, wide), "expected"),
    (EXPORT, keras_config(MICRO, M, wide_dense), "expected"),
    (EXPORT, keras_config(MICRO, M, wide_input), "expected"),
    (EVALUATE, keras_config(MICRO, M, wide), "expected"),
    # Its weights
    (EXPORT, fill(float("nan")), "expected finite weights of at most 1e+09"),
    (EXPORT, fill(float("inf")), "got inf in kernel of the layer"),
    (EXPORT, fill(-float("inf")), "expected finite weights"),
    (EXPORT, fill(1e38), "expected finite weights"),
    (EXPORT, fill(1e10), "expected finite weights"),
    (EVALUATE, fill(float("nan")), "expected finite weights"),
    (EXPORT, keras_weights(MICRO, M, packed_weights), "bytes of weights"),
    (EXPORT, keras_weights(MICRO, M, linked_weights), "got a link"),
    (EXPORT, keras_weights(MICRO, M, outside_weights), "got a link to another file"),
    (EXPORT, keras_weights(MICRO, M, looped_weights), "got a link"),
    # TensorFlow Lite
    ("evaluate m.tflite --dataset hapt", text("m.tflite", ""), "expected a model in m.tflite, got an empty file"),
    ("evaluate m.tflite --dataset hapt", text("m.tflite", "hello"), "expected a TensorFlow Lite model"),
    ("evaluate m.tflite --dataset hapt", text("m.tflite", tflite()), "expected a TensorFlow Lite model"),
    ("evaluate m.tflite --dataset hapt", holed("m.tflite", 1 << 40), "expected at most"),
    ("evaluate m.tflite --dataset hapt", holed("m.tflite", 100 << 20), "expected a TensorFlow Lite model"),
    ("evaluate b/model_int8.tflite", both(cut("b/model_int8.tflite", 9000)), "expected"),
    ("evaluate b/model_int8.tflite --dataset hapt", cut("b/model_int8.tflite", 9000), "expected a TensorFlow Lite"),
    ("evaluate b/model_int8.tflite --dataset hapt --runtime litert-float", nothing, "expected a float model"),
    ("evaluate b/model_int8.tflite --dataset hapt --runtime keras", nothing, "expected a .keras model"),
    ("evaluate b/model_int8.tflite --dataset hapt --runtime nothing", nothing, "expected one of"),
    ("evaluate b/model_float.tflite --dataset hapt --runtime tflm-int8", nothing, "expected an int8 model"),
    ("stream hapt --bundle m.tflite", text("m.tflite", tflite()), "expected a TensorFlow Lite model"),
    ("stream hapt --bundle m.tflite", both(text("m.tflite", tflite()), text("contract.json", "[")), "expected"),
    ("plan m.tflite", text("m.tflite", "hello"), "expected a .tflite file"),
    ("plan m.tflite", text("m.tflite", tflite()), "damaged"),
    ("plan m.tflite", holed("m.tflite", 1 << 40), "expected at most"),
    ("plan m.tflite", pipe("m.tflite"), "expected"),
    ("plan b/model_float.tflite", nothing, "expected int8 in tensor"),
    ("plan b/model_int8.tflite --hop 0", nothing, "expected"),
    ("plan b/model_int8.tflite --hop 100", nothing, "expected"),
    # ONNX
    ("evaluate m.onnx --dataset hapt", text("m.onnx", ""), "got an empty file"),
    ("evaluate m.onnx --dataset hapt", text("m.onnx", "hello"), "expected an ONNX model"),
    ("evaluate m.onnx --dataset hapt", holed("m.onnx", 1 << 40), "expected at most"),
    ("evaluate b/model.onnx --dataset hapt", cut("b/model.onnx", 9000), "expected an ONNX model"),
    ("evaluate b/model.onnx --dataset hapt", outside_tensor, "got one that takes them from '../passwd'"),
    # Calibration
    (CALIBRATE, text("c.npy", ""), "expected a .npy"),
    (CALIBRATE, text("c.npy", "hello"), "expected a .npy"),
    (CALIBRATE, array("c.npy", np.zeros((3, 40, 3))), "expected calibration windows"),
    (CALIBRATE, array("c.npy", np.zeros((0, 80, 3))), "expected calibration windows"),
    (CALIBRATE, array("c.npy", np.array([{}, 1])), "expected a .npy"),
    (CALIBRATE, array("c.npy", np.full((3, 80, 3), np.nan)), "finite"),
    (CALIBRATE, pipe("c.npy"), "expected a file"),
    (CALIBRATE, link("c.npy"), "expected a file"),
    (CALIBRATE, holed("c.npy", 1 << 40), "expected at most"),
    # The manifest beside it
    (EVALUATE, both(copied(MICRO, M), document("m.json", {"data": 3, "subjects": {}})), "got a whole number at data"),
    (EVALUATE, both(copied(MICRO, M), text("m.json", "[" * 50_000)), "at most 32 levels"),
    (EVALUATE, both(copied(MICRO, M), pipe("m.json")), "got a pipe"),
    (EVALUATE, both(copied(MICRO, M), link("manifest.json")), "got a pipe, a socket"),
    (f"{EXPORT} --temperature fitted", copied(MICRO, M), "expected a fitted temperature"),
]  # fmt: skip
