"""The arena that TFLite-Micro needs."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from edgehar.bundle.write import Options, _arena
from edgehar.errors import ContractError
from edgehar.runtimes.arena import ArenaUnknown, allocates, arena_bytes, search_arena

from ..firmware.networks import random_network


def test_arena_is_the_smallest_that_works_and_stays_small(bundle):
    model = (bundle / "model_int8.tflite").read_bytes()
    size = arena_bytes(model)
    assert size % 16 == 0
    assert allocates(model, size)
    assert not allocates(model, size - 16)
    assert size <= 20_500


def test_a_float_model_needs_more(bundle):
    model = (bundle / "model_float.tflite").read_bytes()
    assert arena_bytes(model) > 20_500


def test_hopeless_size(bundle, monkeypatch):
    model = (bundle / "model_int8.tflite").read_bytes()
    assert search_arena(model, 1024) == 0
    answer_with(monkeypatch, "print(0)")
    with pytest.raises(ContractError, match="can allocate"):
        arena_bytes(model)


def answer_with(monkeypatch: pytest.MonkeyPatch, program: str) -> None:
    """Another program in place of the search."""
    run = subprocess.run

    def other(command, **options):
        return run([sys.executable, "-c", program], **options)

    monkeypatch.setattr("edgehar.runtimes.arena.subprocess.run", other)


@pytest.mark.parametrize(
    ("program", "how"),
    [
        (f"import os; os.kill(os.getpid(), {int(signal.SIGSEGV)})", "TFLite-Micro ended with signal 11"),
        ("raise SystemExit(3)", "TFLite-Micro ended with status 3"),
        ("import time; time.sleep(9)", "TFLite-Micro did not end within 0.5 s"),
    ],
)
def test_a_crash_of_the_search_becomes_a_note(monkeypatch, program, how):
    if "sleep" in program:
        monkeypatch.setattr("edgehar.runtimes.arena._SECONDS", 0.5)
    answer_with(monkeypatch, program)
    with pytest.raises(ArenaUnknown, match=how):
        arena_bytes(b"")
    made = {"model_int8.tflite": b""}
    assert _arena(made, Options(int8=True), lambda step: None) == (None, (f"arena not measured: {how}",))


def test_a_network_with_which_it_does_crash():
    """TFLite-Micro of the pinned version ends with a segmentation fault here; a later one may answer."""
    try:
        assert arena_bytes(random_network(5)) % 16 == 0
    except ArenaUnknown as error:
        assert str(error) == "arena not measured: TFLite-Micro ended with signal 11"
