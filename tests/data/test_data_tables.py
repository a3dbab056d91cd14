"""What pandas reads for us, and where it would be silent."""

from __future__ import annotations

import bz2
import gzip
import lzma
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from edgehar.data import CsvOptions, load
from edgehar.data.readers import archive
from edgehar.data.readers.table import read_table
from edgehar.errors import DataError, MissingExtra


def test_every_encoding_and_compression(tmp_path, table):
    path = table(labels=("walking", "gehen_über"))
    plain, text = load(path), path.read_text(encoding="utf-8")
    assert "gehen_über" in plain.classes
    for name, content in {
        "utf8.csv": text.encode("utf-8-sig"),
        "utf16.csv": text.encode("utf-16"),
        "western.csv": text.encode("cp1252"),
        "a.csv.gz": gzip.compress(text.encode()),
        "two.csv.gz": gzip.compress(text[:1000].encode()) + gzip.compress(text[1000:].encode()),
        "a.csv.xz": lzma.compress(text.encode()),
        "a.csv.bz2": bz2.compress(text.encode()),
        "spreadsheet.csv": ("sep=;\n" + text.replace(",", ";").replace(".", ",")).encode(),
        "mac.csv": text.replace("\n", "\r").encode(),
        "trailing.csv": text.replace("\n", ",\n").encode(),
    }.items():
        (tmp_path / name).write_bytes(content)
        assert load(tmp_path / name).sha256 == plain.sha256, name


def test_parquet_and_feather(tmp_path, table):
    path = table()
    plain, frame = load(path), pd.read_csv(path)
    frame.to_parquet(tmp_path / "a.parquet")
    frame.to_feather(tmp_path / "a.feather")
    frame.astype({"label": "category", "ax": "float32"}).to_parquet(tmp_path / "narrow.parquet")
    for name in ("a.parquet", "a.feather"):
        assert load(tmp_path / name).sha256 == plain.sha256
    assert load(tmp_path / "narrow.parquet").classes == plain.classes
    damaged = (tmp_path / "a.parquet").read_bytes()
    (tmp_path / "cut.parquet").write_bytes(damaged[: len(damaged) // 2])
    with pytest.raises(DataError, match="damaged Parquet"):
        load(tmp_path / "cut.parquet")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n3,4,5\n", "expected 2 columns in line 3 .* got more"),
        ("a,b\n1,2,3\n4,5,6\n", "expected 2 columns in line 2 .* got more"),
        ("a,b\n1,2,3,4\n5,6,7,8\n", "expected 2 columns in every line"),
        ("a,b\n1,2\n3\n", "expected 2 columns in line 3 .* got 1; is the file cut short"),
        ("a,b\n1,2\n\n3\n", "in line 4 "),
        ("a,b\n1,2\n1,zwei\n", "column 'b', line 3 .* got 'zwei'"),
        ("# x\n\na;b\n1,5;2,5\n1,5;2.5.1\n", "column 'b', line 5 "),
        ("a,b\n", "none under the header"),
    ],
)
def test_what_pandas_would_fill_or_skip_in_silence_is_refused(text, message):
    with pytest.raises(DataError, match=message):
        read_table(text.encode(), "a.csv").numbers(["a", "b"])


def test_numbers_are_read_exactly():
    cells = ["0.1", "-9.806650161743164", "1e-7", "123456789.123", "0.30000000000000004", "NaN", "", "inf"]
    values = read_table(("a,b\n" + "".join(f"{cell},1\n" for cell in cells)).encode(), "a").numbers(["a"])[:, 0]
    expected = [float(cell or "nan") for cell in cells]
    np.testing.assert_array_equal(values.astype(np.float32), np.array(expected, np.float32))
    np.testing.assert_allclose(values, expected, rtol=3e-16)


def test_labels_stay_as_they_stand_in_the_file():
    table = read_table(b"a,b\n1,01\n2,NA\n3, walking \n4,\n", "a.csv")
    assert table.words("b") == ["01", "NA", "walking", ""]
    assert read_table(b"a,b\n1,01\n2,02\n", "a.csv").words("b") == ["01", "02"]


def test_decimal_commas_without_a_header():
    table = read_table(b"0,02;0,1;9,8;-0,3\n0,04;0,2;9,7;-0,4\n", "a.csv")
    np.testing.assert_array_equal(table.numbers(["1", "2", "4"]), [[0.02, 0.1, -0.3], [0.04, 0.2, -0.4]])


def test_small_files_that_unpack_to_gigabytes_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(archive, "LARGEST", 100_000)
    rows = b"0,0,9.8,0\n" * 50_000
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(rows))
    (tmp_path / "a.csv.xz").write_bytes(lzma.compress(rows))
    (tmp_path / "plain.csv").write_bytes(rows)
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("a.csv", rows)
    np.savez_compressed(tmp_path / "a.npz", acc=np.zeros((100_000, 3)))
    for name in ("a.csv.gz", "a.csv.xz", "plain.csv", "a.zip", "a.npz"):
        with pytest.raises(DataError, match="expected at most 0 MB"):
            load(tmp_path / name)


def test_pipes_and_devices_are_refused(tmp_path):
    os.mkfifo(tmp_path / "pipe.csv")
    (tmp_path / "endless.csv").symlink_to("/dev/zero")
    for name in ("pipe.csv", "endless.csv"):
        with pytest.raises(DataError, match="a pipe or a device"):
            load(tmp_path / name)


