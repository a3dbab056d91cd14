import json
import re
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from edgehar.cli import main
from edgehar.cli.data_options import data_options, load_dataset
from edgehar.data import CsvOptions, DataSource
from edgehar.data.options import read_schema


def run(capsys, *arguments: str) -> dict:
    assert main(["data", *arguments, "--json"]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    return json.loads(captured.out)


def test_list(capsys):
    rows = run(capsys, "list")
    assert [row["name"] for row in rows] == ["hapt", "motionsense", "wisdm", "wisdm2019"]
    assert rows[0]["where"] == "shipped"
    assert main(["data", "list"]) == 0
    assert "motionsense" in capsys.readouterr().out


def test_info_shows_the_mapping(capsys):
    found = run(capsys, "info", "hapt")
    assert found["mapping"]["WALKING_UPSTAIRS"] == "upstairs"
    assert found["classes"]["walking"] > 2000
    assert len(found["people"]) == 30
    assert found["rates_hz"] == [50]
    assert len(found["sha256"]) == 64
    assert "CC BY 4.0" in found["licence"]
    assert main(["data", "info", "hapt", "--label", "WALKING=strolling"]) == 0
    out = capsys.readouterr().out
    assert "strolling" in out
    assert "WALKING_DOWNSTAIRS" in out


def test_check_tells_what_would_be_dropped(capsys, table):
    path = table()
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:100], lines[99], *lines[100:200], *lines[230:]]))
    found = run(capsys, "check", str(path))
    assert found["findings"] == {
        "samples dropped: the timestamp of the sample before": 1,
        "breaks at a gap over two sample periods": 1,
    }
    assert found["usable"] == {"stream": True, "evaluate": True, "train": True}
    assert found["walking_hz"] == pytest.approx(2, abs=0.13)
    assert main(["data", "check", str(path)]) == 0
    captured = capsys.readouterr()
    for part in ("walking's peak", "breaks at a gap", "usable: stream yes, evaluate yes, train yes"):
        assert part in captured.out
    assert "note: unit m/s^2" in captured.err


def test_check_asks_for_less_where_told(capsys, table):
    path = str(table(people=("a",)))
    assert main(["data", "check", path]) == 1
    assert "expected 3 or more for a split by person" in capsys.readouterr().err
    assert main(["data", "check", path, "--for", "evaluate"]) == 0


def test_the_command_line_wins_over_the_schema(capsys, table, tmp_path):
    path = table("set/walk.csv", sign=-1)
    (tmp_path / "set" / "edgehar-data.toml").write_text('unit = "m/s^2"\naxes = "x,y,z"\n')
    assert run(capsys, "check", str(path))["gravity"]["up"] == "-y"
    assert run(capsys, "check", str(path), "--axes=-x,-y,-z")["gravity"]["up"] == "+y"


def test_the_options_of_other_commands(table):
    @click.command()
    @data_options()
    @click.option("--epochs", type=int, default=1)
    def train(data: DataSource, epochs: int) -> None:
        click.echo(f"{load_dataset(data, quiet=True).name} {epochs}")

    @click.command()
    @data_options(argument="source")
    def stream(data: DataSource) -> None:
        click.echo(load_dataset(data).name)

    assert CliRunner().invoke(train, []).output == "hapt 1\n"
    assert CliRunner().invoke(train, ["--dataset", str(table()), "--epochs", "3"]).output == "walk 3\n"
    result = CliRunner().invoke(stream, [str(table()), "--unit", "m/s^2"])
    assert result.stdout == "walk\n"
    assert "Missing argument" in CliRunner().invoke(stream, []).output


def test_help_and_list_import_nothing_heavy():
    code = (
        "import sys; from edgehar.cli import main; main(['data', '--help']); main(['data', 'check', '--help']);"
        "print(sorted({'numpy', 'tensorflow', 'rich', 'scipy', 'pandas', 'pooch'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert result.stdout.splitlines()[-1] == "[]"


def test_loading_imports_the_base_install_only():
    code = (
        "import sys; from edgehar.data import load; load('hapt');"
        "print(sorted({'tensorflow', 'scipy', 'sklearn', 'pandas', 'pooch'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=120)
    assert result.stdout.strip() == "[]"


PAGE = Path(__file__).resolve().parents[2] / "docs" / "data.md"


def test_the_keys_of_the_toml_are_documented(capsys):
    main(["data", "check", "--help"])
    told = capsys.readouterr().out
    page = PAGE.read_text(encoding="utf-8")
    example = page.partition("```toml\n")[2].partition("```")[0]
    for field in fields(CsvOptions):
        key = {"rate_hz": "rate"}.get(field.name, field.name)
        assert f"\n{key} = " in f"\n{example}", key
        assert re.search(rf"\b{key}\b", told), key
    assert "[labels]" in told


def test_the_pages_examples_run(table, tmp_path, monkeypatch, capsys):
    page = PAGE.read_text(encoding="utf-8")
    monkeypatch.chdir(table().parent)
    (tmp_path / "edgehar-data.toml.txt").write_text(page.partition("```toml\n")[2].partition("```")[0])
    assert read_schema(tmp_path / "edgehar-data.toml.txt")[1] == {"gehen": "walking", "radeln": "cycling"}
    exec(compile(page.partition("```python\n")[2].partition("```")[0], "data.md", "exec"), {})
    assert "['recording', 'subject', 'time', 'x', 'y', 'z', 'label']" in capsys.readouterr().out
