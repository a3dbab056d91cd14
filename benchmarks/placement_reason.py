"""How often a waist model says "laying" of a device worn elsewhere, and how often it refuses one worn in place.

    python benchmarks/placement_reason.py --out docs/placement_reason.md           # micro and nano
    python benchmarks/placement_reason.py --models cnn micro nano mini

Run it in the checkout, with the recordings of `benchmarks/pockets.toml` in ../shared/data. Decisions are those of
`edgehar stream` at its defaults. *As recorded*: every recording is a stream of its own; most hold one activity, so that
who sits has not walked. *After walking*: a person's recordings follow one another, those of walking first, and what
comes before 14 s of walking is not counted.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import edgehar
from edgehar import data, files
from edgehar.contract import Contract
from edgehar.convert.worn import fit_placement
from edgehar.data import Dataset, cut_windows, resample
from edgehar.data.resampling import split_at_gaps
from edgehar.placement import Wearing
from edgehar.report.tables import markdown_table
from edgehar.runtimes.quantise import quantise
from edgehar.streaming import Decision, Streamer
from edgehar.streaming.model import open_stream_model

SHARED = Path("../shared/data")
#: Where a waist model is worn as it was never trained.
ELSEWHERE = {
    "MotionSense, trouser pocket": f"motionsense:{SHARED}/motionsense_50hz_16_subjects.npz",
    "selfBACK, thigh": f"selfback-thigh:{SHARED}/selfback_thigh_50hz.npz",
    "DiFronzo, trouser pocket": f"difronzo:{SHARED}/pocket_difronzo_50hz.npz",
    "WISDM 2019, trouser pocket": f"wisdm:{SHARED}/wisdm2019_phone_accel",
    "selfBACK, wrist": f"selfback-wrist:{SHARED}/selfback_wrist_50hz.npz",
}
STEP = 40
#: Samples of walking before which nothing is counted after walking: a window and the blocks that it is told by.
SETTLED = 280


class Stream(NamedTuple):
    """A recording at the contract's rate: float32 (N, 3) in m/s², and its labels by name, (N,)."""

    person: str
    acc: NDArray[np.float32]
    label: NDArray[np.str_]


class Rates(NamedTuple):
    """Shares of the decisions of a set."""

    decisions: int
    sure: float
    laying: float
    sure_now: float
    laying_now: float
    refused: float


def streams(dataset: Dataset, contract: Contract) -> list[Stream]:
    """Every uninterrupted part as long as a window."""
    names = np.array([*dataset.classes, ""])
    parts = [resample(part, contract.rate_hz) for one in dataset.recordings for part in split_at_gaps(one)]
    return [Stream(part.subject, part.acc, names[part.label]) for part in parts if len(part) >= contract.window]


def chained(found: list[Stream]) -> list[Stream]:
    """Of each person all recordings, those with most walking first."""
    people: dict[str, list[Stream]] = {}
    for one in found:
        people.setdefault(one.person, []).append(one)
    joined = []
    for person, own in people.items():
        own.sort(key=lambda one: -(one.label == "walking").mean())
        joined.append(Stream(person, np.concatenate([o.acc for o in own]), np.concatenate([o.label for o in own])))
    return joined


def measure(bundle: Path, found: Iterable[Stream], walked: int = 0) -> Rates:
    """What the bundle's model says with and without the placement, of each stream from so much walking on."""
    runtime = open_stream_model(bundle)
    labels, counts, decisions = runtime.contract.labels, np.zeros(5), 0
    laying = labels.index("laying")
    plain, placed = (Streamer(runtime, placement=placement) for placement in (False, True))
    for one in found:
        before = np.searchsorted(np.cumsum(one.label == "walking"), walked)
        for at, streamer in enumerate((plain, placed)):
            streamer.reset()
            events = [event for event in streamer.push(one.acc) if isinstance(event, Decision)]
            events = [event for event in events if event.t_us >= before * 50_000]
            counts[2 * at] += sum(event.label >= 0 for event in events)
            counts[2 * at + 1] += sum(event.label == laying for event in events)
            counts[4] += sum(event.reason == "placement" for event in events)
        decisions += len(events)
    return Rates(decisions, *(counts / decisions).tolist())


def left_out(bundle: Path, dataset: Dataset, people: list[str]) -> tuple[int, float]:
    """Blocks of training people, each by limits from the others (7 folds), and the share that is out of place."""
    contract = open_stream_model(bundle).contract
    assert contract.input_quantisation is not None
    windows, found = cut_windows(dataset, contract), streams(dataset, contract)
    strange, blocks = 0, 0
    for fold in range(7):
        held = set(people[fold::7])
        limits = fit_placement(windows.of_subjects([name for name in people if name not in held]), contract)
        assert limits is not None
        for one in found:
            if one.person in held:
                wearing = Wearing(limits)
                for place in range(0, len(one.acc) - limits.block + 1, limits.block):
                    wearing.push(quantise(one.acc[place : place + limits.block], contract.input_quantisation))
                    strange, blocks = strange + wearing.strange, blocks + 1
    return blocks, strange / blocks


def main(arguments: list[str]) -> None:
    """Export, measure, print or write the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="+", default=["micro", "nano"])
    parser.add_argument("--out", type=Path, help="write a page instead of printing it")
    asked = parser.parse_args(arguments)
    hapt = data.load("hapt")
    tables = []
    with files.temporary_folder() as folder:
        for model in asked.models:
            bundle = folder / model
            edgehar.export(model, bundle)
            tables.append(f"## `{model}`\n\n{table(bundle, hapt)}")
    page = f"# Worn as never trained\n\nBy `python benchmarks/placement_reason.py`. {LEGEND}\n\n" + "\n".join(tables)
    if asked.out is None:
        print(page)
    else:
        files.write_text(asked.out, page)


LEGEND = (
    "Int8, decisions of `edgehar stream` at its defaults, of a model that was trained at the waist (HAPT). *laying* "
    "and *any label*: what is said with confidence, without and with the reason `placement`."
)


def table(bundle: Path, hapt: Dataset) -> str:
    """One model's table, and what it refuses in place."""
    contract = open_stream_model(bundle).contract
    rows = []
    for name, source in ELSEWHERE.items():
        found = streams(data.load(source), contract)
        for how, chosen, walked in (("as recorded", found, 0), ("after walking", chained(found), SETTLED)):
            rows.append(row(name, how, measure(bundle, chosen, walked)))
    test = [one for one in streams(hapt, contract) if one.person in hapt.published_test]
    rows.append(row("HAPT test people, in place", "as recorded", measure(bundle, test)))
    training = [person for person in hapt.subjects if person not in hapt.published_test]
    blocks, share = left_out(bundle, hapt, training)
    header = ["worn", "streams", "decisions", "laying %", "now", "any label %", "now", "unsure: placement %"]
    note = (
        f"Training people left out in 7 folds, limits from the others: {100 * share:.2f} % of {blocks} blocks of 2 s "
        "are out of place.\n"
    )
    return f"{markdown_table(header, rows)}\n{note}"


def row(name: str, how: str, rates: Rates) -> list[str]:
    """A line of the table."""
    shares = (rates.laying, rates.laying_now, rates.sure, rates.sure_now, rates.refused)
    return [name, how, f"{rates.decisions:,}", *(f"{100 * share:.1f}" for share in shares)]


if __name__ == "__main__":
    main(sys.argv[1:])
