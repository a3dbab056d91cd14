"""android_ref on the JVM: a recording's sensor events give Python's decisions and profile, byte for byte."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess

import numpy as np
import pytest

from edgehar import data
from edgehar.compile.c import write_c
from edgehar.compile.head import head_of
from edgehar.compile.read import read_network
from edgehar.errors import EdgeharError
from edgehar.front_end import from_q8, rotate, to_q8
from edgehar.personal.adaptation import adapt
from edgehar.personal.alignment import shortest_turn, walking_gravity
from edgehar.personal.head import embed
from edgehar.personal.profile import Profile, apply_profile
from edgehar.runtimes import open_model
from edgehar.runtimes.quantise import quantise
from edgehar.streaming import Decision, Streamer
from edgehar.streaming.resampler import resample_blocks
from edgehar.streaming.sources import Block

REASONS = (None, "score", "placement")
#: A quarter turn about z, and no quarter turn.
TURN = (0, -16384, 0, 16384, 0, 0, 0, 0, 16384)


def events_of(rate, seconds=None, jitter_us=5_000, start=0.0):
    """Times (ns) and samples of a recording, 50 Hz, as a phone's sensor gives them: jitter, and a clock that is off."""
    recording = data.load("hapt").recordings[8]
    t = recording.t - recording.t[0]
    rng = np.random.default_rng(5)
    count = int((seconds or t[-1] / 1.01 - 0.1) * rate)
    steps = np.full(count, 1e6 / rate * 1.01) + rng.uniform(-jitter_us, jitter_us, count) / 2
    ns = (np.cumsum(steps) * 1000).astype(np.int64)
    at = start + ns / 1e9
    x = np.stack([np.interp(at, t, recording.acc[:, axis]) for axis in range(3)], axis=1)
    return ns, x.astype(np.float32)


def as_lines(ns, x):
    rows = zip(ns.tolist(), x.tolist(), strict=True)
    return [f"{t} {' '.join('NaN' if math.isnan(value) else repr(value) for value in row)}" for t, row in rows]


