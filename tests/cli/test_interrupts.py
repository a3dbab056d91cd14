"""An interruption stays one, also where native code drops the exception and fails otherwise."""

import signal
import threading

import click
import pytest

from edgehar import cli
from edgehar.cli.interrupts import Interrupts


def fails_instead(*_, **__):
    """What TensorFlow's tracing does: a C function swallows KeyboardInterrupt, and something else fails."""
    with pytest.raises(KeyboardInterrupt):
        signal.raise_signal(signal.SIGINT)
    raise AttributeError("'dict' object has no attribute '_type_spec'")


def test_a_dropped_interruption_is_still_one(monkeypatch, capsys):
    monkeypatch.setattr(cli, "cli", click.Command("edgehar", callback=fails_instead))
    assert cli.main([]) == 130
    assert capsys.readouterr().err == "interrupted\n"


def test_a_defect_without_interruption_is_not_hidden(monkeypatch):
    def broken():
        raise AttributeError("a defect")

    monkeypatch.setattr(cli, "cli", click.Command("edgehar", callback=broken))
    with pytest.raises(AttributeError, match="a defect"):
        cli.main([])


def test_the_handler_is_taken_back_and_others_are_left_alone():
    before = signal.getsignal(signal.SIGINT)
    with Interrupts():
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Interrupts():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)
    thread = threading.Thread(target=lambda: Interrupts().__enter__())
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGINT) is before
