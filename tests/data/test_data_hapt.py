import gzip
import zipfile
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from edgehar.contract import STANDARD_GRAVITY
from edgehar.data import HAPT_LABELS, TRANSITIONS, load
from edgehar.data.labels import HAPT_OWN
from edgehar.data.readers.hapt import PUBLISHED_TEST, SHIPPED, load_hapt, pack, unpack
from edgehar.errors import DataError


def test_the_shipped_file_holds_every_sample_of_the_source(shared):
    with np.load(shared / "hapt_50hz.npz", allow_pickle=False) as source, np.load(SHIPPED, allow_pickle=False) as ours:
        unpacked = unpack(dict(ours))
        for name in ("acc", "label", "subject", "recording"):
            np.testing.assert_array_equal(unpacked[name], source[name])


def test_the_shipped_file_is_small_and_has_its_licence_beside_it():
    assert SHIPPED.stat().st_size <= 4_500_000
    text = SHIPPED.with_name("HAPT.md").read_text(encoding="utf-8")
    for part in ("Reyes-Ortiz", "CC BY 4.0", "commercial use is not allowed"):
        assert part in text


def test_packing_is_exact_and_repeatable(tmp_path, hapt):
    with np.load(SHIPPED, allow_pickle=False) as ours:
        arrays = unpack(dict(ours))
    few = {name: values[arrays["recording"] < 3] for name, values in arrays.items()}
    pack(few, tmp_path / "a.npz")
    pack(few, tmp_path / "b.npz")
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    for again, first in zip(load_hapt(tmp_path / "a.npz").recordings, hapt.recordings, strict=False):
        np.testing.assert_array_equal(again.acc, first.acc)
        np.testing.assert_array_equal(again.label, first.label)
        assert again.subject == first.subject


def test_recordings_people_and_classes(hapt):
    assert len(hapt.recordings) == 61
    assert hapt.recordings[0].name == "exp01"
    assert hapt.recordings[-1].name == "exp61"
    assert len(hapt.subjects) == 30
    assert hapt.classes == HAPT_LABELS + TRANSITIONS
    assert set(hapt.published_test) == set(PUBLISHED_TEST) <= set(hapt.subjects)
    assert sum(map(len, hapt.recordings)) == 1_122_772
    assert all(r.rate_hz == 50 and r.acc.dtype == np.float32 and r.label.dtype == np.int16 for r in hapt.recordings)


def test_the_axis_that_points_up_reads_plus_one_g(hapt):
    standing = hapt.classes.index("standing")
    still = np.concatenate([r.acc[r.label == standing] for r in hapt.recordings])
    assert still.mean(axis=0)[0] == pytest.approx(STANDARD_GRAVITY, rel=0.05)


def test_labels_can_be_renamed(hapt):
    merged = load("hapt", labels={"WALKING_UPSTAIRS": "stairs", "walking_downstairs": "stairs"})
    assert "stairs" in merged.classes
    assert "upstairs" not in merged.classes
    assert merged.mapping["WALKING_UPSTAIRS"] == "stairs"
    assert merged.sha256 != hapt.sha256
    with pytest.raises(DataError, match="no label 'RUNNING'"):
        load("hapt", labels={"RUNNING": "jogging"})


def test_the_original_layout_gives_the_same_recordings(tmp_path, shared):
    """Files as the authors publish them, written from the first two recordings."""
    with np.load(shared / "hapt_50hz.npz", allow_pickle=False) as source:
        arrays = {name: source[name][source["recording"] < 2] for name in source.files}
    raw = tmp_path / "HAPT" / "RawData"
    raw.mkdir(parents=True)
    marks = []
    for number in (1, 2):
        mine = arrays["recording"] == number - 1
        np.savetxt(raw / f"acc_exp{number:02d}_user01.txt", arrays["acc"][mine] / 720, fmt="%.16f")
        label = arrays["label"][mine]
        edges = [0, *(np.flatnonzero(np.diff(label)) + 1).tolist(), len(label)]
        for start, stop in pairwise(edges):
            if label[start] > 0:
                marks.append(f"{number} 1 {label[start]} {start + 1} {stop}")
    (raw / "labels.txt").write_text("\n".join(marks) + "\n")
    np.savez(tmp_path / "plain.npz", **arrays)
    original, plain = load(tmp_path / "HAPT"), load(tmp_path / "plain.npz")
    assert original.sha256 == plain.sha256
    assert set(plain.mapping) <= set(HAPT_OWN)

    inner = tmp_path / "inner.zip"
    with zipfile.ZipFile(inner, "w") as archive:
        for path in raw.iterdir():
            archive.write(path, f"RawData/{path.name}")
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
        archive.write(inner, "HAPT Data Set.zip")
    assert load(tmp_path / "outer.zip").sha256 == plain.sha256


@pytest.mark.parametrize("damage", ["truncated", "empty", "text", "gzip", "other arrays"])
def test_damaged_files_are_refused(tmp_path: Path, damage):
    path = tmp_path / "set.npz"
    content = SHIPPED.read_bytes()[:100_000]
    if damage == "other arrays":
        np.savez(path, a=np.zeros(3))
    else:
        path.write_bytes({"truncated": content, "empty": b"", "text": b"a,b", "gzip": gzip.compress(b"x")}[damage])
    with pytest.raises(DataError):
        load(path)
