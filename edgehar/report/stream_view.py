"""Showing a stream: JSON lines, plain lines, a live line on a terminal, and the summary."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from typing import Protocol, TextIO

from edgehar.report.tables import NOTHING, percent, terminal_table
from edgehar.streaming.score import StreamScore
from edgehar.streaming.session import Summary, label_name
from edgehar.streaming.smoothing import SCORE_ONE, UNIT
from edgehar.streaming.streamer import Decision, Flush

#: Cells of the live bar.
BAR = 20

#: Columns where the output is no terminal.
FILE_WIDTH = 120


class View(Protocol):
    """Shows events as they come and a summary at the end."""

    def events(self, events: Iterable[Decision | Flush]) -> None:
        """Show what a block of samples brought about, now."""
        ...

    def summary(self, summary: Summary) -> None:
        """Show the totals."""
        ...

    def begin(self, recording: str, subject: str) -> None:
        """One of several recordings begins."""
        ...

    def totals(self, rows: Sequence[tuple[str, str, Summary]], summary: Summary) -> None:
        """Show the totals of several recordings: (name, person, summary) each, and of all."""
        ...


class JsonView:
    """One JSON object a line: decisions, flushes, and a last one with the summary."""

    def __init__(self, labels: tuple[str, ...], out: TextIO) -> None:
        self._labels, self._out = labels, out

    def events(self, events: Iterable[Decision | Flush]) -> None:
        """Write each event with times in seconds, probabilities and scores in 0 … 1."""
        for event in events:
            self._write(self._row(event))
        self._out.flush()

    def summary(self, summary: Summary) -> None:
        """Write {"event": "summary", …}."""
        self._write({"event": "summary", **summary_dict(summary, self._labels)})
        self._out.flush()

    def begin(self, recording: str, subject: str) -> None:
        """Write {"event": "recording", …}."""
        self._write({"event": "recording", "recording": recording, "subject": subject})

    def totals(self, rows: Sequence[tuple[str, str, Summary]], summary: Summary) -> None:
        """Write {"event": "total", …}; each recording had its summary."""
        self._write({"event": "total", "recordings": len(rows), **summary_dict(summary, self._labels)})
        self._out.flush()

    def _row(self, event: Decision | Flush) -> dict[str, object]:
        t = event.t_us / 1e6
        if isinstance(event, Flush):
            return {"event": "flush", "t": t, "reason": event.reason}
        return {
            "t": t,
            "label": label_name(event.label, self._labels),
            **({"reason": event.reason} if event.reason == "placement" else {}),
            "raw": self._labels[event.raw],
            "probabilities": [p / UNIT for p in event.p],
            "scores": [s / SCORE_ONE for s in event.scores],
        }

    def _write(self, row: dict[str, object]) -> None:
        self._out.write(json.dumps(row, allow_nan=False) + "\n")


class TextView:
    """One line per decision; on a terminal only changes stay, and a live line shows the present state."""

    def __init__(self, labels: tuple[str, ...], out: TextIO) -> None:
        self._labels, self._out = labels, out
        self._width = max(len("unsure"), *map(len, labels))
        self._live = out.isatty()
        self._shown: str | None = None
        self._last: Decision | Flush | None = None

    def events(self, events: Iterable[Decision | Flush]) -> None:
        """Print decisions and flushes; of a run of samples that are not finite, or of a rate that is off, the first."""
        for event in events:
            if isinstance(event, Flush):
                repeated = isinstance(self._last, Flush) and self._last.reason == event.reason
                if not (event.reason in ("nan", "rate") and repeated):
                    self._print(f"{event.t_us / 1e6:10.2f} s  -- window forgotten: {event.reason}")
                self._shown = None
            elif self._live:
                if (name := self._name(event)) != self._shown:
                    self._print(self._line(event))
                self._shown = name
                self._draw(event)
            else:
                self._print(self._line(event))
            self._last = event
        self._out.flush()

    def summary(self, summary: Summary) -> None:
        """Print the totals as tables."""
        if self._live:
            self._out.write("\r\x1b[K")
        print_summary(summary, self._labels, self._out)
        self._out.flush()

    def begin(self, recording: str, subject: str) -> None:
        """Nothing: of several recordings the totals are shown, each in its row."""

    def totals(self, rows: Sequence[tuple[str, str, Summary]], summary: Summary) -> None:
        """Print a row for each recording (its name, its person, its summary), then all of them as one."""
        from rich.console import Console

        console = Console(file=self._out, highlight=False, width=None if self._live else FILE_WIDTH)
        table = []
        for name, subject, one in rows:
            found, delay = one.score, None if one.score is None else median_delay(one.score)
            table.append(
                [
                    name,
                    subject,
                    str(one.decisions),
                    NOTHING if found is None else f"{found.seconds:.1f}",
                    NOTHING if found is None else percent(found.accuracy),
                    NOTHING if delay is None else f"{delay:.2f}",
                ]
            )
        columns = ["recording", "person", "decisions", "labelled s", "accuracy %", "median delay, s"]
        console.print(terminal_table("Recording by recording", columns, table))
        print_summary(summary, self._labels, self._out, changes=False)
        self._out.flush()

    def _name(self, event: Decision) -> str:
        name = label_name(event.label, self._labels) + (" (placement)" if event.reason == "placement" else "")
        return f"{name:<{self._width}}"

    def _line(self, event: Decision) -> str:
        return f"{event.t_us / 1e6:10.2f} s  {self._name(event)}  {event.score:4.2f}  raw {self._labels[event.raw]}"

    def _print(self, line: str) -> None:
        self._out.write(f"\r\x1b[K{line}\n" if self._live else line + "\n")

    def _draw(self, event: Decision) -> None:
        value = event.score
        bar = "█" * round(value * BAR) + "·" * (BAR - round(value * BAR))
        line = f"▶ {event.t_us / 1e6:8.2f} s  {self._name(event)}  {bar} {value:4.2f}  raw {self._labels[event.raw]}"
        # A line that wraps could not be redrawn in place.
        self._out.write("\r\x1b[K" + line[: shutil.get_terminal_size().columns - 1])


def summary_dict(summary: Summary, labels: Sequence[str]) -> dict[str, object]:
    """A summary as JSON-ready values; times in seconds."""
    row: dict[str, object] = {
        "samples": summary.samples,
        "decisions": summary.decisions,
        "label_s": {name: round(value, 6) for name, value in summary.label_s.items()},
        "flushes": summary.flushes,
        "duplicates": summary.duplicates,
        "bad_lines": summary.bad_lines,
        **({} if summary.out_of_place is None else {"out_of_place": summary.out_of_place}),
    }
    found = summary.score
    if found is not None:
        row |= {
            "accuracy": found.accuracy,
            "labelled_s": round(found.seconds, 6),
            "undecided_s": round(found.undecided_s, 6),
            "confusion_s": [[round(float(value), 6) for value in values] for values in found.confusion_s],
            "labels": [*labels, "unsure"],
            "transitions": [
                {"t": change.t_s, "from": labels[change.before], "to": labels[change.after], "delay_s": change.delay_s}
                for change in found.transitions
            ],
            "median_delay_s": median_delay(found),
        }
    return row


def median_delay(found: StreamScore) -> float | None:
    """Median delay of the transitions that were found, seconds; None where there are none."""
    delays = sorted(change.delay_s for change in found.transitions if change.delay_s is not None)
    if not delays:
        return None
    middle = len(delays) // 2
    return delays[middle] if len(delays) % 2 else (delays[middle - 1] + delays[middle]) / 2


def print_summary(summary: Summary, labels: Sequence[str], out: TextIO, *, changes: bool = True) -> None:
    """Print totals, and where the truth is known accuracy, confusion and delays, as tables; `changes`: each of them."""
    from rich.console import Console

    console = Console(file=out, highlight=False, width=None if out.isatty() else FILE_WIDTH)
    flushes = ", ".join(f"{count} × {reason}" for reason, count in summary.flushes.items()) or "none"
    console.print(
        f"\n{summary.samples} samples, {summary.decisions} decisions; windows forgotten: {flushes}; "
        f"duplicates ignored: {summary.duplicates}" + (f"; bad lines: {summary.bad_lines}" if summary.bad_lines else "")
    )
    if not summary.decisions:
        console.print("there was no decision: a window was never full")
    if summary.out_of_place:
        console.print(
            f"worn as this model was never trained in {summary.out_of_place} of {summary.decisions} decisions, which "
            "are unsure: edgehar models lists weights for other placements; --no-placement decides all the same",
            soft_wrap=True,
        )
    found = summary.score
    if found is None:
        if summary.decisions:
            rows = [[name, f"{seconds:.1f}"] for name, seconds in summary.label_s.items()]
            console.print(terminal_table("Time in each label", ["label", "seconds"], rows))
        return
    if found.accuracy is None:
        console.print("no labelled second has a decision, so there is no accuracy")
        return
    console.print(
        f"accuracy per second {percent(found.accuracy)} % of {found.seconds:.1f} labelled s "
        f"(and {found.undecided_s:.1f} s without a decision yet)"
    )
    rows = [
        [name, *[f"{value:.1f}" if value else "" for value in row]]
        for name, row in zip(labels, found.confusion_s, strict=True)
        if row.sum()
    ]
    console.print(terminal_table("Seconds: truth (rows) by decision (columns)", ["truth", *labels, "unsure"], rows))
    if not found.transitions:
        return
    rows = [
        [
            f"{change.t_s:.2f}",
            labels[change.before],
            labels[change.after],
            "missed" if change.delay_s is None else f"{change.delay_s:.2f}",
        ]
        for change in found.transitions
    ]
    if changes:
        console.print(terminal_table("From each change to the right label", ["at, s", "from", "to", "delay, s"], rows))
    middle = median_delay(found)
    missed = sum(change.delay_s is None for change in found.transitions)
    console.print(
        f"median delay {NOTHING if middle is None else f'{middle:.2f} s'}, "
        f"{missed} of {len(found.transitions)} changes missed"
    )
