"""Ways to make bad inputs: each returns a function that makes the thing in the folder of a run."""

from __future__ import annotations

import gzip
import io
import json
import os
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from edgehar.contract import Contract

Make = Callable[[Path], None]

#: Takes an entry out of a document.
GONE = object()

LABELS = ("walking", "upstairs", "downstairs", "sitting", "standing", "laying")


def nothing(folder: Path) -> None:
    """Nothing at all; the arguments are what is bad."""


def both(*makes: Make) -> Make:
    def make(folder: Path) -> None:
        for one in makes:
            one(folder)

    return make


def text(name: str, content: str | bytes) -> Make:
    def make(folder: Path) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())

    return make


def document(name: str, value: object) -> Make:
    return text(name, json.dumps(value))


def changed(value: Any, place: str, new: object) -> Any:
    """A copy of a document with the entry at `a.b.0.c` replaced, or taken out."""
    whole = json.loads(json.dumps(value))
    *path, last = place.split(".")
    at = whole
    for part in path:
        at = at[int(part) if isinstance(at, list) else part]
    key: Any = int(last) if isinstance(at, list) else last
    if new is GONE:
        del at[key]
    else:
        at[key] = new
    return whole


def edited(name: str, place: str, new: object) -> Make:
    """A JSON file that is there already, with one entry changed."""

    def make(folder: Path) -> None:
        value = json.loads((folder / name).read_text())
        (folder / name).write_text(json.dumps(changed(value, place, new)))

    return make


def replaced(name: str, old: str, new: str) -> Make:
    """A text file that is there already, with the first of some words changed."""

    def make(folder: Path) -> None:
        before = (folder / name).read_text()
        assert old in before
        (folder / name).write_text(before.replace(old, new, 1))

    return make


