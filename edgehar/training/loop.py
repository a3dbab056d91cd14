"""The seeded training loop: weighted cross-entropy, AdamW, cosine schedule, averaged weights, early stopping.

Same seed and machine, same weights: everything random is either drawn from a generator that the seed and
the epoch number make, or lies in the network's own dropout state, which the checkpoint holds.
"""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgehar import files, models
from edgehar.channels import vectors
from edgehar.contract import Contract
from edgehar.data.recording import Windows
from edgehar.errors import EdgeharError
from edgehar.models.library import import_keras
from edgehar.training import checkpoint as checkpoints
from edgehar.training.augment import augment
from edgehar.training.recipe import Recipe
from edgehar.training.truth import Match, Truth

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

#: Probabilities float32 (N, classes) of augmented windows float32 (N, window, channels).
Teacher = Callable[[NDArray[np.float32]], NDArray[np.float32]]

#: Threads inside of an operation, on every machine and in every worker: what the shipped weights were made with.
THREADS = 2

#: Called after each batch with (epochs done, batches done in this epoch, batches an epoch, epochs, history).
OnBatch = Callable[[int, int, int, int, list[dict[str, float]]], None]


#: Of a history as CSV.
_COLUMNS = ("epoch", "learning_rate", "loss", "validation_loss", "validation_accuracy")


@dataclass(frozen=True)
class Fitted:
    """What `fit` gives: the best model, the epoch that made it (from 1), and one dictionary per epoch."""

    model: keras.Model
    best_epoch: int
    history: list[dict[str, float]]


def fit(
    recipe: Recipe,
    contract: Contract,
    train: Windows,
    validation: Windows | None,
    *,
    draw: int | None = None,
    stop_after: int | None = None,
    teacher: Teacher | None = None,
    match: Match | None = None,
    chance: NDArray[np.float64] | None = None,
    checkpoint: Path | None = None,
    on_batch: OnBatch | None = None,
) -> Fitted:
    """Train one network.

    Args:
        contract: its `normalisation` is what the network's input goes through.
        train: windows in m/s²; with a time shift, cut more finely than the training step.
        validation: windows of people not in `train`; unless the recipe keeps the last epoch, the averaged weights
            of the epoch with the least cross-entropy on them are kept, and `recipe.patience` applies. None: keep
            the last epoch's.
        draw: windows drawn at random for each epoch; None for all of them.
        stop_after: stop after this many epochs of the schedule of `recipe.epochs`.
        teacher: whose answers make `recipe.distillation.share` of the targets.
        match: truths that allow several labels; their codes follow those of the contract's labels. See `truth`.
        chance: of each window to be drawn, with replacement, and classes have no weights then; None draws each
            once at most.
        checkpoint: file to write after every epoch, and to go on from if it is there.
    Raises:
        EdgeharError: the checkpoint belongs to another run or is damaged.
        MissingExtra: TensorFlow is not installed.
    """
    keras = import_keras()
    make_deterministic()
    network, average = (models.build(recipe.arch, contract, recipe.seed) for _ in range(2))
    optimiser = keras.optimizers.AdamW(recipe.learning_rate, weight_decay=recipe.weight_decay)
    optimiser.exclude_from_weight_decay(var_names=["bias"])
    optimiser.build(network.trainable_variables)
    truth = Truth(contract.labels, match or {})
    step = _training_step(network, average, optimiser, truth)
    target_of = targets(recipe, None if chance is not None else train.y, truth)
    identity = _identity(recipe, contract, train, validation, truth, chance)
    batches = math.ceil((draw or len(train)) / recipe.batch_size)
    end = min(recipe.epochs, stop_after or recipe.epochs)
    history: list[dict[str, float]] = []
    best = _values(average.variables)
    if checkpoint is not None and checkpoint.exists():
        state = checkpoints.load(checkpoint)
        if state.recipe_sha256 != identity:
            raise EdgeharError(f"{checkpoint} belongs to a run with other options or data; choose another --out")
        for variables, values in (
            (network.variables, state.network),
            (optimiser.variables, state.optimiser),
            (average.variables, state.average),
        ):
            _assign(variables, values)
        history, best = state.history, state.best
    while len(history) < end and len(history) - _kept(recipe, history) < recipe.patience:
        epoch = len(history)
        rng = np.random.default_rng([recipe.seed, epoch])
        if chance is None:
            order = rng.permutation(len(train))[:draw]
        else:
            order = rng.choice(len(train), draw or len(train), p=chance)
        drawn = train.x[order], target_of[train.y[order]]
        x, target = augment(*drawn, recipe.augmentation, rng, vectors(contract.channels))
        if teacher is not None:
            # The window's weight, by its class, is the sum of its target.
            told = np.zeros_like(target)
            told[:, : len(contract.labels)] = teacher(x) * target.sum(axis=1, keepdims=True)
            target = (1 - recipe.distillation.share) * target + recipe.distillation.share * told
        x, loss = network_input(x, contract), 0.0
        for batch in range(batches):
            rows = slice(batch * recipe.batch_size, (batch + 1) * recipe.batch_size)
            done = epoch * batches + batch
            rate = recipe.learning_rate * 0.5 * (1 + math.cos(math.pi * done / (recipe.epochs * batches)))
            # The moving average starts short, so that the first epochs are not held back by fresh weights.
            decay = min(recipe.average, (1 + done) / (10 + done))
            loss += float(step(x[rows], target[rows], rate, decay)) * len(x[rows])
            if on_batch is not None:
                on_batch(epoch, batch + 1, batches, end, history)
        entry = {"epoch": epoch + 1, "learning_rate": rate, "loss": loss / len(order)}
        if validation is not None:
            entry |= _validate(average, contract, validation, truth)
        history.append(entry)
        if _kept(recipe, history) == len(history):
            best = _values(average.variables)
        if checkpoint is not None:
            state = checkpoints.Checkpoint(
                _values(network.variables),
                _values(optimiser.variables),
                _values(average.variables),
                best,
                history,
                identity,
            )
            checkpoints.save(state, checkpoint)
    _assign(average.variables, best)
    return Fitted(average, _kept(recipe, history), history)


