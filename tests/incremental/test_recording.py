"""A recording with gaps, resets and broken samples through both engines: equal events, probabilities to the byte.

EDGEHAR_FULL=1 runs the whole recording at every hop (some minutes) instead of a stretch.
"""

from __future__ import annotations

import os

import numpy as np
import pytest

from edgehar.data import load
from edgehar.errors import EdgeharError
from edgehar.streaming import Decision, Flush, SmoothingConfig, Streamer
from edgehar.streaming.model import open_incremental_model, open_stream_model
from edgehar.streaming.sources import choose_recording, recording_blocks
from tests.incremental.conftest import KERNELS

HOPS = (1, 2, 3, 7, 20, 21, 39, 40, 80)
FULL = os.environ.get("EDGEHAR_FULL") == "1"
DECISIONS = {"litert-int8-reference": 40, "tflm-int8": 10}
INTERRUPTIONS = 12 if FULL else 3


@pytest.fixture(scope="module")
def recorded(bundle):
    """Samples and times of HAPT's first test recording at 20 Hz, walking included."""
    contract = open_stream_model(bundle).contract
    dataset = load("hapt")
    blocks = list(recording_blocks(choose_recording(dataset, None, None), dataset.classes, contract))
    return np.concatenate([block.x for block in blocks]), np.concatenate([block.t_us for block in blocks])


def interrupted(x, t, rng):
    """The samples with gaps, a clock that goes back, a repeated time and a NaN at random places."""
    x, t = x.copy(), t.copy()
    for place in np.sort(rng.integers(1, len(t), INTERRUPTIONS)):
        kind = rng.integers(0, 4)
        if kind == 0:
            t[place:] += 1_000_000
        elif kind == 1:
            t[place:] -= 700_000
        elif kind == 2:
            t[place:] -= t[place] - t[place - 1]
        else:
            x[place] = np.nan
    return x, t


def events(streamer, x, t, rng):
    """All events of random chunks, with resets of the caller's between some of them."""
    found, place = [], 0
    while place < len(t):
        size = int(rng.choice([1, 2, 3, 17, 60, 200]))
        found += streamer.push(x[place : place + size], t[place : place + size])
        place += size
        if rng.random() < 0.004:
            streamer.reset()
            found.append("reset")
    return found


@pytest.mark.parametrize("hop", HOPS)
@pytest.mark.parametrize("kernels", KERNELS)
def test_equal_events(bundle, recorded, kernels, hop):
    if kernels == "tflm-int8":
        pytest.importorskip("tflite_micro")
    x, t = recorded
    rng = np.random.default_rng(hop)
    if not FULL:
        length = 80 * (INTERRUPTIONS + 1) + hop * DECISIONS[kernels]
        start = int(rng.integers(0, len(t) - length))
        x, t = x[start : start + length], t[start : start + length]
    x, t = interrupted(x, t, rng)
    plain = SmoothingConfig("none")
    whole = Streamer(open_stream_model(bundle, kernels), hop=hop, smoothing=plain)
    steps = Streamer(open_incremental_model(bundle, kernels, hop=hop), hop=hop, smoothing=plain)
    expected = events(whole, x, t, np.random.default_rng(7))
    assert events(steps, x, t, np.random.default_rng(7)) == expected
    decisions = [event for event in expected if isinstance(event, Decision)]
    assert len(decisions) >= (DECISIONS[kernels] if hop <= 40 else 4)
    assert any(isinstance(event, Flush) for event in expected)
    assert sum(decision.p != decisions[0].p for decision in decisions) >= 3
    print(f"{kernels}, hop {hop}: {len(decisions)} decisions equal")


def test_a_streaming_model_keeps_its_hop(bundle):
    model = open_incremental_model(bundle, hop=20)
    with pytest.raises(EdgeharError, match="expected the hop 20 of the incremental model, got 10"):
        Streamer(model, hop=10)


def test_nothing_of_an_earlier_stream_is_left(bundle, recorded):
    """What a state holds before a window does not show when the window is full: no hop needs it cleared."""
    x, _ = recorded
    window = x[4000:4080]
    expected = open_stream_model(bundle, "litert-int8-reference").outputs(window[None])[0]
    for hop in (1, 3, 7, 20, 21, 39, 79, 80):
        model = open_incremental_model(bundle, "litert-int8-reference", hop=hop)
        for extreme in (-128, 127):
            model.clear()
            model.extend(np.full((240, 3), extreme, np.int8))
            np.testing.assert_array_equal(model.outputs(window[None])[0], expected)
