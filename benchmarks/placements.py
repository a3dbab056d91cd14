"""What the weights for pocket and wrist are worth on people they have not seen, and the weights themselves.

    python benchmarks/placements.py figures --out runs/placements      # all protocols, seeds 1 and 2; resumable
    python benchmarks/placements.py files                              # the shipped files, on people who trained them
    python benchmarks/placements.py weights --out runs micro-pocket nano-wrist     # into edgehar/models

Run it in the checkout, with the recordings of `benchmarks/pockets.toml` in ../shared/data. `figures` writes
docs/placements.csv and docs/placements.md, and the figures of the model cards. All of them are of the int8 networks.
"""

from __future__ import annotations

import argparse
import csv
import io
import shutil
import statistics
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import edgehar
from edgehar import data, files, models
from edgehar.api.recordings import open_dataset
from edgehar.convert.quantised import int8_model, predict_file
from edgehar.data import DataSource
from edgehar.evaluation import Evaluation, evaluate
from edgehar.report.tables import markdown_table
from edgehar.schema import read_json
from edgehar.training.crossval import CrossResult
from edgehar.training.run import MANIFEST
from edgehar.training.truth import Match

ROOT = Path(__file__).resolve().parents[1]
SEEDS = (1, 2)
POCKETS, WRIST = "benchmarks/pockets.toml", "selfback-wrist:../shared/data/selfback_wrist_50hz.npz"
STAIRS = {"stairs": ("upstairs", "downstairs")}
#: Share of the people whom the first training of shipped weights leaves out, and what they are measured to be.
LEFT_OUT, LEFT_OUT_ROWS = 0.2, ROOT / "docs" / "placements_left_out.csv"

#: What differs from the recipe of the waist: no teachers, one training, larger batches and coarser shifts, since
#: there are ten times as many windows.
COMMON: dict[str, Any] = {"teachers": 0, "batch_size": 128, "shift": 10, "validation": 0.0, "refit": False}
OPTIONS: dict[str, dict[str, Any]] = {
    "pocket": {**COMMON, "front_end": "pocket", "noise": 0.2, "mix": 0.4, "label_smoothing": 0.05, "epochs": 25},
    "wrist": {**COMMON, "rotation": 0.2, "mix": 0.0, "label_smoothing": 0.05, "epochs": 40, "class_weights": 0.5},
}

#: What differs from that for one network: with a hundred times as many weights it is done sooner, as at the waist.
OWN: dict[tuple[str, str], dict[str, Any]] = {("cnn", "pocket"): {"epochs": 10}}


def options_of(arch: str, place: str) -> dict[str, Any]:
    """The recipe of a network for a placement, as options of `train` and `crossval`."""
    return {**OPTIONS[place], **OWN.get((arch, place), {})}


#: Protocol -> placement, recordings, folds, windows of each class that are learned, and what it is called.
PROTOCOLS: dict[str, tuple[str, str, int | str, int | None, str]] = {
    "loso": ("pocket", POCKETS, "source", None, "a set left out: phone, place and people unseen"),
    "pockets": ("pocket", POCKETS, 4, 1, "4 folds by person over the four sets"),
    "wrist": ("wrist", WRIST, 4, 1, "4 folds by person"),
}
COLUMNS = (
    "protocol", "arch", "seed", "set", "windows", "accuracy", "macro_f1", "merged_accuracy", "merged_macro_f1",
    "scored", "plain_macro_f1", "adapted_accuracy", "adapted_macro_f1",
)  # fmt: skip
FIGURES = tuple(name for name in COLUMNS if name.endswith(("accuracy", "macro_f1")))


def measure(protocol: str, arch: str, seed: int, out: Path) -> list[dict[str, Any]]:
    """One cross-validation, as rows of the table; what its folder holds already is not run again."""
    place, source, folds, adapt, _ = PROTOCOLS[protocol]
    match = STAIRS if place == "pocket" else None
    folder = out / f"{protocol}-{arch}-{seed}"
    options = {**options_of(arch, place), "out": folder, "seed": seed}
    result = edgehar.crossval(source, folds=folds, arch=arch, int8=True, adapt=adapt, match=match, **options)
    return [{"protocol": protocol, "arch": arch, "seed": seed, **row} for row in rows_of(result)]


