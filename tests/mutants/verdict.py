"""A pytest plugin that writes down why tests failed, so that a mutant that does not build does not pass for killed.

It writes JSON to the file that EDGEHAR_VERDICT names after each test, since a mutant of C may end the process.
"""

from __future__ import annotations

import json
import os
import resource
import subprocess
from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import Phase, settings

from tests.compilers import COMPILERS

#: What a mutant in Python that is no program raises.
BROKEN = (SyntaxError, ImportError, NameError, AttributeError)

_state: dict[str, object] = {"running": None, "passed": [], "skipped": {}, "failures": []}

# The same examples each time, and no search for the smallest one that fails.
settings.register_profile("mutants", derandomize=True, database=None, phases=[Phase.explicit, Phase.generate])
settings.load_profile("mutants")


def _write() -> None:
    Path(os.environ["EDGEHAR_VERDICT"]).write_text(json.dumps(_state))


def pytest_sessionstart() -> None:
    import edgehar

    if not Path(edgehar.__file__).is_relative_to(Path.cwd()):
        pytest.exit(f"expected the copy's edgehar, got {edgehar.__file__}", returncode=3)
    work = int(os.environ["EDGEHAR_WORK_SECONDS"])
    resource.setrlimit(resource.RLIMIT_CPU, (work, work + 10))


def pytest_runtest_logstart(nodeid: str) -> None:
    _state["running"] = nodeid
    _write()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped:
        _state["skipped"][item.nodeid] = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else "")
    elif report.failed and call.excinfo is not None:
        _fail(item.nodeid, call.excinfo.value)
    elif report.when == "call":
        _state["passed"].append(item.nodeid)
    return report


def pytest_exception_interact(node: pytest.Item, call: pytest.CallInfo[None]) -> None:
    if isinstance(node, pytest.Collector) and call.excinfo is not None:
        _fail(node.nodeid, call.excinfo.value, collecting=True)


def _fail(test: str, error: BaseException, collecting: bool = False) -> None:
    compiler = isinstance(error, subprocess.CalledProcessError) and Path(str(error.cmd[0])).name in (*COMPILERS, "make")
    broken = collecting or compiler or isinstance(error, BROKEN)
    _state["failures"].append({"test": test, "error": type(error).__name__, "broken": broken})
    _write()


def pytest_sessionfinish() -> None:
    _write()
