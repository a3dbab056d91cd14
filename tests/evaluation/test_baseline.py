"""The 62 features: each column is what its name says, and standing still gives no NaN."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from edgehar.evaluation.baseline import BANDS, NAMES, features, predict_baseline
from tests.training.conftest import make_dataset

RATE = 20.0


def column(found, name):
    return found[:, NAMES.index(name)]


@pytest.fixture(scope="module")
def windows():
    rng = np.random.default_rng(0)
    t = np.arange(80) / RATE
    x = rng.normal(0, 0.1, (5, 80, 3)) + np.array([0, 0, 9.8])
    x[..., 0] += 3 * np.sin(2 * np.pi * 2 * t)  # two steps per second
    return x.astype(np.float32)


def test_columns_are_what_they_are_called(windows):
    found = features(windows, RATE)
    assert found.shape == (5, 62) and len(set(NAMES)) == 62
    x = windows.astype(np.float64)
    np.testing.assert_allclose(column(found, "y_mean"), x[..., 1].mean(axis=1))
    np.testing.assert_allclose(column(found, "z_deviation"), x[..., 2].std(axis=1))
    np.testing.assert_allclose(column(found, "x_quantile_75"), np.quantile(x[..., 0], 0.75, axis=1))
    np.testing.assert_allclose(column(found, "length_maximum"), np.linalg.norm(x, axis=2).max(axis=1))
    np.testing.assert_allclose(column(found, "z_energy"), (x[..., 2] ** 2).mean(axis=1))
    for row, window in enumerate(x):
        expected = stats.pearsonr(window[:, 0], window[:, 2])[0]
        assert column(found, "correlation_xz")[row] == pytest.approx(expected)
    np.testing.assert_allclose(column(found, "x_frequency"), 2.0)
    assert (column(found, "x_share_of_frequency") > 0.9).all()
    assert (column(found, "x_spectral_entropy") < column(found, "y_spectral_entropy")).all()
    np.testing.assert_allclose(column(found, "tilt_z"), np.arccos(1.0), atol=0.1)
    bands = np.stack([column(found, f"band_{number}") for number in range(1, len(BANDS) + 1)])
    np.testing.assert_allclose(bands.sum(axis=0), 1)


def test_the_length_repeats_at_half_the_period_of_an_axis(windows):
    # |a| does not know the sign: 2 Hz along x, across gravity, is 4 Hz in the length.
    found = features(windows, RATE)
    lags = column(found, "period") * 4
    np.testing.assert_allclose(lags, np.round(lags))
    assert (column(found, "periodicity") > 0.5).all()
    assert bands_peak(found) == 4


def bands_peak(found):
    """The band, from 1, with most power."""
    return int(np.argmax([column(found, f"band_{number}").mean() for number in range(1, len(BANDS) + 1)])) + 1


def test_standing_still_and_nothing_at_all():
    still = np.broadcast_to(np.array([0, 0, 9.8], np.float32), (2, 80, 3))
    for x in (still, np.zeros((2, 80, 3), np.float32)):
        assert np.isfinite(features(x, RATE)).all()
    assert np.isfinite(features(np.ones((1, 8, 3), np.float32), 2.0)).all()


def test_tells_what_is_easy_to_tell():
    from edgehar.contract import Contract
    from edgehar.data import cut_windows

    dataset = make_dataset()
    windows = cut_windows(dataset, Contract(dataset.classes))
    others = windows.of_subjects(["p5"])
    answers = predict_baseline(windows.of_subjects(["p0", "p1", "p2", "p3"]), others.x, RATE)
    assert (answers == others.y).mean() > 0.95
