"""The exports of phones' apps, as they come: generated in each layout, and real ones of CoreMotion."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgehar.contract import STANDARD_GRAVITY
from edgehar.data import CsvOptions, Dataset, load
from edgehar.errors import DataError

G = STANDARD_GRAVITY
N = 500
RATE = 50.0
START_NS = 1_700_000_000_000_000_000


def truth() -> tuple[np.ndarray, np.ndarray]:
    """Gravity and movement of an upright walker, (N, 3) each, m/s² in Android's sign: y points up."""
    t = np.arange(N) / RATE
    gravity = np.stack([0.6 + 0 * t, 9.7 + 0 * t, -1.1 + 0 * t], axis=1)
    swing = np.stack([0.5 * np.sin(9 * t), 3 * np.sin(12.6 * t), 0.7 * np.cos(12.6 * t)], axis=1)
    return gravity, swing


def write(path: Path, header: str, *columns: np.ndarray, separator: str = ",", decimal: str = ".") -> Path:
    """A table of columns with a header, numbers as an app writes them."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [separator.join(f"{value:.9g}".replace(".", decimal) for value in row) for row in zip(*columns, strict=True)]
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def sensor_logger(
    folder: Path, sensor: str, acc: np.ndarray, *, shift_s: float = 0.0, order: str = "z,y,x", start: int = 0
) -> Path:
    """One file of Sensor Logger: time in ns since 1970, seconds, then the axes from the last to the first."""
    folder.mkdir(parents=True, exist_ok=True)
    columns = order.split(",")
    rows = [f"time,seconds_elapsed,{order}"]
    for index in range(start, len(acc)):
        seconds = index / RATE + shift_s
        values = [repr(float(acc[index, "xyz".index(axis)])) for axis in columns]
        rows.append(",".join([str(START_NS + round(seconds * 1e9)), repr(round(seconds, 9)), *values]))
    path = folder / f"{sensor}.csv"
    path.write_text("\n".join(rows) + "\n")
    return path


def metadata(folder: Path, platform: str, standardisation: str = "false") -> None:
    (folder / "Metadata.csv").write_text(
        "version,device name,recording epoch time,recording time,recording timezone,platform,appVersion,device id,"
        "sensors,sampleRateMs,standardisation,platform version\n"
        f"3,Phone,1700000000000,2023-11-14_22-13-20,Europe/Vienna,{platform},1.40,abc,"
        f"Accelerometer|Gravity|TotalAcceleration,20|20|20,{standardisation},17\n"
    )


def acceleration(dataset: Dataset) -> np.ndarray:
    return np.concatenate([recording.acc for recording in dataset.recordings])


def note_of(dataset: Dataset) -> str:
    (note,) = [note for note in dataset.notes if note.startswith("sign")]
    return note


def check(dataset: Dataset) -> None:
    """The walker, whatever the phone: +y is up."""
    gravity, swing = truth()
    np.testing.assert_allclose(acceleration(dataset), gravity + swing, atol=1e-4)
    assert {recording.rate_hz for recording in dataset.recordings} == {RATE}


# --- CoreMotion


def coremotion(path: Path, titles: tuple[str, ...], pick: tuple[int, ...]) -> Path:
    gravity, swing = truth()
    columns = [*(gravity / -G).T, *(swing / -G).T, np.arange(N) / RATE]
    return write(path, ",".join(titles[i] for i in pick), *(columns[i] for i in pick))


TITLES = (*(f"{part}.{axis}" for part in ("gravity", "userAcceleration") for axis in "xyz"), "time")


@pytest.mark.parametrize("pick", [(6, 0, 1, 2, 3, 4, 5), (5, 4, 3, 2, 1, 0, 6), (3, 0, 6, 4, 1, 5, 2)])
def test_coremotion_is_gravity_plus_user_acceleration_in_iphones_sign(tmp_path, pick):
    dataset = load(coremotion(tmp_path / "walk.csv", TITLES, pick))
    check(dataset)
    assert "unit g, found out from gravity" in dataset.notes
    assert "iOS's, turned into Android's" in note_of(dataset)
    assert "--axes=-x,-y,-z" in note_of(dataset)


def test_coremotion_by_the_names_of_sensorlog(tmp_path):
    titles = tuple(f"motion{part}{axis}(G)" for part in ("Gravity", "UserAcceleration") for axis in "XYZ")
    check(load(coremotion(tmp_path / "log.csv", (*titles, "time(s)"), (6, 5, 4, 3, 2, 1, 0))))


def test_coremotion_without_gravity_is_refused(tmp_path):
    path = coremotion(tmp_path / "walk.csv", TITLES, (6, 3, 4, 5))
    with pytest.raises(DataError, match=r"with gravity in .*walk\.csv, got it without; record with gravity"):
        load(path)


def test_the_assumed_sign_can_be_turned(tmp_path):
    path = coremotion(tmp_path / "walk.csv", TITLES, (6, 0, 1, 2, 3, 4, 5))
    turned = load(path, options=CsvOptions(axes="-x,-y,-z"))
    np.testing.assert_array_equal(acceleration(turned), -acceleration(load(path)))
    assert "axes: -x,-y,-z of these" in turned.notes


def test_real_motionsense_files_agree_with_the_prepared_set_whoever_reads_them(tmp_path, shared):
    """Read as plain tables, the originals have the sign that the set's own loader gives: −y is up while standing."""
    with zipfile.ZipFile(shared / "motionsense_original_csv_4_subjects.zip") as archive:
        name = next(name for name in archive.namelist() if "/std_" in name and name.endswith("sub_1.csv"))
        (tmp_path / "standing.csv").write_bytes(archive.read(name))
        path = tmp_path / name
        path.parent.mkdir(parents=True)
        path.write_bytes(archive.read(name))
    table = load(tmp_path / "standing.csv", options=CsvOptions(rate_hz=50))
    own = load(f"motionsense:{path}")
    np.testing.assert_allclose(acceleration(table), acceleration(own), atol=1e-5)
    mean = acceleration(table).mean(axis=0)
    assert np.linalg.norm(mean) == pytest.approx(G, rel=0.02)
    # The set's phones stand upside down in the trouser pocket: Android's axis that points up reads +9.8, so y is -9.8.
    assert mean[1] < -0.8 * G
    with pytest.raises(DataError, match="--rate HZ"):
        load(tmp_path / "standing.csv")


