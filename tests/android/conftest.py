"""The app's Kotlin and C, compiled for this computer: Android and LiteRT are stand-ins."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree

import pytest

from edgehar.engine import engine_dir
from edgehar.runtimes import open_model
from tests.conftest import ROOT

ANDROID = ROOT / "android_ref"
MAIN = ANDROID / "app" / "src" / "main"
HERE = Path(__file__).parent
NEEDS = "needs kotlinc, javac and gcc; on Debian 12: apt-get install kotlin default-jdk-headless gcc"


def run(*command):
    done = subprocess.run([str(one) for one in command], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def take_model():
    """The script that puts a bundle's model into the app."""
    spec = importlib.util.spec_from_file_location("take_model", ANDROID / "take_model.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    return script


@pytest.fixture
def runtime(bundle_of):
    opened = open_model(bundle_of("micro") / "model_int8.tflite", runtime="native-int8")
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def java_includes():
    """Folders of jni.h."""
    if any(shutil.which(tool) is None for tool in ("kotlinc", "javac", "java", "gcc")):
        pytest.skip(NEEDS)
    include = Path(os.path.realpath(shutil.which("javac"))).parent.parent / "include"
    if not (include / "jni.h").is_file():
        pytest.skip(f"no jni.h in {include}; {NEEDS}")
    return [include, include / "linux"]


@pytest.fixture(scope="session")
def app(java_includes, bundle_of, take_model, tmp_path_factory):
    """A folder with the app's model, its assets, and libedgehar_jni.so; and what runs Kotlin's main over them."""
    folder = tmp_path_factory.mktemp("app")
    take_model.take_model(bundle_of("micro"), folder)
    places = [*java_includes, folder / "cpp" / "model"]
    engine = engine_dir()
    places += [engine / "include", engine / "src"]
    run(
        "gcc", "-std=c99", "-O1", "-Wall", "-Wextra", "-Wconversion", "-Wshadow", "-Werror", "-fPIC", "-shared",
        "-fvisibility=hidden", *(f"-I{place}" for place in places), MAIN / "cpp" / "edgehar_jni.c",
        *sorted((engine / "src").glob("*.c")), folder / "cpp" / "model" / "model_data.c",
        "-o", folder / "libedgehar_jni.so",
    )  # fmt: skip
    return folder


def resources_class(values):
    """R.java as Android's tools make it of res/values, and beside it the texts by number."""
    names = {"string": [], "bool": []}
    texts = []
    for path in sorted(values.glob("*.xml")):
        for one in ElementTree.parse(path).getroot():
            names[one.tag].append(f"{one.get('name')} = {len(texts)}")
            texts.append(json.dumps(one.text))
    inner = [
        f"public static final class {kind} {{ public static final int {', '.join(found)}; }}"
        for kind, found in names.items()
    ]
    all_texts = f"public static final String[] texts = {{{', '.join(texts)}}};"
    return "\n".join(["package org.edgehar.app;", "public final class R {", *inner, all_texts, "}"])


@pytest.fixture(scope="session")
def classes(app):
    """Every Kotlin file of the app as classes, warnings being errors."""
    out = app / "classes"
    (app / "R.java").write_text(resources_class(MAIN / "res" / "values"))
    run("javac", "-Xlint:all", "-Werror", "-d", out, app / "R.java", *(HERE / "stand_ins").rglob("*.java"))
    kotlin = [*sorted((MAIN / "kotlin").rglob("*.kt")), HERE / "Main.kt", HERE / "Device.kt"]
    run("kotlinc", "-Werror", "-cp", out, *kotlin, "-include-runtime", "-d", app / "app.jar")
    return [app / "app.jar", out]
