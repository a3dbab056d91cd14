"""What the weights for pocket and wrist are worth on people they have not seen, and the weights themselves.

    python benchmarks/placements.py figures --out runs/placements      # all protocols, seeds 1 and 2; resumable
    python benchmarks/placements.py files --out runs/bundles           # the shipped files, on people who trained them
    python benchmarks/placements.py weights --out runs/placements micro-pocket nano-wrist

Run it in the checkout, with the recordings of `benchmarks/pockets.toml` in ../shared/data. `figures` writes
docs/placements.csv and docs/placements.md, and the figures of the model cards. All of them are of the int8 networks.
"""

from __future__ import annotations

import argparse
import csv
import io
import statistics
from pathlib import Path
from typing import Any

import edgehar
from edgehar import files
from edgehar.report.tables import markdown_table
from edgehar.training.crossval import CrossResult

ROOT = Path(__file__).resolve().parents[1]
SEEDS = (1, 2)
POCKETS, WRIST = "benchmarks/pockets.toml", "selfback-wrist:../shared/data/selfback_wrist_50hz.npz"
STAIRS = {"stairs": ("upstairs", "downstairs")}

#: What differs from the recipe of the waist: no teachers, one training, larger batches and coarser shifts, since
#: there are ten times as many windows.
COMMON: dict[str, Any] = {"teachers": 0, "batch_size": 128, "shift": 10, "validation": 0.0, "refit": False}
OPTIONS: dict[str, dict[str, Any]] = {
    "pocket": {**COMMON, "front_end": "pocket", "noise": 0.2, "mix": 0.0, "label_smoothing": 0.05, "epochs": 10},
    "wrist": {**COMMON, "rotation": 0.2, "mix": 0.0, "label_smoothing": 0.05, "epochs": 25},
}

#: Protocol -> placement, recordings, folds, and what it is called.
PROTOCOLS: dict[str, tuple[str, str, int | str, str]] = {
    "loso": ("pocket", POCKETS, "source", "a set left out: phone, place and people unseen"),
    "pockets": ("pocket", POCKETS, 4, "4 folds by person over the four sets"),
    "wrist": ("wrist", WRIST, 4, "4 folds by person"),
}
COLUMNS = ("protocol", "arch", "seed", "set", "windows", "accuracy", "macro_f1", "merged_accuracy", "merged_macro_f1")


def measure(protocol: str, arch: str, seed: int, out: Path) -> list[dict[str, Any]]:
    """One cross-validation, as rows of the table; what its folder holds already is not run again."""
    place, source, folds, _ = PROTOCOLS[protocol]
    match = STAIRS if place == "pocket" else None
    folder = out / f"{protocol}-{arch}-{seed}"
    result = edgehar.crossval(
        source, folds=folds, arch=arch, int8=True, match=match, out=folder, seed=seed, **OPTIONS[place]
    )
    return [{"protocol": protocol, "arch": arch, "seed": seed, **row} for row in rows_of(result)]


def rows_of(result: CrossResult) -> list[dict[str, Any]]:
    """The int8 figures by set, or those of everybody where there is one set."""
    if not result.sources_int8:
        whole = result.pooled_int8
        assert whole is not None
        told = {"set": "selfback", "windows": whole.windows, "accuracy": whole.accuracy, "macro_f1": whole.macro_f1}
        return [{**told, "merged_accuracy": "", "merged_macro_f1": ""}]
    rows = []
    for name, told in result.sources_int8.items():
        own, merged = told["own"] or {}, told["merged"]
        rows.append(
            {
                "set": name,
                "windows": told["windows"],
                "accuracy": own.get("accuracy", ""),
                "macro_f1": own.get("macro_f1", ""),
                "merged_accuracy": merged["accuracy"],
                "merged_macro_f1": merged["macro_f1"],
            }
        )
    return rows