# --- Sensor Logger


@pytest.mark.parametrize("order", ["z,y,x", "x,y,z"])
@pytest.mark.parametrize(
    ("platform", "standardisation", "sign"),
    [("android", "false", 1), ("ios", "false", -1), ("iOS", "true", 1)],
)
def test_sensor_loggers_total_acceleration(tmp_path, platform, standardisation, sign, order):
    gravity, swing = truth()
    path = sensor_logger(tmp_path / "2023-11-14", "TotalAcceleration", sign * (gravity + swing), order=order)
    metadata(path.parent, platform, standardisation)
    for source in (path, path.parent):
        dataset = load(source)
        check(dataset)
        assert "Metadata.csv of Sensor Logger" in note_of(dataset)


def test_sensor_logger_without_its_description_says_what_was_assumed(tmp_path):
    gravity, swing = truth()
    dataset = load(sensor_logger(tmp_path, "TotalAcceleration", gravity + swing))
    check(dataset)
    assert "taken as Android's" in note_of(dataset)
    assert "no Metadata.csv" in note_of(dataset)


@pytest.mark.parametrize("sign", [1, -1])
def test_sensor_loggers_accelerometer_is_put_together_with_gravity(tmp_path, sign):
    gravity, swing = truth()
    folder = tmp_path / "export"
    path = sensor_logger(folder, "Accelerometer", sign * swing)
    sensor_logger(folder, "Gravity", sign * gravity)
    sensor_logger(folder, "Gyroscope", swing)
    metadata(folder, "ios" if sign < 0 else "android")
    with zipfile.ZipFile(tmp_path / "export.zip", "w") as archive:
        for file in folder.iterdir():
            archive.write(file, file.name)
    for source in (path, folder, tmp_path / "export.zip"):
        check(load(source))
    assert "1 tables left out, no acceleration or of the same recording: Gyroscope.csv" in load(folder).notes


