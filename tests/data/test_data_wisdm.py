"""Every irregularity that WISDM's files are known for."""

import gzip
import tarfile
import zipfile
from pathlib import Path

import numpy as np
import pytest

from edgehar.data import Dataset, cut_windows, load
from edgehar.errors import DataError

MS = 1_000_000


def record(index: int, *, user: int = 33, activity: str = "Walking", stamp: int | None = None, end: str = ";\n") -> str:
    stamp = 49_105_962_326_000 + index * 50 * MS if stamp is None else stamp
    return f"{user},{activity},{stamp},{index + 0.25},{9.5},{-0.5}{end}"


def read(tmp_path: Path, text: str) -> Dataset:
    path = tmp_path / "WISDM_ar_v1.1_raw.txt"
    path.write_text(text)
    return load(path)


def indices(dataset: Dataset) -> list[list[int]]:
    """Which records came through, recording by recording, by their x."""
    return [(r.acc[:, 0] - 0.25).astype(int).tolist() for r in dataset.recordings]


def test_regular_records(tmp_path):
    dataset = read(tmp_path, "".join(map(record, range(100))))
    assert indices(dataset) == [list(range(100))]
    (recording,) = dataset.recordings
    assert recording.rate_hz == 20
    assert recording.subject == "33"
    assert dataset.classes == ("walking",)
    np.testing.assert_allclose(recording.t, np.arange(100) / 20, atol=1e-9)
    np.testing.assert_array_equal(recording.acc[:, 1:], [[9.5, -0.5]] * 100)
    assert not dataset.findings


@pytest.mark.parametrize(
    ("name", "text", "kept", "findings"),
    [
        (
            "several records on one line",
            "".join(record(i, end=";" if i % 7 else ";\n") for i in range(60)),
            range(60),
            {},
        ),
        (
            "no closing semicolon",
            "".join(record(i, end="\n" if i % 5 == 0 else ";\n") for i in range(60)),
            range(60),
            {},
        ),
        ("an extra comma", "".join(record(i, end=",;\n" if i % 5 == 0 else ";\n") for i in range(60)), range(60), {}),
        ("an extra comma and no end", "".join(record(i, end=",\n") for i in range(60)), range(60), {}),
        ("blank lines", "\n\n".join(record(i) for i in range(60)) + "\n;\n  \n", range(60), {}),
        ("Windows line ends", "".join(record(i, end=";\r\n") for i in range(60)), range(60), {}),
        ("no line end at the end", "".join(map(record, range(60))).rstrip("\n;"), range(60), {}),
        ("spaces", "".join(record(i).replace(",", ", ") for i in range(60)), range(60), {}),
        (
            "an empty z",
            "".join(record(i) if i != 30 else "33,Walking,49107462326000,30.25,9.5,;\n" for i in range(60)),
            [*range(30), *range(31, 60)],
            {"records dropped: an empty field or text in place of a number": 1},
        ),
        (
            "text in a number",
            "".join(record(i) if i != 30 else record(i).replace("9.5", "9.5.1") for i in range(60)),
            [*range(30), *range(31, 60)],
            {"records dropped: an empty field or text in place of a number": 1},
        ),
        (
            "a record cut in two",
            "".join(record(i) if i != 30 else "33,Walking,4910746\n" for i in range(60)),
            [*range(30), *range(31, 60)],
            {"records dropped: not user,activity,timestamp,x,y,z": 1},
        ),
        (
            "records run together",
            "".join(
                record(i) if i not in (20, 30) else record(i, end=f",{7 * 'x,' * (i == 30)}1;\n") for i in range(60)
            ),
            [*range(20), *range(21, 30), *range(31, 60)],
            {"records dropped: not user,activity,timestamp,x,y,z": 2},
        ),
        (
            "a stray mark",
            "".join(record(i) if i != 30 else record(i, activity='"Walking') for i in range(60)),
            [*range(30), *range(31, 60)],
            {"records dropped: an empty field or text in place of a number": 1},
        ),
        (
            "a timestamp of 0",
            "".join(record(i, stamp=0 if i == 30 else None) for i in range(60)),
            [*range(30), *range(31, 60)],
            {"samples dropped: a timestamp of 0": 1},
        ),
        (
            "a run of repeated timestamps",
            "".join(map(record, range(30)))
            + "".join(record(30 + i, stamp=49_105_962_326_000 + 29 * 50 * MS) for i in range(5))
            + "".join(map(record, range(30, 60))),
            range(60),
            {"samples dropped: the timestamp of the sample before": 5},
        ),
    ],
)
def test_irregular_records(tmp_path, name, text, kept, findings):
    dataset = read(tmp_path, text)
    assert indices(dataset) == [list(kept)], name
    assert dict(dataset.findings) == findings
    assert len(dataset.notes) == len(findings)


def test_backward_timestamps_and_gaps_break_the_recording(tmp_path):
    text = "".join(map(record, range(60))) + "".join(map(record, range(40, 100)))
    dataset = read(tmp_path, text)
    assert indices(dataset) == [list(range(60)), list(range(40, 100))]
    assert dict(dataset.findings) == {"breaks at a backward timestamp": 1}

    text = "".join(record(i) for i in range(100) if not 50 <= i < 52)
    dataset = read(tmp_path, text)
    assert indices(dataset) == [list(range(50)), list(range(52, 100))]
    assert dict(dataset.findings) == {"breaks at a gap over two sample periods": 1}


