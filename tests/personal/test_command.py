"""`edgehar adapt` and `stream --profile` on a shipped model and real recordings."""

import json
import tracemalloc
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import edgehar
from edgehar.bundle import open_bundle
from edgehar.compile.head import head_of
from edgehar.compile.read import read_network
from edgehar.data import Windows
from edgehar.personal import person
from edgehar.personal.person import chosen_windows, left_to_score
from edgehar.personal.profile import read_profile, write_profile


@pytest.fixture(scope="module")
def micro(bundle_of):
    return bundle_of("micro")


@pytest.fixture(scope="module")
def adapted(micro, run_cli, tmp_path_factory):
    """A profile of a HAPT training person, and what the command printed."""
    place = tmp_path_factory.mktemp("adapted")
    done = run_cli("adapt", "hapt", "--bundle", micro, "--subject", "1", "--out", place / "me.profile", "--json")
    assert done.returncode == 0, done.stderr
    return place / "me.profile", json.loads(done.stdout)


def test_the_profile_is_small_and_of_this_model(adapted, micro):
    path, told = adapted
    network = read_network(micro / "model_int8.tflite")
    profile = read_profile(path)
    assert told["bytes"] == path.stat().st_size < 400
    assert network.sha256.startswith(profile.model)
    assert profile.weights is not None and not np.array_equal(profile.weights, head_of(network).weights)
    assert set(told["used"]) == {"walking", "upstairs", "downstairs", "sitting", "standing", "laying"}
    assert told["scored_windows"] > 50 and told["accuracy_after"] > 0.9


def test_it_tells_people_apart_whom_the_model_confuses(adapted, micro, run_cli):
    """The stream with a profile decides otherwise, in both engines alike."""
    path, _ = adapted
    arguments = ("stream", "hapt", "--bundle", micro, "--subject", "1", "--json")
    plain = run_cli(*arguments).stdout.splitlines()
    whole = run_cli(*arguments, "--profile", path).stdout.splitlines()
    incremental = run_cli(*arguments, "--profile", path, "--engine", "incremental").stdout.splitlines()
    assert len(whole) == len(plain) > 100 and whole != plain
    assert incremental == whole


def test_only_some_activities(micro, run_cli, tmp_path):
    done = run_cli("adapt", "hapt", "--bundle", micro, "--subject", "3", "--only", "sitting,standing", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "wrote me.profile, 356 bytes" in done.stdout and "walking" in done.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--only", "flying"), "expected labels of walking"),
        (("--subject", "99"), "no subject '99'"),
        (("--each", "0"), "0 is not in the range"),
    ],
)
def test_what_cannot_be_learned_is_said(micro, run_cli, tmp_path, options, words):
    done = run_cli("adapt", "hapt", "--bundle", micro, *options, cwd=tmp_path)
    assert done.returncode == 2 and words in done.stderr and done.stderr.count("error:") == 1
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("runtime", ["native-int8", "litert-float", "onnx-int8"])
def test_a_profile_needs_the_int8_tflite(adapted, micro, run_cli, runtime):
    done = run_cli("stream", "hapt", "--bundle", micro, "--profile", adapted[0], "--runtime", runtime)
    assert done.returncode == 2 and "expected a runtime of an int8 .tflite for a profile" in done.stderr


def test_a_torn_profile_is_refused(adapted, micro, run_cli, tmp_path):
    torn = tmp_path / "torn.profile"
    torn.write_bytes(adapted[0].read_bytes()[:-40])
    done = run_cli("stream", "hapt", "--bundle", micro, "--profile", torn)
    assert done.returncode == 2 and "checksum does not fit" in done.stderr


def made(y, start, recording=None):
    count = len(y)
    names = np.array(recording or ["r"] * count)
    return Windows(np.zeros((count, 80, 3), np.float32), np.array(y), names, names, np.array(start), ("a", "b"))


def typical(micro, windows, labels=None, each=1):
    """`chosen_windows` by the embeddings of the shipped model."""
    opened = open_bundle(micro)
    return chosen_windows(opened.file("model_int8.tflite"), opened.contract, windows, labels, each).tolist()


