"""Reading a bundle: the folder that `export` writes, with a hash of every file in its manifest."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Annotated, Any, TypeVar

import msgspec

from edgehar.contract import Contract
from edgehar.errors import BundleError, EdgeharError
from edgehar.files import open_regular, sha256_file
from edgehar.schema import LARGE, read_json

FORMAT = "edgehar-bundle-1"
MANIFEST = "manifest.json"

_T = TypeVar("_T")


class FileEntry(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One file of a bundle: its size and its SHA-256 in lower-case hexadecimal."""

    bytes: Annotated[int, msgspec.Meta(ge=0)]
    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]


class IncrementalFile(msgspec.Struct, frozen=True):
    """What a reader needs of an incremental model; the planner's figures stand beside it in the file."""

    hop: Annotated[int, msgspec.Meta(ge=1)]
    file: str
    note: str | None = None


class Manifest(msgspec.Struct, frozen=True, tag_field="format", tag=FORMAT):
    """`manifest.json` as far as it is read again; docs/spec.md has every entry."""

    contract: dict[str, Any]
    files: Annotated[dict[str, FileEntry], msgspec.Meta(min_length=1, max_length=10_000)]
    incremental: list[IncrementalFile] = msgspec.field(default_factory=list, name="streaming")


@dataclass
class Bundle:
    """An opened bundle; its files are verified when they are asked for, each once.

    Attributes:
        path: the folder.
        manifest: `manifest.json` as it was read.
        contract: of the models inside, with the int8 model's quantisation where there is one.
    """

    path: Path
    manifest: Manifest
    contract: Contract
    _verified: set[str] = field(default_factory=set, repr=False)

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names in the order of the outputs."""
        return self.contract.labels

    @property
    def names(self) -> tuple[str, ...]:
        """The files that the manifest lists, sorted."""
        return tuple(sorted(self.manifest.files))

    def __contains__(self, name: str) -> bool:
        return name in self.manifest.files

    def file(self, name: str) -> Path:
        """The path of a file whose size and SHA-256 are those of the manifest.

        Raises:
            BundleError: not in the bundle, missing, unreadable, or changed since the export.
        """
        entry = self.manifest.files.get(name)
        if entry is None:
            hint = "; export again with --int8" if "int8" in name else ""
            raise BundleError(f"expected {name} in the bundle {self.path}, got {', '.join(self.names)}{hint}")
        path = self.path / name
        if name in self._verified:
            return path
        if not path.exists():
            raise BundleError(f"expected {name} in the bundle {self.path}, it is missing; export it again")
        with open_regular(path, error=BundleError) as stream:
            size = os.fstat(stream.fileno()).st_size
        if size != entry.bytes:
            raise BundleError(f"expected {entry.bytes} bytes in {path}, got {size}; export the bundle again")
        digest = sha256_file(path)
        if digest != entry.sha256:
            raise BundleError(
                f"expected SHA-256 {entry.sha256[:12]}… of {path}, got {digest[:12]}…: the file was changed "
                "after the export; export the bundle again"
            )
        self._verified.add(name)
        return path

    def verify(self) -> None:
        """Verify every file; raises as `file` does."""
        for name in self.names:
            self.file(name)

    def json(self, name: str, kind: type[_T]) -> _T:
        """The content of a verified JSON file as `kind`; see `edgehar.schema.read_json`."""
        return read_json(self.file(name), kind, limit=LARGE, error=BundleError)


def open_bundle(path: str | os.PathLike[str]) -> Bundle:
    """Open a bundle folder and read its manifest; files are verified when used.

    Raises:
        BundleError: no such folder, no manifest, or a manifest that is damaged or of another format.
    """
    path = Path(path)
    manifest_path = path / MANIFEST
    if not manifest_path.is_file():
        got = "nothing there"
        if path.exists():
            got = f"a folder without {MANIFEST}" if path.is_dir() else "a file"
        raise BundleError(f"expected a bundle at {path}, got {got}; make one with: edgehar export --int8 --out {path}")
    try:
        manifest = read_json(manifest_path, Manifest, error=BundleError)
        for name in manifest.files:
            _check_name(name, manifest_path)
        contract = Contract.from_dict(manifest.contract, f"contract of {manifest_path}")
    except EdgeharError as error:
        raise BundleError(f"{error}; export the bundle again") from error
    return Bundle(path, manifest, contract)


def _check_name(name: str, where: Path) -> None:
    """Refuse a name that does not stay inside the folder, or that no file system takes."""
    parts = PurePosixPath(name)
    if parts.is_absolute() or ".." in parts.parts or str(parts) != name or "\\" in name or not name.isprintable():
        raise BundleError(f"expected names of files inside the folder in {where}, got {name[:80]!r}")
