"""What the command line says of itself: help, groups, mistyped words, and what is installed."""

from __future__ import annotations

import importlib.metadata
import json
import re
import tomllib
from pathlib import Path

import pytest

from edgehar.api.doctor import NEEDS, doctor
from edgehar.cli import COMMANDS, main
from edgehar.cli.words import words

ROOT = Path(__file__).resolve().parents[2]


def test_a_bare_call_prints_the_help_as_help(capsys):
    assert main([]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("Usage: edgehar") and said.err == ""
    assert all(name in said.out for name in COMMANDS)


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        ("exprt", "'export'"),
        ("strem", "'stream'"),
        ("export --int", "'--int8'"),
        ("export --incrementall", "'--incremental'"),
        ("bench --runtime litert-int8", "'--runtimes'"),
        ("doctor --jsn", "'--json'"),
    ],
)
def test_a_mistyped_word_gets_the_nearest_one(capsys, arguments, meant):
    assert main(arguments.split()) == 2
    said = capsys.readouterr().err.strip().splitlines()
    assert len(said) == 1 and f"did you mean {meant}?" in said[0]


@pytest.mark.parametrize(
    "arguments",
    [
        "adapt walk.csv bundle --only sitting,,standing", "crossval --adapt 1 --only ,sitting",
        "evaluate bundle --adapt 1 --only sitting,", "bench bundle --runtimes litert-int8,,keras",
        "import own.keras --labels walking,", "record - out.csv --labels ,walking",
        "data check walk.csv --columns x,,z",
    ],
)  # fmt: skip
def test_an_empty_name_among_names_is_refused(capsys, arguments):
    assert main(arguments.split()) == 2
    said = capsys.readouterr().err.strip().splitlines()
    given = arguments.rpartition(" ")[2]
    assert len(said) == 1 and f"expected names parted by commas, as in A,B; got {given!r}" in said[0]


def test_blanks_around_names_are_no_part_of_them():
    assert words(" sitting , lying down") == ("sitting", "lying down")


def test_a_word_that_is_like_nothing_gets_no_guess(capsys):
    assert main(["xylophone"]) == 2
    assert "did you mean" not in capsys.readouterr().err


@pytest.mark.parametrize("command", ["export", "bench", "stream", "train", "evaluate", "crossval", "search"])
def test_options_stand_in_named_groups(capsys, command):
    assert main([command, "--help"]) == 0
    said = capsys.readouterr().out
    headings = re.findall(r"^(\w[\w ]*):$", said, re.M)
    assert "Recordings" in headings and "Output" in headings and headings[-1] == "Help" and len(headings) >= 4
    assert "Options" not in headings, "each option of these has a group"
    body = said.split("Recordings:")[1].split("Output:")[0]
    assert "--kind" in body and "--time-unit" in body and "--json" not in body
    options = re.findall(r"^  (--?[\w-]+)", said[said.index(headings[0] + ":") :], re.M)
    assert len(options) == len(set(options)), "an option is listed twice"


def test_streaming_stays_as_a_hidden_word_for_incremental(capsys):
    assert main(["export", "--help"]) == 0
    assert "--streaming" not in capsys.readouterr().out
    for flag in ("--streaming", "--incremental"):
        assert main(["export", flag]) == 2
        assert "expected --int8" in capsys.readouterr().err


def test_doctor_names_what_is_missing_and_how_to_get_it(capsys, monkeypatch):
    version = importlib.metadata.version

    def absent(name):
        if name in ("tensorflow", "onnxruntime"):
            raise importlib.metadata.PackageNotFoundError(name)
        return version(name)

    monkeypatch.setattr("importlib.metadata.version", absent)
    monkeypatch.setattr("shutil.which", lambda name: None)
    assert main(["doctor"]) == 0
    said = capsys.readouterr().out
    assert "missing tensorflow, onnxruntime: pip install 'edgehar[export]'" in said
    assert "apt-get install gcc-arm-none-eabi" in said
    assert re.search(r"\d+ of \d+ are ready", said.strip().splitlines()[-1])
    assert main(["doctor", "--json"]) == 0
    needs = {need["what"]: need for need in json.loads(capsys.readouterr().out)["needs"]}
    assert needs["export"]["missing"] == ["tensorflow", "onnxruntime"]
    assert needs["data, and stream of recordings"]["missing"] == []


def test_doctor_speaks_of_packages_and_extras_that_exist():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]

    def names(extra):
        for item in extras[extra]:
            inner = re.match(r"edgehar\[([\w,]+)\]", item)
            if inner:
                for other in inner[1].split(","):
                    yield from names(other)
            else:
                yield re.match(r"[\w-]+", item)[0]

    for what, (packages, extra) in NEEDS.items():
        if extra:
            assert set(packages) <= set(names(extra)), what
    assert doctor().to_dict()["edgehar"]
