"""Reading a bundle: the folder that `export` writes, with a hash of every file in its manifest."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from edgehar.contract import Contract
from edgehar.errors import BundleError, ContractError, EdgeharError
from edgehar.files import read_json, sha256_file

FORMAT = "edgehar-bundle-1"
MANIFEST = "manifest.json"


@dataclass
class Bundle:
    """An opened bundle; its files are verified when they are asked for, each once.

    Attributes:
        path: the folder.
        manifest: `manifest.json` as it was read.
        contract: of the models inside, with the int8 model's quantisation where there is one.
    """

    path: Path
    manifest: dict[str, Any]
    contract: Contract
    _verified: set[str] = field(default_factory=set, repr=False)

    @property
    def labels(self) -> tuple[str, ...]:
        """Class names in the order of the outputs."""
        return self.contract.labels

    @property
    def names(self) -> tuple[str, ...]:
        """The files that the manifest lists, sorted."""
        return tuple(sorted(self.manifest["files"]))

    def __contains__(self, name: str) -> bool:
        return name in self.manifest["files"]

    def file(self, name: str) -> Path:
        """The path of a file whose size and SHA-256 are those of the manifest.

        Raises:
            BundleError: not in the bundle, missing, unreadable, or changed since the export.
        """
        entry = self.manifest["files"].get(name)
        if entry is None:
            hint = "; export again with --int8" if "int8" in name else ""
            raise BundleError(f"expected {name} in the bundle {self.path}, got {', '.join(self.names)}{hint}")
        path = self.path / name
        if name in self._verified:
            return path
        try:
            size = path.stat().st_size
            if size != entry["bytes"]:
                raise BundleError(f"expected {entry['bytes']} bytes in {path}, got {size}; export the bundle again")
            digest = sha256_file(path)
        except FileNotFoundError as error:
            raise BundleError(f"expected {name} in the bundle {self.path}, it is missing; export it again") from error
        except OSError as error:
            raise BundleError(f"cannot read {path}: {error.strerror or error}") from error
        if digest != entry["sha256"]:
            raise BundleError(
                f"expected SHA-256 {entry['sha256'][:12]}… of {path}, got {digest[:12]}…: the file was changed "
                "after the export; export the bundle again"
            )
        self._verified.add(name)
        return path

    def verify(self) -> None:
        """Verify every file; raises as `file` does."""
        for name in self.names:
            self.file(name)

    def json(self, name: str) -> Any:
        """The content of a verified JSON file."""
        return read_json(self.file(name))


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
        manifest = read_json(manifest_path)
    except EdgeharError as error:
        raise BundleError(f"{error}; export the bundle again") from error
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        found = manifest.get("format") if isinstance(manifest, dict) else type(manifest).__name__
        raise BundleError(f"expected format {FORMAT!r} in {manifest_path}, got {found!r}; export the bundle again")
    files = manifest.get("files")
    if not isinstance(files, dict) or not files or not all(_is_entry(name, entry) for name, entry in files.items()):
        raise BundleError(f"expected names, sizes and hashes of files in {manifest_path}; export the bundle again")
    try:
        contract = Contract.from_dict(manifest.get("contract"), str(manifest_path))
    except ContractError as error:
        raise BundleError(f"{error}; export the bundle again") from error
    return Bundle(path, manifest, contract)


def _is_entry(name: str, entry: Any) -> bool:
    """Whether a manifest entry is whole and its name stays inside the folder."""
    parts = PurePosixPath(name)
    if parts.is_absolute() or ".." in parts.parts or str(parts) != name or "\\" in name or not isinstance(entry, dict):
        return False
    return isinstance(entry.get("sha256"), str) and isinstance(entry.get("bytes"), int)
