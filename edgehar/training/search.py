"""Search for small networks: Optuna proposes, budgets reject before training, validation people decide.

Three objectives: macro-F1 on validation people up, flash and multiply-accumulates down. The study lives in an
SQLite file, so that a search that was stopped, or is to go on for longer, takes it up where it stands.
"""

from __future__ import annotations

import csv
import io
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import TYPE_CHECKING, cast

from edgehar import data, files
from edgehar.contract import Contract
from edgehar.data.recording import Dataset, Windows
from edgehar.errors import EdgeharError, MissingExtra
from edgehar.evaluation import evaluate
from edgehar.models.family import spec
from edgehar.training import loop, run
from edgehar.training.crossval import keep_plan
from edgehar.training.parallel import each
from edgehar.training.search_space import SMALLEST, cost_of, draw, excess, gives_up, rungs

if TYPE_CHECKING:
    from types import ModuleType

    import optuna
    from optuna import Trial

    from edgehar.training.cost import Cost

PLAN, STUDY, FRONT, TRIALS = "search.json", "study.db", "front.csv", "candidates.csv"

#: Proposals in a row that may be over the budget, or known already, before the search ends.
BARREN = 300

#: Losses at each rung, of the candidates that cost no more.
Rivals = dict[int, list[float]]


@dataclass(frozen=True)
class SearchPlan:
    """Everything that a search was asked for, apart from how long it goes on.

    Attributes:
        run: split and recipe; its architecture and `refit` play no part, and its seed is the search's, too.
        budget: limits by name of `search_space.SPENT`.
    """

    run: run.RunPlan
    budget: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Candidate:
    """One trained architecture, or one that was given up.

    Attributes:
        state: `trained` or `given up`.
        epoch: of the least validation loss so far; `loss` is that loss.
        macro_f1, accuracy, macro_f1_low, macro_f1_high: on validation people, with the 95 % interval over them;
            None where it was given up.
    """

    number: int
    arch: str
    state: str
    epoch: int
    loss: float
    flash: int
    macs: int
    ram: int
    parameters: int
    macro_f1: float | None = None
    macro_f1_low: float | None = None
    macro_f1_high: float | None = None
    accuracy: float | None = None


#: Called with (candidates done, candidates wanted, proposals rejected, the newest candidate or None at the start).
OnCandidate = Callable[[int, int, int, "Candidate | None"], None]


class _GivenUp(Exception):
    """Leaves the training loop at a rung."""


def search(
    plan: SearchPlan,
    dataset: Dataset,
    folder: Path,
    *,
    trials: int,
    jobs: int = 1,
    on_candidate: OnCandidate | None = None,
) -> tuple[list[Candidate], list[Candidate]]:
    """Go on until `trials` architectures have been trained or given up in this folder.

    Writes `study.db` and, after each candidate, `candidates.csv` and `front.csv`.

    Args:
        dataset: people of the plan's test split are not touched.
        jobs: candidates trained side by side.
    Returns:
        the Pareto front, the cheapest first, and all candidates.
    Raises:
        DataError: too few people or windows.
        EdgeharError: the folder holds another search, or nothing within the budget.
        MissingExtra: Optuna is not installed.
    """
    optuna = _import_optuna()
    split = data.split(dataset, plan.run.split, validation=plan.run.validation, seed=plan.run.recipe.seed)
    if not split.validation:
        raise EdgeharError("expected validation people to choose by, got none; give a --validation share above 0")
    loop.make_deterministic()  # before the first network is built
    contract = Contract(run.labels_of(dataset), input_layout=plan.run.input_layout, front_end=plan.run.front_end)
    _, over = _excess_of_smallest(plan, contract)
    if over:
        raise EdgeharError(f"expected a budget that the smallest network fits, {SMALLEST}: it needs {over}")
    coarse = data.cut_windows(dataset, contract)
    shift = plan.run.recipe.augmentation.shift
    fine = data.cut_windows(dataset, contract, step=shift) if shift else coarse
    own, others = coarse.of_subjects(split.train), coarse.of_subjects(split.validation)
    data.require_trainable(own)
    data.require_trainable(others)
    contract = replace(contract, normalisation=run.normalisation(own, plan.run.recipe.normalisation))
    drawn = fine.of_subjects(split.train)
    keep_plan(folder / PLAN, {"plan": asdict(plan), "data": dataset.sha256, "people": asdict(split)})

    study = _open_study(optuna, folder, plan.run.recipe.seed)
    done = _candidates(study)
    rejected = [0]
    asked: dict[str, Trial] = {}

    def proposals() -> Iterator[tuple[object, ...]]:
        for _ in range(trials - len(done)):
            trial, arch = _ask(study, plan, contract, done, asked, rejected)
            if trial is None:
                return
            asked[arch] = trial
            flash, macs = trial.user_attrs["flash"], trial.user_attrs["macs"]
            yield arch, plan.run, contract, drawn, others, len(own), _rivals(study, flash, macs)

    if on_candidate is not None:
        on_candidate(len(done), trials, 0, None)
    for arch, result in each(train_candidate, proposals(), jobs=jobs):
        newest = _tell(optuna, study, asked.pop(arch), result)
        done.append(newest)
        _write_tables(folder, study, done)
        if on_candidate is not None:
            on_candidate(len(done), trials, rejected[0], newest)
    if not done:
        raise EdgeharError(f"no architecture within the budget in {BARREN} proposals; give a larger --budget")
    _write_tables(folder, study, done)
    return front(study), done


