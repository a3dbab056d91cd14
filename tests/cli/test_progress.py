"""One console on standard error, one bar: seen on a terminal only, and nothing where the output is a file."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from rich.console import Console

from edgehar.report import progress

ROOT = Path(progress.__file__).resolve().parents[1]


@pytest.fixture(params=[True, False], ids=["terminal", "file"])
def screen(request, monkeypatch) -> tuple[io.StringIO, bool]:
    out = io.StringIO()
    console = Console(file=out, force_terminal=request.param, width=100, highlight=False)
    monkeypatch.setattr(progress, "console", lambda: console)
    return out, request.param


def test_a_bar_shows_itself_on_a_terminal_only(screen):
    out, terminal = screen
    with progress.progress("reading") as tick:
        tick(3, 7)
    assert ("3/7" in out.getvalue()) == terminal
    assert bool(out.getvalue()) == terminal


def test_a_quiet_bar_shows_nothing(screen):
    out, _ = screen
    with progress.progress("reading", quiet=True) as tick:
        tick(3, 7)
    assert out.getvalue() == ""


def test_steps_are_lines_in_a_file(screen):
    out, terminal = screen
    with progress.stage() as step:
        step("first")
        step("second")
    if not terminal:
        assert out.getvalue() == "first …\nsecond …\n"


def test_lines_that_are_said_stay(screen):
    out, _ = screen
    with progress.counted("search", "trials") as (count, say):
        count(1, 4, "trial 2")
        say("trial 1: 91.2 %")
    assert "trial 1: 91.2 %" in out.getvalue()


def test_the_command_line_makes_no_console_of_its_own_on_standard_error():
    makers = [path for path in ROOT.rglob("*.py") if re.search(r"Console\(stderr", path.read_text(encoding="utf-8"))]
    assert {path.name for path in makers} == {"progress.py"}