def test_gravity_at_other_times_is_interpolated_and_what_lies_outside_is_counted(tmp_path):
    gravity, swing = truth()
    path = sensor_logger(tmp_path, "Accelerometer", swing)
    sensor_logger(tmp_path, "Gravity", gravity, shift_s=0.007, start=10)
    dataset = load(path)
    assert dataset.findings["samples dropped: before or after those of gravity"] == 11
    np.testing.assert_allclose(acceleration(dataset), (gravity + swing)[11:], atol=1e-4)


def test_sensor_loggers_accelerometer_alone_is_refused(tmp_path):
    gravity, swing = truth()
    path = sensor_logger(tmp_path / "a", "Accelerometer", swing)
    for source in (path, path.parent):
        with pytest.raises(DataError, match="Sensor Logger's Total Acceleration"):
            load(source)
    with pytest.raises(DataError, match="with gravity"):
        load(sensor_logger(tmp_path / "b", "Gravity", gravity))


def test_of_several_files_of_one_recording_one_is_read(tmp_path):
    gravity, swing = truth()
    for name, day in (("one", 0), ("two", 0)):
        folder = tmp_path / "both" / name
        sensor_logger(folder, "TotalAcceleration", gravity + swing, shift_s=day)
        sensor_logger(folder, "AccelerometerUncalibrated", (gravity + swing) / G)
        sensor_logger(folder, "Accelerometer", swing)
        sensor_logger(folder, "Gravity", gravity)
        metadata(folder, "android")
    dataset = load(tmp_path / "both", options=CsvOptions(subject="@folder"))
    assert [(r.subject, len(r)) for r in dataset.recordings] == [("one", N), ("two", N)]
    assert any("6 tables left out" in note for note in dataset.notes)


# --- phyphox

PHYPHOX = ["Time (s)", *(f"Acceleration {axis} (m/s^2)" for axis in "xyz"), "Absolute acceleration (m/s^2)"]


def phyphox(path: Path, acc: np.ndarray, titles: list[str], separator: str, decimal: str) -> Path:
    quoted = separator.join(f'"{title}"' for title in titles)
    size = np.linalg.norm(acc, axis=1)
    return write(path, quoted, np.arange(N) / RATE, *acc.T, size, separator=separator, decimal=decimal)


@pytest.mark.parametrize(("separator", "decimal"), [(",", "."), ("\t", "."), (";", "."), ("\t", ","), (";", ",")])
def test_every_csv_of_phyphox(tmp_path, separator, decimal):
    gravity, swing = truth()
    dataset = load(phyphox(tmp_path / "Raw Data.csv", gravity + swing, PHYPHOX, separator, decimal))
    check(dataset)
    assert "phyphox, on iOS too" in note_of(dataset)


def test_phyphoxs_zip_describes_the_phone_beside(tmp_path):
    gravity, swing = truth()
    path = phyphox(tmp_path / "Raw Data.csv", gravity + swing, PHYPHOX, ",", ".")
    with zipfile.ZipFile(tmp_path / "phyphox.zip", "w") as archive:
        archive.write(path, "Raw Data.csv")
        archive.writestr("meta/device.csv", '"property","value"\n"version","1.1.16"\n')
        archive.writestr("meta/time.csv", '"event","experiment time"\n"START",0.0\n')
    dataset = load(tmp_path / "phyphox.zip")
    check(dataset)
    assert any("2 tables left out" in note and "meta/device.csv" in note for note in dataset.notes)


def test_phyphox_without_gravity_is_refused(tmp_path):
    _, swing = truth()
    titles = [title.replace("Acceleration", "Linear Acceleration") for title in PHYPHOX]
    path = phyphox(tmp_path / "Raw Data.csv", swing, titles, ",", ".")
    with pytest.raises(DataError, match="phyphox's 'Acceleration with g'"):
        load(path)


# --- any other table


def test_any_other_table_says_that_androids_sign_was_assumed(table: Callable[..., Path]):
    assert "taken as Android's" in note_of(load(table()))


def test_linear_acceleration_with_gravity_in_one_table(tmp_path):
    gravity, swing = truth()
    header = "timestamp,gravity_x,gravity_y,gravity_z,linear_acc_x,linear_acc_y,linear_acc_z"
    check(load(write(tmp_path / "a.csv", header, np.arange(N) / RATE, *gravity.T, *swing.T)))
