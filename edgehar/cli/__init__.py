"""The command line: one short file per command that parses, calls and prints.

Results go to standard output, progress and warnings to standard error. Exit status: 0 done, 1 a check
failed, 2 usage or input, 130 interrupted. Command modules import nothing heavy at the top, so that
`--help` answers at once.
"""

from __future__ import annotations

import importlib
import keyword
import sys
from collections.abc import Sequence

import click

from edgehar import __version__
from edgehar.cli.interrupts import Interrupts
from edgehar.cli.layout import message, nearest
from edgehar.cli.output import Outputs
from edgehar.errors import EdgeharError

#: Characters of an error message; names of columns and of files may be of any length.
LONGEST = 500

#: Command name -> one line of help. The module `edgehar.cli.<name>`, with an underscore behind a keyword, holds the
#: click command `command`.
COMMANDS = {
    "data": "List, inspect, check and fetch recordings.",
    "train": "Train a network on recordings, split by person.",
    "import": "Give a Keras network made elsewhere its contract.",
    "models": "List the weights that ship: where worn, figures, licences, what they are not for.",
    "crossval": "Measure a recipe fold by fold on people it has not seen.",
    "search": "Search small networks by accuracy, flash and multiply-accumulates.",
    "evaluate": "Measure a .keras, .tflite or .onnx model on recordings.",
    "export": "Export a trained model to TFLite, ONNX and C as one bundle.",
    "verify": "Check that a bundle is whole, and who signed it.",
    "plan": "Show what an incremental model saves at a hop.",
    "bench": "Compare accuracy, size and latency across runtimes.",
    "adapt": "Learn a person from one labelled window of each activity.",
    "record": "Write a live source as a CSV, with labels by key.",
    "stream": "Run a bundle over a live stream or a recording.",
    "demo": "Serve a page that runs models on this device's or a phone's own sensor.",
    "doctor": "Say what is installed, what is missing for which command, and how to get it.",
}


class LazyGroup(click.Group):
    """Imports a command's module only when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        name = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        command = importlib.import_module(f"edgehar.cli.{name}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = args[0]
        if name not in COMMANDS and not name.startswith("-"):
            raise click.UsageError(f"no such command: {name}{nearest(name, COMMANDS)}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LazyGroup, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="edgehar")
@click.pass_context
def cli(ctx: click.Context) -> None:
    """Put a trained Keras 1D CNN for activity recognition on a phone or a microcontroller, unchanged."""
    if ctx.invoked_subcommand is None:
        click.echo(ctx.get_help())


def shorten(text: str) -> str:
    """A message without the middle of what some file says at length."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]} … {text[-LONGEST // 2 :]}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status; never lets a traceback reach the user."""
    with Interrupts() as interrupts, Outputs():
        try:
            return _run(arguments)
        except Exception:
            if not interrupts.came:
                raise
            print("interrupted", file=sys.stderr)
            return 130


def _run(arguments: Sequence[str] | None) -> int:
    """As `main`, but for what an interruption became on its way."""
    try:
        given = list(sys.argv[1:] if arguments is None else arguments)
        status = cli.main(args=given, prog_name="edgehar", standalone_mode=False)
        sys.stdout.flush()
        return status if isinstance(status, int) else 0
    except SystemExit as error:  # click's answer to a broken pipe, which is none of ours: see `edgehar.cli.output`
        print(f"error: {error.__context__ or 'a connection broke'}", file=sys.stderr)
        return 2
    except click.ClickException as error:
        print(f"error: {message(error)}; see --help", file=sys.stderr)
        return 2
    except EdgeharError as error:
        print(f"error: {shorten(' '.join(str(error).split()))}", file=sys.stderr)
        return error.exit_status
    except (KeyboardInterrupt, click.Abort):
        print("interrupted", file=sys.stderr)
        return 130
    except OSError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
