"""Whole models on emulated cores: the same decisions, byte for byte, as the host port and the golden vectors."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from edgehar.benchmark import qemu
from edgehar.benchmark.emulated import DECISION, build_image, made_up_samples, replay
from edgehar.compile.c import write_c
from edgehar.compile.read import read_network
from edgehar.data.readers.hapt import load_hapt
from edgehar.data.resampling import resample
from edgehar.errors import EdgeharError
from edgehar.runtimes import open_model
from edgehar.streaming import Decision, Streamer

from ..firmware.conftest import TfliteMicro
from ..firmware.networks import NetworkWriter, distinct, random_network, windows_of
from ..small_models import SMALL, int8_of

pytestmark = pytest.mark.emulated

ROOT = Path(__file__).resolve().parents[2]
#: The cores on which the article's network fits.
LARGE = ("cortex-m3", "cortex-m4", "cortex-m7", "cortex-m33", "cortex-m55")
#: Instructions of a sample that decides on the smallest core, whole windows and at a hop of a second.
SMALLEST_LIMITS = {"nano": (118_000, 101_000), "micro": (272_000, 158_000), "mini": (880_000, 625_000)}
FLUSHES = {3: "nan", 4: "gap", 5: "backward"}


@pytest.fixture(scope="session")
def tflite(bundle: Path) -> Path:
    return bundle / "model_int8.tflite"


@pytest.fixture(scope="session")
def core_folder(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """One folder a core: make compiles the engine once, and then only what knows the model."""
    return cache(tmp_path_factory.mktemp)


@pytest.fixture(scope="session")
def host(tflite: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _build_host(tflite, tmp_path_factory.mktemp("host"))


def _build_host(tflite: Path, folder: Path) -> Path:
    """The host port with the whole-window engine and the portable kernels."""
    folder.mkdir(exist_ok=True)
    write_c(tflite, folder)
    command = ["make", "-s", "-C", str(ROOT / "firmware_ref"), "host", f"MODEL={folder}", f"BUILD={folder}"]
    subprocess.run(command, check=True, capture_output=True)
    return folder / "host" / "edgehar_host"


def _host_lines(host: Path, samples: np.ndarray, times_us: np.ndarray, hop: int) -> list[dict[str, object]]:
    rows = zip(times_us.tolist(), samples.tolist(), strict=True)
    text = "".join(f"{t / 1e6:.6f},{x!r},{y!r},{z!r}\n" for t, (x, y, z) in rows)
    done = subprocess.run([host, "--hop", str(hop)], input=text, capture_output=True, text=True, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def _core_lines(pushes, times_us: np.ndarray) -> list[dict[str, object]]:
    lines: list[dict[str, object]] = []
    for push in pushes:
        if push.status == DECISION:
            values = {"t_us": push.time_us, "label": push.label, "reason": push.reason, "raw": push.raw}
            lines.append({**values, "p": list(push.p), "scores": list(push.scores)})
        elif push.status in FLUSHES:
            lines.append({"event": "flush", "reason": FLUSHES[push.status]})
    return lines


def _without_flush_times(lines: list[dict[str, object]]) -> list[dict[str, object]]:
    return [{k: v for k, v in line.items() if k != "t_us" or "event" not in line} for line in lines]


def _recording() -> tuple[np.ndarray, np.ndarray]:
    """The shortest recording of a test person at 20 Hz, with a gap, a repeated time, a NaN and a jump back."""
    data = load_hapt()
    recordings = [r for r in data.recordings if r.subject in data.published_test]
    recording = resample(min(recordings, key=len), 20.0)
    samples = recording.acc.copy()
    times = 1_000_000 + np.arange(len(samples)) * 50_000
    samples[1000, 1] = np.nan
    times[1500:] += 400_000
    times[2000] = times[1999]
    times[2500:] -= 3_000_000
    return samples, times


@pytest.mark.parametrize("core", LARGE)
def test_a_recording_gives_the_host_ports_decisions_line_by_line(core, tflite, host, core_folder) -> None:
    folder = core_folder(core)
    samples, times = _recording()
    image = build_image(tflite, core, folder)
    pushes = replay(core, image, samples, 80, folder, times.tolist()).pushes
    expected = _host_lines(host, samples, times, 80)
    reasons = [line["reason"] for line in expected if "event" in line]
    assert reasons == ["nan", "gap", "backward"]
    assert len(expected) > 40
    assert _core_lines(pushes, times) == _without_flush_times(expected)


@pytest.mark.parametrize(
    ("core", "hop", "schedule"),
    [
        ("cortex-m4", 1, "hop"),
        ("cortex-m4", 3, "hop"),
        ("cortex-m4", 20, "hop"),
        ("cortex-m4", 21, "spread"),
        ("cortex-m4", 39, "hop"),
        ("cortex-m7", 3, "spread"),
        ("cortex-m33", 21, "hop"),
        ("cortex-m55", 3, "hop"),
        ("cortex-m55", 7, "hop"),
        ("cortex-m55", 21, "spread"),
        ("cortex-m3", 3, "hop"),
        ("cortex-m3", 40, "spread"),
    ],
)
def test_incremental_gives_the_whole_windows_bytes(core, hop, schedule, tflite, host, core_folder) -> None:
    folder = core_folder(core)
    samples, times = _recording()
    piece = slice(900, 900 + 100 + min(80 + 25 * hop, 1100))  # over the NaN, and the gap where the hop is long
    image = build_image(tflite, core, folder, hop=hop, schedule=schedule)
    pushes = replay(core, image, samples[piece], hop, folder, times[piece].tolist()).pushes
    expected = _host_lines(host, samples[piece], times[piece], hop)
    assert len(expected) >= 20
    assert _core_lines(pushes, times) == _without_flush_times(expected)


@pytest.mark.parametrize("core", ["cortex-m0", *LARGE])
def test_golden_vectors(core: str, tmp_path: Path, core_folder: Callable[[str], Path]) -> None:
    """Networks of every operator; the expected bytes are TFLite-Micro's. The micro:bit runs those that fit it."""
    vectors = json.loads((ROOT / "tests" / "vectors" / "int8_networks.json").read_text())
    folder, ran = core_folder(core), 0
    for seed in sorted({vector["seed"] for vector in vectors}):
        rows = [vector for vector in vectors if vector["seed"] == seed]
        model = tmp_path / "model.tflite"
        model.write_bytes(random_network(seed))
        network = read_network(model)
        source = network.tensors[network.source]
        data = np.frombuffer(bytes.fromhex("".join(row["input"] for row in rows)), np.int8).astype(np.int64)
        samples = ((data - source.zero_point) * np.float64(source.scale)).astype(np.float32).reshape(-1, 3)
        try:
            image = build_image(model, core, folder)
        except EdgeharError as error:
            if core != "cortex-m0" or "bytes more" not in str(error):
                raise
            continue
        replayed = replay(core, image, samples, source.columns, folder)
        got = [[p - 128 for p in push.p] for push in replayed.decisions]
        assert got == [row["output"] for row in rows], f"network {seed}"
        ran += 1
    assert ran >= (3 if core == "cortex-m0" else 8)