def rows_of(result: CrossResult) -> list[dict[str, Any]]:
    """The int8 figures by set, or those of everybody where there is one set; empty where a figure has no meaning."""
    if result.sources_int8:
        return [
            {
                "set": name,
                "windows": told["windows"],
                **_cells("", told["own"]),
                **_cells("merged_", told["merged"]),
                **_adapted_cells(*result.sources_adapted.get(name, (None, None))),
            }
            for name, told in result.sources_int8.items()
        ]
    whole, adapted = result.pooled_int8, result.pooled_adapted
    assert whole is not None and adapted is not None
    before, after = ({"windows": one.windows, "own": _figures(one)} for one in adapted)
    return [
        {
            "set": "selfback",
            "windows": whole.windows,
            **_cells("", _figures(whole)),
            **_cells("merged_", None),
            **_adapted_cells(before, after),
        }
    ]


def _figures(one: Evaluation) -> dict[str, float]:
    return {"accuracy": one.accuracy, "macro_f1": one.macro_f1}


def _cells(mark: str, told: Mapping[str, float] | None) -> dict[str, Any]:
    return {f"{mark}{name}": "" if told is None else told[name] for name in ("accuracy", "macro_f1")}


def _adapted_cells(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> dict[str, Any]:
    """Of the windows that nothing was learned from: how many, without profiles, and with them."""
    own = None if after is None else after["own"]
    plain = None if before is None or own is None else before["own"]["macro_f1"]
    return {
        "scored": "" if own is None or after is None else after["windows"],
        "plain_macro_f1": "" if plain is None else plain,
        **_cells("adapted_", own),
    }


def means(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The mean over seeds of each protocol, network and set."""
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["protocol"], row["arch"], row["set"]), []).append(row)
    found = []
    for (protocol, arch, name), own in groups.items():
        mean = {key: _mean([row[key] for row in own]) for key in FIGURES}
        seeds = "/".join(str(row["seed"]) for row in own)
        found.append({"protocol": protocol, "arch": arch, "set": name, "seed": seeds, **mean})
    return found


def _mean(values: list[Any]) -> float | str:
    return "" if "" in values else statistics.fmean(float(value) for value in values)


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a table as `write` left it; empty where there is none."""
    if not path.exists():
        return []
    whole = {"seed", "windows", "scored"}
    return [
        {
            name: int(value) if value and name in whole else float(value) if value and name in FIGURES else value
            for name, value in row.items()
        }
        for row in csv.DictReader(path.read_text().splitlines())
    ]


def write(measured: list[dict[str, Any]]) -> None:
    """The CSV of every seed, the page of means, and the figures of the cards; rows of other networks stay."""
    path = ROOT / "docs" / "placements.csv"
    again = {(row["protocol"], row["arch"], row["seed"]) for row in measured}
    rows = [row for row in read_rows(path) if (row["protocol"], row["arch"], row["seed"]) not in again] + measured
    protocols = list(PROTOCOLS)
    rows.sort(key=lambda row: (protocols.index(row["protocol"]), row["arch"], row["seed"]))
    files.write_text(path, csv_text(rows))
    summed = means(rows)
    cells = [
        [
            f"`{row['arch']}-{PROTOCOLS[row['protocol']][0]}`", row["set"], PROTOCOLS[row["protocol"]][4], row["seed"],
            *(f"{row[key]:.3f}" if row[key] != "" else "–" for key in FIGURES),
        ]
        for row in summed
    ]  # fmt: skip
    header = ["recipe", "measured on", "protocol", "seeds", "accuracy", "macro-F1", "merged: accuracy", "macro-F1"]
    header += ["to adapt: macro-F1", "adapted: accuracy", "macro-F1"]
    page = (
        "# Pocket and wrist: figures on people not seen\n\n"
        "Written by `benchmarks/placements.py`, every seed in [placements.csv](placements.csv): int8 networks, means "
        "over seeds. *Merged* counts upstairs and downstairs as one. A macro-F1 is over the classes that the set has; "
        "WISDM's has `stairs` only, and no figure of its own labels. *Adapted*: one window of each class learned for "
        "each person, measured on the windows that share no sample with those; *to adapt* is the network's own figure "
        "on the same windows.\n\n"
    )
    files.write_text(ROOT / "docs" / "placements.md", page + markdown_table(header, cells))
    _write_card_figures(summed)


def csv_text(rows: list[dict[str, Any]]) -> str:
    """A table with a header, of rows with the first one's columns."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _write_card_figures(summed: list[dict[str, Any]]) -> None:
    path = ROOT / "edgehar" / "models" / "figures.csv"
    kept = [line for line in path.read_text().splitlines() if not is_placed(line)]
    for row in summed:
        place, _, _, _, protocol = PROTOCOLS[row["protocol"]]
        merged = row["accuracy"] == ""
        on = f"{row['set']}: {protocol.partition(':')[0]}{' (stairs merged)' if merged else ''}"
        values = [row["merged_accuracy"], row["merged_macro_f1"]] if merged else [row["accuracy"], row["macro_f1"]]
        kept.append(",".join([f"{row['arch']}-{place}", on, *map(repr, values)]))
        if row["adapted_macro_f1"] != "":
            adapted = [row["adapted_accuracy"], row["adapted_macro_f1"]]
            kept.append(
                ",".join([f"{row['arch']}-{place}", f"{on}; one window per class learned", *map(repr, adapted)])
            )
    for name in filter(is_placed, models.shipped_names()):
        kept.append(",".join([name, *left_out(name)]))
    files.write_text(path, "\n".join(kept) + "\n")


def left_out(name: str) -> list[str]:
    """The last row of a card: of the network that was trained first, without a fifth of the people.

    The same people for every network of a placement, so that sizes can be compared. In int8 where `left_out.py` has
    measured the network that these weights came from, else in float, as the manifest has it.
    """
    manifest = read_json(models.shipped(name).with_suffix(".json"), dict)
    told, merged = manifest["validation"], " (stairs merged)" if manifest["plan"]["match"] else ""
    on = f"{len(manifest['subjects']['validation'])} people left out of a first training{merged}"
    in_float = [repr(told["accuracy"]), repr(told["macro_f1"])]
    for row in csv.DictReader(LEFT_OUT_ROWS.read_text().splitlines()):
        if row["model"] == name and [row["float_accuracy"], row["float_macro_f1"]] == in_float:
            return [on, row["accuracy"], row["macro_f1"]]
    return [f"float: {on}", *in_float]


def is_placed(line: str) -> bool:
    """Whether a model's name, or a line of the cards' table that begins with one, is of pocket or wrist."""
    return line.partition(",")[0].endswith(("-pocket", "-wrist"))


def recordings_of(place: str) -> tuple[str, Match | None]:
    """What the weights of a placement are trained on, and which truths allow several labels."""
    return (POCKETS, STAIRS) if place == "pocket" else (WRIST, None)


def train(name: str, out: Path) -> None:
    """Weights on everybody, with the recipe that `figures` measures; seed 1. They replace those of the package.

    A fifth of the people is left out at first, for the temperature and the manifest's figures; `figures` has folds.
    """
    arch, _, place = name.partition("-")
    source, match = recordings_of(place)
    command = ("python", "benchmarks/placements.py", "weights", "--out", "runs", name)
    options = {**options_of(arch, place), "validation": LEFT_OUT, "refit": True}
    result = edgehar.train(
        source, arch=arch, out=out / name, split="none", seed=1, match=match, command=command, **options
    )
    shipped = ROOT / "edgehar" / "models"
    shutil.copyfile(result.model, shipped / f"{name}.keras")
    shutil.copyfile(result.folder / MANIFEST, shipped / f"{name}.json")


#: Recordings by which the shipped files are quantised and measured: each has every label of its placement.
FILES = {"pocket": "motionsense:../shared/data/motionsense_50hz_16_subjects.npz", "wrist": WRIST}


def file_row(name: str, source: str) -> dict[str, Any]:
    """Shipped weights, quantised as `export` does it, on people who trained them: is it the file that was measured?"""
    model, contract = models.load(name)
    windows = data.cut_windows(open_dataset(source, DataSource.open), contract)
    with int8_model(model, contract, windows) as path:
        answers = predict_file(path, windows.x)
    measured = evaluate(answers, windows.y, windows.subject, contract.labels)
    return {
        "model": name, "set": source.partition(":")[0], "windows": measured.windows,
        "accuracy": measured.accuracy, "macro_f1": measured.macro_f1,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["figures", "files", "weights"])
    parser.add_argument("names", nargs="*", help="of weights; or protocols, by default all")
    parser.add_argument("--out", type=Path, default=Path("runs"), help="folder of the runs")
    parser.add_argument("--arch", nargs="+", default=["micro"], help="networks to measure")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    told = parser.parse_intermixed_args()
    if told.what == "weights":
        for name in told.names:
            train(name, told.out)
        return
    if told.what == "files":
        names = told.names or [name for name in models.shipped_names() if is_placed(name)]
        table = [file_row(name, FILES[name.partition("-")[2]]) for name in names]
        files.write_text(ROOT / "docs" / "placements_files.csv", csv_text(table))
        print(csv_text(table))
        return
    rows = []
    for protocol in told.names or PROTOCOLS:
        for arch in told.arch:
            for seed in told.seeds:
                rows += measure(protocol, arch, seed, told.out)
    write(rows)
    print((ROOT / "docs" / "placements.md").read_text())


if __name__ == "__main__":
    main()
