"""The WebAssembly modules in Node: a whole recording decides as Python does; what is learned is what Python learns."""

from __future__ import annotations

import functools
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgehar.compile.head import head_of
from edgehar.personal.adaptation import adapt
from edgehar.personal.head import embed
from edgehar.personal.profile import Profile, apply_profile, parse_profile
from edgehar.runtimes import open_model
from edgehar.schema import read_json
from edgehar.streaming import Decision, SmoothingConfig, Streamer
from tests.firmware.engine import FIRMWARE, Engine
from tests.firmware.networks import SAME, NetworkWriter
from tests.firmware.test_sample_path import contract, restless
from tests.firmware.test_streamer import EngineRuntime, network
from tests.scripts import load_runner

from .recordings import TURNED, recording

RUNNER = load_runner("ports")
MODULES = RUNNER.MODULES
GROWTH = 1.02
REPLAY = Path(__file__).with_name("replay.mjs")
ABSENT = [tool for tool in ("clang", "wasm-ld", "node", "make") if shutil.which(tool) is None]

pytestmark = pytest.mark.skipif(
    bool(ABSENT), reason=f"needs {', '.join(ABSENT)}; on Debian or Ubuntu: apt-get install clang lld nodejs make"
)


class Host:
    """Node as a host of one module: steps in, rows out."""

    def __init__(self, module: Path, folder: Path) -> None:
        self._module, self._folder, self._steps = module, folder, []

    def do(self, name: str, *arguments: object) -> None:
        self._steps.append({"do": name, "with": list(arguments)})

    def push(self, samples: np.ndarray, times: np.ndarray, shown: tuple[tuple[int, int], ...] = ()) -> None:
        """Samples (N, 3), times in µs; the window of the decision at a sample shows a label."""
        place = self._folder / f"{len(self._steps)}"
        samples.astype("<f4").tofile(f"{place}.samples")
        times.astype("<f8").tofile(f"{place}.times")
        files = {"samples": f"{place}.samples", "times": f"{place}.times"}
        self._steps.append({"do": "push", **files, "shown": shown})

    def run(self) -> list[dict[str, Any]]:
        """What happened, the first row saying which model it is."""
        binding = FIRMWARE / "port" / "wasm" / "edgehar.mjs"
        job = {"binding": str(binding), "module": str(self._module), "steps": self._steps}
        done = subprocess.run(["node", REPLAY], input=json.dumps(job), capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]


def as_row(event) -> dict[str, Any]:
    if isinstance(event, Decision):
        names = {"timeUs": event.t_us, "label": event.label, "raw": event.raw}
        return {**names, "reason": event.reason, "p": list(event.p), "scores": list(event.scores)}
    return {"timeUs": event.t_us, "reason": event.reason}


@pytest.fixture(scope="module")
def small(tmp_path_factory, engine_objects) -> Callable[..., tuple[Path, EngineRuntime]]:
    """Both modules of a generated network, and the same network behind the Python streamer."""

    @functools.cache
    def build(content: bytes, front: str = "none", **options) -> tuple[Path, EngineRuntime]:
        folder = tmp_path_factory.mktemp("small")
        engine = Engine(content, folder / "engine", engine_objects, contract=contract(front), **options)
        return RUNNER.build_modules(folder / "engine", folder / "build"), EngineRuntime(engine, front)

    return build


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("name", ["cnn", "micro"])
def test_a_whole_recording(name, module, bundle_of, modules_of, tmp_path):
    """With a gap, a repeated time, one that goes back and samples that are no numbers; then again, turned."""
    x = recording("exp21")
    x = x if name != "cnn" else x[:4000]
    x[1500, 1], x[1600, 2] = np.nan, -np.inf
    times = np.arange(len(x)) * 50_000
    times[1003:] += 170_000
    times[2000] = times[1999]
    times[3001:] -= 60_000
    runtime = open_model(bundle_of(name) / "model_int8.tflite", runtime="native-int8")
    host = Host(modules_of(name) / module, tmp_path)
    host.do("init", {"hop": 10})
    host.push(x, times)
    host.do("setRotation", TURNED)
    host.push(x[:400], times[:400])
    host.do("setRotation", None)
    host.push(x[:200], np.full(200, np.nan))
    about, *rows = host.run()
    assert about["labels"] == list(runtime.contract.labels) and about["periodUs"] == 50_000
    assert [row for row in rows if "error" in row] == []
    expected = Streamer(runtime, hop=10).push(x, times)
    expected += Streamer(runtime, hop=10, rotation=TURNED).push(x[:400], times[:400])
    expected += Streamer(runtime, hop=10).push(x[:200])
    assert [row for row in rows if "did" not in row] == [as_row(event) for event in expected]
    assert sum(isinstance(event, Decision) for event in expected) > 300
    assert {event.reason for event in expected if not isinstance(event, Decision)} == {"gap", "backward", "nan"}


