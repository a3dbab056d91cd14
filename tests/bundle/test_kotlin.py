"""The Kotlin of a README: compiled as it stands against stand-ins for Android and LiteRT, and run on the JVM."""

from __future__ import annotations

import json
import re
import shutil
import subprocess

import numpy as np
import pytest

from edgehar.bundle.incremental import incremental_readme
from edgehar.bundle.readme import bundle_readme
from edgehar.contract import Contract
from edgehar.schema import read_json
from tests.incremental.stand_in import played

HOP = 20

#: What the files use of Android and LiteRT, with their signatures. The whole-window interpreter prints the bytes that
#: it is given; the incremental one's state is the window, and its output the window's sum, oldest and newest value.
STAND_INS = {
    "Context.kt": """
package android.content
import java.io.File
import java.io.InputStream
class AssetManager(private val folder: File) { fun open(name: String): InputStream = File(folder, name).inputStream() }
class Context(folder: String) { val assets = AssetManager(File(folder)) }
""",
    "Interpreter.kt": """
package org.tensorflow.lite
import java.nio.ByteBuffer
import java.nio.ByteOrder
class Tensor(private val bytes: Int) { fun numBytes(): Int = bytes }
class Interpreter(model: ByteBuffer, options: Options) : AutoCloseable {
    class Options { fun setNumThreads(threads: Int): Options = apply { require(threads == 1) } }
    init {
        require(model.isDirect && model.order() == ByteOrder.nativeOrder()) { "LiteRT takes direct buffers only" }
        require(model.remaining() > 1000) { "not rewound" }
        require(options.hashCode() != 0)
    }
    private fun take(buffer: Any) = ByteArray((buffer as ByteBuffer).remaining()).also { buffer.get(it) }
    fun run(input: Any, output: Any) {
        println(take(input).joinToString(" "))
        val row = (output as Array<*>)[0]
        if (row is ByteArray) { row.fill(-128); row[1] = 64 } else (row as FloatArray)[1] = 0.75f
    }
    fun getInputTensor(index: Int) = Tensor(if (index == 0) HOP * 3 else (80 - HOP) * 3)
    fun runForMultipleInputsOutputs(inputs: Array<Any>, outputs: Map<Int, Any>) {
        val samples = take(inputs[0])
        val window = take(inputs[1]) + samples
        require(window.size == 240) { "got ${window.size} values" }
        val result = (outputs[0] as Array<*>)[0] as ByteArray
        result[0] = window.sum().toByte(); result[1] = window.first(); result[2] = window.last()
        (outputs[1] as ByteBuffer).put(window.copyOfRange(samples.size, 240))
    }
    override fun close() {}
}
""",
    "Main.kt": """
import android.content.Context
fun main(arguments: Array<String>) {
    val context = Context(arguments[0])
    val whole = ActivityModel(context)
    val float = plain.ActivityModel(context)
    val steps = IncrementalModel(context)
    while (true) {
        val line = readLine() ?: break
        if (line == "clear") { steps.clear(); continue }
        val values = line.split(" ").map { it.toFloat() }.toFloatArray()
        if (values.size == 3) {
            val given = steps.push(values[0], values[1], values[2])
            println(given?.take(3)?.map { (it * 256).toInt() - 128 }?.joinToString(" ") ?: "-")
        } else {
            println(whole.classify(values))
            println(float.classify(values))
        }
    }
    whole.close(); float.close(); steps.close()
}
""",
}


def block(page: str) -> str:
    [found] = re.findall(r"```kotlin\n(.*?)```", page, re.S)
    return found


@pytest.fixture(scope="module")
def files(bundle_of):
    """Name -> text of every Kotlin file that a README has, and the bundle's folder."""
    folder = bundle_of("micro")
    contract = read_json(folder / "contract.json", Contract)
    entry = {
        "file": "model_int8.tflite", "hop": HOP, "operators": [], "macs": 1, "macs_whole": 2, "note": None,
        "window": 80, "states": [[1, 1, 80 - HOP, 3]], "state_bytes": 3 * (80 - HOP),
    }  # fmt: skip
    plain = bundle_readme(contract, "", [], int8=None, arena=None, c_source=False)
    return folder, contract, {
        "ActivityModel.kt": block((folder / "README.md").read_text()),
        "Plain.kt": "package plain\n" + block(plain),
        "IncrementalModel.kt": block(incremental_readme(contract, entry)),
    }  # fmt: skip


def test_every_name_is_imported_and_nothing_is_left_to_fill_in(files):
    for name, text in files[2].items():
        assert not re.search(r"\$\{?[a-z_]+\}?(?!\{)", text.replace("${window.size}", "")), name
        assert "FileUtil" not in text, "lives in another artefact"
        for used, package in (
            ("Context", "android.content"), ("Interpreter", "org.tensorflow.lite"), ("ByteBuffer", "java.nio"),
            ("ByteOrder", "java.nio"), ("truncate", "kotlin.math"),
        ):  # fmt: skip
            assert (re.search(rf"\b{used}\b", text) is not None) == (f"import {package}.{used}\n" in text), (name, used)


def test_compiled_and_run_on_the_jvm(files, tmp_path):
    if shutil.which("kotlinc") is None or shutil.which("java") is None:
        pytest.skip("needs kotlinc and java; on Debian 12: apt-get install kotlin (86 MB, 355 MB on disk)")
    folder, contract, sources = files
    for name, text in {**STAND_INS, **sources}.items():
        (tmp_path / name).write_text(text.replace("HOP", str(HOP)))
    jar = tmp_path / "all.jar"
    command = ["kotlinc", "-Werror", *sorted(tmp_path.glob("*.kt")), "-include-runtime", "-d", jar]
    done = subprocess.run(command, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    golden = json.loads((folder / "golden.json").read_text())["windows"]
    lines = [" ".join(repr(value) for sample in entry["window"] for value in sample) for entry in golden]
    stream, expected = played(contract, HOP, pause="clear")
    done = subprocess.run(
        ["java", "-cp", jar, "MainKt", folder], input="\n".join([*lines, *stream]), capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    said = done.stdout.splitlines()
    whole, steps = said[: 4 * len(golden)], said[4 * len(golden) :]
    for index, entry in enumerate(golden):
        codes, answer, floats, plain_answer = whole[4 * index : 4 * index + 4]
        assert [int(code) for code in codes.split()] == entry["int8_input"]
        values = np.array(entry["window"], "<f4").reshape(-1)
        assert np.array([int(byte) for byte in floats.split()], np.int8).tobytes() == values.tobytes()
        assert (answer, plain_answer) == tuple(f"({contract.labels[1]}, 0.75)" for _ in range(2))
    assert steps == expected and sum(line != "-" for line in steps) > 8
