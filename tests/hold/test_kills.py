"""Killed processes: some of the points of `make kill`, and every point of what puts files in their places."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from edgehar.bundle import open_bundle
from edgehar.bundle.publish import publish
from edgehar.errors import BundleError, EdgeharError
from edgehar.files import atomic_path, write_bytes
from tests.conftest import ROOT
from tests.hold.cases import files_of
from tests.hold.kills import watch

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="forks")


def killed(work, folder: Path, at: int) -> bool:
    """Whether a fork that works died before its change number `at` to the folder."""
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            watch(str(folder), at, os.open(os.devnull, os.O_WRONLY))
            work()
        finally:
            os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


def test_a_dozen_points():
    """In a process of its own: it forks, which one that has computed with TensorFlow must not."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.hold.kills", "12", "7", "adapt", "bench"],
        cwd=ROOT, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "adapt: 7 of 7 recovered" in done.stdout and "bench: 5 of 5 recovered" in done.stdout, done.stdout


def test_a_bundle_killed_at_every_change_while_it_takes_its_place(bundle_of, tmp_path):
    """The earlier bundle is whole, or the new one, or there is none, which is said; the next export mends it."""
    earlier, stage = bundle_of("micro"), bundle_of("nano")
    at, seen = 0, set()
    while True:
        at += 1
        folder = tmp_path / str(at)
        shutil.copytree(earlier, folder)
        died = killed(lambda: publish(stage, folder), folder, at)  # noqa: B023 (called at once)
        try:
            open_bundle(folder).verify()
            seen.add(str(files_of(folder)["manifest.json"] == files_of(stage)["manifest.json"]))
        except BundleError as error:
            assert "without manifest.json" in str(error)
            seen.add("refused")
        publish(stage, folder)
        open_bundle(folder).verify()
        assert {name: content for name, content in files_of(folder).items() if name in files_of(stage)} == files_of(
            stage
        )
        assert not list(folder.rglob(".tmp-*"))
        if not died:
            break
    assert at > 20 and seen == {"True", "False", "refused"}


def test_the_same_bundle_again_touches_nothing(bundle_of, tmp_path):
    shutil.copytree(bundle_of("micro"), tmp_path / "b")
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "b").rglob("*")}
    publish(bundle_of("micro"), tmp_path / "b")
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "b").rglob("*")} == before


def test_what_a_dead_process_left_goes_and_what_a_living_one_writes_stays(tmp_path):
    target = tmp_path / "me.profile"
    assert killed(lambda: write_bytes(target, b"dead"), tmp_path, 3)
    assert [path.name[:16] for path in tmp_path.iterdir()] == [".tmp-me.profile-"]
    with atomic_path(target) as mine:
        write_bytes(target, b"another's")
        assert mine.exists() and sorted(tmp_path.iterdir()) == sorted([mine, target])
        mine.write_bytes(b"mine")
    assert list(tmp_path.iterdir()) == [target] and target.read_bytes() == b"mine"


def test_a_failure_leaves_no_folder_behind(tmp_path):
    with pytest.raises(EdgeharError), atomic_path(tmp_path / "a/b/c.txt"):
        raise OSError(28, "No space left on device")
    assert not list(tmp_path.iterdir())
