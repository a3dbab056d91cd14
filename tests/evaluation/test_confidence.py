"""Calibration error, rejection and temperature against values made by hand, SciPy and scikit-learn."""

from __future__ import annotations

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgehar.errors import DataError
from edgehar.evaluation import confidence
from edgehar.streaming.smoothing import UNSURE, Decider, Smoother, SmoothingConfig, probability_units


def binary(*confidences: float) -> np.ndarray:
    """Two classes, the first with these probabilities."""
    first = np.array(confidences, np.float32)
    return np.stack([first, 1 - first], axis=1)


def random_case(seed: int, n: int = 400, classes: int = 4):
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (n, classes))
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = (powers / powers.sum(axis=1, keepdims=True)).astype(np.float32)
    # The truth follows the probabilities at a temperature of 2: the model is too sure.
    flat = np.sqrt(probabilities)
    flat /= flat.sum(axis=1, keepdims=True)
    truth = (rng.random((n, 1)) > flat.cumsum(axis=1)).sum(axis=1).clip(0, classes - 1)
    return probabilities, truth.astype(np.int64)


def test_ece_by_hand():
    # Bins of 1/15: 0.9 falls into (13/15, 14/15], 0.6 exactly on 9/15 belongs to the bin that it ends.
    measured = confidence.measure(binary(0.9, 0.9, 0.9, 0.9, 0.625), np.array([0, 0, 0, 1, 1]))
    assert np.flatnonzero(measured.bin_windows).tolist() == [9, 13]
    assert measured.bin_windows[[9, 13]].tolist() == [1, 4]
    assert measured.bin_accuracy[[9, 13]].tolist() == [0.0, 0.75]
    assert measured.ece == pytest.approx(4 / 5 * (0.9 - 0.75) + 1 / 5 * 0.625)
    assert measured.nll == pytest.approx(-(3 * np.log(0.9) + np.log(0.1) + np.log(0.375)) / 5)


def test_an_int8_zero_is_not_impossible():
    impossible = np.array([[1, 0], [0.999, 0.001]], np.float32)
    assert confidence.negative_log_likelihood(impossible, np.array([1, 1])) == pytest.approx(np.log(512))


def test_bins_are_open_below_and_closed_above():
    windows, _, _ = confidence.reliability(np.array([0.0, 0.25, 0.5, 1.0]), np.ones(4, bool))
    assert np.flatnonzero(windows).tolist() == [0, 3, 7, 14]
    edges = np.arange(1, 16) / 15
    windows, _, _ = confidence.reliability(np.nextafter(edges, 0), np.ones(15, bool))
    assert windows.tolist() == [1] * 15
    windows, _, _ = confidence.reliability(np.nextafter(edges[:-1], 1) + 1e-12, np.ones(14, bool))
    assert windows.tolist() == [0] + [1] * 14


def test_perfectly_calibrated_has_no_error():
    probabilities = binary(*[0.75] * 8)
    assert confidence.measure(probabilities, np.array([0] * 6 + [1] * 2)).ece == pytest.approx(0)


def test_risk_coverage_area_by_hand():
    # From the most confident: right, wrong, right -> risks 0, 1/2, 1/3.
    area = confidence.risk_coverage_area(np.array([0.7, 0.9, 0.8]), np.array([True, True, False]))
    assert area == pytest.approx((0 + 1 / 2 + 1 / 3) / 3)
    # Equal confidence: the mean of both orders, (1 + 1/2) / 2 and (0 + 1/2) / 2.
    area = confidence.risk_coverage_area(np.array([0.8, 0.8]), np.array([True, False]))
    assert area == pytest.approx(((1 + 1 / 2) / 2 + (0 + 1 / 2) / 2) / 2)
    assert confidence.risk_coverage_area(np.array([0.8, 0.9]), np.array([True, True])) == 0


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000))
def test_order_of_windows_does_not_matter(seed):
    probabilities, truth = random_case(seed, 60)
    probabilities = (np.round(probabilities * 8) / 8).astype(np.float32)  # many ties, as an int8 model has
    order = np.random.default_rng(seed).permutation(60)
    one, other = (confidence.measure(p, t) for p, t in ((probabilities, truth), (probabilities[order], truth[order])))
    assert (one.ece, one.aurc) == pytest.approx((other.ece, other.aurc))
    np.testing.assert_array_equal(one.coverage, other.coverage)


def test_rejection_by_hand():
    right = np.array([True, True, False, True])
    coverage, accuracy = confidence.rejection(binary(0.97, 0.72, 0.71, 0.5), right)
    table = dict(zip(confidence.THRESHOLDS, zip(coverage, accuracy, strict=True), strict=True))
    assert list(table) == [0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95]
    assert table[0.5] == (1.0, 0.75)
    assert table[0.7] == (0.75, pytest.approx(2 / 3))
    assert table[0.95] == (0.25, 1.0)
    coverage, accuracy = confidence.rejection(binary(0.6), np.array([True]))
    assert coverage[-1] == 0 and np.isnan(accuracy[-1])