def means(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The mean over seeds of each protocol, network and set."""
    groups: dict[tuple[str, str, str], list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault((row["protocol"], row["arch"], row["set"]), []).append(row)
    found = []
    for (protocol, arch, name), own in groups.items():
        mean = {key: _mean([row[key] for row in own]) for key in COLUMNS[5:]}
        seeds = "/".join(str(row["seed"]) for row in own)
        found.append({"protocol": protocol, "arch": arch, "set": name, "seed": seeds, **mean})
    return found


def _mean(values: list[Any]) -> float | str:
    return "" if "" in values else statistics.fmean(float(value) for value in values)


def write(rows: list[dict[str, Any]]) -> None:
    """The CSV of every seed, the page of means, and the figures of the cards."""
    files.write_text(ROOT / "docs" / "placements.csv", _csv(rows))
    summed = means(rows)
    cells = [
        [
            f"`{row['arch']}-{PROTOCOLS[row['protocol']][0]}`", row["set"], PROTOCOLS[row["protocol"]][3], row["seed"],
            *(f"{row[key]:.3f}" if row[key] != "" else "–" for key in COLUMNS[5:]),
        ]
        for row in summed
    ]  # fmt: skip
    header = ["recipe", "measured on", "protocol", "seeds", "accuracy", "macro-F1", "merged: accuracy", "macro-F1"]
    page = (
        "# Pocket and wrist: figures on people not seen\n\n"
        "Written by `benchmarks/placements.py`, every seed in [placements.csv](placements.csv): int8 networks, means "
        "over seeds. *Merged* counts upstairs and downstairs as one. A macro-F1 is over the classes that the set has; "
        "WISDM's has `stairs` only, and no figure of its own labels.\n\n"
    )
    files.write_text(ROOT / "docs" / "placements.md", page + markdown_table(header, cells))
    _write_card_figures(summed)


def _csv(rows: list[dict[str, Any]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _write_card_figures(summed: list[dict[str, Any]]) -> None:
    path = ROOT / "edgehar" / "models" / "figures.csv"
    kept = [line for line in path.read_text().splitlines() if not _is_placed(line)]
    for row in summed:
        place, _, _, protocol = PROTOCOLS[row["protocol"]]
        merged = row["accuracy"] == ""
        on = f"{row['set']}: {protocol.partition(':')[0]}{' (stairs merged)' if merged else ''}"
        values = [row["merged_accuracy"], row["merged_macro_f1"]] if merged else [row["accuracy"], row["macro_f1"]]
        kept.append(",".join([f"{row['arch']}-{place}", on, *map(repr, values)]))
    files.write_text(path, "\n".join(kept) + "\n")


def _is_placed(line: str) -> bool:
    return line.partition(",")[0].endswith(("-pocket", "-wrist"))


def train(name: str, out: Path) -> None:
    """Weights on everybody, with the recipe that `figures` measures; seed 1."""
    arch, _, place = name.partition("-")
    source = POCKETS if place == "pocket" else WRIST
    match = STAIRS if place == "pocket" else None
    result = edgehar.train(source, arch=arch, out=out / name, split="none", seed=1, match=match, **OPTIONS[place])
    print(f"{result.model}: copy it and manifest.json to edgehar/models as {name}.keras and {name}.json")


#: Recordings by which the shipped files are exported and measured: each has every label of its placement.
FILES = {"pocket": "motionsense:../shared/data/motionsense_50hz_16_subjects.npz", "wrist": WRIST}


def bundle_row(name: str, out: Path, source: str) -> dict[str, Any]:
    """Export shipped weights and measure the int8 file on people who trained them: is it the file that was measured?"""
    edgehar.export(name, out, dataset=source, int8=True, split="none", gate=None)
    measured = edgehar.evaluate(out / "model_int8.tflite", source, people="all").models["model_int8.tflite"]
    return {
        "model": name, "set": source.partition(":")[0], "windows": measured.windows,
        "accuracy": measured.accuracy, "macro_f1": measured.macro_f1,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["figures", "files", "weights"])
    parser.add_argument("names", nargs="*", help="of weights; or protocols, by default all")
    parser.add_argument("--out", type=Path, required=True, help="folder of the runs")
    parser.add_argument("--arch", nargs="+", default=["micro"], help="networks to measure")
    parser.add_argument("--seeds", nargs="+", type=int, default=list(SEEDS))
    told = parser.parse_args()
    if told.what == "weights":
        for name in told.names:
            train(name, told.out)
        return
    if told.what == "files":
        names = told.names or ["micro-pocket", "micro-wrist"]
        table = [bundle_row(name, told.out / name, FILES[name.partition("-")[2]]) for name in names]
        files.write_text(ROOT / "docs" / "placements_files.csv", _csv(table))
        print(_csv(table))
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
