"""Calls that run side by side: in this process, in several through joblib, or on a Dask cluster.

Results come as they finish. A worker that dies on a cluster costs its unfinished calls, which Dask gives to
another; a local worker that dies ends the run, and what had finished was handed over before.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
import warnings
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, TypeVar

from edgehar.errors import EdgeharError, MissingExtra

if TYPE_CHECKING:
    from types import ModuleType

    import distributed

#: What the function returns.
Result = TypeVar("Result")

#: Seconds to wait for a cluster's scheduler, and then for its first worker.
PATIENCE_S = 20

#: Seeds and file descriptor 2 belong to the process: a cluster's worker with several threads takes turns.
_ONE_AT_A_TIME = threading.Lock()


def each(
    function: Callable[..., Result], calls: Iterable[tuple[object, ...]], *, jobs: int = 1, dask: str | None = None
) -> Iterator[Result]:
    """Yield `function(*call)` for each call, in the order in which they finish.

    With one job, calls are drawn one by one, each after the result before it was taken.

    Args:
        function: importable by name in another process; its arguments travel there.
        jobs: processes on this machine.
        dask: address of a Dask scheduler, whose workers then take the place of the processes.
    Raises:
        EdgeharError: the function raised one, a process died, or the cluster cannot be had.
        MissingExtra: joblib or distributed is not installed.
    """
    if jobs == 1 and dask is None:
        yield from (function(*call) for call in calls)
        return
    joblib = _import("joblib")
    threads = max(1, (os.cpu_count() or 1) // jobs) if dask is None else 0
    with ExitStack() as stack:
        if dask is None:
            stack.enter_context(joblib.parallel_config("loky", n_jobs=jobs, initializer=_leave_interrupts))
        else:
            client = stack.enter_context(_connect(dask))
            stack.enter_context(
                joblib.parallel_config("dask", client=client, wait_for_workers_timeout=PATIENCE_S, n_jobs=-1)
            )
        # One call at a time, so that a result is known as soon as it is there.
        parallel = joblib.Parallel(return_as="generator_unordered", batch_size=1, pre_dispatch="n_jobs")
        tasks = (joblib.delayed(_guarded)(function, call, threads) for call in calls)
        try:
            for result, error in stack.enter_context(_ending(parallel(tasks))):
                if error is not None:
                    raise EdgeharError(error)
                yield result
        except Exception as error:
            if type(error).__name__ not in (
                "TerminatedWorkerError",
                "BrokenProcessPool",
                "KilledWorker",
                "TimeoutError",
            ):
                raise
            place = f"the cluster at {dask}" if dask else "this machine"
            raise EdgeharError(
                f"a worker on {place} died or never came ({type(error).__name__}), often for want of memory; what has "
                "finished is kept: run the same command again, with fewer jobs"
            ) from error


def _guarded(
    function: Callable[..., Result], call: tuple[object, ...], threads: int
) -> tuple[Result | None, str | None]:
    """In the worker: the result, or a message that is safe to send where the exception may not be."""
    if threads and "tensorflow" not in sys.modules:
        # Only operations side by side: threads inside of one are fixed, see `loop.make_deterministic`.
        os.environ["TF_NUM_INTEROP_THREADS"] = str(threads)
    try:
        with _ONE_AT_A_TIME:
            return function(*call), None
    except EdgeharError as error:
        return None, str(error)


@contextmanager
def _ending(results: Generator[Result, None, None]) -> Iterator[Generator[Result, None, None]]:
    """Close joblib's results at the end; calls that are under way after another one failed are cancelled knowingly."""
    try:
        yield results
    finally:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", r"\d+ tasks which were still being processed", UserWarning)
            warnings.filterwarnings("ignore", r"\d+ tasks have been successfully executed", UserWarning)
            results.close()


def _leave_interrupts() -> None:
    """Ctrl-C reaches every process of the terminal; only the first one may answer it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _connect(address: str) -> distributed.Client:
    distributed = _import("distributed")
    for name in ("distributed", "distributed.client", "distributed.core", "distributed.comm"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    try:
        return distributed.Client(address, timeout=PATIENCE_S)
    except (OSError, ValueError) as error:
        raise EdgeharError(
            f"expected a Dask scheduler at {address!r}, got no answer ({error or 'time is up'})"
        ) from error


def _import(name: str) -> ModuleType:
    from importlib import import_module

    try:
        return import_module(name)
    except ImportError as error:
        raise MissingExtra(name, "search") from error