def pipe(name: str) -> Make:
    def make(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        os.mkfifo(folder / name)

    return make


def link(name: str, target: str = "/dev/zero") -> Make:
    def make(folder: Path) -> None:
        (folder / name).unlink(missing_ok=True)
        (folder / name).symlink_to(target)

    return make


def holed(name: str, size: int) -> Make:
    """A file of so many zeros that take no room on disk."""

    def make(folder: Path) -> None:
        with (folder / name).open("wb") as stream:
            stream.truncate(size)

    return make


def cut(name: str, size: int) -> Make:
    def make(folder: Path) -> None:
        (folder / name).write_bytes((folder / name).read_bytes()[:size])

    return make


def flipped(name: str, at: int) -> Make:
    def make(folder: Path) -> None:
        content = bytearray((folder / name).read_bytes())
        content[at] ^= 0xFF
        (folder / name).write_bytes(content)

    return make


def copied(source: Path, name: str) -> Make:
    def make(folder: Path) -> None:
        shutil.copy(source, folder / name)

    return make


def zipped(name: str, members: dict[str, bytes]) -> Make:
    def make(folder: Path) -> None:
        with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
            for member, content in members.items():
                archive.writestr(member, content)

    return make


def zip_bomb(name: str, member: str, size: int, **others: bytes) -> Make:
    """A zip with a member of so many zeros, and others that are as they should be."""

    def make(folder: Path) -> None:
        with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            for other, content in others.items():
                archive.writestr(other.replace("__", "."), content)
            with archive.open(member, "w", force_zip64=True) as stream:
                for _ in range(size >> 20):
                    stream.write(bytes(1 << 20))

    return make


def zip_members(source: Path, name: str, **members: bytes | None) -> Make:
    """A copy of a zip with members replaced; None takes one out."""

    def make(folder: Path) -> None:
        with zipfile.ZipFile(source) as archive:
            content = {member: archive.read(member) for member in archive.namelist()}
        content.update({member.replace("__", "."): value for member, value in members.items()})  # type: ignore[misc]
        with zipfile.ZipFile(folder / name, "w") as archive:
            for member, value in content.items():
                if value is not None:
                    archive.writestr(member, value)

    return make


def keras_contract(source: Path, name: str, place: str, new: object) -> Make:
    """A copy of a `.keras` with one entry of its contract changed."""
    with zipfile.ZipFile(source) as archive:
        contract = json.loads(archive.read("contract.json"))
    return zip_members(source, name, contract__json=json.dumps(changed(contract, place, new)).encode())


def keras_config(source: Path, name: str, change: Callable[[dict[str, Any]], None]) -> Make:
    """A copy of a `.keras` with its network changed in `config.json`."""
    with zipfile.ZipFile(source) as archive:
        config = json.loads(archive.read("config.json"))
    change(config)
    return zip_members(source, name, config__json=json.dumps(config).encode())


def keras_weights(source: Path, name: str, change: Callable[[Any], None]) -> Make:
    """A copy of a `.keras` whose HDF5 file `change` has had open."""

    def make(folder: Path) -> None:
        import h5py

        with zipfile.ZipFile(source) as archive:
            stream = io.BytesIO(archive.read("model.weights.h5"))
        with h5py.File(stream, "r+") as file:
            change(file)
        zip_members(source, name, model__weights__h5=stream.getvalue())(folder)

    return make


def data_sets(file: Any) -> list[Any]:
    """The data sets of an HDF5 file that hold floats."""
    found: list[Any] = []
    file.visititems(lambda _, item: found.append(item) if hasattr(item, "dtype") and item.dtype.kind == "f" else None)
    return found


def gzip_bomb(name: str, part: bytes, size: int) -> Make:
    """A text of so many bytes, the same part again and again."""

    def make(folder: Path) -> None:
        with gzip.open(folder / name, "wb", compresslevel=1) as stream:
            for _ in range(size >> 20):
                stream.write(part * ((1 << 20) // len(part)))

    return make


def array(name: str, value: Any) -> Make:
    return lambda folder: np.save(folder / name, value, allow_pickle=True)


def archive(name: str, **arrays: Any) -> Make:
    return lambda folder: np.savez(folder / name, **arrays)


def npz_bomb(name: str, rows: int) -> Make:
    """An `.npz` of a few kB that says it holds so many rows."""

    def make(folder: Path) -> None:
        with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as out:
            header = io.BytesIO()
            np.lib.format.write_array_header_1_0(header, {"descr": "<f4", "fortran_order": False, "shape": (rows, 3)})
            with out.open("acc.npy", "w", force_zip64=True) as stream:
                stream.write(header.getvalue())
                for _ in range(rows * 12 >> 20):
                    stream.write(bytes(1 << 20))

    return make


def recording(
    name: str = "walk.csv", *, seconds: int = 20, rate: int = 50, header: str = "t,x,y,z,label,subject"
) -> Make:
    """A recording that every command takes: four people who walk and sit."""
    lines = [header]
    for person in range(4):
        for i in range(seconds * rate):
            label = "walking" if i < seconds * rate // 2 else "sitting"
            lines.append(f"{i / rate:.3f},0.1,{9.8 + i % 3 / 10:.1f},{i % 5 / 10:.1f},{label},p{person}")
    return text("walk.csv", "\n".join(lines) + "\n")


def contract(**entries: object) -> bytes:
    """A contract as JSON, with entries changed."""
    return json.dumps({**Contract(LABELS).to_dict(), **entries}).encode()


def bench_results(folder: Path) -> None:
    """A folder as `edgehar bench` writes it, with one runtime."""
    row = {"name": "litert-int8", "status": "ok", "invoke": {"median": 2.0}, "total": {"median": 3.0}, "accuracy": 0.9}
    results = {
        "format": "edgehar-bench-1", "complete": True, "dataset": {"note": "all"}, "threads": 1, "rows": [row],
        "targets": [], "doubts": [],
    }  # fmt: skip
    lines = ["runtime,round,phase,index,invoke_ns,total_ns"]
    lines += [f"litert-int8,{number},measured,{i},{2000 + i},{3000 + i}" for number in range(3) for i in range(20)]
    for name, content in (
        ("results.json", json.dumps(results)),
        ("env.json", "{}"),
        ("samples.csv", "\n".join(lines) + "\n"),
    ):
        text(name, content)(folder)
