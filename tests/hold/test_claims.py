"""Two processes and one folder."""

from __future__ import annotations

import subprocess
import sys

import pytest

from edgehar.claims import claimed
from edgehar.errors import EdgeharError

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="no flock")

TABLE = "t,x,y,z,label,subject\n" + "".join(
    f"{i / 20:.2f},0.1,{9.8 + i % 3 / 10:.1f},0,{'walking' if i % 800 < 400 else 'sitting'},p{i // 800}\n"
    for i in range(3200)
)


def test_a_folder_is_claimed_by_one(tmp_path):
    hold = f"with claimed({str(tmp_path / 'a/b')!r}):\n    print(1, flush=True)\n    input()\n"
    code = f"from edgehar.claims import claimed\n{hold}"
    with subprocess.Popen([sys.executable, "-c", code], stdin=-1, stdout=-1, stderr=-1) as other:
        assert other.stdout is not None and other.stdout.readline() == b"1\n"
        with pytest.raises(EdgeharError, match="another edgehar that writes there"), claimed(tmp_path / "a/b"):
            pass
        other.kill()
        other.wait()
    with claimed(tmp_path / "a/b"):
        pass
    assert (tmp_path / "a/b").is_dir(), "it was there before"
    with claimed(tmp_path / "c/d"):
        pass
    assert not (tmp_path / "c").exists(), "it was made, and nothing was written"


@pytest.mark.parametrize(
    "command",
    [
        "crossval --arch nano --teachers 0 --epochs 1 --folds 2 --dataset walk.csv --out out",
        "train --arch nano --teachers 0 --epochs 1 --split random:0.3 --dataset walk.csv --out out",
        "search --trials 1 --epochs 1 --split random:0.3 --dataset walk.csv --out out",
    ],
)
def test_a_command_refuses_the_folder_of_another(command, run_cli, tmp_path):
    (tmp_path / "walk.csv").write_text(TABLE)
    with claimed(tmp_path / "out"):
        done = run_cli(*command.split(), cwd=tmp_path)
        assert done.returncode == 2, done.stderr
        assert done.stderr.splitlines()[-1].startswith("error: expected out to be free, got another edgehar"), done
        assert not list((tmp_path / "out").iterdir())


def test_bench_and_export_refuse_it_too(run_cli, bundle_of, tmp_path):
    for command in (
        f"bench {bundle_of('micro')} --dataset golden --quick --runtimes litert-int8 --out out",
        "export --model micro --int8 --out out",
    ):
        with claimed(tmp_path / "out"):
            done = run_cli(*command.split(), cwd=tmp_path)
            assert done.returncode == 2, done.stderr
            assert "expected out to be free" in done.stderr.splitlines()[-1]
            assert not list((tmp_path / "out").iterdir())
