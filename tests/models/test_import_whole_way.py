"""The article's notebook, from `model.save` through import, evaluate and export to the bench."""

from __future__ import annotations

import json

import numpy as np
import pytest

keras = pytest.importorskip("keras")
layers = keras.layers
LABELS = "downstairs,jogging,sitting,standing,upstairs,walking"
MEAN, STD = "0.66,7.2,0.41", "6.9,6.7,4.7"
SHAPES = {"notebook.h5": (240,), "notebook.keras": (240,), "window.keras": (80, 3), "image.h5": (80, 3, 1)}


def notebook(shape):
    """As the article builds it, with fewer filters; a fresh network whose classes differ."""
    keras.utils.set_random_seed(2)
    wide = keras.initializers.RandomNormal(stddev=1.5)
    model = keras.Sequential()
    model.add(keras.Input(shape))
    if shape != (80, 3):
        model.add(layers.Reshape((80, 3)))
    model.add(layers.Conv1D(10, 10, activation="relu"))
    model.add(layers.Conv1D(10, 10, activation="relu"))
    model.add(layers.MaxPooling1D(3))
    model.add(layers.Conv1D(16, 10, activation="relu"))
    model.add(layers.Conv1D(16, 10, activation="relu"))
    model.add(layers.GlobalAveragePooling1D())
    model.add(layers.Dropout(0.5))
    model.add(layers.Dense(6, activation="softmax", kernel_initializer=wide))
    model.compile(loss="categorical_crossentropy", optimizer="adam", metrics=["accuracy"])
    return model


@pytest.fixture(scope="module")
def recordings(tmp_path_factory):
    """Two people, six activities: noise of another strength around gravity."""
    folder = tmp_path_factory.mktemp("recordings")
    rng = np.random.default_rng(3)
    rows = ["t,x,y,z,label,subject"]
    for person in ("ann", "bob"):
        activities = [label for label in LABELS.split(",") for _ in range(240)]
        spread = np.repeat(np.arange(6), 240)[:, None] + 0.2
        samples = rng.normal((0.5, 9.7, 0.5), spread, (1440, 3))
        rows += [
            f"{i / 20:.2f},{x:.4f},{y:.4f},{z:.4f},{label},{person}"
            for i, ((x, y, z), label) in enumerate(zip(samples, activities, strict=True))
        ]
    (folder / "walks.csv").write_text("\n".join(rows) + "\n")
    return folder / "walks.csv"


@pytest.mark.parametrize("name", SHAPES)
def test_the_whole_way(tmp_path, recordings, run_cli, name):
    model = notebook(SHAPES[name])
    model.save(tmp_path / name)
    data = ("--dataset", recordings)

    def run(*arguments):
        done = run_cli(*arguments, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    given = ("--labels", LABELS, "--rate", 20, "--mean", MEAN, "--std", STD)
    done = run("import", name, *given, "--out", "own.keras")
    assert "the same model" in done.stdout
    assert "0 downstairs, 1 jogging" in done.stderr and "android sign" in done.stderr and "--order axes" in done.stderr
    figures = json.loads(run("evaluate", "own.keras", *data, "--json").stdout)["models"]["own.keras"]
    export = ("export", "--int8", "--c", "--no-gate", "--split", "leave:bob", "--model", "own.keras", *data)
    manifest = json.loads(run(*export, "--json").stdout)
    rows = {row["file"]: row for row in manifest["gate"]["rows"]}
    # The gate's first row is the .keras itself: float exports are the same model.
    assert rows["model_float.tflite"]["max_difference"] < 1e-5 > rows["model.onnx"]["max_difference"]
    assert rows["model_int8.tflite"]["max_difference"] < 0.25
    assert "refused" not in manifest["c_source"]
    golden = json.loads((tmp_path / "bundle" / "golden.json").read_text())
    window = np.array(golden["windows"][0]["window"], np.float32)
    own = (window - np.array(MEAN.split(","), np.float32)) / np.array(STD.split(","), np.float32)
    said = model.predict(own.reshape(1, *SHAPES[name]), verbose=0)[0]
    np.testing.assert_allclose(golden["windows"][0]["probabilities"], said, atol=1e-5)
    assert 0 <= figures["accuracy"] <= 1
    if name.endswith(".h5"):
        bench = ("bench", "--quick", "--runtimes", "keras,litert-int8,native-int8", "--split", "leave:bob", *data)
        rows = json.loads(run(*bench, "--json").stdout)["rows"]
        assert [row["status"] for row in rows] == ["ok"] * 3


@pytest.mark.parametrize("arguments", [("evaluate",), ("export", "--model")], ids=lambda value: value[0])
@pytest.mark.parametrize("name", ["notebook.h5", "notebook.keras"])
def test_without_a_contract_the_import_is_named(tmp_path, run_cli, recordings, name, arguments):
    notebook((240,)).save(tmp_path / name)
    done = run_cli(*arguments, name, "--dataset", recordings, cwd=tmp_path)
    assert done.returncode == 2 and "edgehar import" in done.stderr and done.stdout == ""
    assert done.stderr.count("error:") == 1 and "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "got no labels and rate"),
        (("--labels", "a,b", "--rate", "20"), "each of the 2 labels"),
        (("--labels", LABELS, "--rate", "20", "--mean", "1,2,x", "--std", "1"), "expected numbers parted by commas"),
        (("--labels", LABELS, "--rate", "20", "--contract", "none.json"), "no such file: none.json"),
        (("--labels", LABELS, "--rate", "20", "--unit", "furlong"), "is not one of"),
    ],
)
def test_bad_input(tmp_path, run_cli, arguments, message):
    notebook((240,)).save(tmp_path / "m.keras")
    done = run_cli("import", "m.keras", *arguments, "--out", "own.keras", cwd=tmp_path)
    assert done.returncode == 2 and message in done.stderr and "Traceback" not in done.stderr
    assert not (tmp_path / "own.keras").exists()