@pytest.mark.parametrize("core", ["cortex-m4", "cortex-m55"])
def test_a_mean_that_rounds_once(core: str, tmp_path: Path, core_folder: Callable[[str], Path]) -> None:
    """Of two columns at one scale: halved, nothing is left to shift. The oracle is TFLite-Micro."""
    pytest.importorskip("tflite_micro", reason="needs tflite-micro: pip install 'edgehar[bench]'")
    net = NetworkWriter(77)
    net.conv(12, 40, 40)
    net.mean(same_scale=True)
    net.dense(5)
    net.softmax()
    content = net.bytes()
    model = tmp_path / "model.tflite"
    model.write_bytes(content)
    network = read_network(model)
    assert [layer.shift for layer in network.layers if layer.kind == "mean"] == [(0,)]
    windows = windows_of(np.random.default_rng(7), 80, 40)
    source = network.tensors[network.source]
    samples = (windows.astype(np.int64) - source.zero_point) * np.float64(source.scale)
    image = build_image(model, core, core_folder(core))
    replayed = replay(core, image, samples.astype(np.float32).reshape(-1, 3), 80, core_folder(core))
    got = np.array([push.p for push in replayed.decisions]) - 128
    assert distinct(got) > 20
    interpreter = TfliteMicro(content)
    np.testing.assert_array_equal(got, [interpreter.invoke(window) for window in windows])


