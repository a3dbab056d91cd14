"""Fixtures that several folders of tests share."""

from __future__ import annotations

import fcntl
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.compilers import remembering

ROOT = Path(__file__).resolve().parent.parent
SHARED_DATA = ROOT.parent / "shared" / "data"

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# Keep TensorFlow from claiming every core in each of the parallel test processes.
os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "2")
if "CCACHE_DIR" not in os.environ:  # else a run around this one, such as `tests.mutants`, has its own
    os.environ.update(remembering(ROOT / "build" / "ccache"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real recordings beside the project."""
    if not SHARED_DATA.is_dir():
        pytest.skip("needs the recordings in ../shared/data, which are not here")
    return SHARED_DATA


@pytest.fixture(scope="session")
def run_cli() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `python -m edgehar …` as a process of its own; no warning of Python may show on its standard error."""

    def run(*arguments: str | Path, cwd: Path | None = None, timeout: float = 300, **options: object):
        done = subprocess.run(
            [sys.executable, "-m", "edgehar", *map(str, arguments)],
            cwd=cwd,
            timeout=timeout,
            capture_output=True,
            text=True,
            **options,  # type: ignore[call-overload]
        )
        said = done.stderr if isinstance(done.stderr, str) else ""
        assert not re.search(r"^\S+:\d+: \w*Warning: ", said, re.MULTILINE), said
        return done

    return run


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, Callable[[Path], object]], Path]:
    """A function (name, make) -> folder that `make(folder)` filled, once for all test processes; not to be changed."""
    base = tmp_path_factory.getbasetemp()
    base = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base

    def once(name: str, make: Callable[[Path], object]) -> Path:
        folder, done = base / name, base / f"{name}.done"
        with (base / f"{name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not done.exists():
                make(folder)
                done.touch()
        return folder

    return once


@pytest.fixture(scope="session")
def bundle_of(made_once, run_cli) -> Callable[[str], Path]:
    """What `export --int8` makes of a shipped model; made once for all test processes."""

    def export(name: str) -> Path:
        def make(folder: Path) -> None:
            done = run_cli("export", "--model", name, "--int8", "--out", folder, cwd=folder.parent)
            assert done.returncode == 0, done.stdout + done.stderr

        return made_once(f"bundle-{name}", make)

    return export


@pytest.fixture(scope="session")
def bundle(bundle_of) -> Path:
    """What `export --int8` makes of the article's network."""
    return bundle_of("cnn")
