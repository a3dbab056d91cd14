"""The plugin of QEMU that counts instructions, against the boards' own counter."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from edgehar.benchmark import qemu
from edgehar.benchmark.cycles import TABLES, estimate
from edgehar.benchmark.emulated import build_image, made_up_samples, measure, replay
from edgehar.benchmark.executed import missing_plugin, plugin_option, read_executed
from edgehar.errors import EdgeharError

pytestmark = [pytest.mark.emulated, pytest.mark.skipif(missing_plugin() is not None, reason=str(missing_plugin()))]


@pytest.mark.parametrize("core", ["cortex-m0", "cortex-m3", "cortex-m4", "cortex-m55"])
def test_as_many_instructions_as_the_boards_timer_counts(
    core: str, bundle_of: Callable[[str], Path], tmp_path: Path
) -> None:
    image = build_image(bundle_of("nano") / "model_int8.tflite", core, tmp_path)
    plugin = plugin_option(image, tmp_path, start="edgehar_push", stop="board_ticks", skip=159)
    replayed = replay(core, image, made_up_samples(160), 80, tmp_path, plugin=plugin)
    executed = read_executed(image, tmp_path)
    counted, expected = sum(one.times for one in executed), replayed.decisions[-1].instructions
    assert abs(counted - expected) <= 4 * qemu.board(core).per_tick, "the timer is read around the call, in ticks"
    assert any(one.name.startswith("b") and 0 < one.jumps < one.times for one in executed), "loops end"
    cycles = estimate(core, executed)
    assert (cycles is None) == (core not in TABLES)
    assert cycles is None or counted < cycles.least <= cycles.most < 4 * counted


def test_an_incremental_row_has_cycles_of_one_decision(bundle_of: Callable[[str], Path]) -> None:
    row = measure(bundle_of("nano"), "cortex-m4", hop=20)
    assert row["cycles_estimate"] is not None and row["cycles_error"] is not None
    assert row["instructions"] < row["cycles_estimate"] - row["cycles_error"] < 2 * row["instructions"]


def test_an_image_without_the_function_is_refused(bundle_of: Callable[[str], Path], tmp_path: Path) -> None:
    image = build_image(bundle_of("nano") / "model_int8.tflite", "cortex-m4", tmp_path)
    with pytest.raises(EdgeharError, match="expected an image with the functions nowhere and board_ticks"):
        plugin_option(image, tmp_path, start="nowhere", stop="board_ticks", skip=0)
