"""`edgehar train`: a run folder with a model, its history, its figures on validation people, its manifest."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgehar.cli.data_options import data_options, load_dataset
from edgehar.cli.evaluate import read_matches
from edgehar.cli.layout import Command, given
from edgehar.training.recipe import RECIPES, Augmentation, Distillation, Recipe  # nothing heavy

if TYPE_CHECKING:
    from edgehar.api.train import TrainResult
    from edgehar.data import DataSource


#: Headings of the options that decide a training, for every command that trains.
GROUPS = {
    "Network": ("arch", "input_layout", "front_end", "align", "normalisation", "seed"),
    "People": ("split", "validation", "refit"),
    "Optimisation": (
        "epochs", "batch_size", "learning_rate", "weight_decay", "label_smoothing", "average", "keep", "patience",
        "class_weights",
    ),
    "Augmentation": ("rotation", "turn", "scale", "noise", "shift", "mix"),
    "Teachers": ("teachers", "teacher", "share"),
}  # fmt: skip


def _recipe_option(name: str, text: str = "", **settings: Any) -> Callable[[Any], Any]:
    """An option of the recipe, whose default depends on the architecture; the help names it, or both of them."""
    field = name.removeprefix("--").split("/")[0].replace("-", "_")

    def default(recipe: Recipe) -> Any:
        parts: tuple[object, ...] = (recipe, recipe.augmentation, recipe.distillation)
        value = next(getattr(part, field) for part in parts if hasattr(part, field))
        return name.split("/")[0].removeprefix("--") if value is True else value

    own = default(RECIPES[Recipe.arch])
    others = {default(recipe) for arch, recipe in RECIPES.items() if arch != Recipe.arch}
    shown = str(own) or "none"
    if others != {own}:
        shown += f" for {Recipe.arch}, {'/'.join(map(str, sorted(others)))} for others"
    if "type" not in settings and "/" not in name:
        settings["type"] = type(own)
    return click.option(name, default=None, help=f"{text}  [default: {shown}]".strip(), **settings)


@click.command(cls=Command, groups=GROUPS)
@click.option("--split", default="published", show_default=True, help="published, random:SHARE, leave:PERSON,…, none.")
@click.option("--validation", default=0.2, show_default=True, help="Share of the other people, who choose the epoch.")
@click.option("--arch", default=Recipe.arch, show_default=True, help=f"{', '.join(RECIPES)}, or blocks.")
@click.option("--input-layout", type=click.Choice(["window", "flat"]), default="window", show_default=True)
@click.option(
    "--front-end", type=click.Choice(["none", "pocket"]), default="none", show_default=True,
    help="What windows hold: x, y, z; or along gravity, across it, tilt, whichever way a phone lies in its pocket.",
)  # fmt: skip
@click.option(
    "--align", is_flag=False, flag_value="all", type=click.Choice(["all", "both"]), default=None,
    help="Train on recordings turned by their own first walking, for a device that aligns (edgehar stream --align); "
    "both: on the same as recorded, too, in twice as many steps.",
)  # fmt: skip
@click.option("--seed", default=Recipe.seed, show_default=True, help="Decides weights, validation people and draws.")
@_recipe_option("--epochs", "Length of the schedule.")
@_recipe_option("--batch-size")
@_recipe_option("--learning-rate", "A cosine takes it to 0.")
@_recipe_option("--weight-decay")
@_recipe_option("--label-smoothing")
@_recipe_option("--average", "Decay a step of the averaged weights.")
@_recipe_option("--keep", "Epoch on validation people.", type=click.Choice(["best", "last"]))
@_recipe_option("--patience", "Epochs without a better validation loss.")
@_recipe_option("--normalisation", type=click.Choice(["axis", "scalar"]))
@_recipe_option("--class-weights", "Power of the inverse of its share that weighs a class, 0 … 1.")
@_recipe_option("--rotation", "Random rotation, rad.")
@_recipe_option("--turn", "Axes about which half of the windows are turned over, as in y.")
@_recipe_option("--scale", "Random factor, around 1.")
@_recipe_option("--noise", "White noise, m/s².")
@_recipe_option("--shift", "Grid of random window starts, samples.")
@_recipe_option("--mix", "Mix-up of pairs of windows.")
@_recipe_option("--teachers", "Networks trained first, whose answers are learned.")
@_recipe_option("--teacher", "Their architecture.")
@_recipe_option("--share", "Of the target that teachers make.")
@click.option("--refit/--no-refit", default=True, show_default=True, help="Train again, on validation people too.")
@click.option(
    "--match", multiple=True, callback=read_matches, metavar="NAME=A,B",
    help="A label of the recordings that may be any of these of the model, as in stairs=upstairs,downstairs.",
)  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), help="Run folder.  [default: runs/ARCH-seedSEED]")
@click.option("--resume", type=click.Path(path_type=Path), help="Go on with an interrupted run; no other option.")
@data_options()
@click.pass_context
def command(context: click.Context, /, data: DataSource, out: Path | None, resume: Path | None, **options: Any) -> None:
    """Train a network on recordings, split by person.

    The defaults are the recipe of the architecture's shipped model. The people of the test split are not
    touched: measure the finished model on them with `edgehar evaluate`. With --split none there are no such people:
    everybody trains, and nobody can say how the model does on others. A run that takes minutes says so first.
    """
    from edgehar.api.train import default_folder, train
    from edgehar.report.figures import new_figure
    from edgehar.report.training_progress import training_bar
    from edgehar.training.run import CHECKPOINTS

    told: dict[str, Any] = {"out": out, **options}
    if resume is not None:
        others = [name for name in context.params if name in given(context) and name != "resume"]
        if others:
            raise click.UsageError(f"--resume takes the options of its run; leave out --{others[0].replace('_', '-')}")
        told = {"resume": resume}
    new_figure(1, 1)  # what the pictures at the end need is asked for before the work
    with training_bar() as (show, say):
        try:
            source = None if resume else data
            line = ["edgehar", *sys.argv[1:]]
            result = train(source, read=load_dataset, command=line, on_progress=show, on_result=_draw, **told)
        except KeyboardInterrupt:
            folder = resume or out or default_folder(options["arch"], options["seed"])
            if (folder / CHECKPOINTS).exists():
                say(f"stopped; go on with: edgehar train --resume {shlex.quote(str(folder))}")
            raise
    _print(result)


def train_options(*left_out: str) -> list[click.Parameter]:
    """The options that decide a training, for other commands that train; without those named, and without files."""
    own = {"out", "resume", *left_out}
    shared = {item.name for kind in (Recipe, Augmentation, Distillation) for item in fields(kind)} | {
        "split", "validation", "input_layout", "front_end", "refit", "match",
    }  # fmt: skip
    return [parameter for parameter in command.params if parameter.name in shared - own]


def _title(result: TrainResult) -> str:
    people = "validation people" if result.split.validation else "training people"
    return f"{result.manifest['plan']['recipe']['arch']} on {people}"


def _draw(result: TrainResult) -> None:
    """Plots and reports into the run folder."""
    from edgehar import files
    from edgehar.report import evaluation as report
    from edgehar.report.evaluation_plots import draw_confusion
    from edgehar.report.figures import save_png
    from edgehar.report.training_plots import plot_history

    folder, title = result.folder, _title(result)
    plot_history(result.history, result.best_epoch, folder / "learning_curves.png", title)
    save_png(draw_confusion(result.evaluation, title), folder / "confusion.png")
    files.write_text(folder / "classification_report.txt", report.classification_report(result.evaluation, title))
    files.write_text(folder / "subjects.csv", report.subjects_csv(result.evaluation))


def _print(result: TrainResult) -> None:
    """The figures to standard output."""
    from edgehar.report import evaluation as report

    print(f"kept epoch {result.best_epoch}; {result.model} trained on {result.manifest['trained_on']} people")
    report.print_evaluation(result.evaluation, _title(result))