def test_a_change_of_person_breaks_and_a_change_of_activity_does_not(tmp_path, contract):
    text = "".join(record(i, user=1 + (i >= 200), activity="Walking" if i < 100 else "Sitting") for i in range(400))
    dataset = read(tmp_path, text)
    assert [(r.subject, len(r)) for r in dataset.recordings] == [("1", 200), ("2", 200)]
    windows = cut_windows(dataset, contract, step=20)
    assert [(s, windows.labels[y], at) for s, y, at in zip(windows.subject, windows.y, windows.start, strict=True)] == [
        ("1", "walking", 0), ("1", "walking", 20), ("1", "sitting", 100), ("1", "sitting", 120),
        *(("2", "sitting", at) for at in range(0, 121, 20)),
    ]  # fmt: skip


def test_labels_map_and_others_keep_their_name(tmp_path):
    text = "".join(record(i, activity="C" if i < 50 else "S" if i < 75 else "LyingDown") for i in range(100))
    path = tmp_path / "data_1600_accel_phone.txt"
    path.write_text(text)
    assert load(path).mapping == {"C": "stairs", "S": "s", "LyingDown": "laying"}
    assert load(path, labels={"C": "upstairs", "S": "clapping"}).classes == ("upstairs", "laying", "clapping")


def test_every_layout_gives_the_same(tmp_path):
    first = "".join(record(i, user=1) for i in range(60))
    second = "".join(record(i, user=2) for i in range(60))
    folder = tmp_path / "raw"
    (folder / "phone" / "accel").mkdir(parents=True)
    (folder / "phone" / "gyro").mkdir()
    (folder / "phone" / "accel" / "data_1_accel_phone.txt").write_text(first)
    (folder / "phone" / "accel" / "data_2_accel_phone.txt").write_text(second)
    (folder / "phone" / "gyro" / "data_1_gyro_phone.txt").write_text(first.replace("9.5", "0.1"))
    (tmp_path / "one.txt").write_text(first + second)
    (tmp_path / "one.txt.gz").write_bytes(gzip.compress((first + second).encode()))
    with zipfile.ZipFile(tmp_path / "one.zip", "w") as archive:
        archive.write(tmp_path / "one.txt", "WISDM_ar_v1.1/one.txt")
    with tarfile.open(tmp_path / "one.tar.gz", "w:gz") as archive:
        archive.add(tmp_path / "one.txt", "WISDM_ar_v1.1/WISDM_ar_v1.1_raw.txt")
    hashes = {
        load(source).sha256
        for source in (
            folder,
            tmp_path / "one.txt",
            tmp_path / "one.txt.gz",
            tmp_path / "one.zip",
            tmp_path / "one.tar.gz",
        )
    }
    assert len(hashes) == 1


def test_blocks_do_not_matter(tmp_path, monkeypatch):
    text = "".join(record(i, end=";" if i % 3 else "\n") for i in range(500))
    whole = read(tmp_path, text)
    monkeypatch.setattr("edgehar.data.readers.wisdm._BLOCK", 97)
    told = []
    path = tmp_path / "WISDM_ar_v1.1_raw.txt"
    assert load(path, on_progress=lambda done, total: told.append((done, total))).sha256 == whole.sha256
    assert told[-1] == (path.stat().st_size,) * 2
    assert told == sorted(told)


def test_jittered_timestamps_and_other_rates(tmp_path):
    rng = np.random.default_rng(0)
    for hz in (20, 25, 50):
        stamps = 10**12 + (np.arange(400) * 10**9 / hz + rng.normal(0, 10**6, 400)).astype(int)
        dataset = read(tmp_path, "".join(record(i, stamp=int(stamp)) for i, stamp in enumerate(stamps)))
        assert [r.rate_hz for r in dataset.recordings] == [hz]


def test_the_2019_recordings(shared):
    dataset = load(shared / "wisdm2019_phone_accel")
    assert len(dataset.subjects) == 14
    assert dataset.classes == ("walking", "stairs", "jogging", "sitting", "standing")
    assert {r.rate_hz for r in dataset.recordings if r.subject == "1607"} == {25}
    lines = sum(
        gzip.decompress(path.read_bytes()).count(b";") for path in (shared / "wisdm2019_phone_accel").glob("*.gz")
    )
    assert sum(map(len, dataset.recordings)) == lines
    one = shared / "wisdm2019_phone_accel" / "data_1600_accel_phone.txt.gz"
    text = gzip.decompress(one.read_bytes()).decode().replace(";", "").split()
    expected = np.array([[float(v) for v in line.split(",")[3:]] for line in text], np.float32)
    np.testing.assert_array_equal(np.concatenate([r.acc for r in load(one).recordings]), expected)


@pytest.mark.parametrize("content", ["", "\n\n", ";;;\n", "1,Walking,0,1,2,3;\n", "1,Walking,5,1,2,;\n"])
def test_files_without_a_usable_record(tmp_path, content):
    path = tmp_path / "wisdm.txt"
    path.write_text(content)
    with pytest.raises(DataError, match=r"wisdm"):
        load(f"wisdm:{path}")
