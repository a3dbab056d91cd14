"""Learning a person while a stream runs: moments at which somebody says what is being done."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from edgehar.contract import Contract
from edgehar.errors import DataError
from edgehar.front_end import SamplePath
from edgehar.personal.adaptation import MOST_WINDOWS
from edgehar.personal.person import fit
from edgehar.personal.profile import Profile, write_profile
from edgehar.streaming.sources import Block


class Marks:
    """Looks at a stream's blocks at the contract's rate, and keeps the first window that lies wholly behind each mark.

    Args:
        contract: of the model.
        moments: times in seconds since the first sample -> label, known beforehand.
        pressed: called for each block; labels that somebody says now.
        note: called with one line for a person.
        rotation: of a profile in use, which the new one keeps.

    Attributes:
        windows: float32 (window, channels), through the model's front end, and their labels.
    Raises:
        DataError: a label that the model does not have, or more marks than a profile is made of.
    """

    def __init__(
        self,
        contract: Contract,
        moments: Iterable[tuple[float, str]] = (),
        pressed: Callable[[], list[str]] = list,
        note: Callable[[str], None] = lambda text: None,
        rotation: tuple[int, ...] | None = None,
    ) -> None:
        self.windows: list[tuple[NDArray[np.float32], str]] = []
        self._contract, self._pressed, self._note, self._rotation = contract, pressed, note, rotation
        self._moments = sorted(moments)
        self._path = SamplePath(contract.front_end, rotation, channels=contract.channels)
        self._kept = np.zeros((0, len(contract.channels)), np.float32)
        self._pending: str | None = None
        self._since = 0
        self._begun: int | None = None
        for _, label in self._moments:
            self._require(label)
        if len(self._moments) > MOST_WINDOWS:
            raise DataError(f"expected at most {MOST_WINDOWS} marks, got {len(self._moments)}")

    def watch(self, blocks: Iterable[Block]) -> Iterator[Block]:
        """The same blocks."""
        for block in blocks:
            if block.flush is not None:
                self._forget()
            for label in self._pressed():
                self._mark(label)
            for x, t in zip(block.x, block.t_us.tolist(), strict=True):
                self._begun = t if self._begun is None else self._begun
                while self._moments and t >= self._begun + self._moments[0][0] * 1e6:
                    self._mark(self._moments.pop(0)[1])
                self._take(x)
            yield block

    def _mark(self, label: str) -> None:
        self._require(label)
        if len(self.windows) == MOST_WINDOWS:
            self._note(f"a profile is made of {MOST_WINDOWS} windows at most; {label} was not marked")
            return
        self._pending, self._since = label, 0
        self._note(f"{label}: go on for {self._contract.window * self._contract.period_s:g} s")

    def _require(self, label: str) -> None:
        if label not in self._contract.labels:
            raise DataError(f"expected a label of {', '.join(self._contract.labels)}, got {label!r}")

    def _take(self, x: NDArray[np.float32]) -> None:
        if not np.isfinite(x).all():
            self._forget()
            return
        if self._path.changes:
            x = self._path.leave(self._path.enter(x[None]))[0]
        self._kept = np.concatenate([self._kept, x[None]])[-self._contract.window :]
        self._since += 1
        if self._pending is not None and self._since >= self._contract.window == len(self._kept):
            self.windows.append((self._kept.copy(), self._pending))
            self._note(f"{self._pending}: kept, {len(self.windows)} so far")
            self._pending = None

    def _forget(self) -> None:
        self._path.clear()
        self._kept = self._kept[:0]
        if self._pending is not None:
            self._note(f"{self._pending}: the stream was interrupted; mark it again")
            self._pending = None

    def write(self, model: Path, path: str | os.PathLike[str]) -> Profile:
        """Learn from the windows and write the profile.

        Args:
            model: the int8 `.tflite`.
        Raises:
            DataError: windows of fewer than two labels: there is nothing to tell apart.
            EdgeharError: the model cannot be adapted, or the file cannot be written.
        """
        labels = [label for _, label in self.windows]
        if len(set(labels)) < 2:
            got = ", ".join(sorted(set(labels))) or "none"
            raise DataError(
                f"expected marks of two activities or more to learn from, got {got}; {path} was not written"
            )
        x = np.stack([window for window, _ in self.windows])
        codes = np.array([self._contract.labels.index(label) for label in labels])
        profile = replace(fit(model, self._contract, x, codes), rotation=self._rotation)
        write_profile(path, profile)
        return profile