def test_json_has_no_nan():
    measured = confidence.measure(binary(0.6, 0.7), np.array([0, 1])).to_dict()
    assert json.loads(json.dumps(measured, allow_nan=False)) == measured
    assert measured["rejection"][-1] == {"threshold": 0.95, "coverage": 0.0, "accuracy": None}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0, 1, width=32), min_size=2, max_size=6))
def test_unsure_is_what_the_streamer_calls_so(row):
    probabilities = np.array([row], np.float32)
    units = [probability_units(float(value)) for value in probabilities[0]]
    assert confidence.units(probabilities)[0].tolist() == units
    config = SmoothingConfig(method="none")
    label = Decider(config).push(Smoother(config, len(row)).push(units))
    assert confidence.is_unsure(probabilities)[0] == (label == UNSURE)
    assert SmoothingConfig().threshold == confidence.UNSURE_BELOW


def test_unsure_at_the_edge():
    # 127.5 / 256 rounds up to 128, which is not below the threshold.
    assert confidence.is_unsure(np.array([[127.5 / 256, 0], [127.4 / 256, 0]], np.float32)).tolist() == [False, True]


def test_temperature_agrees_with_scipy():
    optimize = pytest.importorskip("scipy.optimize")
    for seed in range(5):
        probabilities, truth = random_case(seed)
        got = confidence.fit_temperature(probabilities, truth)

        def loss(log_temperature, probabilities=probabilities, truth=truth):
            scaled = confidence.tempered(probabilities, float(np.exp(log_temperature)))
            return -np.log(scaled[np.arange(len(truth)), truth]).mean()

        best = optimize.minimize_scalar(loss, bounds=np.log(confidence.TEMPERATURES), method="bounded")
        assert got == pytest.approx(np.exp(best.x), rel=1e-3)
        assert 1.5 < got < 2.7  # the truth was drawn at 2
        before, after = (confidence.measure(p, truth) for p in (probabilities, confidence.tempered(probabilities, got)))
        assert after.nll < before.nll and after.ece < before.ece


def test_temperature_stays_within_its_bounds():
    sure = binary(0.6, 0.4, 0.7)
    assert confidence.fit_temperature(sure, np.array([0, 1, 0])) == pytest.approx(confidence.TEMPERATURES[0])
    assert confidence.fit_temperature(sure, np.array([1, 0, 1])) == pytest.approx(confidence.TEMPERATURES[1])


def test_temperature_one_changes_nothing():
    probabilities, _ = random_case(7)
    np.testing.assert_allclose(confidence.tempered(probabilities, 1.0), probabilities, atol=1e-6)
    with np.errstate(all="raise"):
        assert confidence.tempered(np.array([[1, 0]], np.float32), 0.2).tolist() == [[1, pytest.approx(0, abs=1e-37)]]


def test_separation_agrees_with_scikit_learn():
    sklearn = pytest.importorskip("sklearn.metrics")
    ordinary, other = (np.round(random_case(seed)[0], 1) for seed in (1, 2))
    expected = sklearn.roc_auc_score(
        [1] * len(ordinary) + [0] * len(other), np.concatenate([ordinary, other]).max(axis=1)
    )
    assert confidence.separation(ordinary, other) == pytest.approx(expected)
    assert (
        confidence.separation(binary(0.9), binary(0.6)) == 1 and confidence.separation(binary(0.9), binary(0.9)) == 0.5
    )


def test_unfamiliar_by_hand():
    strange = np.array([[0.4, 0.3, 0.3], [0.9, 0.1, 0.0], [0.45, 0.45, 0.1]], np.float32)
    known = np.array([[0.8, 0.1, 0.1], [1.0, 0.0, 0.0]], np.float32)
    got = confidence.unfamiliar(strange, np.array([0, 0, 2]), ("a", "b", "c"), known)
    assert got.windows == {"a": 2, "c": 1}
    assert got.unsure == {"a": 0.5, "c": 1.0}
    assert got.overall == got.rejected[0] == pytest.approx(2 / 3)
    assert got.rejected[-1] == 1 and len(got.rejected) == len(confidence.THRESHOLDS)
    assert json.loads(json.dumps(got.to_dict())) == got.to_dict()
    assert got.separation == pytest.approx((1 + 0.5 + 1) / 3)


def test_refuses_what_does_not_fit():
    for probabilities, truth in ((np.zeros((0, 2)), np.zeros(0)), (np.zeros((2, 2)), np.zeros(3))):
        with pytest.raises(DataError, match="row of probabilities per window"):
            confidence.measure(probabilities.astype(np.float32), truth.astype(np.int64))
        with pytest.raises(DataError, match="row of probabilities per window"):
            confidence.fit_temperature(probabilities.astype(np.float32), truth.astype(np.int64))
