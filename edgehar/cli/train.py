"""`edgehar train`: a run folder with a model, its history, its figures on validation people, its manifest."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgehar.cli.data_options import data_options, load_dataset
from edgehar.training.recipe import RECIPES, Augmentation, Distillation, Recipe, recipe_for  # nothing heavy

if TYPE_CHECKING:
    from edgehar.data import DataSource
    from edgehar.training.run import Outcome, Plan


def _recipe_option(name: str, text: str = "", **settings: Any) -> Callable[[Any], Any]:
    """An option of the recipe, whose default depends on the architecture; the help names it, or both of them."""
    field = name.removeprefix("--").split("/")[0].replace("-", "_")

    def default(recipe: Recipe) -> Any:
        parts: tuple[Any, ...] = (recipe, recipe.augmentation, recipe.distillation)
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


@click.command()
@click.option("--split", default="published", show_default=True, help="published, random:SHARE or leave:PERSON,…")
@click.option("--validation", default=0.2, show_default=True, help="Share of the other people, who choose the epoch.")
@click.option("--arch", default=Recipe.arch, show_default=True, help=f"{', '.join(RECIPES)}, or blocks.")
@click.option("--input-layout", type=click.Choice(["window", "flat"]), default="window", show_default=True)
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
@_recipe_option("--class-weights/--no-class-weights")
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
@click.option("--out", type=click.Path(path_type=Path), help="Run folder.  [default: runs/ARCH-seedSEED]")
@click.option("--resume", type=click.Path(path_type=Path), help="Go on with an interrupted run; no other option.")
@data_options()
@click.pass_context
def command(context: click.Context, /, data: DataSource, out: Path | None, resume: Path | None, **options: Any) -> None:
    """Train a network on recordings, split by person.

    The defaults are the recipe of the architecture's shipped model. The people of the test split are not
    touched: measure the finished model on them with `edgehar evaluate`.
    """
    from edgehar.data import DataSource
    from edgehar.training import run

    if resume is not None:
        unset = click.core.ParameterSource.DEFAULT
        names = [name for name in context.params if name != "resume"]
        given = [name for name in names if context.get_parameter_source(name) is not unset]
        if given:
            raise click.UsageError(f"--resume takes the options of its run; leave out --{given[0].replace('_', '-')}")
        folder, plan = resume, run.read_plan(resume)
        dataset = load_dataset(DataSource.from_dict(plan.data, str(folder / run.PLAN)))
    else:
        plan = plan_of(options, data)
        folder = out or Path("runs") / f"{plan.recipe.arch}-seed{plan.recipe.seed}"
        dataset = load_dataset(data)
        run.start(folder, plan)
    outcome = _run(plan, dataset, folder)
    _render(outcome, folder)


def train_options(*left_out: str) -> list[click.Parameter]:
    """The options that decide a training, for other commands that train; without those named, and without files."""
    own = {"out", "resume", *left_out}
    shared = {item.name for kind in (Recipe, Augmentation, Distillation) for item in fields(kind)} | {
        "split", "validation", "input_layout", "refit",
    }  # fmt: skip
    return [parameter for parameter in command.params if parameter.name in shared - own]


def plan_of(options: dict[str, Any], data: DataSource) -> Plan:
    """What the options ask for; those that neither a plan nor a recipe knows are passed over."""
    from edgehar.training.run import Plan

    def chosen(kind: type) -> dict[str, Any]:
        return {item.name: options[item.name] for item in fields(kind) if options.get(item.name) is not None}

    recipe = recipe_for(options["arch"])
    recipe = replace(
        recipe,
        **chosen(Recipe),
        augmentation=replace(recipe.augmentation, **chosen(Augmentation)),
        distillation=replace(recipe.distillation, **chosen(Distillation)),
    )
    return Plan(data=data.to_dict(), **chosen(Plan), recipe=recipe)


def _run(plan: Plan, dataset: Any, folder: Path) -> Outcome:
    """Train with a bar for each of the two trainings on standard error, or a line an epoch where it is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from edgehar.training import run

    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("batches"))
    with Progress(*columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal) as progress:

        def bar(name: str) -> Any:
            task = progress.add_task(name, total=None, visible=False)

            def update(epoch: int, batch: int, batches: int, epochs: int, history: list[dict[str, float]]) -> None:
                last = history[-1] if history else {}
                note = f", validation loss {last['validation_loss']:.3f}" if "validation_loss" in last else ""
                text = f"{name}: epoch {epoch + 1} of {epochs}{note}"
                done = epoch * batches + batch
                progress.update(task, description=text, total=batches * epochs, completed=done, visible=True)
                if batch == 1 and not console.is_terminal:
                    console.print(text)

            return update

        bars = {"on_batch": bar("training"), "on_refit": bar("refit"), "on_teachers": bar("teachers")}
        try:
            return run.run(plan, dataset, folder, command=["edgehar", *sys.argv[1:]], **bars)
        except KeyboardInterrupt:
            if (folder / run.CHECKPOINTS).exists():
                again = f"stopped; go on with: edgehar train --resume {shlex.quote(str(folder))}"
                console.print(again, soft_wrap=True)
            raise


def _render(outcome: Outcome, folder: Path) -> None:
    """Plots and reports into the run folder, the figures to standard output."""
    from edgehar import files
    from edgehar.report import evaluation as report
    from edgehar.report.training_plots import plot_history

    people = "validation people" if outcome.split.validation else "training people"
    title = f"{outcome.manifest['plan']['recipe']['arch']} on {people}"
    best = outcome.fitted.best_epoch
    plot_history(outcome.fitted.history, best, folder / "learning_curves.png", title)
    report.plot_confusion(outcome.evaluation, folder / "confusion.png", title)
    files.write_text(folder / "classification_report.txt", report.classification_report(outcome.evaluation, title))
    files.write_text(folder / "subjects.csv", report.subjects_csv(outcome.evaluation))
    report.print_evaluation(outcome.evaluation, title)
    print(f"kept epoch {best}; {folder / 'model.keras'} trained on {outcome.manifest['trained_on']} people")
