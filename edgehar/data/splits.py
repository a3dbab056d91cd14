"""Splits by person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from edgehar.data.recording import Dataset
from edgehar.errors import DataError


@dataclass(frozen=True)
class Split:
    """People of each part; nobody is in two.

    Raises:
        DataError: somebody is in two parts, or twice in one.
    """

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    def __post_init__(self) -> None:
        everybody = self.train + self.validation + self.test
        twice = sorted({person for person in everybody if everybody.count(person) > 1})
        if twice:
            raise DataError(f"expected each person in one part of the split, got {', '.join(twice)} in more")


def split(dataset: Dataset, name: str = "published", validation: float = 0.2, seed: int = 0) -> Split:
    """Split the people of a data set.

    Args:
        name: `published` (the set's own test people), `random:FRACTION` of the people to test,
            `leave:PERSON,PERSON` to test on those, or `none`: nobody is kept for a test.
        validation: share of the people not in test; at least one person unless 0.
        seed: of the random choices; the same seed gives the same people.
    Raises:
        DataError: an unknown split, unknown people, or too few of them.
    """
    if not 0 <= validation < 1:
        raise DataError(f"expected a validation share from 0 to below 1, got {validation:g}")
    people = dataset.subjects
    rng = np.random.default_rng(seed)
    rule, _, argument = name.partition(":")
    if rule == "published" and not argument:
        if not dataset.published_test:
            raise DataError(f"{dataset.name} has no published split by person; use random:0.3, leave:PERSON,… or none")
        test = tuple(person for person in people if person in dataset.published_test)
    elif rule == "random":
        test = _draw(people, _fraction(argument), rng)
    elif rule == "leave" and argument:
        chosen = tuple(dict.fromkeys(person.strip() for person in argument.split(",")))
        unknown = [person for person in chosen if person not in people]
        if unknown:
            raise DataError(f"no person {unknown[0]!r} in {dataset.name}; there are: {', '.join(people)}")
        test = chosen
    elif rule == "none" and not argument:
        test = ()
    else:
        raise DataError(f"expected the split published, random:FRACTION, leave:PERSON,… or none; got {name!r}")
    rest = tuple(person for person in people if person not in test)
    held_out = _draw(rest, validation, rng) if validation else ()
    train = tuple(person for person in rest if person not in held_out)
    if not train or not (test or rule == "none"):
        needed = (1 if rule == "none" else 2) + (1 if validation else 0)
        raise DataError(
            f"expected at least {needed} people in {dataset.name} for the split {name}, got "
            f"{len(people)}: a split is by person, so that nobody is in both training and test"
        )
    return Split(train, held_out, test)


def folds(subjects: Sequence[str], n: int | str, seed: int = 0) -> list[tuple[str, ...]]:
    """Groups of people for cross-validation: each person in one, sizes differing by one at most.

    Args:
        n: number of folds, or `loso` to leave one subject out at a time.
    Raises:
        DataError: fewer people than folds, or fewer than two folds.
    """
    people = list(dict.fromkeys(subjects))
    if n == "loso":
        n = len(people)
    if isinstance(n, str) or not 2 <= n <= len(people):
        raise DataError(f"expected 2 to {len(people)} folds (one person each at least) or 'loso', got {n!r}")
    order = np.random.default_rng(seed).permutation(len(people))
    return [tuple(people[index] for index in sorted(order[fold::n])) for fold in range(n)]


def _fraction(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 1:
        raise DataError(f"expected a share between 0 and 1, as in random:0.3; got {text!r}")
    return value


def _draw(people: Sequence[str], share: float, rng: np.random.Generator) -> tuple[str, ...]:
    """A share of the people, one at least, in their own order."""
    count = min(len(people), max(1, round(share * len(people))))
    chosen = set(rng.permutation(len(people))[:count].tolist())
    return tuple(person for index, person in enumerate(people) if index in chosen)
