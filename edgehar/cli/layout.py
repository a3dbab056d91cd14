"""How a command shows its options, and what it says of a mistyped one."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

#: Options that several commands share, by the heading under which --help lists them.
SHARED: dict[str, tuple[str, ...]] = {
    "Recordings": (
        "dataset", "kind", "schema", "label", "columns", "unit", "axes", "rate", "time", "time_unit",
        "subject_column", "label_column", "channels", "split_name", "subjects", "subject", "recording", "match",
    ),
    "Output": ("out", "resume", "as_json", "plot", "html", "report", "csv", "packages", "web", "sign"),
}  # fmt: skip


def given(context: click.Context) -> set[str]:
    """Names of the parameters that somebody gave: those that are no defaults."""
    unset = click.core.ParameterSource.DEFAULT
    return {name for name in context.params if context.get_parameter_source(name) is not unset}


class Command(click.Command):
    """Lists its options in named groups.

    Args:
        groups: heading -> names of parameters; what is in none stands first, what several commands share last.
    """

    def __init__(self, *args: Any, groups: Mapping[str, Sequence[str]] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.groups = dict(groups or {})

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        own = {name: heading for heading, names in self.groups.items() for name in names}
        shared = {name: heading for heading, names in SHARED.items() for name in names}
        sections: dict[str, list[tuple[str, str]]] = {
            heading: [] for heading in ("Options", *self.groups, *SHARED, "Help")
        }
        for parameter in self.get_params(ctx):
            record = parameter.get_help_record(ctx)
            if record is not None and isinstance(parameter, click.Option):  # the text above speaks of the arguments
                name = parameter.name or ""
                heading = own.get(name) or shared.get(name) or ("Help" if "--help" in parameter.opts else "Options")
                sections[heading].append(record)
        for heading, records in sections.items():
            if records:
                with formatter.section(heading):
                    formatter.write_dl(records)


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean 'export'?` for a word that is nearly a known one, else nothing."""
    found = difflib.get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f"; did you mean {found[0]!r}?" if found else ""


def message(error: click.ClickException) -> str:
    """What a click error says, in one line: what was got, and the nearest thing that there is."""
    if isinstance(error, click.NoSuchOption):
        ctx = error.ctx
        known = {} if ctx is None else {name for item in ctx.command.get_params(ctx) for name in item.opts}
        return f"no such option: {error.option_name}{nearest(error.option_name, sorted(known))}"
    return " ".join(error.format_message().split()).rstrip(".")