@pytest.mark.parametrize("module", MODULES)
def test_settings_are_taken_and_refused(module, small, tmp_path):
    x, times = restless(np.random.default_rng(6), 800), np.arange(800) * 50_000
    folder, runtime = small(network())
    host = Host(folder / module, tmp_path)
    bad = [{"hop": 0}, {"hop": 65_556}, {"alpha": -1}, {"votes": 261}, {"threshold": 257}, {"minDwell": 0}, {"top": 1}]
    host.push(x[:1], times[:1])
    defaults = {"hop": 20, "smoothing": 1, "votes": 5, "alpha": 128, "threshold": 128, "hysteresis": 13, "minDwell": 2}
    for one in bad:
        host.do("init", one)
        host.do("init", {name: defaults[name] for name in one if name in defaults})
    host.push(x, times)
    host.do("init", {"hop": 7, "smoothing": 2, "votes": 3, "threshold": 200, "hysteresis": 40, "minDwell": 4})
    host.push(x, times)
    host.do("reset")
    host.push(x, times)
    _, first, *rows = host.run()
    assert first == {"did": "push", "error": "edgehar push: wrong configuration"}
    answers = [row.get("error", "") for row in rows if row.get("did") == "init"]
    assert ["configuration" in one or "whole numbers" in one for one in answers[:-1]] == [True, False] * len(bad)
    config = SmoothingConfig("majority", votes=3, threshold=200, hysteresis=40, min_dwell=4)
    expected = Streamer(runtime, hop=20).push(x, times) + 2 * Streamer(runtime, hop=7, smoothing=config).push(x, times)
    assert [row for row in rows if "did" not in row] == [as_row(event) for event in expected]


@pytest.mark.parametrize("module", MODULES)
def test_a_person_is_learned_as_in_python(module, small, tmp_path):
    """Windows shown by button, the profile's bytes, decisions with it; torn and foreign profiles change nothing."""
    folder, runtime = small(network())
    model = runtime.engine.network
    x, times = restless(np.random.default_rng(7), 900), np.arange(900) * 50_000
    ends = [79 + 20 * index for index in (3, 9, 14, 22, 30, 38)]
    labels = [3, 0, 1, 2, 1, 3]
    shown = tuple(zip(ends, labels, strict=True))
    rows = embed(folder.parents[1] / "engine" / "model.tflite", runtime.contract, windows_that_end(x, ends))
    fitted = adapt(head_of(model), rows, np.array(labels))
    profiles = [Profile(model.sha256, rotation, *fitted) for rotation in (None, TURNED)]
    turned, torn = list(profiles[1].to_bytes()), list(profiles[1].to_bytes())
    torn[20:60] = [byte ^ 0x55 for byte in torn[20:60]]

    host = Host(folder / module, tmp_path)
    host.do("init", {"hop": 20})
    host.do("remember", 0)
    host.push(x, times, shown)
    host.do("adapt")
    host.do("adapt", TURNED)
    host.do("setProfile", list(profiles[0].to_bytes()))
    host.do("remember", 0)
    host.push(x, times)
    host.do("setProfile", turned)
    host.do("setProfile", list(Profile("00" * 32, TURNED, *fitted).to_bytes()))
    host.do("setProfile", torn)
    host.push(x, times)
    host.do("forget")
    host.do("adapt")
    host.do("setProfile", None)
    host.push(x[:200], times[:200])
    _, *rows = host.run()
    assert [row["remembered"] for row in rows if "remembered" in row] == [1, 2, 3, 4, 5, 6]
    did = [(row["did"], row.get("error", row.get("result"))) for row in rows if "did" in row]
    early = ("remember", "edgehar remember: wrong argument")
    assert did == [
        ("init", None),
        early,
        ("adapt", list(profiles[0].to_bytes())),
        ("adapt", turned),
        ("setProfile", None),
        early,
        ("setProfile", None),
        ("setProfile", "edgehar set_profile: wrong model"),
        ("setProfile", "edgehar set_profile: wrong profile"),
        ("forget", None),
        ("adapt", "edgehar adapt: wrong argument"),
        ("setProfile", None),
    ]
    assert parse_profile(bytes(turned)).rotation == TURNED
    adapted = small(apply_profile(network(), model, profiles[0]))[1]
    expected = []
    for own, rotation, count in (
        (runtime, None, 900),
        (adapted, None, 900),
        (adapted, TURNED, 900),
        (runtime, None, 200),
    ):
        expected += Streamer(own, hop=20, rotation=rotation).push(x[:count], times[:count])
    got = [row for row in rows if "did" not in row and "remembered" not in row]
    assert got == [as_row(event) for event in expected]
    assert len({tuple(event.p) for event in expected}) > 60


