"""Every command whose output nobody reads: `python -m tests.hold.pipes`.

What is printed may be lost, the work may not: the files are made, and the exit status is that of a run that was read.
Forks of a process that has imported everything, as in `tests.hold.kills`.
"""

from __future__ import annotations

import functools
import os
import shutil
import socketserver
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import click

from edgehar.cli import cli
from edgehar.cli.bench import compare_command
from tests.hold.cases import ADAPT, BENCH, EXPORT, prepare
from tests.hold.kills import Run, preload, run

LEARN = "--teachers 0 --dataset walk.csv --epochs 1"

#: Command -> a run of it in the folder that `furnish` makes, and the file that it writes.
ROWS: dict[str, tuple[str, str]] = {
    "adapt": (" ".join(ADAPT), "me.profile"),
    "bench": (f"{' '.join(BENCH)} --html page.html", "page.html"),
    "bench compare": ("bench compare measured measured", ""),
    "crossval": (f"crossval --arch nano {LEARN} --folds 2 --out cv", "cv/crossval.json"),
    "data check": ("data check walk.csv", ""),
    "data fetch": ("data fetch motionsense --url {url}/fetched.zip --out f", "f/motionsense.zip"),
    "data info": ("data info walk.csv", ""),
    "data list": ("data list", ""),
    "demo": ("demo b --port 0", ""),
    "doctor": ("doctor", ""),
    "evaluate": ("evaluate b --dataset walk.csv --split random:0.3", ""),
    "export": (f"{' '.join(EXPORT[:-1])} new", "new/manifest.json"),
    "import": ("import net.keras --labels a,b --rate 20 --out own.keras", "own.keras"),
    "models": ("models", ""),
    "plan": ("plan b", ""),
    "record": ("record - live.csv", "live.csv"),
    "search": ("search --trials 1 --epochs 1 --dataset walk.csv --split random:0.3 --out s", "s/front.csv"),
    "stream": ("stream walk.csv --bundle b --subject p0", ""),
    "train": (f"train --arch nano {LEARN} --split random:0.3 --out run", "run/manifest.json"),
    "verify": ("verify b", ""),
}
#: Those that take seconds: they meet only the first of `WAYS`.
SLOW = {"bench", "crossval", "evaluate", "export", "import", "search", "train", "demo"}


def leaves(group: click.Command = cli, path: str = "") -> Iterator[str]:
    """Every command of the command line that does something, `bench compare` included, which click does not list."""
    if isinstance(group, click.Group):
        context = click.Context(group)
        for name in group.list_commands(context):
            command = group.get_command(context, name)
            assert command is not None
            yield from leaves(command, f"{path} {name}".strip())
    else:
        yield path
        if path == "bench":
            yield f"{path} {compare_command.name}"


def gone(*numbers: int) -> Callable[[], None]:
    """Descriptors become pipes whose readers have gone."""

    def set_up() -> None:
        for number in numbers:
            reads, writes = os.pipe()
            os.close(reads)
            os.dup2(writes, number)

    return set_up


def full() -> None:
    """Standard output on a full disk."""
    os.dup2(os.open("/dev/full", os.O_WRONLY), 1)


#: What becomes of the outputs -> the exit status, and what standard error has to say.
WAYS: dict[str, tuple[Callable[[], None], int, str]] = {
    "both without reader": (gone(1, 2), 0, ""),
    "standard output without reader": (gone(1), 0, ""),
    "standard output closed": (functools.partial(os.close, 1), 0, ""),
    "standard output on a full disk": (full, 2, "error: cannot write standard output: No space left on device"),
}


def wrong(way: str, done: Run, made: str, where: Path) -> str:
    """What is wrong with a run, or nothing."""
    _, status, says = WAYS[way]
    errors = [line for line in done.said.splitlines() if line.startswith(("error", "Traceback", "Exception", "inter"))]
    if done.status != status or errors != ([says] if says else []):
        return f"expected status {status} and {says or 'no error'}, got {done.status} and {done.said[-400:]!r}"
    if made and not (where / made).exists():
        return f"expected {made}, got {sorted(path.name for path in where.iterdir())}"
    return ""


def furnish(folder: Path) -> Path:
    """What the rows start from: a recording, lines for standard input, a bundle, a network, a measurement."""
    made = prepare(folder, lambda arguments, cwd: run(arguments, cwd, cwd / "nothing")) / "bundle"
    (made / "given").write_text("".join(f"{step / 20:.2f},0,0,9.8\n" for step in range(60)))
    axes = ",".join(f"{kind}.{axis}" for kind in ("gravity", "userAcceleration") for axis in "xyz")
    rows = "\n".join(f"{step},0,1,0,0,0,0" for step in range(200))
    with zipfile.ZipFile(made / "fetched.zip", "w") as archive:
        archive.writestr("A_DeviceMotion_data/wlk_7/sub_1.csv", f",{axes}\n{rows}\n")
    child = os.fork()
    if child == 0:
        try:
            import keras

            keras.utils.set_random_seed(1)
            layers = [keras.layers.Input((40, 3)), keras.layers.Flatten(), keras.layers.Dense(2, "softmax")]
            keras.Sequential(layers).save(made / "net.keras")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert run([*BENCH[:-1], "measured"], made, made / "nothing").status == 0
    return made


def interrupted(*_: object, **__: object) -> None:
    """In place of serving for ever."""
    raise KeyboardInterrupt


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


def main(names: list[str]) -> int:
    """Run all rows, or those named; prints what is wrong and a line of figures."""
    preload()
    count, failed = 0, 0
    with tempfile.TemporaryDirectory(prefix="edgehar-pipes-") as name:
        made = furnish(Path(name))
        with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(made))) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            socketserver.BaseServer.serve_forever = interrupted  # type: ignore[method-assign]
            for row in sorted(leaves()):
                text, makes = ROWS[row]
                if names and row not in names:
                    continue
                for way in list(WAYS)[: 1 if row in SLOW else None]:
                    where = Path(name) / "here"
                    shutil.copytree(made, where)
                    asked = text.format(url=f"http://127.0.0.1:{server.server_port}").split()
                    done = run(asked, where, where / "nothing", before=WAYS[way][0])
                    said = wrong(way, done, makes, where)
                    count, failed = count + 1, failed + bool(said)
                    if said:
                        print(f"{row}, {way}: {said}", flush=True)
                    shutil.rmtree(where)
            server.shutdown()
    print(f"{len(ROWS) if not names else len(names)} commands, {count} runs, {failed} wrong")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
