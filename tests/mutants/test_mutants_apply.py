"""The mutants still fit the sources; `make mutants` is what tries them."""

from __future__ import annotations

import ast
import signal
from pathlib import Path

import pytest

from tests.mutants.__main__ import judge
from tests.mutants.catalogue import MUTANTS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_original_stands_once_and_its_tests_exist(mutant):
    # In a run against the wheel the package's sources are not beside the tests.
    path = ROOT / mutant.file
    if not path.exists():
        import edgehar

        path = Path(edgehar.__file__).parents[1] / mutant.file
    text = path.read_text()
    changed = mutant.apply(text)
    assert changed != text and mutant.bug and mutant.tests
    if mutant.file.endswith(".py"):
        ast.parse(changed)
    for test in mutant.tests:
        file, _, name = test.partition("::")
        assert f"def {name.partition('[')[0]}(" in (ROOT / file).read_text(), test


def test_there_are_enough_of_each_kind():
    files = [mutant.file for mutant in MUTANTS]
    assert len({mutant.name for mutant in MUTANTS}) == len(MUTANTS) >= 30
    assert f"{len(MUTANTS)} mutants" in (ROOT / "docs" / "testing.md").read_text()
    kinds = ("edgehar_engine", "portable", "dsp", "mve", "src/edgehar.c", "compile/plan", "compile/pack", "operators")
    for kind in kinds:
        assert sum(kind in file for file in files) >= 2, kind


def test_a_mutant_that_does_not_build_is_not_killed():
    def verdict(**failure):
        return {"running": "a::b", "passed": [], "failures": [{"test": "a::b", "error": "E", **failure}]}

    assert judge(1, verdict(broken=False), "")[0] == "killed"
    assert judge(1, verdict(broken=True), "")[0] == "broken"
    assert judge(4, {}, "no such test")[0] == "broken"
    assert judge(-6, verdict(broken=False), "") == ("killed", "SIGABRT: b")
    assert judge(-signal.SIGXCPU, verdict(broken=False), "") == ("killed", "SIGXCPU: b")
    assert judge(None, {"running": "a::b"}, "")[0] == "broken"
    assert judge(0, {"passed": ["a"]}, "")[0] == "survived"