def train_candidate(
    arch: str, plan: run.RunPlan, contract: Contract, train: Windows, others: Windows, count: int, rivals: Rivals
) -> tuple[str, dict[str, object]]:
    """Train one architecture, or give it up at a rung; runs in any process.

    Args:
        train: windows to draw `count` from each epoch.
        others: windows of validation people.
        rivals: what it is compared with at each rung.
    Returns:
        the architecture, and figures by name: `rungs` always, the validation figures if it was trained.
    """
    recipe = replace(plan.recipe, arch=arch)
    losses: dict[int, float] = {}
    seen: list[dict[str, float]] = []

    def watch(epoch: int, batch: int, batches: int, epochs: int, history: list[dict[str, float]]) -> None:
        if batch != 1 or epoch not in rungs(recipe.epochs):
            return
        seen[:] = history
        losses[epoch] = min(entry["validation_loss"] for entry in history)
        if gives_up(losses[epoch], rivals.get(epoch, [])):
            raise _GivenUp

    try:
        fitted = loop.fit(recipe, contract, train, others, draw=count, on_batch=watch)
    except _GivenUp:
        best = loop.best_epoch(seen)
        return arch, {"rungs": losses, "epoch": best, "loss": seen[best - 1]["validation_loss"]}
    predicted = loop.probabilities(fitted.model, contract, others.x)
    measured = evaluate(predicted, others.y, others.subject, contract.labels)
    low, high = measured.intervals.macro_f1 or (None, None)
    return arch, {
        "rungs": losses,
        "epoch": fitted.best_epoch,
        "loss": fitted.history[fitted.best_epoch - 1]["validation_loss"],
        "macro_f1": measured.macro_f1,
        "macro_f1_low": low,
        "macro_f1_high": high,
        "accuracy": measured.accuracy,
    }


def front(study: optuna.Study) -> list[Candidate]:
    """The candidates that no other one beats in macro-F1, flash and multiply-accumulates at once, cheapest first."""
    best = [_candidate(trial) for trial in study.best_trials]
    return sorted(best, key=lambda item: (item.flash, item.macs))