def resampled(ns, x, rate):
    return list(resample_blocks([Block(x, ns // 1000)], rate, 20.0))


def decisions_of(runtime, ns, x, rate, **options):
    """Python's decisions on the same events, and the times where it flushed."""
    streamer, found, flushed = Streamer(runtime, hop=20, **options), [], []
    for block in resampled(ns, x, rate):
        if block.flush is not None:
            streamer.flush(*block.flush)
            flushed.append(f"flush {block.flush[0]} {block.flush[1]}")
        found += [one for one in streamer.push(block.x, block.t_us) if isinstance(one, Decision)]
    return found, flushed


def as_said(decisions):
    return [
        " ".join(map(str, ["decision", d.t_us, d.label, d.raw, REASONS.index(d.reason), *d.p, *d.scores]))
        for d in decisions
    ]


def of_kind(said, kind):
    return [line for line in said if line.startswith(kind + " ")]


@pytest.fixture(scope="session")
def played(app, classes):
    """Run the app's logic: lines in, lines out."""

    def play(lines, kind="engine", rate=50, **properties):
        options = [f"-D{key}={value}" for key, value in properties.items()]
        path = os.pathsep.join(map(str, classes))
        command = ["java", "-Xcheck:jni", f"-Djava.library.path={app}", *options, "-cp", path]
        done = subprocess.run(
            [*command, "MainKt", app / "assets", kind, str(rate)],
            input="\n".join(lines), capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert "WARNING" not in done.stdout, done.stdout
        return done.stdout.splitlines()[1:]

    return play


def test_a_whole_recording_decides_as_python_does(played, runtime):
    """50 Hz with jitter; a long gap, a step back, a repeated time, a value that is none."""
    ns, x = events_of(50)
    ns[1000:] += 700_000_000
    ns[1500] = ns[1499]
    ns[2000:] -= 5_000_000_000
    x[2500, 1] = np.nan
    expected, flushed = decisions_of(runtime, ns, x, 50.0)
    said = played(as_lines(ns, x))
    assert of_kind(said, "decision") == as_said(expected)
    assert of_kind(said, "flush") == flushed and len(flushed) == 3
    assert len(expected) > 300 and len({one.label for one in expected}) >= 4


@pytest.mark.parametrize("rate", [20, 50, 60, 100, 200])
def test_every_rate_of_a_sensor_is_found_and_followed(played, runtime, rate):
    ns, x = events_of(rate, 40, jitter_us=500)
    if rate == 20:  # what comes is taken as it is
        expected = [one for one in Streamer(runtime, hop=20).push(x, ns // 1000) if isinstance(one, Decision)]
    else:
        expected, _ = decisions_of(runtime, ns, x, float(rate))
    said = played(as_lines(ns, x), rate=0)
    assert of_kind(said, "decision") == as_said(expected) and len(expected) > 30


def test_resampled_samples_have_pythons_bits(played):
    """A microsecond of the grid moves no decision, but it moves these."""
    ns, x = events_of(60, 20, jitter_us=4_000)
    expected = [
        f"sample {t} {' '.join(map(str, row.view(np.int32).tolist()))}"
        for part in resampled(ns, x, 60.0)
        for t, row in zip(part.t_us.tolist(), part.x, strict=True)
    ]
    assert of_kind(played(as_lines(ns, x), kind="samples", rate=60), "sample") == expected and len(expected) > 300


def test_a_person_is_learned(played, runtime, bundle_of, app, tmp_path):
    """The profile has Python's bytes and decides from then on; a damaged one is refused and changes nothing."""
    ns, x = events_of(50, 30, jitter_us=0)
    lines, times, samples, moments = as_lines(ns, x), [ns], [x], []
    shown = [("sitting", 31.0), ("standing", 100.0)]
    for name, start in shown:
        moments.append(int(times[-1][-1]) // 1000)
        later, y = events_of(50, 10, jitter_us=0, start=start)
        times.append(later + times[-1][-1])
        samples.append(y)
        lines += [f"show {name}", *as_lines(times[-1], y)]
    learned, torn = tmp_path / "learned", tmp_path / "torn"
    path = bundle_of("micro") / "model_int8.tflite"
    network, all_ns, all_x = read_network(path), np.concatenate(times), np.concatenate(samples)
    parts = [part for part in resampled(all_ns, all_x, 50.0) if len(part.x)]
    at, values = (np.concatenate([getattr(part, name) for part in parts]) for name in ("t_us", "x"))
    ends = [next(end for end in range(79, len(at), 20) if at[end] >= moment + 79 * 50_000) for moment in moments]
    rows = embed(path, runtime.contract, np.stack([values[end - 79 : end + 1] for end in ends]))
    labels = np.array([runtime.contract.labels.index(name) for name, _ in shown])
    made = Profile(network.sha256, None, *adapt(head_of(network), rows, labels))
    torn.write_bytes(made.to_bytes()[:-1] + bytes([made.to_bytes()[-1] ^ 1]))

    # Learned, and at once in use; then a torn one, which leaves it; then the model as it ships.
    again = ["begin", *as_lines(ns, x)]
    said = played([*lines, f"learn {learned}", *again, f"use {torn}", *again, "use none", *again])
    assert learned.read_bytes() == made.to_bytes()
    assert of_kind(said, "remembered") == [f"remembered {label} {at}" for at, label in enumerate(labels, 1)]
    assert len(of_kind(said, "refused")) == 1 and "damaged" in of_kind(said, "refused")[0]
    (tmp_path / "own.tflite").write_bytes(apply_profile(path.read_bytes(), network, made))
    write_c(tmp_path / "own.tflite", tmp_path / "c")
    adapted = open_model(tmp_path / "own.tflite", runtime="native-int8")
    own = as_said(decisions_of(adapted, ns, x, 50.0)[0])
    adapted.close()
    plain = as_said(decisions_of(runtime, ns, x, 50.0)[0])
    first = as_said(decisions_of(runtime, all_ns, all_x, 50.0)[0])
    assert own != plain
    assert of_kind(said, "decision") == [*first, *own, *own, *plain]


def test_samples_are_turned(played, runtime):
    ns, x = events_of(50, 30)
    said = played([f"turn {' '.join(map(str, TURN))}", *as_lines(ns, x)])
    turned = as_said(decisions_of(runtime, ns, x, 50.0, rotation=TURN)[0])
    assert of_kind(said, "decision") == turned != as_said(decisions_of(runtime, ns, x, 50.0)[0])


def test_litert_is_given_pythons_windows_and_smooths_as_python(played, runtime, bundle_of, tmp_path):
    """A stand-in answers with the engine's own bytes: all around the interpreter must then be equal."""
    quantisation = runtime.contract.input_quantisation
    ns, x = events_of(50, 240)
    ns[1000:] += 700_000_000
    expected, _ = decisions_of(runtime, ns, x, 50.0, placement=False)
    windows, run_of = [], []
    for part in resampled(ns, x, 50.0):
        run_of = [] if part.flush is not None else [*run_of, *part.x]
        windows += [run_of[end - 80 : end] for end in range(80, len(run_of) + 1, 20)]
    given = [" ".join(map(str, quantise(np.array(one), quantisation).reshape(-1).tolist())) for one in windows]
    rows = tmp_path / "rows"
    rows.write_bytes(np.array([[p - 128 for p in one.p] for one in expected], np.int8).tobytes())
    properties = {"rows": rows, "scale": repr(quantisation.scale), "zero": quantisation.zero_point}
    said = played(as_lines(ns, x), kind="litert", **properties)
    assert of_kind(said, "run") == [f"run {one}" for one in given]
    assert of_kind(said, "decision") == as_said(expected) and len(expected) > 200

    golden = json.loads((bundle_of("micro") / "golden.json").read_text())["windows"]
    step = np.arange(80, dtype=np.int64) * 50_000_000
    lines = [line for one in golden for line in ("begin", *as_lines(step, np.array(one["window"], np.float32)))]
    said = played(lines, kind="litert", rate=20, **properties)
    assert of_kind(said, "run") == [f"run {' '.join(map(str, one['int8_input']))}" for one in golden]


def test_the_assets_are_those_of_a_bundle(take_model, bundle_of, tmp_path):
    text = take_model.filters_text(20.0).splitlines()
    assert text[0] == "model 20.0" and [line.split()[0] for line in text[1:]] == ["25", "50", "60", "100", "120", "200"]
    with pytest.raises(EdgeharError, match=re.escape("model_data.c")):
        take_model.take_model(tmp_path, tmp_path / "app")


def sideways(x):
    """A phone that was put in on its side."""
    return np.stack([-x[:, 1], x[:, 0], x[:, 2]], axis=1)


def rotation_of(runtime, ns, x):
    """What the walking of an uninterrupted stream tells."""
    values = np.concatenate([part.x for part in resampled(ns, x, 50.0)])
    return shortest_turn(walking_gravity(values), runtime.contract.walking_gravity)


def test_a_whole_recording_aligns_as_python_does(played, runtime, bundle_of):
    """Put in on its side; a gap while it waits and one after: neither begins anew. The next stream keeps the turn."""
    ns, x = events_of(50)
    x = sideways(x)
    ns[500:] += 700_000_000
    ns[-2000:] += 700_000_000
    said = played(["align on", *as_lines(ns, x), "begin", *as_lines(ns[:2500], x[:2500])])
    expected, flushed = decisions_of(runtime, ns, x, 50.0, align=True)
    rotation = rotation_of(runtime, ns[500:-2000], x[500:-2000])
    again, flushed_again = decisions_of(runtime, ns[:2500], x[:2500], 50.0, rotation=rotation)
    assert of_kind(said, "decision") == as_said([*expected, *again])
    assert of_kind(said, "flush") == [*flushed, *flushed_again]
    assert {one.reason for one in expected} == set(REASONS) and len(expected) > 300
    [told] = of_kind(said, "aligned")
    sha = read_network(bundle_of("micro") / "model_int8.tflite").sha256
    assert bytes.fromhex(told.split()[2]) == Profile(sha, rotation).to_bytes()


def test_waiting_is_given_up(played, runtime):
    ns, x = events_of(50, 60, start=215.0)
    said = played(["align on", "align off", *as_lines(ns, sideways(x))])
    assert of_kind(said, "decision") == as_said(decisions_of(runtime, ns, sideways(x), 50.0)[0])
    assert of_kind(said, "aligned") == []


def test_a_person_is_learned_on_turned_windows(played, runtime, bundle_of, tmp_path):
    """The profile has the rotation that walking told; later ones keep it, and what was learned when it is told anew."""
    path = bundle_of("micro") / "model_int8.tflite"
    network, labels = read_network(path), [1, 2]
    ns, x = events_of(50, 30, jitter_us=0, start=215.0)
    lines, times, samples, moments = ["align on", *as_lines(ns, sideways(x))], [ns], [sideways(x)], []
    for label, start in zip(labels, (31.0, 100.0), strict=True):
        moments.append(int(times[-1][-1]) // 1000)
        later, y = events_of(50, 10, jitter_us=0, start=start)
        times.append(later + times[-1][-1])
        samples.append(sideways(y))
        lines += [f"show {runtime.contract.labels[label]}", *as_lines(times[-1], samples[-1])]
    learned, upright = tmp_path / "learned", as_lines(ns, x)
    said = played([*lines, f"learn {learned}", "align on", "begin", *upright])
    parts = [part for part in resampled(np.concatenate(times), np.concatenate(samples), 50.0) if len(part.x)]
    at, values = (np.concatenate([getattr(part, name) for part in parts]) for name in ("t_us", "x"))
    [aligned, anew] = [line.split() for line in of_kind(said, "aligned")]
    rotation = shortest_turn(walking_gravity(values), runtime.contract.walking_gravity)
    turned = np.float32(from_q8(rotate(to_q8(values), rotation)))
    first = int(np.searchsorted(at, int(aligned[1]))) + 79
    ends = [next(end for end in range(first, len(at), 20) if at[end] >= moment + 79 * 50_000) for moment in moments]
    rows = embed(path, runtime.contract, np.stack([turned[end - 79 : end + 1] for end in ends]))
    fitted = adapt(head_of(network), rows, np.array(labels))
    assert learned.read_bytes() == Profile(network.sha256, rotation, *fitted).to_bytes()
    other = rotation_of(runtime, ns, x)
    assert other != rotation
    assert bytes.fromhex(anew[2]) == Profile(network.sha256, other, *fitted).to_bytes()
