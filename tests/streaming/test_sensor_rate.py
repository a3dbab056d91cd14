"""`stream --sensor-rate`: what the device would decide on a recording at the sensor's rate, and how near that is."""

from __future__ import annotations

import re

import pytest

import edgehar
from edgehar.cli import main

from .test_command import base_only, rows_of, walk


def test_a_recording_as_the_device_takes_it(bundle, capsys):
    """Decisions differ from those of the recording resampled as a whole in few places only."""
    assert main(["stream", "hapt", "--bundle", str(bundle), "--json"]) == 0
    whole = rows_of(capsys.readouterr().out)
    assert main(["stream", "hapt", "--bundle", str(bundle), "--json", "--sensor-rate", "50"]) == 0
    sensed = rows_of(capsys.readouterr().out)
    labels, device = ({row["t"]: row["label"] for row in rows if "event" not in row} for rows in (whole, sensed))
    both = labels.keys() & device.keys()
    assert len(both) > 300 and len(labels.keys() ^ device.keys()) <= 2
    assert sum(labels[t] == device[t] for t in both) > 0.99 * len(both)
    assert abs(whole[-1]["accuracy"] - sensed[-1]["accuracy"]) < 0.01


def test_a_live_sensor_with_the_base_install(bundle):
    done = base_only("stream", "-", "--bundle", bundle, "--json", "--sensor-rate", "52", input=walk(600, 52.0))
    assert done.returncode == 0, done.stderr
    rows = rows_of(done.stdout)
    assert rows[-1]["decisions"] == len(rows) - 1 == 8 and rows[0]["t"] == 103.95


def test_the_api_decides_the_same(bundle, capsys):
    words = ["--bundle", str(bundle), "--json", "--sensor-rate", "50", "--sensor-unit", "0.0024"]
    assert main(["stream", "hapt", *words]) == 0
    said = capsys.readouterr()
    rows = [row for row in rows_of(said.out) if "event" not in row]
    name, subject = re.search(r"HAPT (\S+), subject (\S+):", said.err, re.IGNORECASE).groups()
    frame = edgehar.read("hapt")
    chosen = frame[(frame["recording"] == name) & (frame["subject"].astype(str) == subject)]
    found = edgehar.stream(chosen, bundle, sensor_rate=50, sensor_unit=0.0024)
    assert found["label"].tolist() == [row["label"] for row in rows] and len(rows) > 300


@pytest.mark.parametrize(
    "words",
    [
        ["hapt", "--sensor-unit", "0.01"],
        ["hapt", "--sensor-rate", "60"],
        ["hapt", "--sensor-rate", "5"],
        ["hapt", "--sensor-rate", "50", "--sensor-unit", "0"],
        ["hapt", "--sensor-rate", "50", "--realtime"],
        ["-", "--sensor-rate", "50", "--rate", "50"],
    ],
)
def test_what_means_nothing_is_refused(words, bundle, capsys):
    assert main(["stream", *words, "--bundle", str(bundle)]) == 2
    assert "sensor" in capsys.readouterr().err.strip().splitlines()[-1]
