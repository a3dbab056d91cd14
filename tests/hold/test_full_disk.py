"""A full disk, played by a limit on the size of files, and a real one where it mounts."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest

from edgehar.bundle import open_bundle
from edgehar.errors import EdgeharError
from tests.conftest import ROOT
from tests.hold.cases import files_of, recording

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no resource")

#: Python ignores SIGXFSZ: what goes beyond the limit fails as on a full disk.
LIMITED = (
    "import resource, sys\nlimit = int(sys.argv.pop(1))\nresource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))\n"
    "from edgehar.cli import main\nsys.exit(main())\n"
)


@pytest.mark.parametrize(
    ("limit", "command"),
    [
        (64, "adapt walk.csv --bundle b --out me.profile"),
        (500, "stream walk.csv --bundle b --subject p0 --plot x.png"),
    ],
)
def test_one_line_and_nothing_half_written(limit, command, bundle_of, tmp_path):
    shutil.copytree(bundle_of("micro"), tmp_path / "b")
    (tmp_path / "walk.csv").write_text(recording())
    before = files_of(tmp_path)
    done = subprocess.run(
        [sys.executable, "-c", LIMITED, str(limit), *command.split()],
        cwd=tmp_path, capture_output=True, text=True, timeout=120,
    )  # fmt: skip
    assert done.returncode == 2, done.stderr
    errors = [line for line in done.stderr.splitlines() if not line.startswith(("note: ", "walk "))]
    assert len(errors) == 1 and errors[0].startswith("error: ") and "File too large" in errors[0], done.stderr
    assert files_of(tmp_path) == before


def test_an_earlier_bundle_stays_whole(bundle_of, tmp_path):
    """The files of the new one are written beside their places before any takes its place."""
    shutil.copytree(bundle_of("micro"), tmp_path / "b")
    before = files_of(tmp_path / "b")
    code = (
        "import resource, sys\nfrom pathlib import Path\nfrom edgehar.bundle.publish import publish\n"
        "from edgehar.errors import EdgeharError\nresource.setrlimit(resource.RLIMIT_FSIZE, (20000, 20000))\n"
        "try:\n    publish(Path(sys.argv[1]), Path(sys.argv[2]))\nexcept EdgeharError as error:\n    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, bundle_of("nano"), tmp_path / "b"], capture_output=True, text=True, timeout=60
    )
    assert done.stdout.startswith("cannot write ") and done.stdout.count("\n") == 1, done.stderr
    assert files_of(tmp_path / "b") == before
    open_bundle(tmp_path / "b").verify()


def test_whole_commands():
    """In a process of its own, which forks: a file of a run does not fit, and a disk where this user may mount one."""
    names = ["adapt", "bench", "train", "export", "record"]
    done = subprocess.run(
        [sys.executable, "-m", "tests.hold.full", "1", "1", *names],
        cwd=ROOT, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    told = "".join(rf"{name}: [12] refused in one line and went on, [01] fitted.*\n" for name in names)
    assert re.fullmatch(told, done.stdout), done.stdout


def test_a_study_that_sqlite_cannot_use_is_one_line(tmp_path):
    """A full disk comes to the same error; `tests.hold.full` has it, as one of the slower commands."""
    search = pytest.importorskip("edgehar.training.search")
    optuna = pytest.importorskip("optuna")
    (tmp_path / search.STUDY).write_text("this is no database, but some lines of text\n" * 9)
    with pytest.raises(EdgeharError, match=r"cannot write \S+study.db: file is not a database"):  # noqa: SIM117
        with search.study_file(tmp_path):
            search._open_study(optuna, tmp_path, 1)