def table(candidates: list[Candidate]) -> str:
    """CSV, one line per candidate: bytes, multiply-accumulates per window, shares in 0 … 1."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [item.name for item in fields(Candidate)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(item) for item in candidates)
    return text.getvalue()


def _ask(
    study: optuna.Study,
    plan: SearchPlan,
    contract: Contract,
    done: list[Candidate],
    asked: dict[str, optuna.Trial],
    rejected: list[int],
) -> tuple[optuna.Trial | None, str]:
    """The next proposal that is within the budget and new; (None, "") after too many that are not."""
    from optuna.trial import TrialState

    known = {item.arch for item in done} | set(asked)
    for _ in range(BARREN):
        trial = study.ask()
        blocks = draw(trial)
        arch = spec(blocks)
        found, over = excess(blocks, plan.budget, contract)
        for name, share in over.items():
            trial.set_constraint(name, share)
        trial.set_user_attr("arch", arch)
        if found is None or max(over.values(), default=0) > 0 or arch in known:
            # The sampler learns from the constraint what is over the budget; a repetition teaches nothing.
            study.tell(trial, state=TrialState.FAIL if arch in known else TrialState.PRUNED)
            rejected[0] += 1
            continue
        for name, value in found.to_dict().items():
            trial.set_user_attr(name, value)
        return trial, arch
    return None, ""


def _tell(optuna: ModuleType, study: optuna.Study, trial: optuna.Trial, result: dict[str, object]) -> Candidate:
    """Store a candidate's figures with its trial."""
    for name, value in result.items():
        trial.set_user_attr(name, value)
    if "macro_f1" in result:
        study.tell(trial, [result["macro_f1"], trial.user_attrs["flash"], trial.user_attrs["macs"]])
    else:
        study.tell(trial, state=optuna.trial.TrialState.PRUNED)
    return _candidate(study.trials[trial.number])


def _candidate(trial: optuna.trial.FrozenTrial) -> Candidate:
    told = {item.name: trial.user_attrs[item.name] for item in fields(Candidate) if item.name in trial.user_attrs}
    return Candidate(number=trial.number, state="trained" if "macro_f1" in told else "given up", **told)


def _candidates(study: optuna.Study) -> list[Candidate]:
    return [_candidate(trial) for trial in study.trials if trial.state.is_finished() and "rungs" in trial.user_attrs]


def _rivals(study: optuna.Study, flash: int, macs: int) -> Rivals:
    """Losses at each rung of the candidates that cost no more in either."""
    found: Rivals = {}
    for trial in study.trials:
        told = trial.user_attrs
        if "rungs" in told and told["flash"] <= flash and told["macs"] <= macs:
            for epoch, loss in told["rungs"].items():
                found.setdefault(int(epoch), []).append(loss)
    return found


def _excess_of_smallest(plan: SearchPlan, contract: Contract) -> tuple[Cost, str]:
    needs = cost_of(SMALLEST, contract)
    over = [f"{name}={getattr(needs, name)}" for name, limit in plan.budget.items() if getattr(needs, name) > limit]
    return needs, ", ".join(over)


def _open_study(optuna: ModuleType, folder: Path, seed: int) -> optuna.Study:
    """The folder's study; trials that a stopped search left open are closed, and the draws go on with fresh ones."""
    url = f"sqlite:///{(folder / STUDY).resolve()}"
    directions = ["maximize", "minimize", "minimize"]
    study = optuna.create_study(storage=url, study_name="edgehar", directions=directions, load_if_exists=True)
    for trial in study.get_trials(deepcopy=False, states=(optuna.trial.TrialState.RUNNING,)):
        study.tell(trial.number, state=optuna.trial.TrialState.FAIL)
    study.sampler = optuna.samplers.TPESampler(seed=seed + len(study.trials), n_startup_trials=16)
    return study


@contextmanager
def study_file(folder: Path) -> Iterator[None]:
    """Around a search: what SQLite says of the study's file, in one line.

    Raises:
        EdgeharError: the disk is full, or the file is none of a study.
    """
    from optuna.exceptions import StorageInternalError
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (StorageInternalError, SQLAlchemyError) as error:
        reason: BaseException = error
        while reason.__cause__ is not None:
            reason = reason.__cause__
        raise EdgeharError(
            f"cannot write {folder / STUDY}: {reason}; free some space or choose another --out"
        ) from error


def _write_tables(folder: Path, study: optuna.Study, done: list[Candidate]) -> None:
    files.write_text(folder / TRIALS, table(sorted(done, key=lambda item: item.number)))
    files.write_text(folder / FRONT, table(front(study)))


def _import_optuna() -> ModuleType:
    try:
        import optuna
    except ImportError as error:
        raise MissingExtra("optuna", "search") from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
    return cast("ModuleType", optuna)
