"""The app's XML, Gradle and CMake files: what can be checked of them without Android's tools."""

from __future__ import annotations

import re
import shutil
import subprocess
from xml.etree import ElementTree

import pytest

from edgehar.bundle.kotlin import ARTEFACT
from edgehar.engine import engine_dir

from .conftest import ANDROID, MAIN, run

NAME = "{http://schemas.android.com/apk/res/android}"
KOTLIN = {path: path.read_text() for path in sorted((MAIN / "kotlin").rglob("*.kt"))}
GRADLE = (ANDROID / "app" / "build.gradle.kts").read_text()


def test_manifest_declares_what_the_code_uses():
    root = ElementTree.parse(MAIN / "AndroidManifest.xml").getroot()
    permissions = {one.get(f"{NAME}name").rpartition(".")[2] for one in root.iter("uses-permission")}
    assert permissions == {
        "FOREGROUND_SERVICE", "FOREGROUND_SERVICE_HEALTH", "ACTIVITY_RECOGNITION", "POST_NOTIFICATIONS", "WAKE_LOCK",
    }  # fmt: skip
    [namespace] = re.findall(r'namespace = "(.*)"', GRADLE)
    for tag, name in (("activity", ".MainActivity"), ("service", ".MotionService")):
        [one] = root.iter(tag)
        assert one.get(f"{NAME}name") == name
        place = MAIN / "kotlin" / namespace.replace(".", "/") / f"{name[1:]}.kt"
        assert f"class {name[1:]} " in KOTLIN[place]
    [service] = root.iter("service")
    assert service.get(f"{NAME}foregroundServiceType") == "health" and service.get(f"{NAME}exported") == "false"
    [application] = root.iter("application")
    assert application.get(f"{NAME}allowBackup") == "false"


def test_resources_are_all_used_and_all_there():
    defined = set()
    for path in (MAIN / "res").rglob("*.xml"):
        defined |= {(one.tag, one.get("name")) for one in ElementTree.parse(path).getroot()}
    texts = "\n".join(KOTLIN.values()).replace("android.R.", "")
    used = set(re.findall(r"\bR\.(\w+)\.(\w+)", texts))
    used |= set(re.findall(r"@(string|bool)/(\w+)", (MAIN / "AndroidManifest.xml").read_text()))
    assert used == defined


def test_logic_names_no_android():
    for path, text in KOTLIN.items():
        package = "org.edgehar." + path.parent.name
        assert text.startswith(f"package {package}\n"), path
        if path.parent.name == "core":
            assert not re.search(r"^import android", text, re.M), path
            assert ("org.tensorflow" in text) == (path.name == "LiteRtModel.kt")


def test_versions_are_stated_once_and_agree():
    top = (ANDROID / "build.gradle.kts").read_text()
    readme = (ANDROID / "README.md").read_text()
    wrapper = (ANDROID / "gradle" / "wrapper" / "gradle-wrapper.properties").read_text()
    told = {
        "Gradle": re.findall(r"gradle-([\d.]+)-bin", wrapper),
        "Android Gradle plugin": re.findall(r'application"\) version "([\d.]+)"', top),
        "Kotlin": re.findall(r'kotlin.android"\) version "([\d.]+)"', top),
        "JDK": re.findall(r"jvmToolchain\((\d+)\)", GRADLE),
        "compileSdk, targetSdk": re.findall(r"compileSdk = (\d+)", GRADLE),
        "minSdk": re.findall(r"minSdk = (\d+)", GRADLE),
        "build tools": re.findall(r'buildToolsVersion = "([\d.]+)"', GRADLE),
        "NDK": re.findall(r'ndkVersion = "([\d.]+)"', GRADLE),
        "CMake": re.findall(r'version = "([\d.]+)"', GRADLE),
        "LiteRT": re.findall(r'implementation\("(.*)"\)', GRADLE),
    }
    for name, found in told.items():
        assert len(found) == 1 and f"| {name} | {found[0]} |" in readme, (name, found)
    assert told["LiteRT"] == [ARTEFACT]
    assert f"cmake_minimum_required(VERSION {told['CMake'][0]})" in (MAIN / "cpp" / "CMakeLists.txt").read_text()
    for text in (top, GRADLE, (ANDROID / "settings.gradle.kts").read_text()):
        for pair in ("{}", "()"):
            assert text.count(pair[0]) == text.count(pair[1])


def test_each_native_function_has_its_other_side():
    [kotlin] = [text for path, text in KOTLIN.items() if path.name == "Engine.kt"]
    wanted = set(re.findall(r"external fun native(\w+)\(", kotlin))
    given = set(re.findall(r"^NATIVE\(\w+, (\w+)\)", (MAIN / "cpp" / "edgehar_jni.c").read_text(), re.M))
    assert wanted == given and len(wanted) == 14


def test_cmake_builds_the_library(app, java_includes, tmp_path):
    """By this computer's compiler: the NDK's is not here."""
    if shutil.which("cmake") is None:
        pytest.skip("needs cmake: apt-get install cmake")
    flags = " ".join(f"-I{place}" for place in java_includes)
    command = [
        "cmake",
        "-S",
        MAIN / "cpp",
        "-B",
        tmp_path,
        f"-DEDGEHAR_ENGINE={engine_dir()}",
        f"-DCMAKE_C_FLAGS={flags}",
    ]
    done = subprocess.run([*command, f"-DEDGEHAR_MODEL={tmp_path}"], capture_output=True, text=True)
    assert done.returncode and "take_model.py" in done.stderr
    run(*command, f"-DEDGEHAR_MODEL={app / 'cpp' / 'model'}")
    run("cmake", "--build", tmp_path)
    symbols = run("nm", "-D", "--defined-only", tmp_path / "libedgehar_jni.so").split()
    exported = {one for one in symbols if "edgehar" in one.lower()}
    assert len(exported) == 14 and all(one.startswith("Java_org_edgehar_core_Engine_native") for one in exported)
