"""Calls side by side: order of finishing, errors that stay one line, a process that dies."""

from __future__ import annotations

import os
import sys
import time

import pytest

from edgehar.errors import EdgeharError, MissingExtra
from edgehar.training import parallel
from edgehar.training.parallel import each


def wait(seconds):
    time.sleep(seconds)
    return seconds, os.getpid()


def lack(package):
    raise MissingExtra(package, "train")  # an exception that another process could not unpickle


def test_results_come_as_they_finish():
    results = list(each(wait, [(1.5,), (0.1,), (0.2,)], jobs=2))
    assert [seconds for seconds, _ in results] == [0.1, 0.2, 1.5]
    assert os.getpid() not in {process for _, process in results}


def test_one_job_draws_each_call_after_the_result_before_it():
    drawn = []

    def calls():
        for number in range(3):
            drawn.append(number)
            yield (number,)

    for number, result in enumerate(each(abs, calls())):
        assert result == number and drawn == list(range(number + 1))


def test_an_error_keeps_its_words():
    with pytest.raises(EdgeharError, match="this needs tensorflow, which is not installed"):
        list(each(lack, [("tensorflow",)] * 2, jobs=2))


def lack_or_wait(package, seconds):
    time.sleep(seconds)
    return wait(0) if seconds else lack(package)


def test_a_call_that_is_under_way_when_another_fails_is_cancelled_without_a_word():
    """A warning is an error in this run."""
    with pytest.raises(EdgeharError, match="this needs tensorflow"):
        list(each(lack_or_wait, [("tensorflow", 0), ("tensorflow", 5)], jobs=2))


def test_a_process_that_dies_ends_in_one_line():
    got = []
    with pytest.raises(EdgeharError, match="a worker on this machine died") as caught:
        for result in each(dies_at_three, [(number,) for number in range(1, 5)], jobs=2):
            got.append(result)
    assert 1 in got and "\n" not in str(caught.value)


def dies_at_three(number):
    if number >= 3:
        time.sleep(1)
        os._exit(9)
    return number


def test_no_scheduler(monkeypatch):
    monkeypatch.setattr(parallel, "PATIENCE_S", 1)
    with pytest.raises(EdgeharError, match=r"expected a Dask scheduler at 'tcp://127.0.0.1:9'"):
        list(each(abs, [(1,)], dask="tcp://127.0.0.1:9"))


@pytest.mark.parametrize(("package", "how"), [("joblib", {"jobs": 2}), ("distributed", {"dask": "tcp://127.0.0.1:9"})])
def test_absent_extra(package, how, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(MissingExtra, match=r"edgehar\[search\]"):
        list(each(abs, [(1,)], **how))
