"""Draws decisions before and after a person was learned: docs/images/adapted.png.

    python benchmarks/adaptation_picture.py --networks runs/adaptation --out docs/images/adapted.png

Of the first fold of `benchmarks/adaptation.py --both` (HAPT, training people only), the recording that gained most, by
the network that does not know its person; a decision per second over whole windows, transitions and all, not smoothed.
"""

from __future__ import annotations

import argparse
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
from matplotlib.patches import Patch

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from adaptation import folds_of, network_of

from edgehar.convert.quantised import predict_file
from edgehar.data import Windows
from edgehar.personal.person import chosen_windows, learn
from edgehar.personal.profile import personal_model
from edgehar.personal.trial import try_profiles
from edgehar.report.figures import new_figure
from edgehar.report.timeline import COLOURS


def main(arguments: list[str]) -> None:
    """Find the recording, learn it, and draw."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--networks", type=Path, required=True, help="the folder of benchmarks/adaptation.py")
    parser.add_argument("--out", type=Path, required=True, help="PNG")
    asked = parser.parse_args(arguments)
    fold = folds_of(argparse.Namespace(test=False, align=False, both=True, folds=3, out=asked.networks), 1)[0]
    with network_of(fold) as (path, contract, windows):
        name = most_gained(windows, try_profiles(path, contract, windows))
        own = windows.select(windows.recording == name)
        used = chosen_windows(path, contract, own)
        profile = learn(path, contract, own, used)
        whole = next(recording for recording in fold.dataset.recordings if recording.name == name)
        starts = np.arange(0, len(whole) - contract.window + 1, 20)
        x = np.stack([whole.acc[at : at + contract.window] for at in starts])
        rows = {"truth": (np.arange(len(whole)) / 20, whole.label)}
        for word, given in (("before", None), ("after", profile)):
            with personal_model(path, given) as file:
                rows[word] = ((starts + contract.window) / 20, predict_file(file, x).argmax(1))
        truth = [contract.labels.index(c) if c in contract.labels else -1 for c in fold.dataset.classes]
        rows["truth"] = (rows["truth"][0], np.array([*truth, -1])[whole.label])
        draw(asked.out, rows, own.start[used] / 20, contract.labels, f"{name}, a person whom the network never saw")


def most_gained(windows: Windows, trial) -> str:
    """The recording with the most windows that are right only after learning."""
    scored = windows.select(trial.scored)
    gained = (trial.adapted.argmax(1) == scored.y).astype(int) - (trial.plain.argmax(1) == scored.y)
    names = sorted(set(scored.recording.tolist()))
    return max(names, key=lambda name: gained[scored.recording == name].sum())


def draw(target: Path, rows: dict, learned: np.ndarray, labels: tuple[str, ...], title: str) -> None:
    """Three bands over time, and where it was learned."""
    figure = new_figure(10, 2.6)
    axes = figure.subplots()
    for place, (t, codes) in enumerate(reversed(rows.values())):
        edges = [0, *(np.flatnonzero(np.diff(codes)) + 1).tolist(), len(codes)]
        step = t[1] - t[0]
        for begin, end in pairwise(edges):
            if codes[begin] >= 0:
                span = (t[begin] - step, (end - begin) * step)
                axes.broken_barh([span], (place - 0.38, 0.76), facecolors=COLOURS[codes[begin]])
    for start in learned:
        axes.broken_barh([(start, 4)], (len(rows) - 0.5, 0.12), facecolors="black")
    axes.set_yticks(range(len(rows)), list(reversed(rows)))
    axes.set_xlim(0, max(t[-1] for t, _ in rows.values()))
    axes.set_ylim(-0.5, len(rows) - 0.3)
    axes.set_xlabel("time, s; black: the 4 s of each activity that were learned from; white: transitions")
    axes.set_title(title, fontsize=10)
    axes.spines[["top", "right"]].set_visible(False)
    handles = [Patch(color=COLOURS[code], label=label) for code, label in enumerate(labels)]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(labels), fontsize=8, frameon=False)
    figure.savefig(target, metadata={"Software": None})


if __name__ == "__main__":
    main(sys.argv[1:])
