"""Alignment and the reason of "unsure" through the WebAssembly module: what Python says of the same samples."""

from __future__ import annotations

import numpy as np
import pytest

from edgehar.compile.head import head_of
from edgehar.compile.read import read_network
from edgehar.front_end import from_q8, rotate, to_q8
from edgehar.personal.adaptation import adapt
from edgehar.personal.alignment import shortest_turn, walking_gravity
from edgehar.personal.head import embed
from edgehar.personal.profile import Profile
from edgehar.runtimes import open_model
from edgehar.streaming import Decision, Flush, Streamer

from .recordings import recording
from .test_wasm import MODULES, Host, as_row, pytestmark

__all__ = ["pytestmark"]

#: Walking begins and a gap follows here, in the samples of the recording.
GAP = 3000


@pytest.fixture(scope="module")
def micro(bundle_of):
    path = bundle_of("micro") / "model_int8.tflite"
    return path, open_model(path, runtime="native-int8")


@pytest.fixture(scope="module")
def sideways():
    """float32 (N, 3): a phone that was put in on its side."""
    x = recording("exp21")
    return np.ascontiguousarray(np.stack([-x[:, 1], x[:, 0], x[:, 2]], axis=1))


@pytest.mark.parametrize("module", MODULES)
def test_a_whole_recording_aligns_as_in_python(module, micro, sideways, modules_of, tmp_path):
    """With reasons; a gap neither ends the waiting nor undoes what was found; a reset lets it begin anew."""
    _, runtime = micro
    times = np.arange(len(sideways)) * 50_000
    times[200:] += 170_000
    times[GAP:] += 170_000
    host = Host(modules_of("micro") / module, tmp_path)
    host.do("init", {"hop": 20})
    host.do("aligned")
    host.do("align")
    host.push(sideways, times)
    host.do("aligned")
    host.do("reset")
    host.do("aligned")
    host.push(sideways, times)
    host.do("align", False)
    host.push(sideways[:1000], times[:1000])
    _, *rows = host.run()
    events = Streamer(runtime, hop=20, align=True).push(sideways, times)
    plain = Streamer(runtime, hop=20).push(sideways[:1000], times[:1000])
    assert [row for row in rows if "did" not in row] == [as_row(event) for event in 2 * events + plain]
    flushes = [event.reason for event in events if isinstance(event, Flush)]
    assert flushes == ["gap", "aligned", "gap"]
    reasons = {event.reason for event in events if isinstance(event, Decision)}
    assert reasons == {None, "score", "placement"}
    found = [row["result"] for row in rows if row.get("did") == "aligned"]
    assert found[0] is None and found[2] is None
    assert tuple(found[1]) == shortest_turn(walking_gravity(sideways[200:]), runtime.contract.walking_gravity)


@pytest.mark.parametrize("module", MODULES)
def test_profiles_with_what_walking_told(module, micro, sideways, modules_of, tmp_path):
    """A rotation alone; with a layer learned on turned windows; and a new rotation around a layer that was there."""
    path, runtime = micro
    times = np.arange(len(sideways)) * 50_000
    events = Streamer(runtime, align=True).push(sideways, times)
    [aligned] = [event.t_us // 50_000 for event in events if isinstance(event, Flush)]
    rotation = shortest_turn(walking_gravity(sideways), runtime.contract.walking_gravity)
    ends = [aligned + 79 + 20 * step for step in (2, 40, 90)]
    labels = [2, 0, 1]
    host = Host(modules_of("micro") / module, tmp_path)
    host.do("init", {"hop": 20})
    host.do("align")
    host.push(sideways, times, tuple(zip(ends, labels, strict=True)))
    host.do("writeProfile", rotation)
    host.do("adapt", rotation)
    network = read_network(path)
    turned = np.float32(from_q8(rotate(to_q8(sideways), rotation)))
    rows = embed(path, runtime.contract, np.stack([turned[end - 79 : end + 1] for end in ends]))
    fitted = adapt(head_of(network), rows, np.array(labels))
    learned = Profile(network.sha256, rotation, *fitted).to_bytes()
    host.do("setProfile", list(learned))
    other = (0, 16384, 0, -16384, 0, 0, 0, 0, 16384)
    host.do("writeProfile", other)
    host.do("writeProfile", None)
    host.do("init", {})
    host.do("writeProfile", other)
    _, *rows = host.run()
    assert [row["remembered"] for row in rows if "remembered" in row] == [1, 2, 3]
    made = [bytes(row["result"]) for row in rows if row.get("did") in ("writeProfile", "adapt")]
    assert made == [
        Profile(network.sha256, rotation).to_bytes(),
        learned,
        Profile(network.sha256, other, *fitted).to_bytes(),
        Profile(network.sha256, None, *fitted).to_bytes(),
        Profile(network.sha256, other).to_bytes(),
    ]


@pytest.mark.parametrize("module", MODULES)
def test_flush_forgets_the_window_and_not_the_rotation(module, micro, sideways, modules_of, tmp_path):
    _, runtime = micro
    times = np.arange(len(sideways)) * 50_000
    host = Host(modules_of("micro") / module, tmp_path)
    host.do("init", {"hop": 20})
    host.do("align")
    streamer, events = Streamer(runtime, align=True), []
    for part in (slice(0, 100), slice(100, GAP), slice(GAP, None)):
        host.push(sideways[part], times[part])
        host.do("flush", int(times[part][-1]) + 1)
        events += streamer.push(sideways[part], times[part])
        streamer.flush(0)
    _, *rows = host.run()
    assert [row for row in rows if "did" not in row] == [as_row(event) for event in events]
    assert [event.reason for event in events if isinstance(event, Flush)] == ["aligned"]
