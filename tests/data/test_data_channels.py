"""Recordings of further sensors: columns, units, axes, magnitudes, frames, windows and pools."""

from __future__ import annotations

import numpy as np
import pytest

import edgehar
from edgehar.channels import ACCELERATION, channels_text, parse_channels, turnable, vectors
from edgehar.contract import Contract
from edgehar.data import CsvOptions, cut_windows, from_frame, load
from edgehar.data.channels import take_channels
from edgehar.data.check import check
from edgehar.data.pool import pooled
from edgehar.errors import ContractError, DataError

SIX = ("a", "b", "c", "p", "q", "r")


@pytest.fixture
def table(tmp_path):
    rng = np.random.default_rng(2)
    values = np.concatenate([rng.normal((0, 9.8, 0), 1, (400, 3)), rng.normal(0, 90, (400, 3))], axis=1)
    rows = [f"{i / 20:.2f}," + ",".join(f"{value:.3f}" for value in row) for i, row in enumerate(values)]
    path = tmp_path / "walk.csv"
    path.write_text("\n".join(["t," + ",".join(SIX) + ",label", *(f"{row},walking" for row in rows)]) + "\n")
    return path, np.round(values, 3)


def six(**options) -> CsvOptions:
    return CsvOptions(columns=SIX, channels="acc,gyro", unit="m/s^2,deg/s", **options)


def test_units_of_each_sensor(table):
    path, values = table
    dataset = load(path, options=six())
    assert channels_text(dataset.channels) == "acc,gyro"
    expected = np.concatenate([values[:, :3], np.deg2rad(values[:, 3:])], axis=1)
    np.testing.assert_allclose(dataset.recordings[0].acc, expected, rtol=1e-6)
    found = load(path, options=CsvOptions(columns=SIX, channels="acc,gyro", unit="rad/s"))
    assert "unit m/s^2, found out from gravity" in found.notes
    gauss = load(path, options=CsvOptions(columns=SIX[3:], channels="mag", unit="G"))
    np.testing.assert_allclose(gauss.recordings[0].acc, 100 * values[:, 3:], rtol=1e-6)


def test_axes_turn_every_sensor_alike(table):
    path, _ = table
    plain, turned = load(path, options=six()), load(path, options=six(axes="y,-x,z"))
    x = plain.recordings[0].acc
    expected = np.stack([x[:, 1], -x[:, 0], x[:, 2], x[:, 4], -x[:, 3], x[:, 5]], axis=1)
    np.testing.assert_array_equal(turned.recordings[0].acc, expected)
    assert turned.sha256 != plain.sha256


def test_a_magnitude_is_computed_and_channels_are_picked(table):
    path, _ = table
    dataset = load(path, options=six())
    taken = take_channels(dataset, parse_channels("gyro.z,acc.magnitude"))
    x = dataset.recordings[0].acc.astype(np.float64)
    np.testing.assert_array_equal(taken.recordings[0].acc[:, 0], dataset.recordings[0].acc[:, 5])
    length = np.sqrt((x[:, :3] ** 2).sum(axis=1)).astype(np.float32)
    np.testing.assert_array_equal(taken.recordings[0].acc[:, 1], length)
    with pytest.raises(DataError, match=r"got acc,gyro: mag\.x is missing"):
        take_channels(dataset, parse_channels("acc,mag"))
    shipped = load("hapt", options=CsvOptions(channels="acc.magnitude"))
    assert shipped.recordings[0].acc.shape[1] == 1 and shipped.sha256 != load("hapt").sha256


def test_frames_and_windows(table):
    path, _ = table
    frame = edgehar.read(path, columns=SIX, channels="acc,gyro", unit="m/s^2,deg/s")
    dataset = from_frame(frame)
    assert channels_text(dataset.channels) == "acc,gyro" and frame.columns[6] == "gyro.x"
    np.testing.assert_array_equal(dataset.recordings[0].acc, load(path, options=six()).recordings[0].acc)
    contract = Contract(("walking", "sitting"), channels=parse_channels("gyro,acc.y"))
    windows = cut_windows(dataset, contract)
    np.testing.assert_array_equal(windows.x[0], dataset.recordings[0].acc[:80][:, [3, 4, 5, 1]])
    assert windows.x.shape[1:] == contract.window_shape == (80, 4)


def test_a_pool_has_the_same_channels(table):
    path, _ = table
    both = pooled("both", {"a": load(path, options=six()), "b": load(path, options=six())})
    assert channels_text(both.channels) == "acc,gyro"
    with pytest.raises(DataError, match="the same channels in every set of a pool, got a: acc,gyro; b: acc"):
        pooled("both", {"a": load(path, options=six()), "b": load("hapt")})


def test_names_of_channels():
    assert channels_text(parse_channels("acc,gyro.z,mag")) == "acc,gyro.z,mag"
    assert vectors(parse_channels("gyro.x,acc,gyro.y")) == (1,)
    assert turnable(parse_channels("acc.magnitude,gyro")) and not turnable(parse_channels("acc.magnitude"))
    assert not turnable(parse_channels("acc.x,acc.z,acc.y")) and parse_channels("acc") == ACCELERATION
    for text in ("acc.w", "speed", "", "acc,", "acc.x.y", "acc,acc.x"):
        with pytest.raises(ContractError):
            parse_channels(text)


def test_a_check_tells_gravity_where_there_is_acceleration(table):
    path, _ = table
    contract = Contract(("walking", "sitting"), channels=parse_channels("acc,gyro"))
    six_of_them = check(load(path, options=six()), contract)
    assert six_of_them.windows == 9 and six_of_them.gravity["up"] == "+y"
    assert list(six_of_them.saturated["samples"])[3:] == ["gyro.x", "gyro.y", "gyro.z"]
    gyro = load(path, options=CsvOptions(columns=SIX[3:], channels="gyro", unit="deg/s"))
    alone = check(gyro, Contract(("walking", "sitting"), channels=parse_channels("gyro")))
    assert alone.windows == 9 and alone.gravity is None and alone.walking_hz is None
