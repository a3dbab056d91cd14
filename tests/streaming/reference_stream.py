"""docs/spec.md written down sample by sample, as slowly and plainly as possible, and a runtime to run it on."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from edgehar.contract import Contract, TensorQuantisation
from edgehar.runtimes.base import Runtime
from edgehar.runtimes.quantise import dequantise, quantise
from edgehar.streaming import UNSURE, Decision, Flush, SmoothingConfig

LABELS = ("walking", "sitting", "standing", "laying")
WINDOW = 8
PERIOD = 50_000


class FakeInt8(Runtime):
    """An int8 'network' in which every input byte moves every output byte."""

    name = "fake-int8"

    def __init__(self, window: int = WINDOW) -> None:
        self.contract = Contract(
            LABELS,
            window=window,
            input_quantisation=TensorQuantisation(0.125, -3),
            output_quantisation=TensorQuantisation(1 / 256, -128),
        )
        self._weights = np.random.default_rng(1).integers(1, 1000, (window * 3, len(LABELS)))

    def prepare(self, window: NDArray[np.float32]) -> NDArray[Any]:
        return quantise(window, self.contract.input_quantisation)[None]

    def invoke(self, tensor: NDArray[Any]) -> NDArray[Any]:
        assert tensor.dtype == np.int8
        assert tensor.shape == (1, self.contract.window, 3)
        assert tensor.flags.c_contiguous
        return ((tensor.reshape(-1).astype(np.int64) @ self._weights) // 97 % 256 - 128).astype(np.int8)

    def finish(self, output: NDArray[Any]) -> NDArray[np.float32]:
        return dequantise(output, self.contract.output_quantisation)


class FakeFloat(Runtime):
    """A float softmax over a fixed random projection."""

    name = "fake-float"

    def __init__(self, window: int = WINDOW) -> None:
        self.contract = Contract(LABELS, window=window)
        self._weights = np.random.default_rng(2).normal(size=(window * 3, len(LABELS)), scale=0.05)

    def prepare(self, window: NDArray[np.float32]) -> NDArray[Any]:
        return np.ascontiguousarray(window)[None]

    def invoke(self, tensor: NDArray[Any]) -> NDArray[Any]:
        with np.errstate(all="ignore"):
            logits = tensor.reshape(-1).astype(np.float64) @ self._weights
            powers = np.exp(logits - logits.max())
            return (powers / powers.sum()).astype(np.float32)

    def finish(self, output: NDArray[Any]) -> NDArray[np.float32]:
        return output


class ReferenceStream:
    """The stream section of the specification, one sample at a time, cutting and preparing each window whole."""

    def __init__(self, runtime: Runtime, hop: int, config: SmoothingConfig) -> None:
        self.runtime, self.hop, self.config = runtime, hop, config
        self.clock: int | None = None
        self.kept: int | None = None
        self.flush()

    def flush(self) -> None:
        self.samples: list[NDArray[np.float32]] = []
        self.times: list[int] = []
        self.taken = 0
        self.scores: list[int] | None = None
        self.winners: list[int] = []
        self.label: int | None = None
        self.age = 0

    def push(self, sample: NDArray[np.float32], t: int | None) -> list[Decision | Flush]:
        if t is None:
            t = 0 if self.clock is None else self.clock + PERIOD
        self.clock = t
        events: list[Decision | Flush] = []
        if not all(math.isfinite(v) for v in sample):
            self.flush()
            self.kept = None
            return [Flush(t, "nan")]
        if self.kept is not None:
            dt = t - self.kept
            if dt == 0:
                return []
            self.times.append(t)
            if dt < 0 or dt > 2 * PERIOD:
                self.flush()
                events.append(Flush(t, "backward" if dt < 0 else "gap"))
            elif len(self.times) > (self.runtime.contract.window + 1) / 2:
                rate = (len(self.times) - 1) * Fraction(1_000_000, self.times[-1] - self.times[0])
                if not Fraction(9, 10) <= rate * Fraction(PERIOD, 1_000_000) <= Fraction(11, 10):
                    self.flush()
                    events.append(Flush(t, "rate"))
                self.times = []
        if not self.times:
            self.times = [t]
        self.kept = t
        window = self.runtime.contract.window
        self.samples = [*self.samples, sample][-window:]
        self.taken += 1
        if self.taken >= window and (self.taken - window) % self.hop == 0:
            events.append(self.decide(t))
        return events

    def decide(self, t: int) -> Decision:
        probabilities = self.runtime.predict_one(np.stack(self.samples))
        p = [min(255, math.floor(float(v) * 256 + 0.5)) if math.isfinite(v) else 0 for v in probabilities]
        s = self.smooth(p)
        label = self.choose(s)
        return Decision(t, label, p.index(max(p)), tuple(p), tuple(s), "score" if label == UNSURE else None)

    def smooth(self, p: list[int]) -> list[int]:
        config = self.config
        if config.method == "majority":
            self.winners = [*self.winners, p.index(max(p))][-config.votes :]
            return [(self.winners.count(k) << 15) // len(self.winners) for k in range(len(p))]
        if config.method == "none" or self.scores is None:
            self.scores = [v << 7 for v in p]
        else:
            self.scores = [
                s + math.floor(((v << 7) - s) * config.alpha / 256) for v, s in zip(p, self.scores, strict=True)
            ]
        return self.scores

    def choose(self, s: list[int]) -> int:
        config = self.config
        c = s.index(max(s))
        if s[c] < config.threshold << 7:
            proposed = UNSURE
        elif (
            self.label is not None
            and self.label != UNSURE
            and c != self.label
            and s[c] - s[self.label] < config.hysteresis << 7
        ):
            proposed = self.label
        else:
            proposed = c
        if self.label is None:
            self.label, self.age = proposed, 1
        elif proposed == self.label or (self.label != UNSURE and self.age < config.min_dwell):
            self.age += 1
        else:
            self.label, self.age = proposed, 1
        return self.label