def make_deterministic() -> None:
    """Ask TensorFlow for kernels whose sums do not depend on timing, nor on how many cores a machine has.

    The threads inside of one operation decide in which order its sums are added: with 1, 2 and 4 of them the weights
    differ in their last bits, and after some epochs in more. They can be set only before the first operation of the
    process; a process that has computed already keeps what it has.
    """
    import_keras()  # the first import of TensorFlow writes to standard error, unless it is quiet
    import tensorflow as tf

    tf.config.experimental.enable_op_determinism()
    with suppress(RuntimeError):
        tf.config.threading.set_intra_op_parallelism_threads(THREADS)


def best_epoch(history: list[dict[str, float]]) -> int:
    """The epoch (from 1) with the least validation loss, the first of equals; the last without validation."""
    if not history or "validation_loss" not in history[0]:
        return len(history)
    return int(np.argmin([entry["validation_loss"] for entry in history])) + 1


def class_weights(y: NDArray[np.int64], classes: int, power: float = 1.0) -> NDArray[np.float64]:
    """Weights (classes,): a power of the inverse of each class's share; with 1 their mean over the windows is 1."""
    counts = np.bincount(y, minlength=classes)
    return np.where(counts > 0, (len(y) / (np.maximum(counts, 1) * (counts > 0).sum())) ** power, 0.0)


def targets(recipe: Recipe, y: NDArray[np.int64] | None, truth: Truth) -> NDArray[np.float32]:
    """What the network is to say for each truth, float32 (words, words): smoothed, times the truth's weight.

    Args:
        y: truths of the training windows, whose shares are the weights; None for equal weights.
    """
    words, classes = len(truth.words), len(truth.labels)
    smooth = np.eye(words) * (1 - recipe.label_smoothing)
    smooth[:, :classes] += recipe.label_smoothing / classes
    weights = np.ones(words) if y is None else class_weights(y, words, recipe.class_weights)
    return (smooth * weights[:, None]).astype(np.float32)


