"""Errors that a person is meant to read.

Every message is one line that says what was expected, what was got, and what to do next. The command
line prints it on standard error and exits with the class's status; a traceback is a defect.
"""

from __future__ import annotations


class EdgeharError(Exception):
    """Usage or input is wrong: exit status 2."""

    exit_status = 2


class CheckFailed(EdgeharError):
    """A check ran and its answer is no (quality gate, benchmark threshold): exit status 1."""

    exit_status = 1


class DataError(EdgeharError):
    """A recording, table or data set cannot be used as it is."""


class ContractError(EdgeharError):
    """A model, a bundle or a recording does not fit the contract."""


class BundleError(EdgeharError):
    """A bundle is incomplete, damaged or not one of ours."""


class MissingExtra(EdgeharError):
    """An optional dependency is needed and absent."""

    def __init__(self, package: str, extra: str) -> None:
        super().__init__(f"this needs {package}, which is not installed; run: pip install 'edgehar[{extra}]'")
        self.package = package
        self.extra = extra
