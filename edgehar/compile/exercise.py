"""Running a plan's column counts until they repeat: what a decision costs, what each push does, what buffers hold."""

from __future__ import annotations

from dataclasses import dataclass

from edgehar.compile.schedule import Schedule
from edgehar.compile.work import UNLIMITED

#: Work that a sample may do at most under the schedule `spread`, in means of all samples; the planner tries each, and
#: takes the one whose largest push is the smallest.
BUDGETS = (*(0.9 + step / 20 for step in range(15)), 1.8, 2.0, 2.5)


@dataclass(frozen=True)
class Work:
    """What the steady state does.

    Attributes:
        fired: outputs of each layer for a decision.
        late: those after the last sample.
        worst: what the largest push between two decisions takes, the decision's own included; see `work.PathWork`.
        whole: what all of them together take.
    """

    fired: tuple[int, ...]
    late: tuple[int, ...]
    worst: int
    whole: int


def exercise(trial: Schedule, window: int, hop: int | None, schedule: str, split: int, budget: int = UNLIMITED) -> Work:
    """Run until the state after a decision repeats.

    The counts of the last period are averaged over its decisions only where they differ (the history's wrap
    may cut a block in two, which changes no count), so that any decision of the steady state stands for all.

    Args:
        budget: of `Schedule.feed`, for the schedule `spread`.
    """
    if not split:
        trial.decide()
        fired = tuple(trial.fired)
        return Work(fired, fired, trial.work, trial.work)
    assert hop is not None
    seen: set[tuple[object, ...]] = set()
    due, pending, worst = window, 0, 0
    while True:
        before = tuple(trial.fired)
        last, begin, pushed = before, trial.work, trial.work
        largest = 0
        for left in reversed(range(due)):
            pending += 1
            run = schedule == "spread" or pending == hop
            if left == 0:
                last = tuple(trial.fired)
            trial.feed(run, budget)
            pending = 0 if run else pending
            if left == 0:
                trial.decide()
            largest = max(largest, trial.work - pushed)
            pushed = trial.work
        if due == hop:
            worst = max(worst, largest)
        pending, due = 0, hop
        if trial.state() in seen:
            now = tuple(trial.fired)
            return Work(_difference(now, before), _difference(now, last), worst, pushed - begin)
        seen.add(trial.state())


def _difference(now: tuple[int, ...], before: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(after - earlier for after, earlier in zip(now, before, strict=True))
