"""What a network must beat: 62 features of a window and a support vector machine, by scikit-learn."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgehar.data.recording import Windows
from edgehar.errors import MissingExtra

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Samples = NDArray[np.float64]

#: Signals: each axis, and the length of the acceleration.
SIGNALS = ("x", "y", "z", "length")

#: Of each signal. Frequencies in Hz, shares 0 … 1, everything else in m/s² or its square.
OF_EACH = (
    "mean", "deviation", "minimum", "maximum", "quantile_25", "median", "quantile_75", "energy", "mean_step",
    "frequency", "share_of_frequency", "spectral_entropy",
)  # fmt: skip

#: Hz; the share of the length's power that lies in each.
BANDS = ((0.0, 1.0), (1.0, 2.0), (2.0, 3.0), (3.0, 5.0), (5.0, np.inf))

#: Seconds within which a step, or a stride, comes again.
PERIODS = (0.25, 1.5)

#: Names of the columns of `features`.
NAMES = (
    *(f"{signal}_{name}" for signal in SIGNALS for name in OF_EACH),
    "correlation_xy", "correlation_xz", "correlation_yz",
    *(f"tilt_{axis}" for axis in "xyz"),
    *(f"band_{number}" for number in range(1, len(BANDS) + 1)),
    "period", "periodicity", "crossings",
)  # fmt: skip


def features(x: NDArray[np.float32], rate_hz: float) -> Samples:
    """Features float64 (N, 62) of windows float32 (N, window, 3) in m/s²; docs/evaluation.md says what each is."""
    samples = x.astype(np.float64)
    length = np.linalg.norm(samples, axis=2)
    signals = np.concatenate([samples, length[..., None]], axis=2)
    own, power, frequency = _of_each(signals, rate_hz)
    return np.column_stack(
        [
            own.reshape(len(x), -1),
            *(_correlation(samples[..., a], samples[..., b]) for a, b in ((0, 1), (0, 2), (1, 2))),
            _tilt(samples),
            *(_share(power[..., 3], (frequency >= low) & (frequency < high)) for low, high in BANDS),
            *_repetition(length, rate_hz),
            _crossings(length),
        ]
    )


def new_classifier() -> Pipeline:
    """An untrained pipeline: standardised features and a support vector machine with a Gaussian kernel.

    C = 3 of 1, 3, 10, 30 and 100 did best in seven folds over HAPT's training people; test people were not looked at.

    Raises:
        MissingExtra: scikit-learn is not installed.
    """
    try:
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from sklearn.svm import SVC
    except ImportError as error:
        raise MissingExtra("scikit-learn", "data") from error
    return make_pipeline(StandardScaler(), SVC(C=3.0, class_weight="balanced"))


def predict_baseline(training: Windows, x: NDArray[np.float32], rate_hz: float) -> NDArray[np.int64]:
    """Train on windows of training people and answer for others.

    Args:
        x: float32 (N, window, 3), m/s².
    Returns:
        int64 (N,), index into `training.labels`.
    Raises:
        MissingExtra: scikit-learn is not installed.
    """
    classifier = new_classifier().fit(features(training.x, rate_hz), training.y)
    return np.asarray(classifier.predict(features(x, rate_hz)), np.int64)


def _of_each(signals: Samples, rate_hz: float) -> tuple[Samples, Samples, Samples]:
    """(N, signals, 12) features; power (N, F, signals) of what varies; frequencies (F,) in Hz."""
    mean = signals.mean(axis=1)
    power = np.abs(np.fft.rfft(signals - mean[:, None], axis=1)) ** 2
    frequency = np.fft.rfftfreq(signals.shape[1], 1 / rate_hz)
    share = power / np.maximum(power.sum(axis=1, keepdims=True), 1e-12)
    entropy = -(share * np.log(np.maximum(share, 1e-12))).sum(axis=1)
    own = [
        mean,
        signals.std(axis=1),
        signals.min(axis=1),
        signals.max(axis=1),
        *np.quantile(signals, [0.25, 0.5, 0.75], axis=1),
        (signals**2).mean(axis=1),
        np.abs(np.diff(signals, axis=1)).mean(axis=1),
        frequency[share.argmax(axis=1)],
        share.max(axis=1),
        entropy,
    ]
    return np.stack(own, axis=2), np.asarray(power, np.float64), np.asarray(frequency, np.float64)


def _correlation(a: Samples, b: Samples) -> Samples:
    """Pearson's correlation (N,) along the window; 0 where one stands still."""
    a, b = (values - values.mean(axis=1, keepdims=True) for values in (a, b))
    return np.asarray((a * b).sum(axis=1) / np.maximum(np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1)), 1e-12))


def _tilt(samples: Samples) -> Samples:
    """Angle (N, 3) in rad between the mean acceleration, mostly gravity, and each axis."""
    mean = samples.mean(axis=1)
    along = mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-12)
    return np.asarray(np.arccos(np.clip(along, -1, 1)))


def _share(power: Samples, band: NDArray[np.bool_]) -> Samples:
    return np.asarray(power[:, band].sum(axis=1) / np.maximum(power.sum(axis=1), 1e-12))


def _repetition(length: Samples, rate_hz: float) -> tuple[Samples, Samples]:
    """Lag in s of the highest autocorrelation within `PERIODS`, and its height, (N,) each."""
    varying = length - length.mean(axis=1, keepdims=True)
    spectrum = np.abs(np.fft.rfft(varying, 2 * varying.shape[1], axis=1)) ** 2
    correlation = np.fft.irfft(spectrum, axis=1)
    low = max(1, round(PERIODS[0] * rate_hz))
    high = max(low + 1, min(round(PERIODS[1] * rate_hz) + 1, varying.shape[1]))
    within = correlation[:, low:high]
    return (within.argmax(axis=1) + low) / rate_hz, within.max(axis=1) / np.maximum(correlation[:, 0], 1e-12)


def _crossings(length: Samples) -> Samples:
    """Share (N,) of steps in which the length crosses its mean."""
    above = length > length.mean(axis=1, keepdims=True)
    return np.asarray((above[:, 1:] != above[:, :-1]).mean(axis=1))
