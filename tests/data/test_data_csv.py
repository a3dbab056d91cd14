import gzip
import zipfile

import numpy as np
import pytest

from edgehar.contract import STANDARD_GRAVITY
from edgehar.data import CsvOptions, load
from edgehar.data.options import read_schema
from edgehar.errors import DataError


def test_a_plain_table_needs_no_option(table):
    dataset = load(table())
    assert dataset.subjects == ("a", "b", "c")
    assert dataset.classes == ("walking", "sitting")
    assert {r.rate_hz for r in dataset.recordings} == {50}
    assert sum(map(len, dataset.recordings)) == 3600
    np.testing.assert_allclose(np.concatenate([r.acc for r in dataset.recordings])[:, 0].mean(), 0.5, atol=0.01)
    assert "unit m/s^2, found out from gravity" in dataset.notes


@pytest.mark.parametrize(("unit", "scale"), [("g", 1 / STANDARD_GRAVITY), ("mg", 1000 / STANDARD_GRAVITY)])
def test_units_are_found_out_from_gravity(table, unit, scale):
    plain = load(table("a.csv"))
    scaled = load(table("b.csv", scale=scale))
    assert f"unit {unit}, found out from gravity" in scaled.notes
    np.testing.assert_allclose(scaled.recordings[0].acc, plain.recordings[0].acc, atol=0.001)
    told = load(table("b.csv", scale=scale), options=CsvOptions(unit=unit))
    assert told.sha256 == scaled.sha256


def test_every_layout_gives_the_same(tmp_path, table):
    plain = load(table())
    text = table().read_text()
    rows = [line.split(",") for line in text.splitlines()]
    variants = {
        "semicolons.csv": "\n".join(";".join(row) for row in rows),
        "tabs.tsv": "\n".join("\t".join(row) for row in rows),
        "blanks.txt": "\n".join(" ".join(row) for row in rows),
        "quotes.csv": "\n".join(",".join(f'"{cell}"' for cell in row) for row in rows),
        "dos.csv": text.replace("\n", "\r\n"),
        "bom.csv": "\ufeff" + text,
        "comment.csv": "# made by a phone\n" + text,
        "blank_lines.csv": text.replace("\n", "\n\n"),
        "order.csv": "\n".join(",".join(row[i] for i in (5, 3, 1, 0, 2, 4)) for row in rows),
        "titles.csv": text.replace("t,ax,ay,az,label,subject", "Time (s),Acc_X (m/s^2),Acc_Y,accel z,Activity,User"),
        "ms.csv": "\n".join(
            [",".join(rows[0]), *(",".join([str(round(1000 * float(row[0]))), *row[1:]]) for row in rows[1:])]
        ),
    }
    for name, content in variants.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
        assert load(tmp_path / name).sha256 == plain.sha256, name
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text.encode()))
    assert load(tmp_path / "a.csv.gz").sha256 == plain.sha256
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("deep/walk.csv", text)
    assert load(tmp_path / "a.zip").sha256 == plain.sha256


def test_axes_and_signs(table):
    plain, turned = load(table()), load(table(), options=CsvOptions(axes="-y,x,-z"))
    a, b = plain.recordings[0].acc, turned.recordings[0].acc
    np.testing.assert_array_equal(b, np.stack([-a[:, 1], a[:, 0], -a[:, 2]], axis=1))
    np.testing.assert_array_equal(load(table(sign=-1), options=CsvOptions(axes="-x,-y,-z")).recordings[0].acc, a)


def test_columns_by_name_and_number_with_a_rate(tmp_path, table):
    plain = load(table(people=("a",), labels=("walking",)))
    rows = [line.split(",")[1:4] for line in table(people=("a",), labels=("walking",)).read_text().splitlines()[1:]]
    (tmp_path / "three.csv").write_text("\n".join(",".join(row) for row in rows))
    three = load(tmp_path / "three.csv", options=CsvOptions(rate_hz=50))
    np.testing.assert_array_equal(three.recordings[0].acc, plain.recordings[0].acc)
    assert three.subjects == ("1",)
    assert three.classes == ()
    assert any("--label-column" in note for note in three.notes)
    assert any("--subject-column" in note for note in three.notes)
    (tmp_path / "named.csv").write_text("p,q,r\n" + "\n".join(",".join(row) for row in rows))
    named = load(tmp_path / "named.csv", options=CsvOptions(columns=("q", "p", "3"), rate_hz=50, axes="y,x,z"))
    np.testing.assert_array_equal(named.recordings[0].acc, plain.recordings[0].acc)
    (tmp_path / "four.csv").write_text("\n".join(f"{i / 50},{','.join(row)}" for i, row in enumerate(rows)))
    assert load(tmp_path / "four.csv").sha256 == three.sha256