def network_input(x: NDArray[np.float32], contract: Contract) -> NDArray[np.float32]:
    """Windows float32 (N, window, channels) as the network takes them: normalised unless folded, in its layout."""
    norm = contract.normalisation
    if norm is not None and not norm.folded:
        x = np.divide(x - np.array(norm.mean, np.float32), np.array(norm.std, np.float32), dtype=np.float32)
    return np.ascontiguousarray(x.reshape(len(x), *contract.input_shape), np.float32)


def probabilities(model: Callable[..., object], contract: Contract, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities float32 (N, classes) of windows float32 (N, window, channels).

    Args:
        model: keras.Model, or whatever is called like one: `model(x, training=False)`.
    """
    ready = network_input(x, contract)
    parts = [np.asarray(model(ready[at : at + 256], training=False), np.float32) for at in range(0, len(ready), 256)]
    return np.concatenate(parts)


def _validate(model: keras.Model, contract: Contract, windows: Windows, truth: Truth) -> dict[str, float]:
    predicted = probabilities(model, contract, windows.x)
    right = truth.probabilities(predicted)[np.arange(len(windows)), windows.y]
    return {
        "validation_loss": float(-np.log(np.maximum(right, 1e-7)).mean()),
        "validation_accuracy": float(truth.allowed[windows.y, predicted.argmax(axis=1)].mean()),
    }


def _kept(recipe: Recipe, history: list[dict[str, float]]) -> int:
    return len(history) if recipe.keep == "last" else best_epoch(history)


def _training_step(
    network: keras.Model, average: keras.Model, optimiser: keras.optimizers.Optimizer, truth: Truth
) -> Callable[..., tf.Tensor]:
    """A compiled function (x, target, learning rate, decay of the average) -> loss."""
    import tensorflow as tf

    sums = tf.constant(truth.allowed.T) if truth.match else None

    def step(x: tf.Tensor, target: tf.Tensor, rate: tf.Tensor, decay: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            predicted = network(x, training=True)
            if sums is not None:
                predicted = predicted @ sums
            entropy = -tf.reduce_sum(target * tf.math.log(tf.maximum(predicted, 1e-7)), axis=1)
            loss = tf.reduce_mean(entropy)
        optimiser.learning_rate.assign(rate)
        optimiser.apply(tape.gradient(loss, network.trainable_weights))
        for slow, fast in zip(average.trainable_weights, network.trainable_weights, strict=True):
            slow.assign(decay * slow + (1 - decay) * fast)
        for slow, fast in zip(average.non_trainable_weights, network.non_trainable_weights, strict=True):
            slow.assign(fast)
        return loss

    # One trace for every batch, the last and shorter one too.
    x = tf.TensorSpec((None, *network.input_shape[1:]), tf.float32)
    target = tf.TensorSpec((None, len(truth.words)), tf.float32)
    scalar = tf.TensorSpec((), tf.float32)
    compiled: Callable[..., tf.Tensor] = tf.function(step, input_signature=[x, target, scalar, scalar])
    return compiled


def _identity(
    recipe: Recipe,
    contract: Contract,
    train: Windows,
    validation: Windows | None,
    truth: Truth,
    chance: NDArray[np.float64] | None,
) -> str:
    """Hash of everything that a run's result depends on but the machine."""
    whole = {"recipe": recipe.to_dict(), "contract": contract.to_dict(), "truths": truth.words}
    text = files.dump_json(whole).encode()
    parts = [part for windows in (train, validation) if windows is not None for part in (windows.x, windows.y)]
    text += truth.allowed.tobytes() + (b"" if chance is None else chance.tobytes())
    return files.sha256_bytes(text + b"".join(part.tobytes() for part in parts))


def _values(variables: Iterable[keras.Variable]) -> list[NDArray[np.generic]]:
    return [np.array(variable.value.numpy()) for variable in variables]


def _assign(variables: Iterable[keras.Variable], values: list[NDArray[np.generic]]) -> None:
    for variable, value in zip(variables, values, strict=True):
        variable.assign(value)


def history_csv(history: list[dict[str, float]]) -> str:
    """One line per epoch, floats in full precision."""
    text = io.StringIO()
    writer = csv.DictWriter(text, [name for name in _COLUMNS if name in history[0]], lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    return text.getvalue()
