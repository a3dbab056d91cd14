"""The options with which every command names its recordings.

A command takes them with the decorator and opens them with `load_dataset`:

    @click.command()
    @data_options()
    def command(data: DataSource) -> None:
        dataset = load_dataset(data)
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from edgehar.cli.output import note
from edgehar.cli.words import words
from edgehar.report.progress import progress

if TYPE_CHECKING:
    from edgehar.data import Dataset, DataSource

Function = TypeVar("Function", bound=Callable[..., Any])

_NAMES = (
    "kind", "schema", "label", "columns", "unit", "axes", "rate", "time", "time_unit", "subject_column", "label_column",
    "channels",
)  # fmt: skip


def _pairs(ctx: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    for value in values:
        if not all(part.strip() for part in value.partition("=")):
            raise click.BadParameter(f"expected OWN=NAME, as in C=stairs; got {value!r}", ctx, parameter)
    return tuple((value.partition("=")[0].strip(), value.partition("=")[2].strip()) for value in values)


def data_options(
    *, default: str | None = "hapt", argument: str | None = None, required: bool = True
) -> Callable[[Function], Function]:
    """Add the options and hand the command one `DataSource` as `data`.

    Args:
        default: of `--dataset`. None: the recordings of the model's own manifest; `data` is None then, and
            `edgehar.models.open_recordings` finds them.
        argument: name of a positional argument that takes the place of `--dataset`, for example `source`.
        required: whether that argument must be given.
    """

    def decorate(function: Function) -> Function:
        @functools.wraps(function)
        def wrapper(*args: Any, **kwargs: Any) -> Any:
            from edgehar.data import DataSource

            told = {name: kwargs.pop(name) for name in _NAMES}
            told["labels"] = told.pop("label")
            source = kwargs.pop("dataset" if argument is None else argument)
            if source is None and argument is None:
                _refuse_alone(told)
                return function(*args, data=None, **kwargs)
            return function(*args, data=DataSource(source=source, **told), **kwargs)

        decorated: Any = wrapper
        for option in reversed(_OPTIONS):
            decorated = option(decorated)
        if argument is not None:
            return click.argument(argument, required=required)(decorated)  # type: ignore[no-any-return]
        first = click.option(
            "--dataset", default=default, metavar="SOURCE",
            show_default=True if default else "those of the model's training",
            help="hapt (shipped), a file, folder or archive, KIND:PATH, or a .toml that lists several.",
        )  # fmt: skip
        return first(decorated)  # type: ignore[no-any-return]

    return decorate


def _refuse_alone(told: dict[str, object]) -> None:
    """Options that say how to read a source are refused where no source is named."""
    for name, value in told.items():
        if value:
            option = "label" if name == "labels" else name.replace("_", "-")
            raise click.UsageError(f"expected --dataset with --{option}: the model's manifest says how to read its own")


#: As `edgehar.data.KINDS`, whose import costs too much for --help.
_KINDS = ("hapt", "motionsense", "wisdm", "selfback-thigh", "selfback-wrist", "difronzo", "csv")

_OPTIONS = [
    click.option("--kind", type=click.Choice(_KINDS), help="Layout of the files."),
    click.option(
        "--schema", type=click.Path(path_type=Path, dir_okay=False), metavar="TOML",
        help="How to read the tables; otherwise edgehar-data.toml beside them.",
    ),
    click.option(
        "--label", multiple=True, callback=_pairs, metavar="OWN=NAME", help="Rename one of its labels; repeatable."
    ),
    click.option("--axes", metavar="X,Y,Z", help="Order and signs, as in --axes=-x,-y,-z or y,-x,z; of any source."),
    click.option("--columns", type=words, metavar="X,Y,Z", help="Table: columns of x, y, z, or of --channels."),
    click.option(
        "--channels", metavar="A,B",
        help="What the columns are, or which to take: acc,gyro or acc.magnitude (default: acc).",
    ),
    click.option("--unit", metavar="U[,U]", help="Table: m/s^2, g or mg, or found from gravity; as g,deg/s of others."),
    click.option("--rate", type=float, metavar="HZ", help="Table: samples per second; otherwise from timestamps."),
    click.option("--time", metavar="COLUMN", help="Table: timestamps; none to ignore them."),
    click.option("--time-unit", type=click.Choice(["s", "ms", "us", "ns"]), help="Table: unit of the timestamps."),
    click.option("--subject-column", metavar="COLUMN", help="Table: person; or @file, @folder, @PATTERN of the path."),
    click.option("--label-column", metavar="COLUMN", help="Table: activity; or @file, @folder, @PATTERN of the path."),
]  # fmt: skip


def reader(on_progress: Callable[[int, int], None]) -> Callable[[DataSource], Dataset]:
    """As `load_dataset`, for a command that shows progress already: there is room for one line that renews itself.

    Args:
        on_progress: called with (done, in all).
    """

    def read(data: DataSource) -> Dataset:
        dataset = data.open(on_progress)
        for sentence in dataset.notes:
            note(sentence)
        return dataset

    return read


def load_dataset(data: DataSource, *, quiet: bool = False, notes: bool = True) -> Dataset:
    """Open the recordings, with a progress bar and the loader's notes on standard error.

    Args:
        quiet: no progress and no notes.
        notes: whether to print what the loader dropped or found out.
    Raises:
        DataError: see `edgehar.data.load`.
    """
    with progress("reading", quiet=quiet) as tick:
        dataset = data.open(tick)
    if notes and not quiet:
        for sentence in dataset.notes:
            note(sentence)
    return dataset
