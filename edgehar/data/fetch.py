"""Downloading a data set from its official place, with its hash checked or recorded on first use."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import msgspec

from edgehar.data.catalogue import CATALOGUE, entry, store
from edgehar.data.readers.archive import members
from edgehar.errors import DataError, MissingExtra
from edgehar.files import sha256_file, write_json
from edgehar.schema import read_json

#: Hashes of what was fetched before, beside the files: name -> {"sha256", "url"}.
RECORD = "hashes.json"


class Fetched(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What was downloaded: its hash, and where from."""

    sha256: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
    url: str


class _Progress:
    """What pooch expects of a progress bar, passed on as a callback (bytes done, bytes in all)."""

    def __init__(self, on_progress: Callable[[int, int], None] | None) -> None:
        self.total, self._done, self._tell = 0, 0, on_progress

    def update(self, count: int) -> None:
        self._done += count
        if self._tell is not None:
            self._tell(self._done, int(self.total))

    def reset(self) -> None:
        self._done = 0

    def close(self) -> None:
        pass


def fetch(
    name: str,
    *,
    url: str | None = None,
    folder: Path | None = None,
    sha256: str | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> tuple[Path, str]:
    """Download a set, unless an unchanged copy is there.

    The hash is checked against `sha256`, else against the one recorded at the first download into this
    folder, else recorded.

    Args:
        name: of the catalogue.
        url: instead of the official address.
        folder: instead of `catalogue.store()`.
        on_progress: called with (bytes done, bytes in all).
    Returns:
        path and SHA-256.
    Raises:
        DataError: unknown name, no address or hash, no connection, an HTTP error, another hash, or not an archive.
        MissingExtra: pooch is not installed.
    """
    found = entry(name)
    if found is None:
        raise DataError(f"no data set {name!r}; there are: {', '.join(item.name for item in CATALOGUE)}")
    _check(url, sha256)
    try:
        import pooch
        import requests
    except ImportError as error:
        raise MissingExtra("pooch", "data") from error
    folder, url = folder or store(), url or found.url
    record_path = folder / RECORD
    record = _read_record(record_path)
    known = record.get(found.file)
    expected = sha256 or (known.sha256 if known else None)
    fresh = not (folder / found.file).exists()
    logger = pooch.get_logger()
    level = logger.level
    logger.setLevel("ERROR")  # pooch would print the hash and the path among our own lines
    try:
        path = Path(
            pooch.retrieve(
                url,
                known_hash=f"sha256:{expected}" if expected else None,
                fname=found.file,
                path=folder,
                downloader=pooch.HTTPDownloader(progressbar=_Progress(on_progress), timeout=60),
            )
        )
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else "an error"
        raise DataError(f"expected {found.file} at {url}, the server answered {status}; give --url") from error
    except requests.RequestException as error:
        raise DataError(f"cannot reach {url} ({type(error).__name__}); check the connection, or give --url") from error
    except ValueError as error:
        if "hash" not in str(error).lower():
            raise DataError(f"cannot download {url}: {error}") from error
        raise DataError(
            f"expected SHA-256 {expected} for {found.file} from {url}, got another; nothing was kept. If the "
            f"authors have changed the file, remove its entry from {record_path}"
        ) from error
    except OSError as error:
        raise DataError(f"cannot write {folder / found.file}: {error.strerror or error}; choose --out DIR") from error
    finally:
        logger.setLevel(level)
    try:
        members(path)
    except DataError as error:
        if fresh:
            path.unlink(missing_ok=True)
        raise DataError(f"expected an archive at {url}, got something else ({error}); nothing was kept") from error
    digest = sha256_file(path)
    if known is None or known.sha256 != digest:
        record[found.file] = Fetched(digest, url)
        write_json(record_path, msgspec.to_builtins(record))
    return path, digest


def _check(url: str | None, sha256: str | None) -> None:
    """Refuse what can be no address or no hash, before anything is asked of the network."""
    if url is not None:
        try:
            parts = urlsplit(url)
            fine = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
        except ValueError:  # a port or a bracketed address that is none
            fine = False
        if not fine or any(character.isspace() or not character.isprintable() for character in url):
            raise DataError(f"expected an address as in https://host/set.zip with --url, got {url[:200]!r}")
    if sha256 is not None and not re.fullmatch("[0-9a-f]{64}", sha256):
        raise DataError(f"expected a SHA-256 of 64 digits 0-9 and a-f with --sha256, got {sha256[:80]!r}")


def _read_record(path: Path) -> dict[str, Fetched]:
    if not path.exists():
        return {}
    try:
        return read_json(path, dict[str, Fetched], error=DataError)
    except DataError as error:
        raise DataError(f"{error}; delete it to start anew") from error
