"""A stream as a picture: signal, truth, decisions and their score over time."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from edgehar.errors import DataError
from edgehar.files import atomic_path
from edgehar.report.figures import new_figure
from edgehar.streaming.session import History
from edgehar.streaming.smoothing import SCORE_ONE, UNSURE
from edgehar.streaming.streamer import Decision, Flush

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito's palette, which people with any colour vision can tell apart; unsure is grey.
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#000000")
UNSURE_COLOUR = "#bdbdbd"


def plot_timeline(target: str | os.PathLike[str], history: History, labels: tuple[str, ...], title: str) -> None:
    """Write a PNG with the acceleration, the true and the decided label, and the decision's score.

    Args:
        target: file to write, atomically.
        history: what a session kept.
        labels: the contract's.
        title: what was streamed.
    Raises:
        MissingExtra: Matplotlib is not installed.
        DataError: there is nothing to draw.
        EdgeharError: the file cannot be written.
    """
    if not len(history.t_us):
        raise DataError("expected samples to draw, got none")
    origin = int(history.t_us[0])
    t = (history.t_us - origin) / 1e6
    known = bool((history.truth >= 0).any())
    figure = new_figure(min(24.0, max(9.0, (t.max() - t.min()) / 30)), 5.6)
    from matplotlib.patches import Patch  # behind new_figure, which says what to install

    ratios = [5, 2.1 if known else 1.2, 2.2]
    signal, bands, line = figure.subplots(3, 1, sharex=True, gridspec_kw={"height_ratios": ratios})
    figure.suptitle(title, fontsize=11)

    # Where the stream was interrupted the line is, too.
    steps = np.diff(t)
    broken = (steps <= 0) | (steps > 4 * np.median(np.abs(steps))) if len(steps) else np.zeros(0, bool)
    jumps = np.flatnonzero(broken) + 1
    decided = history.label
    shown_t, shown_x = np.insert(t, jumps, np.nan), np.insert(history.x, jumps, np.nan, axis=0)
    for axis, colour in enumerate(("#444444", "#1f77b4", "#d62728")):
        signal.plot(shown_t, shown_x[:, axis], linewidth=0.6, color=colour, label="xyz"[axis])
    signal.set_ylabel("acceleration, m/s²")
    signal.legend(loc="lower right", bbox_to_anchor=(1, 0.98), ncols=3, fontsize=8, frameon=False)

    rows = [("truth", history.truth, 1.0), ("decision", decided, 0.0)] if known else [("decision", decided, 0.0)]
    for _, codes, bottom in rows:
        _band(bands, t, codes, jumps, bottom)
    bands.set_yticks([bottom for _, _, bottom in rows], [name for name, _, _ in rows])
    bands.set_ylim(-0.5, rows[0][2] + 0.5)
    bands.tick_params(axis="y", length=0)

    _scores(line, history.events, origin)
    line.set_ylim(0, 1.05)
    line.set_ylabel("best score")
    line.set_xlabel("time, s")
    for before, event in pairwise([None, *history.events]):
        # Of a run of samples that are not finite, the first.
        if isinstance(event, Flush) and not (isinstance(before, Flush) and before.reason == event.reason == "nan"):
            for axes in (signal, bands, line):
                axes.axvline((event.t_us - origin) / 1e6, color="#d62728", linestyle=":", linewidth=1)

    present = sorted({*history.truth.tolist(), *decided.tolist()} & set(range(len(labels))))
    handles = [Patch(color=_colour(code), label=labels[code]) for code in present]
    if (decided == UNSURE).any():
        handles.append(Patch(color=UNSURE_COLOUR, label="unsure"))
    if handles:
        figure.legend(
            handles=handles, loc="outside lower center", ncols=min(8, len(handles)), fontsize=9, frameon=False
        )
    for axes in (signal, line):
        axes.grid(alpha=0.25)
    for axes in (signal, bands, line):
        axes.spines[["top", "right"]].set_visible(False)
    signal.set_xlim(float(t.min()), float(t.max()))
    with atomic_path(target) as temporary:
        figure.savefig(temporary, format="png")


def _band(axes: Axes, t: NDArray[np.float64], codes: NDArray[np.int64], jumps: NDArray[np.intp], bottom: float) -> None:
    """Draw runs of equal codes as coloured bars that end at interruptions; what is not known stays white."""
    changes = np.flatnonzero(np.diff(codes)) + 1
    edges = sorted({0, *changes.tolist(), *jumps.tolist(), len(codes)})
    ends = {*jumps.tolist(), len(codes)}
    runs: dict[str, list[tuple[float, float]]] = {}
    for start, stop in pairwise(edges):
        code = int(codes[start])
        if code >= 0 or (bottom == 0.0 and code == UNSURE):
            end = t[stop - 1] if stop in ends else t[stop]
            runs.setdefault(_colour(code), []).append((float(t[start]), float(end - t[start])))
    for colour, spans in runs.items():
        axes.broken_barh(spans, (bottom - 0.36, 0.72), facecolors=colour)


def _scores(axes: Axes, events: Sequence[Decision | Flush], origin: int) -> None:
    """Draw the best score of each decision, in the colour of its label; the line is interrupted by flushes."""
    at = np.array([event.t_us - origin for event in events], np.float64) / 1e6
    best = np.array([max(event.scores) / SCORE_ONE if isinstance(event, Decision) else np.nan for event in events])
    axes.plot(at, best, linewidth=0.8, color="#444444")
    colours = [_colour(event.label) if isinstance(event, Decision) else UNSURE_COLOUR for event in events]
    axes.scatter(at, best, s=7, c=colours or None, zorder=3)


def _colour(code: int) -> str:
    return COLOURS[code % len(COLOURS)] if code >= 0 else UNSURE_COLOUR