@pytest.mark.parametrize("hop", [None, 20])
@pytest.mark.parametrize("model", SMALL)
def test_every_small_model_on_the_smallest_core(model, hop, core_folder) -> None:
    """A recording with a NaN: the decisions and flushes of Python's stream, by TFLite-Micro's interpreter."""
    pytest.importorskip("tflite_micro", reason="needs tflite-micro: pip install 'edgehar[bench]'")
    folder = core_folder("cortex-m0")
    tflite = int8_of(model, folder)
    image = build_image(tflite, "cortex-m0", folder, hop=hop)
    samples, times = (part[700:1300] for part in _recording())
    pushes = replay("cortex-m0", image, samples, hop or 80, folder, times.tolist()).pushes
    got = [
        (push.time_us, push.label, push.raw, push.p, push.scores) if push.status == DECISION else FLUSHES[push.status]
        for push in pushes
        if push.status == DECISION or push.status in FLUSHES
    ]
    events = Streamer(open_model(tflite, runtime="tflm-int8"), hop=hop or 80).push(samples, times)
    assert got == [tuple(event)[:5] if isinstance(event, Decision) else event.reason for event in events]
    assert got.count("nan") == 1 and len(set(got)) > (20 if hop else 5)
    assert max(push.instructions for push in pushes) <= SMALLEST_LIMITS[model.split("-")[0]][bool(hop)]


def test_a_model_that_does_not_fit_says_how_much_is_missing(tflite: Path, tmp_path: Path) -> None:
    with pytest.raises(EdgeharError, match=r"bytes more FLASH than microbit \(cortex-m0\) has"):
        build_image(tflite, "cortex-m0", tmp_path)


def test_an_unknown_target_names_the_known_ones() -> None:
    with pytest.raises(EdgeharError, match="cortex-m4"):
        qemu.board("cortex-m85")


def test_minimal_program_links_no_floating_point_heap_or_text(tflite: Path, tmp_path: Path) -> None:
    """Counts only, on a core without a floating-point unit, where its emulation would be seen in the symbols."""
    write_c(tflite, tmp_path)
    image = qemu.build("cortex-m3", "size", tmp_path, model=tmp_path)
    listing = subprocess.run(["arm-none-eabi-nm", image], capture_output=True, text=True, check=True).stdout
    symbols = {line.split()[-1] for line in listing.splitlines()}
    assert "edgehar_push_counts" in symbols
    unwanted = ("malloc", "free", "printf", "puts", "_sbrk", "__aeabi_f", "__aeabi_d", "__aeabi_i2f", "__aeabi_ui2f")
    assert not [name for name in symbols if name.lstrip("_").startswith(tuple(u.lstrip("_") for u in unwanted))]


def test_two_runs_of_an_image_are_equal(tflite: Path, core_folder: Callable[[str], Path]) -> None:
    folder = core_folder("cortex-m4")
    image = build_image(tflite, "cortex-m4", folder, hop=3)
    samples = made_up_samples(200)
    assert replay("cortex-m4", image, samples, 3, folder) == replay("cortex-m4", image, samples, 3, folder)