def test_without_pandas_a_table_names_the_extra_and_hapt_is_read(table, monkeypatch):
    path = table()
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(MissingExtra, match=r"edgehar\[data\]"):
        load(path)
    assert len(load("hapt").recordings) == 61


def test_loading_hapt_leaves_pandas_alone():
    code = "import sys; from edgehar.data import load; load('hapt'); print('pandas' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "False"


# --- what is told beside the data and on the command line


@pytest.fixture
def described(tmp_path: Path, table) -> Path:
    """A folder of two files whose TOML turns the axes and names labels of both."""
    first = table("set/one.csv", labels=("walking", "sitting"))
    second = table("set/two.csv", labels=("cycling", "rowing"))
    for path, own in ((first, "gehen"), (second, "radeln")):
        path.write_text(path.read_text().replace("walking", own).replace("cycling", own))
    (tmp_path / "set" / "edgehar-data.toml").write_text(
        'axes = "-x,-y,-z"\n[labels]\ngehen = "walking"\nradeln = "cycling"\n'
    )
    return tmp_path / "set"


def test_a_toml_for_a_folder_does_not_break_its_single_files(described):
    assert load(described).classes == ("walking", "sitting", "cycling", "rowing")
    assert load(described / "one.csv").classes == ("walking", "sitting")
    assert load(described / "two.csv").classes == ("cycling", "rowing")
    assert any("edgehar-data.toml tells" in note for note in load(described / "one.csv").notes)
    with pytest.raises(DataError, match="no label 'fahren'"):
        load(described / "one.csv", labels={"fahren": "cycling"})


def test_a_toml_for_tables_beside_another_set_is_not_in_the_way(described):
    record = "".join(f"1,Walking,{10**12 + i * 50_000_000},0.5,9.8,0.3;\n" for i in range(100))
    (described / "wisdm.txt").write_text(record)
    toml = described / "edgehar-data.toml"
    toml.write_text('unit = "g"\nsubject = "@folder"\n' + toml.read_text())
    dataset = load(described / "wisdm.txt")
    assert dataset.classes == ("walking",)
    assert any("not used: --unit, --subject-column" in note for note in dataset.notes)
    assert dataset.recordings[0].acc[0, 1] == np.float32(-9.8)


def test_axes_on_the_command_line_win_even_as_the_usual_ones(described):
    path = described / "one.csv"
    turned, plain = load(path), load(path, options=CsvOptions(axes="x,y,z"))
    np.testing.assert_array_equal(turned.recordings[0].acc, -plain.recordings[0].acc)
    assert turned.sha256 != plain.sha256


def test_axes_turn_every_kind_and_other_options_are_refused(tmp_path):
    path = tmp_path / "wisdm.txt"
    path.write_text("".join(f"1,Walking,{10**12 + i * 50_000_000},0.5,9.8,0.3;\n" for i in range(100)))
    plain, turned = load(path), load(path, options=CsvOptions(axes="y,-x,z"))
    np.testing.assert_array_equal(turned.recordings[0].acc[0], np.array([9.8, -0.5, 0.3], np.float32))
    assert turned.sha256 != plain.sha256
    assert "axes: y,-x,z of these" in turned.notes
    for options, name in (
        (CsvOptions(unit="g"), "--unit"),
        (CsvOptions(rate_hz=50), "--rate"),
        (CsvOptions(columns=("a", "b", "c")), "--columns"),
        (CsvOptions(subject="who", label="what"), "--subject-column, --label-column"),
    ):
        with pytest.raises(DataError, match=f"{name} is for tables, but .* is read as wisdm"):
            load(path, options=options)
    with pytest.raises(DataError, match="--unit is for tables, but hapt is read as hapt"):
        load("hapt", options=CsvOptions(unit="g"))


def test_a_wrong_unit_is_said(table):
    notes = load(table(), options=CsvOptions(unit="g")).notes
    assert any("gravity is 9.8: the unit g or the columns are wrong" in note for note in notes)
    assert not any("are wrong" in note for note in load(table(), options=CsvOptions(unit="m/s^2")).notes)


def test_any_word_is_a_label(table, contract):
    from edgehar.data.check import check

    dataset = load(table(labels=("Cycling", "jumping jacks", "walking")))
    assert dataset.classes == ("walking", "cycling", "jumping_jacks")
    result = check(dataset, contract)
    assert result.usable_for("train")
    assert not result.dropped_seconds


@pytest.mark.parametrize(("title", "what"), [("label", "labels"), ("id", "people")])
def test_a_column_of_something_else_is_no_label_and_no_person(tmp_path, title, what):
    path = tmp_path / "a.csv"
    path.write_text(f"t,x,y,z,{title}\n" + "".join(f"{i / 50},0,9.8,0.1,{i * 1.5}\n" for i in range(40_000)))
    with pytest.raises(DataError, match=f"at most 1000 different {what} in a, got 40000; is it the right column"):
        load(path)
    frame = pd.read_csv(path).rename(columns={"t": "time", "id": "subject"})
    with pytest.raises(DataError, match=f"at most 1000 different {what} in the frame"):
        load(frame)
    wisdm = tmp_path / "wisdm.txt"
    user, label = ("{i}", "A") if what == "people" else ("1", "A{i}")
    line = f"{user},{label},{{t}},0.1,9.8,0.3;\n"
    wisdm.write_text("".join(line.format(i=i, t=10**12 + i * 50_000_000) for i in range(40_000)))
    with pytest.raises(DataError, match=f"at most 1000 different {what}"):
        load(f"wisdm:{wisdm}")
