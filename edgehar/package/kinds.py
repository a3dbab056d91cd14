"""The ecosystems, and the files that each of them wants where."""

from __future__ import annotations

import json
from collections.abc import Callable

from edgehar.package.library import LICENCE, MAINTAINER, Library

Files = dict[str, bytes]


def arduino(library: Library) -> Files:
    """A library for the Arduino IDE: Sketch, Include Library, Add .ZIP Library takes the zipped folder."""
    return {
        "library.properties": library.fill("arduino/library.properties"),
        "keywords.txt": library.fill("arduino/keywords.txt"),
        "README.md": library.fill("arduino/README.md"),
        **_in("src", library.code),
        "src/edgehar_arduino.h": library.fill("arduino/edgehar_arduino.h"),
        "examples/lsm6dso/lsm6dso.ino": library.fill("arduino/lsm6dso.ino"),
    }


def platformio(library: Library) -> Files:
    """A library for PlatformIO: put it into `lib/`, or name its folder in `lib_deps`."""
    manifest = {
        "$schema": "https://raw.githubusercontent.com/platformio/platformio-core/develop/platformio/assets/schema/library.json",
        "name": "edgehar",
        "version": library.version,
        "description": library.sentence,
        "keywords": ["accelerometer", "activity recognition", "machine learning", "lsm6dso"],
        "authors": [{"name": MAINTAINER, "maintainer": True}],
        "license": LICENCE,
        "frameworks": "*",
        "platforms": "*",
        "headers": ["edgehar.h", "edgehar_sensor.h", "model_data.h"],
        "build": {"srcDir": "src", "includeDir": "src"},
        "examples": [{"name": "LSM6DSO", "base": "examples/lsm6dso", "files": ["src/main.cpp", "platformio.ini"]}],
    }
    return {
        "library.json": (json.dumps(manifest, indent=2) + "\n").encode(),
        "README.md": library.fill("platformio/README.md"),
        **_in("src", library.code),
        "src/edgehar_arduino.h": library.fill("arduino/edgehar_arduino.h"),
        "examples/lsm6dso/platformio.ini": library.fill("platformio/platformio.ini"),
        "examples/lsm6dso/src/main.cpp": b"#include <Arduino.h>\n\n" + library.fill("arduino/lsm6dso.ino"),
    }


def zephyr(library: Library) -> Files:
    """A module: name its folder in ZEPHYR_EXTRA_MODULES."""
    return {
        "zephyr/module.yml": library.fill("zephyr/module.yml"),
        "zephyr/CMakeLists.txt": library.fill("zephyr/CMakeLists.txt"),
        "zephyr/Kconfig": library.fill("zephyr/Kconfig"),
        "README.md": library.fill("zephyr/README.md"),
        **_in("src", library.code),
        "samples/lsm6dso/CMakeLists.txt": library.fill("zephyr/sample.txt"),
        "samples/lsm6dso/prj.conf": library.fill("zephyr/prj.conf"),
        "samples/lsm6dso/sample.yaml": library.fill("zephyr/sample.yaml"),
        "samples/lsm6dso/src/main.c": library.fill("zephyr/main.c"),
    }


def cmake(library: Library) -> Files:
    """A CMake project: add_subdirectory or FetchContent gives the target edgehar::edgehar; it can be installed."""
    return {
        "CMakeLists.txt": library.fill("cmake/CMakeLists.txt"),
        "README.md": library.fill("cmake/README.md"),
        **_in("src", library.code),
        "examples/lsm6dso/CMakeLists.txt": library.fill("cmake/example.txt"),
        "examples/lsm6dso/main.c": library.fill("cmake/main.c"),
    }


def esp_idf(library: Library) -> Files:
    """A component: put it into `components/`."""
    return {
        "CMakeLists.txt": library.fill("esp_idf/CMakeLists.txt"),
        "idf_component.yml": library.fill("esp_idf/idf_component.yml"),
        "README.md": library.fill("esp_idf/README.md"),
        **_in("src", library.code),
        "examples/lsm6dso/CMakeLists.txt": library.fill("esp_idf/example.txt"),
        "examples/lsm6dso/main/CMakeLists.txt": library.fill("esp_idf/example_main.txt"),
        "examples/lsm6dso/main/main.c": library.fill("esp_idf/main.c"),
    }


def micropython(library: Library) -> Files:
    """A user C module, `import edgehar`: name its folder in USER_C_MODULES when the firmware is built."""
    code = {name: content for name, content in library.code.items() if name not in library.driver}
    return {
        "micropython.cmake": library.fill("micropython/micropython.cmake"),
        "micropython.mk": library.fill("micropython/micropython.mk"),
        "README.md": library.fill("micropython/README.md"),
        **_in("src", code),
        "src/modedgehar.c": library.fill("micropython/modedgehar.c"),
        "examples/lsm6dso.py": library.fill("micropython/lsm6dso.txt"),
    }


KINDS: dict[str, Callable[[Library], Files]] = {
    "arduino": arduino, "zephyr": zephyr, "cmake": cmake, "platformio": platformio, "esp-idf": esp_idf,
    "micropython": micropython,
}  # fmt: skip


def package_files(kind: str, library: Library) -> Files:
    """Every file of a package by its path in it."""
    return KINDS[kind](library)


def _in(folder: str, files: Files) -> Files:
    return {f"{folder}/{name}": content for name, content in files.items()}
