"""Whether a device is worn as in training: the rule written down plainly, and what it says of recordings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from edgehar.contract import LARGEST_SQUARE, Contract, PlacementLimits, TensorQuantisation
from edgehar.convert import worn
from edgehar.convert.worn import fit_placement
from edgehar.data import Windows, cut_windows, resample
from edgehar.data.readers.hapt import load_hapt
from edgehar.errors import ContractError, EdgeharError
from edgehar.placement import Wearing, strange_windows
from edgehar.runtimes.quantise import quantise
from edgehar.streaming import UNSURE, Decision, Streamer
from edgehar.streaming.play import open_player

from .reference_stream import FakeFloat, FakeInt8

QUANTISATION = TensorQuantisation(0.14, -18)
#: Blocks of 4 samples whose limits streams of `restless` cross again and again.
PLACEMENT = PlacementLimits(4, 3000, 8000, (60, 0, -20), 40_000, ((120, 10, 0), (-40, 90, 60)), (7, 3, 1), 40_000)


def restless(rng: np.random.Generator, count: int) -> np.ndarray:
    """int8 (count, 3): stretches in one direction or another, at rest or moving."""
    parts = []
    while sum(map(len, parts)) < count:
        mean = np.array(PLACEMENT.walk) / 4 if rng.random() < 0.4 else rng.normal(0, 25, 3)
        parts.append(mean + rng.normal(0, rng.choice([1, 6, 20]), (int(rng.integers(1, 50)), 3)))
    return np.clip(np.round(np.concatenate(parts)), -128, 127).astype(np.int8)[:count]


def told(placement: PlacementLimits, samples: np.ndarray) -> list[bool]:
    """docs/spec.md, "Placement", one block after the other; what holds after each sample."""
    found, strange, turned = [], False, False
    walked: list[tuple[bool, bool]] = []  # strange, steady: of the blocks in a row that move
    rested: list[bool] = []
    before = None
    for place in range(len(samples)):
        if (place + 1) % placement.block == 0:
            block = samples[place + 1 - placement.block : place + 1].astype(int).tolist()
            sums = [sum(values) for values in zip(*block, strict=True)]
            squares = sum(value * value for row in block for value in row)
            if placement.block * squares - sum(value * value for value in sums) > placement.moving:
                away = sum((a - b) ** 2 for a, b in zip(sums, placement.walk, strict=True))
                near = bool(walked) and sum((a - b) ** 2 for a, b in zip(sums, before, strict=True)) <= placement.steady
                walked.append((away > placement.walk_limit, near))
                rested, before = [], sums
            else:
                each = [
                    sum(w * (a - b) ** 2 for a, b, w in zip(sums, rest, placement.weights, strict=True))
                    for rest in placement.rest
                ]
                rested.append(bool(each) and min(each) > placement.rest_limit)
                walked = []
            if len(walked) >= 4 and all(away for away, _ in walked[-4:]) and all(near for _, near in walked[-3:]):
                turned = True
            if len(walked) >= 2 and not any(away for away, _ in walked[-2:]):
                turned = False
            strange = turned or (len(rested) >= 3 and all(rested[-3:]))
        found.append(strange)
    return found


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), sizes=st.lists(st.integers(0, 5) | st.integers(0, 400), max_size=40))
@example(seed=1, sizes=[1] * 400)
@example(seed=2, sizes=[3, 0] * 133)
def test_any_chunking_says_what_the_rule_says(seed, sizes):
    samples = restless(np.random.default_rng(seed), 400)
    expected, wearing = told(PLACEMENT, samples), Wearing(PLACEMENT)
    start = 0
    for size in [*sizes, 400]:
        stop = min(start + size, 400)
        wearing.push(samples[start:stop])
        start = stop
        assert wearing.strange == (expected[stop - 1] if stop else False)
    wearing.clear()
    wearing.push(samples[:100])
    assert wearing.strange == expected[99]


def test_the_streams_of_the_tests_reach_every_state():
    samples = restless(np.random.default_rng(5), 20_000)
    found = told(PLACEMENT, samples)
    assert 0.1 < np.mean(found) < 0.9 and np.count_nonzero(np.diff(np.array(found, int))) > 50


def test_walking_elsewhere_is_remembered_at_rest_and_forgotten_by_walking():
    wearing = Wearing(replace(PLACEMENT, rest_limit=LARGEST_SQUARE))
    beside, as_trained = (
        np.array([[-80, 0, 0], [-40, 0, 0]] * 2, np.int8),
        np.array([[0, 0, -5], [30, 0, -5]] * 2, np.int8),
    )
    for number in range(1, 5):
        wearing.push(beside)
        assert wearing.strange == (number == 4)
    wearing.push(np.tile(np.array([30, 0, 0], np.int8), (400, 1)))
    assert wearing.strange
    wearing.push(as_trained)
    assert wearing.strange
    wearing.push(as_trained)
    assert not wearing.strange


class Placed(FakeInt8):
    """A model that knows how it was worn."""

    def __init__(self) -> None:
        super().__init__()
        self.contract = replace(self.contract, placement=PLACEMENT)


def test_a_stream_is_unsure_with_the_reason_and_otherwise_the_same():
    rng = np.random.default_rng(7)
    codes = restless(rng, 3000)
    samples = (codes.astype(np.float32) + 3) * np.float32(0.125)
    plain = Streamer(Placed(), hop=3, placement=False).push(samples)
    told_by, streamer = told(PLACEMENT, codes), Streamer(Placed(), hop=3)
    assert streamer.tells_placement and plain == Streamer(FakeInt8(), hop=3).push(samples)
    seen = set()
    for before, after in zip(plain, streamer.push(samples), strict=True):
        assert isinstance(before, Decision) and isinstance(after, Decision)
        strange = told_by[after.t_us // 50_000]
        assert after == (before._replace(label=UNSURE, reason="placement") if strange else before)
        assert before.reason == ("score" if before.label == UNSURE else None)
        seen.add((before.label == UNSURE, after.reason))
    assert seen == {(True, "score"), (True, "placement"), (False, None), (False, "placement")}


def test_a_flush_forgets_the_placement():
    streamer = Streamer(Placed(), hop=1)
    samples = np.tile(np.array([[-80, 0, 0], [-40, 0, 0]], np.float32) * 0.125, (20, 1))
    assert streamer.push(samples)[-1].reason == "placement"
    streamer.flush(0)
    assert all(event.reason != "placement" for event in streamer.push(samples[:15]))


def test_a_float_model_tells_nothing():
    runtime = FakeFloat()
    runtime.contract = replace(runtime.contract, placement=PLACEMENT)
    assert not Streamer(runtime).tells_placement


def test_the_contract_carries_it_and_refuses_what_is_none():
    contract = Contract(("a", "b"), input_quantisation=QUANTISATION, placement=PLACEMENT)
    again = Contract.from_dict(contract.to_dict())
    assert again == contract and again.float_io().placement is None
    assert "placement" not in Contract(("a", "b")).to_dict()
    for wrong in (
        {"block": 0}, {"block": 148}, {"walk": (513, 0, 0)}, {"rest": ((0, 0, -513),)}, {"weights": (0, 1, 1)},
        {"weights": (1 << 17, 1, 1)}, {"moving": -1}, {"steady": LARGEST_SQUARE + 1}, {"walk_limit": -1},
        {"rest_limit": LARGEST_SQUARE + 1}, {"rest": ((0, 0, 0),) * 257},
    ):  # fmt: skip
        with pytest.raises(ContractError, match="expected"):
            replace(PLACEMENT, **wrong)


@pytest.fixture(scope="module")
def hapt() -> Windows:
    dataset = load_hapt()
    return cut_windows(dataset, Contract(("walking", "upstairs", "downstairs", "sitting", "standing", "laying")))


@pytest.fixture(scope="module")
def contract(hapt) -> Contract:
    return Contract(hapt.labels, input_quantisation=QUANTISATION)


def test_people_left_out_are_in_place_and_turned_ones_are_not(hapt, contract):
    people = np.unique(hapt.subject)
    unseen = np.isin(hapt.subject, people[::3])
    placement = fit_placement(hapt.select(~unseen), contract)
    assert placement is not None and placement.block == 40 and len(placement.rest) == 3
    x = hapt.x[unseen]
    assert strange_windows(placement, quantise(x, QUANTISATION)).mean() < 0.01
    walking = hapt.y[unseen] < 3
    beside = strange_windows(placement, quantise(x[:, :, [1, 0, 2]], QUANTISATION))
    assert beside[walking].mean() > 0.99


def test_the_limits_are_of_people_left_out(hapt, contract, monkeypatch):
    """With fewer within the limits they are closer; both are distances that some block has."""
    wide = fit_placement(hapt, contract)
    monkeypatch.setattr(worn, "WALKING_WITHIN", 0.5)
    monkeypatch.setattr(worn, "RESTING_WITHIN", 0.5)
    narrow = fit_placement(hapt, contract)
    assert wide.walk == narrow.walk and narrow.walk_limit < wide.walk_limit / 2
    assert wide.rest == narrow.rest and narrow.rest_limit < wide.rest_limit / 2


def test_where_nothing_can_be_told(hapt, contract):
    assert fit_placement(hapt, contract.float_io()) is None
    assert fit_placement(hapt, replace(contract, front_end="pocket")) is None
    assert fit_placement(hapt.select(np.isin(hapt.subject, ["1", "2"])), contract) is None
    assert fit_placement(hapt.select(hapt.y >= 3), contract) is None
    assert fit_placement(hapt, contract, "y") is None, "half of the walking is upside down"
    along = fit_placement(hapt, contract, "x")
    assert along is not None and abs(along.walk[1] - 40 * QUANTISATION.zero_point) < 40
    only_walking = fit_placement(hapt.select(hapt.y < 3), contract)
    assert only_walking is not None and only_walking.rest == ()


def test_a_switch_without_effect_is_refused(bundle_of):
    with pytest.raises(EdgeharError, match="expected a model that knows how it was worn"):
        open_player(bundle_of("micro") / "model_float.tflite", placement=False)


def test_a_shipped_model_worn_otherwise(bundle_of):
    """A HAPT test person's whole recording, the phone as it was and upright in a pocket: gravity along -y."""
    player = open_player(bundle_of("micro"))
    dataset = load_hapt()
    recording = resample(next(one for one in dataset.recordings if one.subject in dataset.published_test), 20.0)
    turned = np.stack([recording.acc[:, 1], -recording.acc[:, 0], recording.acc[:, 2]], axis=1)
    reasons = {}
    for name, samples in (("in place", recording.acc), ("turned", turned)):
        player.streamer.reset()
        reasons[name] = [event.reason for event in player.streamer.push(samples)]
    assert reasons["in place"].count("placement") < 0.05 * len(reasons["in place"])
    assert set(reasons["turned"][200:]) == {"placement"}, "who has walked, whatever follows"