def stretch(heights, y=None, start=None):
    """Windows at rest, each tilted from upright by as many degrees as its number says."""
    angle = np.radians(heights)[:, None]
    x = 9.8 * np.stack([np.cos(angle), np.sin(angle), 0 * angle], axis=2) * np.ones((1, 80, 1))
    windows = made(y or [0] * len(heights), start or list(range(0, 40 * len(heights), 40)))
    return replace(windows, x=x.astype(np.float32))


def test_the_most_typical_window_of_a_stretch_is_learned_from(micro):
    """Not the one in the middle, where that is unlike the others."""
    assert typical(micro, stretch([10, 4, 80, 6, 2])) == [3]
    assert typical(micro, stretch([10, 20, 40, 6, 4])) == [0]
    assert typical(micro, stretch([6, 30, 3, 10, 0])) == [0], (
        "by distances, not by their squares: 10 would be drawn by 30"
    )
    assert typical(micro, stretch([5, 5, 5, 5])) == [0], "the first of equals"


def test_of_several_each_is_the_most_typical_of_its_part(micro):
    assert typical(micro, stretch([80, 5, 4, 75, 10, 72]), each=2) == [1, 5]
    assert typical(micro, stretch([1, 2, 3]), each=8) == [0, 1, 2], "no window twice"


def test_only_the_longest_stretch_counts_and_short_ones_are_left_out(micro):
    windows = stretch([50, 50, 80, 5, 40, 25, 15, 9, 9], [0] * 7 + [1] * 2, [0, 40, 400, 440, 480, 520, 560, 900, 940])
    assert typical(micro, windows) == [5]  # label b has too few windows
    assert typical(micro, windows, ["b"]) == []


def test_the_typical_one_of_a_night_is_found_in_little_memory(monkeypatch):
    """Two thousand windows of a lying person are an hour and more; all their differences at once are 770 MB."""
    rng = np.random.default_rng(6)
    embeddings = rng.integers(-128, 128, (2000, 24)).astype(np.int8)
    monkeypatch.setattr(person, "embed", lambda path, contract, x: embeddings)
    tracemalloc.start()
    (chosen,) = chosen_windows(None, None, made([0] * 2000, list(range(0, 80_000, 40))))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    spread = np.linalg.norm(embeddings[::200, None].astype(float) - embeddings, axis=2).sum(axis=1)
    own = np.linalg.norm(embeddings[chosen].astype(float) - embeddings, axis=1).sum()
    assert own <= spread.min() and peak < 120e6


def test_windows_that_share_samples_are_not_scored():
    windows = made([0] * 6, [0, 40, 80, 120, 160, 80], ["r"] * 5 + ["s"])
    free = left_to_score(windows, np.array([2]))
    assert free.tolist() == [True, False, False, False, True, True]


def test_the_rotation_of_a_profile_turns_the_stream(adapted, micro, tmp_path):
    """A phone turned by a quarter decides as one that was not; samples are in steps of Q8, so that nothing rounds."""
    rng = np.random.default_rng(3)
    upright = (np.rint(rng.normal((2500, 100, -200), 300, (300, 3))) / 256).astype(np.float32)
    turned = upright[:, [1, 0, 2]] * np.float32([-1, 1, 1])
    profile = replace(read_profile(adapted[0]), rotation=(0, 16384, 0, -16384, 0, 0, 0, 0, 16384))
    write_profile(tmp_path / "turned.profile", profile)
    write_profile(tmp_path / "upright.profile", replace(profile, rotation=None))
    plain, given = (
        _decisions(samples, micro, path)
        for samples, path in (
            (upright, tmp_path / "upright.profile"),
            (turned, tmp_path / "turned.profile"),
        )
    )
    assert plain == given != _decisions(turned, micro, tmp_path / "upright.profile")


def _decisions(samples, bundle, profile):
    frame = pd.DataFrame({"time": np.arange(len(samples)) / 20, **dict(zip("xyz", samples.T, strict=True))})
    return edgehar.stream(frame, bundle, profile=profile).to_numpy().tolist()
