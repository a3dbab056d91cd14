"""What `doctor` found, as a table."""

from __future__ import annotations

from edgehar.api.doctor import DoctorResult
from edgehar.report.tables import results_console


def print_doctor(found: DoctorResult) -> None:
    """Print a line for each command or feature, what it misses, and how to get it."""
    console = results_console()
    console.print(f"edgehar {found.version}, Python {found.python}, {found.system}", markup=False)
    for need in found.needs:
        missing = ", ".join(need.missing)
        state = f"missing {missing}: {need.install}" if missing else ", ".join(f"{k} {v}" for k, v in need.has.items())
        console.print(f"{'–' if missing else '+'} {need.what}: {state}", markup=False, soft_wrap=True)
    console.print(f"{found.ready} of {len(found.needs)} are ready.", style="bold")
