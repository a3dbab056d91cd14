import zipfile

import numpy as np
import pytest

from edgehar.contract import STANDARD_GRAVITY
from edgehar.data import load
from edgehar.errors import DataError

ZIP = "motionsense_original_csv_4_subjects.zip"
HEADER = ",".join(
    ["", *(f"{part}.{axis}" for part in ("gravity", "rotationRate", "userAcceleration") for axis in "xyz")]
)


def write(folder, name, rows):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join([HEADER, *(",".join([str(i), *map(str, row)]) for i, row in enumerate(rows))]) + "\n")
    return path


def test_sign_and_unit_are_androids(tmp_path):
    """CoreMotion's gravity points down in g; Android's axis that points up reads +9.81."""
    write(tmp_path, "A_DeviceMotion_data/std_6/sub_3.csv", [(0.1, 0.99, -0.2, 5, 5, 5, 0.02, 0.01, 0.0)] * 10)
    dataset = load(tmp_path)
    (recording,) = dataset.recordings
    np.testing.assert_allclose(recording.acc[0], np.array([0.12, 1.0, -0.2]) * -STANDARD_GRAVITY, rtol=1e-6)
    assert (recording.subject, recording.rate_hz, dataset.classes) == ("3", 50.0, ("standing",))


def test_gravity_on_the_recordings_has_the_opposite_sign(shared):
    dataset = load(shared / ZIP)
    assert dataset.subjects == ("1", "2", "5", "9")
    standing = dataset.classes.index("standing")
    mean = np.concatenate([r.acc[r.label == standing] for r in dataset.recordings]).mean(axis=0)
    with zipfile.ZipFile(shared / ZIP) as archive:
        names = [name for name in archive.namelist() if "/std_" in name]
        table = np.concatenate(
            [np.genfromtxt(archive.open(name), delimiter=",", skip_header=1, usecols=(4, 5, 6)) for name in names[:4]]
        )
    assert np.sign(mean[1]) == -np.sign(table.mean(axis=0)[1])
    assert np.abs(mean[1]) == pytest.approx(STANDARD_GRAVITY, rel=0.2)


def test_folder_and_zip_and_the_prepared_arrays_agree(tmp_path, shared):
    folder, small = tmp_path / "folder", tmp_path / "small.zip"
    with zipfile.ZipFile(shared / ZIP) as archive, zipfile.ZipFile(small, "w") as one:
        for name in archive.namelist():
            if name.endswith("/sub_9.csv"):
                archive.extract(name, folder)
                one.writestr(name, archive.read(name))
    zipped = load(small)
    assert load(folder).sha256 == zipped.sha256
    assert zipped.subjects == ("9",)
    prepared = load(shared / "motionsense_50hz_16_subjects.npz")
    ours = {r.name.rsplit("/", 1)[0]: r for r in zipped.recordings}
    compared = 0
    for recording in prepared.recordings:
        other = ours.get(recording.name.rsplit("/", 1)[0])
        if other is not None:
            # The prepared file is rounded to 1/1000 g.
            np.testing.assert_allclose(recording.acc, other.acc, atol=0.0006 * STANDARD_GRAVITY)
            assert prepared.classes[recording.label[0]] == zipped.classes[other.label[0]]
            compared += 1
    assert compared == len(zipped.recordings) == 15


def test_one_file_is_enough(tmp_path):
    rows = [(0, 1, 0, 0, 0, 0, 0, 0, 0)] * 10
    path = write(tmp_path, "A_DeviceMotion_data/wlk_7/sub_12.csv", rows)
    write(tmp_path, "A_DeviceMotion_data/jog_9/sub_12.csv", rows)
    dataset = load(f"motionsense:{path}")
    assert [(r.subject, dataset.classes) for r in dataset.recordings] == [("12", ("walking",))]


def test_damage(tmp_path):
    (tmp_path / "wlk_7").mkdir()
    (tmp_path / "wlk_7" / "sub_1.csv").write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match=r"no column 'gravity\.x'"):
        load(tmp_path)
    (tmp_path / "other").mkdir()
    with pytest.raises(DataError, match="holds no file"):
        load(f"motionsense:{tmp_path / 'other'}")
    (tmp_path / "other" / "a.csv").write_text("x")
    with pytest.raises(DataError, match="expected MotionSense files"):
        load(f"motionsense:{tmp_path / 'other'}")