def windows_that_end(x: np.ndarray, ends: list[int]) -> np.ndarray:
    """float32 (windows, 80, 3): those whose last sample is at these places."""
    return np.stack([x[end - 79 : end + 1] for end in ends])


@pytest.mark.parametrize("module", MODULES)
def test_a_front_end_and_an_incremental_model(module, small, tmp_path):
    folder, runtime = small(network(), "pocket", hop=9)
    x, times = restless(np.random.default_rng(3), 400), np.arange(400) * 50_000
    host = Host(folder / module, tmp_path)
    host.do("init", {"hop": 20})
    host.do("init", {"hop": 9})
    host.push(x, times)
    host.do("setRotation", TURNED)
    host.push(x, times)
    host.do("align")
    _, refused, _, *rows, nothing = host.run()
    assert refused["error"] == "edgehar init: wrong configuration"
    assert nothing == {"did": "align", "error": "edgehar align: wrong model"}
    expected = Streamer(runtime, hop=9).push(x, times) + Streamer(runtime, hop=9, rotation=TURNED).push(x, times)
    assert [row for row in rows if "did" not in row] == [as_row(event) for event in expected]


@pytest.mark.parametrize("module", MODULES)
def test_a_model_without_a_last_layer_to_learn(module, small, tmp_path):
    net = NetworkWriter(78)
    net.conv(4, 4, 3)
    net.mean()
    net.softmax(spread=None)
    folder, runtime = small(net.bytes())
    x, times = restless(np.random.default_rng(4), 300), np.arange(300) * 50_000
    host = Host(folder / module, tmp_path)
    host.do("init", {"hop": 5})
    host.push(x, times)
    for name in ("remember", "adapt", "setProfile", "forget"):
        host.do(name, *([0] if name == "remember" else []))
    about, *rows = host.run()
    assert about["canAdapt"] is False
    model = "wrong model"
    assert [row["error"].endswith(model) if "error" in row else None for row in rows[-4:]] == [True, True, True, None]
    expected = Streamer(runtime, hop=5).push(x, times)
    assert [row for row in rows if "did" not in row] == [as_row(event) for event in expected]


def test_padding_is_written(small, tmp_path):
    """Zero points that are not 0, on both sides: the module's own memset."""
    net = NetworkWriter(79)
    net.conv(6, 5, 1, padding=SAME)
    net.mean()
    net.dense(4)
    net.softmax()
    folder, runtime = small(net.bytes())
    x, times = restless(np.random.default_rng(5), 300), np.arange(300) * 50_000
    expected = [as_row(event) for event in Streamer(runtime, hop=5).push(x, times)]
    for module in MODULES:
        host = Host(folder / module, tmp_path)
        host.do("init", {"hop": 5})
        host.push(x, times)
        assert [row for row in host.run()[1:] if "did" not in row] == expected


def test_a_module_asks_for_nothing(modules_of):
    """No import, and no function that the page does not name."""
    page = (FIRMWARE / "port" / "wasm" / "README.md").read_text(encoding="utf-8")
    for personal in ("yes", "no"):
        for module in MODULES:
            code = (
                "const m = new WebAssembly.Module(require('fs').readFileSync(process.argv[1]));"
                "console.log(JSON.stringify([WebAssembly.Module.imports(m), WebAssembly.Module.exports(m)]))"
            )
            path = modules_of("micro", personal) / module
            done = subprocess.run(["node", "-e", code, path], capture_output=True, text=True, check=True)
            imports, exports = json.loads(done.stdout)
            assert imports == [] and "push" in {one["name"] for one in exports}
            assert all(re.search(rf"^\| `{one['name']}[`(]", page, re.MULTILINE) for one in exports)


def test_sizes_hold_their_budgets(bundle_of):
    """Bytes of the modules with `micro`: within limits, and as clang of this version made them before."""
    rows = RUNNER.measure_modules(bundle_of("micro") / "c")
    limits = {"edgehar.wasm micro": 26_000, "edgehar_simd.wasm micro": 29_700, "edgehar.wasm micro bare": 15_500}
    assert {name: rows[name]["bytes"] for name, limit in limits.items() if rows[name]["bytes"] > limit} == {}
    budgets = read_json(RUNNER.BUDGETS, dict)
    if RUNNER.clang() not in budgets:
        pytest.skip(f"limits hold; no budget for {RUNNER.clang()}: benchmarks/ports.py --update")
    budget = budgets[RUNNER.clang()]
    assert {name: row["bytes"] for name, row in rows.items() if row["bytes"] > budget[name]["bytes"] * GROWTH} == {}
    assert set(rows) == set(budget)
