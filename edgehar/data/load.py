"""Opening any source of recordings by name or path."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgehar.channels import vectors
from edgehar.data.assemble import fingerprint
from edgehar.data.catalogue import entry, fetched
from edgehar.data.channels import take_channels
from edgehar.data.frame import from_frame
from edgehar.data.labels import plain_name
from edgehar.data.options import CsvOptions, read_schema, schema_beside, turn_axes
from edgehar.data.readers.archive import existing, members, read_npz
from edgehar.data.readers.csvfile import load_csv
from edgehar.data.readers.hapt import SHIPPED, load_hapt
from edgehar.data.readers.hapt_original import is_hapt_original, load_hapt_original
from edgehar.data.readers.motionsense import OWN_LONG, load_motionsense, motionsense_files
from edgehar.data.readers.placed import PLACEMENTS, load_placed
from edgehar.data.readers.wisdm import accelerometer_files, load_wisdm, looks_like_wisdm
from edgehar.data.recording import Dataset
from edgehar.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

KINDS = ("hapt", "motionsense", "wisdm", *PLACEMENTS, "csv")

#: Ends the name of a list of several sets; see `edgehar.data.pool`.
POOL = ".toml"


def load(
    source: str | Path | pd.DataFrame,
    *,
    kind: str | None = None,
    options: CsvOptions | None = None,
    labels: Mapping[str, str] | None = None,
    schema: Path | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> Dataset:
    """Load recordings at their own rate, in m/s², Android sign, axes x, y, z, or the channels that `options` name.

    Args:
        source: `hapt` (shipped), the name of a fetched set, a file, folder or archive, `KIND:PATH`, a `.toml`
            that lists several of these (`pool`), or a frame as `to_frame` gives it. With the last two no other
            argument goes.
        kind: one of `KINDS`, where the path does not tell.
        options: how to read a table; its `axes` turn the samples of any kind.
        labels: own label -> name, over the set's mapping.
        schema: TOML file of options and labels; without it, `edgehar-data.toml` beside the source. What
            is given here wins over it.
        on_progress: called with (files or bytes done, in all).
    Raises:
        DataError: missing, damaged, not readable as recordings, or with options that do not apply.
        MissingExtra: a table without pandas.
    """
    if not isinstance(source, str | Path):
        return from_frame(source)
    kind, path = _locate(str(source), kind)
    options, labels = options or CsvOptions(), labels or {}
    if kind is None and path.suffix == POOL:
        return _pool(path, bool(options.said() or labels or schema), on_progress)
    kind = kind or detect(path)
    unused = _for_tables(kind, options)
    if unused:
        raise DataError(
            f"{', '.join(unused)} is for tables, but {source} is read as {kind}, whose layout is known; leave it out, "
            "or force a table with --kind csv"
        )
    schema = schema or schema_beside(path)
    named: dict[str, str] = {}
    notes: list[str] = []
    if schema is not None:
        told, named = read_schema(schema)
        notes.append(f"read as {schema} tells")
        unused = _for_tables(kind, told)
        if unused:
            notes.append(f"of it not used: {', '.join(unused)}, which are for tables; this is read as {kind}")
            told = CsvOptions(axes=told.axes, channels=told.channels)
        options = options.over(told)
    whole = options if options.columns else replace(options, channels=None)
    dataset = _read(kind, path, whole, {**named, **labels}, on_progress)
    present = {plain_name(own) for own in dataset.mapping}
    # A TOML file may name the labels of a whole folder; what a person has typed is there, or a slip.
    unknown = [own for own in labels if plain_name(own) not in present]
    if unknown:
        raise DataError(f"no label {unknown[0]!r} in {source}; its labels are: {', '.join(dataset.mapping) or 'none'}")
    turned = _turn(replace(dataset, notes=(*notes, *dataset.notes)), options)
    if options.channels is None or options.sample == turned.channels:
        return turned
    taken = take_channels(turned, options.sample)
    return replace(taken, sha256=fingerprint(taken.recordings, taken.classes))


def _pool(path: Path, told: bool, on_progress: Callable[[int, int], None] | None) -> Dataset:
    from edgehar.data.pool import load_pool

    if told:
        raise DataError(f"expected no option with {path}: the list itself says how each of its sets is read")
    return load_pool(path, on_progress)


def _locate(text: str, kind: str | None) -> tuple[str | None, Path]:
    """Kind, where it is told, and path of a source."""
    if kind is None and text == "hapt":
        return "hapt", SHIPPED
    known = entry(text) if kind is None else None
    if known is not None and not Path(text).exists():
        copy = fetched(text)
        if copy is None:
            raise DataError(f"{text} is not shipped and not fetched yet; run: edgehar data fetch {text}")
        return known.kind, copy
    prefix, colon, rest = text.partition(":")
    if kind is None and colon and prefix in KINDS:
        kind, text = prefix, rest
    if kind is not None and kind not in KINDS:
        raise DataError(f"expected the kind {', '.join(KINDS)}, got {kind!r}")
    return kind, existing(Path(text).expanduser())


def _for_tables(kind: str, options: CsvOptions) -> list[str]:
    """Names of the options that say something and do nothing, as the command line has them."""
    names = {"rate_hz": "--rate", "subject": "--subject-column", "label": "--label-column"}
    said = [] if kind == "csv" else [name for name in options.said() if name not in ("axes", "channels")]
    return [names.get(name, f"--{name.replace('_', '-')}") for name in said]


def _read(
    kind: str,
    path: Path,
    options: CsvOptions,
    labels: Mapping[str, str],
    on_progress: Callable[[int, int], None] | None,
) -> Dataset:
    if kind == "hapt":
        return load_hapt(path, labels) if path.suffix == ".npz" else load_hapt_original(path, labels, on_progress)
    if kind == "motionsense":
        return load_motionsense(path, labels, on_progress)
    if kind == "wisdm":
        return load_wisdm(path, labels, on_progress)
    if kind in PLACEMENTS:
        return load_placed(path, kind, labels)
    return load_csv(path, options, labels, on_progress)


def _turn(dataset: Dataset, options: CsvOptions) -> Dataset:
    """Put the axes as told, after whatever sign the layout has."""
    axes = options.axis_map()
    if axes == [(0, 1), (1, 1), (2, 1)]:
        return dataset
    recordings = tuple(
        replace(one, acc=turn_axes(one.acc, axes, vectors(dataset.channels))) for one in dataset.recordings
    )
    return replace(
        dataset,
        recordings=recordings,
        sha256=fingerprint(recordings, dataset.classes),
        notes=(*dataset.notes, f"axes: {options.axes} of these"),
    )


def _prepared(path: Path) -> str:
    """Kind of a prepared file with trials: the layout says neither sign nor frame, the labels tell MotionSense's."""
    own = [str(name) for name in read_npz(path).get("label_names", ())]
    if set(own) <= OWN_LONG and own == sorted(own):
        return "motionsense"
    raise DataError(
        f"expected to be told whose recordings {path} are, since sign and frame depend on it: "
        f"{', '.join(f'{kind}:PATH' for kind in ('motionsense', *PLACEMENTS))}"
    )


def detect(path: Path) -> str:
    """Kind of a file, folder or archive, by what it holds.

    Raises:
        DataError: missing, damaged, empty, or nothing that can be read as recordings.
    """
    if path.suffix == ".npz":
        names = set(read_npz(path))
        if names & {"planes", "recording"}:
            return "hapt"
        if "trial" in names:
            return _prepared(path)
        raise DataError(f"expected the arrays of HAPT or MotionSense in {path}, got {', '.join(sorted(names))}")
    found = members(path)
    if is_hapt_original(found):
        return "hapt"
    if motionsense_files(found):
        return "motionsense"
    texts = accelerometer_files(found)
    for member in texts[:1]:
        if looks_like_wisdm(member.read()):
            return "wisdm"
    if len(found) == 1 and not found[0].size:
        raise DataError(f"expected recordings in {path}, got an empty file")
    return "csv"
