"""The cost of the shipped network on emulated cores: within the committed budgets and the project's own limits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from edgehar.benchmark.emulated import measure
from edgehar.schema import read_json
from tests.scripts import load_runner

pytestmark = pytest.mark.emulated

ROOT = Path(__file__).resolve().parents[2]
GROWTH = 1.02
#: Limits whatever the compiler: instructions, and of the Cortex-M4 also bytes.
LIMITS = {
    "cortex-m3 whole window": {"instructions": 22_000_000},
    "cortex-m4 whole window": {"instructions": 9_800_000, "code_bytes": 8_192, "ram_bytes": 16_384},
    "cortex-m7 whole window": {"instructions": 9_800_000},
    "cortex-m33 whole window": {"instructions": 9_800_000},
    "cortex-m55 whole window": {"instructions": 950_000},
    "cortex-m4 hop 3 hop": {"instructions": 1_200_000, "ram_bytes": 12_288},
    "cortex-m4 hop 20 hop": {"instructions": 5_200_000},
    "cortex-m4 hop 21 hop": {"instructions": 4_400_000},
    "cortex-m4 hop 20 spread": {"worst_over_mean": 1.5},
    "cortex-m4 hop 21 spread": {"instructions_after_last_sample": 1_200_000, "worst_over_mean": 1.5},
    "cortex-m55 hop 3 hop": {"instructions": 1_200_000},
    "micro cortex-m0 whole window": {"instructions": 480_000, "code_bytes": 10_240, "ram_bytes": 2_560},
    "micro cortex-m3 whole window": {"instructions": 200_000, "code_bytes": 8_704},
    "micro cortex-m4 whole window": {"instructions": 82_000, "code_bytes": 8_192},
    "micro cortex-m55 whole window": {"instructions": 55_000},
    "micro cortex-m0 hop 20 hop": {"instructions": 340_000},
    "micro cortex-m4 hop 20 hop": {"instructions": 50_000},
    "micro cortex-m0 hop 20 spread": {"worst_over_mean": 1.5},
    "micro cortex-m3 hop 20 spread": {"worst_over_mean": 1.5},
    "micro cortex-m4 hop 20 spread": {"instructions": 72_000, "worst_over_mean": 1.5},
    "micro cortex-m55 hop 20 spread": {"worst_over_mean": 1.5},
}


RUNNER = load_runner("instructions")


def _check(row: dict[str, Any], most: dict[str, float], what: str) -> None:
    over = {name: (row[name], limit) for name, limit in most.items() if row[name] > limit}
    assert not over, f"{what}: {over}"


#: Model, core, hop, schedule by name.
CASES = {
    **{RUNNER.case_name(case): ("cnn", *case) for case in RUNNER.CASES},
    **{RUNNER.micro_name(case): ("micro", *case) for case in RUNNER.MICRO_CASES},
}


@pytest.mark.parametrize("name", CASES)
def test_within_limits_and_budget(name: str, bundle_of: Callable[[str], Path]) -> None:
    model, core, hop, schedule = CASES[name]
    row = measure(bundle_of(model), core, hop=hop, schedule=schedule)
    evenness = row["instructions_worst_push"] / row["instructions_mean_push"]
    _check({**row, "worst_over_mean": evenness}, LIMITS[name], f"limit of {name}")
    assert row["stack_bytes"] <= row["stack_bytes_static"] + 16, "painted within what the frames allow"
    assert sum(layer["instructions"] for layer in row["layers"]) < row["instructions"] * 1.05
    budgets = read_json(RUNNER.BUDGETS, dict)
    version = RUNNER.compiler()
    if version not in budgets:
        pytest.skip(f"limits hold; no budget for arm-none-eabi-gcc {version}: benchmarks/instructions.py --update")
    _check(row, {key: value * GROWTH for key, value in budgets[version][name].items()}, f"budget of {name}")


def test_every_case_has_a_budget_and_a_limit() -> None:
    assert set(LIMITS) == set(CASES)
    # Compilers of other ports have their names before the version, and tests of their own: tests/ports.
    arm = {version: rows for version, rows in read_json(RUNNER.BUDGETS, dict).items() if version[0].isdigit()}
    assert arm
    for rows in arm.values():
        assert set(rows) == {*CASES, *RUNNER.SENSORS, RUNNER.ADAPT, RUNNER.ALIGN}


def test_measuring_twice_gives_the_same(bundle: Path) -> None:
    assert measure(bundle, "cortex-m4", hop=3) == measure(bundle, "cortex-m4", hop=3)
