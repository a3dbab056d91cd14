"""The int8 files that ship, so that a page and a stream need no export.

    python benchmarks/int8_files.py --out runs/int8

Each is the `model_int8.tflite` of an export of the shipped weights; those of the pocket and the wrist need the
recordings that benchmarks/placements.py names. edgehar/models/int8/files.json says of which weights each was made.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import edgehar
from edgehar import models
from edgehar.files import sha256_file, write_bytes, write_json

ROOT = Path(__file__).resolve().parents[1]
SOURCES = {
    "micro": None,
    "micro-pocket": "motionsense:../shared/data/motionsense_50hz_16_subjects.npz",
    "micro-wrist": "selfback-wrist:../shared/data/selfback_wrist_50hz.npz",
}
FOLDER = ROOT / "edgehar" / "models" / "int8"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, required=True, help="folder of the bundles")
    asked = parser.parse_args()
    told = {}
    for name, source in SOURCES.items():
        options = {} if source is None else {"dataset": source, "split": "none", "gate": None}
        made = edgehar.export(name, asked.out / name, **options)
        content = (made.folder / "model_int8.tflite").read_bytes()
        write_bytes(FOLDER / f"{name}.tflite", content)
        told[name] = {"keras_sha256": sha256_file(models.shipped(name)), "bytes": len(content)}
        print(f"{name}: {len(content):,} bytes", flush=True)
    write_json(FOLDER / "files.json", told)


if __name__ == "__main__":
    main()
