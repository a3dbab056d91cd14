from dataclasses import replace

import numpy as np
import pytest

from edgehar.data import CsvOptions, Dataset, load
from edgehar.data.check import check, walking_peak


def test_hapt_is_good_for_everything(hapt, contract):
    result = check(hapt, contract)
    assert all(result.usable_for(use) for use in ("stream", "evaluate", "train"))
    assert result.people == 30
    assert result.rates == {"50": 1_122_772}
    assert result.gravity["up"] == "+x"
    assert result.gravity["usual"] == pytest.approx(9.8, abs=0.3)
    assert 1.4 < result.walking_hz < 2.6
    assert result.labels["walking"]["windows"] == 1036
    assert sum(row["windows"] for row in result.subjects.values()) == result.windows
    assert result.dropped_seconds["no label"] > 1000
    assert result.dropped_seconds["label sit_to_stand is a postural transition"] > 100
    total = sum(row["seconds"] for row in result.labels.values())
    assert total == pytest.approx(result.seconds, abs=1)


def test_a_wrong_rate_shows_in_walkings_peak(table, contract):
    right, wrong = load(table(seconds=20)), load(table(seconds=20), options=CsvOptions(time="none", rate_hz=100))
    assert walking_peak(right) == pytest.approx(2, abs=0.13)
    assert walking_peak(wrong) == pytest.approx(4, abs=0.13)
    assert check(right, contract).usable_for("train")
    result = check(wrong, contract)
    assert result.usable_for("stream")
    assert not result.usable_for("evaluate")
    assert "the rate is probably wrong" in result.problems["evaluate"][0]


def test_published_sets_walk_near_two_hertz(shared):
    for name in ("motionsense_50hz_16_subjects.npz", "wisdm2019_phone_accel"):
        assert 1.4 < walking_peak(load(shared / name)) < 2.6


def test_a_wrong_unit_shows_in_gravity(table, contract):
    result = check(load(table(scale=1 / 9.80665), options=CsvOptions(unit="m/s^2")), contract)
    assert not result.usable_for("stream")
    assert "unit or gravity is wrong" in result.problems["stream"][0]


def test_the_other_sign_is_pointed_at(table, contract):
    assert check(load(table()), contract).warnings == []
    (warning,) = check(load(table(sign=-1)), contract).warnings
    assert "--axes=-x,-y,-z" in warning


def test_saturation_is_counted(table, contract):
    dataset = load(table())
    recordings = []
    for recording in dataset.recordings:
        acc = recording.acc.copy()
        acc[:, 1] = np.minimum(acc[:, 1], 10.5)
        recordings.append(replace(recording, acc=acc))
    result = check(replace(dataset, recordings=tuple(recordings)), contract)
    clipped = sum(int((r.acc[:, 1] == 10.5).sum()) for r in recordings)
    assert 0.9 * clipped <= result.saturated["samples"]["y"] <= clipped
    assert result.saturated["highest"][1] == 10.5
    assert any("saturated" in warning for warning in result.warnings)


def test_what_rules_out_training(table, make_recording, contract):
    one = check(load(table(people=("a",))), contract)
    assert one.usable_for("evaluate")
    assert not one.usable_for("train")
    assert "1 person" in one.problems["train"][0]
    same = check(load(table(labels=("walking",))), contract)
    assert "1 activities (walking)" in same.problems["train"][0]
    short = check(load(table(seconds=2)), contract)
    assert not short.usable_for("evaluate")
    unlabelled = check(Dataset("x", (make_recording(400, label=-1),), ()), contract)
    assert unlabelled.usable_for("stream")
    assert not unlabelled.usable_for("evaluate")
    tiny = check(Dataset("x", (make_recording(40),), ("walking",)), contract)
    assert not tiny.usable_for("stream")


def test_a_rate_that_cannot_be_resampled_rules_out_everything(make_recording, contract):
    dataset = Dataset("x", (make_recording(400, 20 * 2**0.5),), ("walking",))
    assert "cannot resample" in check(dataset, contract).problems["stream"][0]
