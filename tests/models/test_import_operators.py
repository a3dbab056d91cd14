"""A temporal convolutional network, and one over (80, 1, 3) with sigmoids, from `model.save` to C and incremental."""

from __future__ import annotations

import json

import pytest

from .test_import_whole_way import LABELS, recordings  # noqa: F401  a fixture

keras = pytest.importorskip("keras")
layers = keras.layers


def causal():
    """Batch normalisation first and behind each ReLU, residuals, and the last step alone."""
    keras.utils.set_random_seed(4)
    start = keras.Input((80, 3))
    x = layers.Conv1D(8, 1)(layers.BatchNormalization()(start))
    for dilation in (1, 2, 4, 8):
        y = layers.Conv1D(8, 3, padding="causal", dilation_rate=dilation, activation="relu")(x)
        x = layers.Add()([x, layers.BatchNormalization()(y)])
    wide = keras.initializers.RandomNormal(stddev=1.5)
    return keras.Model(start, layers.Dense(6, activation="softmax", kernel_initializer=wide)(x[:, -1, :]))


def upright():
    """Squeeze-and-excite in two dimensions, the largest of each channel, and an output for each label by itself."""
    keras.utils.set_random_seed(5)
    start = keras.Input((80, 1, 3))
    x = layers.Conv2D(8, (5, 1), activation="swish")(start)
    gate = layers.Dense(8, activation="sigmoid")(layers.GlobalAveragePooling2D(keepdims=True)(x))
    x = layers.LeakyReLU()(layers.Conv2D(8, (3, 1), dilation_rate=(2, 1))(layers.Multiply()([x, gate])))
    wide = keras.initializers.RandomNormal(stddev=1.5)
    x = layers.Dense(6, activation="sigmoid", kernel_initializer=wide)(layers.GlobalMaxPooling2D()(x))
    return keras.Model(start, x)


@pytest.mark.parametrize(("build", "said", "share"), [(causal, "outputs are", 0.5), (upright, "(sigmoid)", 0.65)])
def test_the_whole_way(build, said, share, tmp_path, recordings, run_cli):  # noqa: F811
    build().save(tmp_path / "own_in.keras")

    def run(*arguments):
        done = run_cli(*arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    done = run("import", "own_in.keras", "--labels", LABELS, "--rate", 20, "--out", "own.keras")
    assert said in done.stderr
    data = ("--dataset", recordings, "--split", "leave:bob")
    export = ("export", "--int8", "--c", "--c-hop", 4, "--incremental", "--hop", 4, "--no-gate", "--model", "own.keras")
    done = run(*export, *data, "--json")
    manifest = json.loads(done.stdout)
    rows = {row["file"]: row for row in manifest["gate"]["rows"]}
    assert rows["model_float.tflite"]["max_difference"] < 1e-5 > rows["model.onnx"]["max_difference"]
    assert rows["model_int8.tflite"]["max_difference"] < 0.35
    assert "refused" not in manifest["c_source"] and manifest["c_source"]["hop"] == 4
    (step,) = manifest["streaming"]
    assert step["note"] is None and step["macs"] < share * step["macs_whole"]
    assert "edgehar_gather_columns" in (tmp_path / "bundle" / "c" / "model_data.c").read_text()
