"""`edgehar_adapt` on every emulated core: the integer reference's bytes, and what it costs on the Cortex-M4."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgehar.benchmark import qemu
from edgehar.benchmark.adapting import AdaptCase, run_cases
from edgehar.personal.adaptation import adapt
from edgehar.schema import read_json

from ..personal.test_adaptation import random_case
from .test_budgets import GROWTH, RUNNER

pytestmark = pytest.mark.emulated

CASES = 24
#: Whatever the compiler; the RAM is that of the work and of the new last layer.
LIMITS = {"instructions": 200_000, "ram_bytes": 1_024, "code_bytes": 2_048, "stack_bytes": 384}


@pytest.mark.parametrize("core", list(qemu.BOARDS))
def test_a_core_gives_the_references_bytes(core: str, tmp_path: Path) -> None:
    cases = [AdaptCase(*random_case(np.random.default_rng(seed))) for seed in range(1000, 1000 + CASES)]
    moved = 0
    for case, run in zip(cases, run_cases(cases, core, tmp_path), strict=True):
        weights, bias = adapt(case.head, case.embeddings, case.labels)
        np.testing.assert_array_equal(run.weights, weights)
        np.testing.assert_array_equal(run.bias, bias)
        assert run.clean, "wrote past the room it was given"
        moved += not np.array_equal(weights, case.head.weights)
    assert moved > CASES // 2


def test_within_limits_and_budget(bundle_of) -> None:
    """Six windows of `micro`, one for each class of the shipped recordings: 48 inputs."""
    case = RUNNER.adapt_case(bundle_of("micro"))
    assert case.head.weights.shape == (6, 48) and sorted(case.labels) == list(range(6))
    row = RUNNER.measure_adapting(case, "cortex-m4")
    assert set(row) == {*LIMITS, "constant_bytes"}
    assert not {name: (row[name], most) for name, most in LIMITS.items() if row[name] > most}
    budgets = read_json(RUNNER.BUDGETS, dict)
    if RUNNER.compiler() not in budgets:
        pytest.skip("limits hold; no budget for this arm-none-eabi-gcc: benchmarks/instructions.py --update")
    budget = budgets[RUNNER.compiler()][RUNNER.ADAPT]
    assert not {name: (row[name], most) for name, most in budget.items() if row[name] > most * GROWTH}