def test_person_and_activity_from_the_path(table, tmp_path):
    for person in ("p1", "p2"):
        for activity in ("walking", "sitting"):
            path = table(f"set/{person}/{activity}.csv", people=("x",), labels=(activity,))
            text = path.read_text().splitlines()
            path.write_text("\n".join(line.rsplit(",", 2)[0] for line in text))
    options = CsvOptions(subject="@folder", label="@file")
    dataset = load(tmp_path / "set", options=options)
    assert dataset.subjects == ("p1", "p2")
    assert dataset.classes == ("walking", "sitting")
    assert len(dataset.recordings) == 4
    pattern = CsvOptions(subject=r"@p(\d)", label="@file")
    assert load(tmp_path / "set", options=pattern).subjects == ("1", "2")
    alone = load(tmp_path / "set" / "p2" / "walking.csv", options=options)
    assert (alone.subjects, alone.classes) == (("p2",), ("walking",))
    for wrong, message in (("@q([0-9])", "nothing like it"), ("@p(", "regular expression"), ("who", "no column 'who'")):
        with pytest.raises(DataError, match=message):
            load(tmp_path / "set", options=CsvOptions(subject=wrong))


def test_a_schema_beside_the_data(tmp_path, table):
    path = table("set/walk.csv", sign=-1)
    plain = load(table("plain.csv"))
    text = path.read_text().replace("t,ax,ay,az,label,subject", "clock,a,b,c,what,who")
    path.write_text(text.replace(",walking,", ",geh,"))
    schema = tmp_path / "set" / "edgehar-data.toml"
    schema.write_text(
        'columns = ["a", "b", "c"]\nunit = "m/s^2"\naxes = "-x,-y,-z"\ntime = "clock"\ntime_unit = "s"\n'
        'subject = "who"\nlabel = "what"\nrate = 50\n[labels]\ngeh = "walking"\n'
    )
    assert load(tmp_path / "set").sha256 == plain.sha256
    assert load(path).sha256 == plain.sha256
    assert load(path, labels={"geh": "jogging"}).classes == ("jogging", "sitting")
    schema.write_text(schema.read_text().replace("rate = 50", "rate = 20"))
    with pytest.raises(DataError, match=r"about the 50 Hz of the timestamps in walk, got 20 Hz; leave"):
        load(path)
    schema.write_text(schema.read_text().replace("rate = 20", "rate = 51"))
    assert {one.rate_hz for one in load(path).recordings} == {51}
    schema.write_text(schema.read_text().replace("rate = 51", "rate = 50"))
    elsewhere = schema.rename(tmp_path / "other.toml")
    assert load(path, schema=elsewhere).sha256 == plain.sha256


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("unit = ", "expected a TOML file"),
        ('units = "g"', "got 'units'"),
        ('unit = "furlong"', "expected the unit"),
        ("unit = 3", "expected text in quotes for 'unit'"),
        ('columns = "a,b,c"', "expected a list of names"),
        ('columns = ["a", "b"]', "expected three different columns"),
        ('rate = "fast"', "expected a number for 'rate'"),
        ("rate = -3", "expected a rate above 0"),
        ('axes = "x,y"', "expected axes like"),
        ('axes = "x,x,z"', "expected axes like"),
        ('time_unit = "min"', "expected the time unit"),
        ('labels = "walking"', r"under \[labels\]"),
        ("[labels]\na = 1", r"under \[labels\]"),
    ],
)
def test_schemas_that_say_nonsense(tmp_path, content, message):
    path = tmp_path / "schema.toml"
    path.write_text(content)
    with pytest.raises(DataError, match=message):
        read_schema(path)


def test_cells_that_are_not_finite_break_the_recording(tmp_path, table):
    lines = table(people=("a",), labels=("walking",)).read_text().splitlines()
    for row, cell in ((100, ""), (200, "NaN"), (300, "inf")):
        cells = lines[row].split(",")
        lines[row] = ",".join([cells[0], cell, *cells[2:]])
    path = tmp_path / "holes.csv"
    path.write_text("\n".join(lines))
    dataset = load(path)
    assert [len(r) for r in dataset.recordings] == [99, 99, 99, 300]
    assert dataset.findings["samples dropped: not a finite number"] == 3
    again = load(path, options=CsvOptions(time="none", rate_hz=50))
    assert [len(r) for r in again.recordings] == [99, 99, 99, 300]


def test_duplicates_backward_steps_and_gaps(tmp_path, table):
    lines = table(people=("a",), labels=("walking",)).read_text().splitlines()
    path = tmp_path / "steps.csv"
    path.write_text("\n".join([*lines[:101], lines[100], *lines[101:201], *lines[191:301], *lines[311:]]))
    dataset = load(path)
    assert dict(dataset.findings) == {
        "samples dropped: the timestamp of the sample before": 1,
        "breaks at a backward timestamp": 1,
        "breaks at a gap over two sample periods": 1,
    }
    assert [len(r) for r in dataset.recordings] == [200, 110, 290]


def test_a_label_is_renamed_in_the_spelling_that_the_check_shows(table):
    path = table("walk.csv", labels=("Treppe rauf", "sitting"))
    assert load(path).classes == ("sitting", "treppe_rauf")
    for own in ("Treppe rauf", "treppe_rauf", "TREPPE-RAUF"):
        assert load(path, labels={own: "upstairs"}).classes == ("upstairs", "sitting")
    path.with_name("edgehar-data.toml").write_text('[labels]\ntreppe_rauf = "upstairs"\n')
    assert load(path).classes == ("upstairs", "sitting")
