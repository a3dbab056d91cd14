"""Bad recordings and a bad standard input: (command, the bad thing, what the message says)."""

from __future__ import annotations

import bz2
import gzip
import lzma

import numpy as np

from tests.hostile.things import (
    archive,
    both,
    gzip_bomb,
    holed,
    link,
    nothing,
    npz_bomb,
    pipe,
    recording,
    text,
    zip_bomb,
    zipped,
)  # fmt: skip

CHECK = "data check walk.csv"
FOUR = f"{CHECK} --columns x,y,z,t --channels acc,gyro.x"
TRAIN = "train --arch nano --teachers 0 --epochs 1 --out run --dataset walk.csv"
CROSS = "crossval --arch nano --teachers 0 --epochs 1 --folds 2 --out run --dataset walk.csv"
SEARCH = "search --trials 1 --epochs 1 --out run --dataset walk.csv"
EVALUATE = "evaluate micro --dataset walk.csv"
EXPORT = "export --model micro --out out --dataset walk.csv"
PLAY = "stream walk.csv --bundle b"
LIVE = "stream - --bundle b"

LINES = "".join(f"{i / 20:.2f},0.1,9.8,0.2\n" for i in range(200))
#: Text that packs to a fiftieth, and never ends a line.
NOISE = bytes(np.random.default_rng(3).choice(list(b"0123456789"), 500)) + b"0" * 20_000
TOML = "edgehar-data.toml"


def stdin(content: str | bytes):
    return text("stdin", content)


ROWS = [
    # What every reader meets
    (CHECK, nothing, "no such file"),
    (CHECK, text("walk.csv", ""), "empty"),
    (CHECK, text("walk.csv", b"\0" * 5000), "expected"),
    (CHECK, text("walk.csv", np.random.default_rng(1).bytes(5000)), "expected"),
    (CHECK, text("walk.csv", "t,x,y,z\n"), "expected"),
    (CHECK, text("walk.csv", "hello\n"), "expected"),
    (CHECK, text("walk.csv", "t,a,b\n0,1,2\n"), "expected"),
    (CHECK, text("walk.csv", "t,x,y,z\n0,much,9.8,0\n" * 3), "expected"),
    (CHECK, text("walk.csv", "t,x,y,z\n" + "0,0,9.8,0\n" * 50), "expected"),
    (CHECK, text("walk.csv", "t,x,y,z\n" + "1e999,0,9.8,0\n" * 50), "expected"),
    (CHECK, text("walk.csv", "t,x,y,z\n" + "".join(f"{i},nan,nan,nan\n" for i in range(50))), "expected"),
    (CHECK, text("walk.csv", "t,x,y,z\n" + "".join(f"{i / 50},1e308,1e308,1e308\n" for i in range(500))), "expected"),
    (CHECK, text("walk.csv", "t,x,y,z\n" + "".join(f"{i / 50},0,4.4,0\n" for i in range(500))), "expected"),
    (CHECK, text("walk.csv", "x" * 10_000_000), "lines of at most 1,048,576 bytes"),
    (CHECK, text("walk.csv", ",".join("x" * 100_000) + "\n"), "expected"),
    (CHECK, text("walk.csv", "t,x,y,z\n" + '"' * 100_000), "expected"),
    (CHECK, holed("walk.csv", 1 << 41), "expected at most"),
    (CHECK, pipe("walk.csv"), "expected a file"),
    (CHECK, link("walk.csv"), "expected a file"),
    (CHECK, link("walk.csv", "walk.csv"), "no such file"),
    ("data check folder", both(text("folder/a.txt", ""), pipe("folder/walk.csv")), "expected"),
    ("data check .", nothing, "expected recordings"),
    ("data check walk.csv --schema s.toml", recording(), "no such file: s.toml"),
    ("data check walk.csv --schema s.toml", both(recording(), text("s.toml", "[")), "expected a TOML file"),
    ("data check walk.csv --schema s.toml", both(recording(), text("s.toml", b"\xff")), "expected a TOML file"),
    ("data check walk.csv --schema s.toml", both(recording(), text("s.toml", "more = 1")), "expected keys out of"),
    ("data check walk.csv --schema s.toml", both(recording(), text("s.toml", "unit = 3")), "in s.toml, got 3"),
    ("data check walk.csv --schema s.toml", both(recording(), text("s.toml", "rate = inf")), "expected"),
    ("data check walk.csv --schema s.toml", both(recording(), text("s.toml", "rate = 1" + "0" * 400)), "expected"),
    ("data check walk.csv --schema s.toml", both(recording(), text("s.toml", "a = " + "[" * 50_000)), "expected"),
    ("data check walk.csv --schema s.toml", both(recording(), link("s.toml")), "expected a file at s.toml, got a pipe"),
    ("data check walk.csv --schema s.toml", both(recording(), pipe("s.toml")), "expected a file at s.toml, got a pipe"),
    ("data check walk.csv --schema s.toml", both(recording(), holed("s.toml", 1 << 40)), "expected at most"),
    (CHECK, both(recording(), text(TOML, "unit = 'stone'")), "expected"),
    (CHECK, both(recording(), text(TOML, "labels = 3")), "expected"),
    (CHECK, both(recording(), text(TOML, "[labels]\nwalking = 3")), "expected"),
    ("data check walk.csv --columns x,y", recording(), "expected three different columns for x, y, z"),
    ("data check walk.csv --columns x,y,z,t", recording(), "say with --channels what others are"),
    (f"{CHECK} --columns x,y,z --channels acc,gyro", recording(), "expected 6 different columns for acc,gyro"),
    (f"{CHECK} --columns x,y,z,z --channels acc,gyro.x", recording(), "expected 4 different columns"),
    (f"{FOUR}", recording(), "expected the unit of the channel gyro"),
    (f"{FOUR} --unit g,g", recording(), "expected one unit for each"),
    (f"{FOUR} --unit g,rpm", recording(), "got 'rpm'"),
    (f"{FOUR} --axes x,z,y", recording(), "for --axes, got acc,gyro.x"),
    (f"{CHECK} --channels acc,acc", recording(), "expected each channel once, got acc.x 2 times"),
    (f"{CHECK} --channels acc,gyro", recording(), "gyro.x is missing"),
    (f"{CHECK} --channels acc,gyro,mag,linear", recording(), "expected 1 … 9 channels, got 12"),
    (f"{CHECK} --channels speed", recording(), "of the sensors acc, linear, gravity, gyro, mag; got 'speed'"),
    (f"{CHECK} --channels ''", recording(), "expected channels as acc.x"),
    ("data check walk.csv --columns x,y,w", recording(), "w"),
    ("data check walk.csv --axes x,x,z", recording(), "expected axes"),
    ("data check walk.csv --rate nan", recording(), "expected"),
    ("data check walk.csv --rate 1e300", recording(), "expected"),
    ("data check walk.csv --rate 0", recording(), "expected"),
    ("data check walk.csv --time when", recording(), "when"),
    ("data check walk.csv --time-unit h", recording(), "time-unit"),
    ("data check walk.csv --subject-column @([", recording(), "expected"),
    ("data check walk.csv --subject-column nobody", recording(), "nobody"),
    ("data check walk.csv --label walking", recording(), "expected OWN=NAME"),
    ("data check walk.csv --label running=jogging", recording(), "running"),
    # Packed
    ("data check a.npz", text("a.npz", "hello"), "expected"),
    ("data check a.npz", archive("a.npz", acc=np.zeros((10, 3))), "expected"),
    ("data check a.npz", archive("a.npz", acc=np.array([{}])), "expected"),
    ("data check a.npz", npz_bomb("a.npz", 90_000_000), "expected"),
    ("data check a.npz", holed("a.npz", 1 << 41), "expected"),
    ("data check a.zip", text("a.zip", b"PK\3\4" + bytes(100)), "expected a zip file"),
    ("data check a.zip", zipped("a.zip", {}), "expected recordings"),
    ("data check a.zip", zip_bomb("a.zip", "walk.csv", 1 << 30), "expected"),
    ("data check a.zip", zipped("a.zip", {"b.zip": b"PK\5\6" + b"\xff" * 18}), "expected"),
    ("data check a.tar.gz", text("a.tar.gz", "hello"), "expected a tar archive"),
    ("data check walk.csv.gz", text("walk.csv.gz", gzip.compress(b"t,x,y,z\n")[:-9]), "gzip"),
    ("data check walk.csv.gz", gzip_bomb("walk.csv.gz", b"0", 1 << 30), "expected"),
    ("data check walk.csv.gz", gzip_bomb("walk.csv.gz", b"0,0,9.8,0\n", 380 << 20), "expected at most 10,000,000 l"),
    ("data check walk.csv.gz", gzip_bomb("walk.csv.gz", NOISE, 128 << 20), "lines of at most 1,048,576 bytes"),
    ("data check walk.csv.xz", text("walk.csv.xz", lzma.compress(bytes(100 << 20))), "packed to no less than 1/200"),
    ("data check walk.csv.bz2", text("walk.csv.bz2", bz2.compress(b"t,x,y,z\n")[:-3]), "damaged bzip2 file"),
    ("data info wisdm:walk.txt", text("walk.txt", "hello"), "expected"),
    ("data info wisdm:walk.txt", text("walk.txt", ""), "empty"),
    ("data info hapt:walk.npz", text("walk.npz", "hello"), "expected"),
    ("data info motionsense:a.zip", zipped("a.zip", {"a.csv": b""}), "expected"),
    ("data info xml:walk.csv", recording(), "no such file"),
    # To train, to search, to measure
    (TRAIN, nothing, "no such file"),
    (TRAIN, text("walk.csv", "t,x,y,z\n"), "expected"),
    (f"{TRAIN} --split random:0.3", recording(header="t,x,y,z,mark,subject"), "expected"),
    (f"{TRAIN} --split random:0.3", recording(seconds=1), "expected"),
    (TRAIN, recording(), "published"),
    (f"{TRAIN} --split leave:p9", recording(), "p9"),
    (f"{TRAIN} --split random:2", recording(), "expected"),
    (f"{TRAIN} --split leave:p0,p1,p2,p3", recording(), "expected"),
    (CROSS, nothing, "no such file"),
    (CROSS, recording(seconds=1), "expected"),
    (CROSS.replace("--folds 2", "--folds 9"), recording(), "expected 2 to 4 folds"),
    (CROSS.replace("--folds 2", "--folds 1"), recording(), "expected 2 to 4 folds"),
    (SEARCH, nothing, "no such file"),
    (EVALUATE, nothing, "no such file"),
    (EVALUATE, recording(header="t,x,y,z,mark,subject"), "expected"),
    (EVALUATE, recording(seconds=2), "expected"),
    (f"{EVALUATE} --subjects p9", recording(), "p9"),
    (f"{EVALUATE} --split leave:nobody", recording(), "nobody"),
    (f"{EVALUATE} --split published --subjects all", recording(), "expected --split or --subjects"),
    (EXPORT, nothing, "no such file"),
    (EXPORT, text("walk.csv", "t,x,y,z\n"), "expected"),
    (EXPORT, recording(seconds=1), "no published split"),
    # To play
    (PLAY, nothing, "no such file"),
    (PLAY, text("walk.csv", b"\0\1\2"), "expected"),
    (PLAY, recording(seconds=1), "expected at least 4 s"),
    (f"{PLAY} --subject nobody", recording(), "nobody"),
    (f"{PLAY} --recording nothing", recording(), "nothing"),
    (f"{PLAY} --runtime nothing", recording(), "expected one of"),
    (f"{PLAY} --engine incremental --hop 100", recording(), "expected"),
    (f"{PLAY} --threshold 2", recording(), "threshold"),
    # From standard input
    (LIVE, nothing, "got no sample"),
    (LIVE, stdin("\n\n# nothing\n"), "got no sample"),
    (LIVE, stdin("t,x,y,z\n"), "got no sample"),
    (LIVE, stdin("x" * 100_000), "expected"),
    (LIVE, stdin(b"\0" * 100_000), "expected"),
    (LIVE, stdin(np.random.default_rng(2).bytes(100_000)), "expected"),
    (LIVE, stdin("hello,1,2,3\n" * 500), "expected"),
    (LIVE, stdin("0,1,2\n" * 500), "expected"),
    (LIVE, stdin("1e300,0,0,0\n" * 500), "expected a time"),
    (LIVE, stdin("nan,0,0,0\n" * 500), "expected a time"),
    (LIVE, stdin("".join(f"{i / 104:.4f},0,9.8,0\n" for i in range(500))), "expected samples at 20 Hz, got about 104"),
    (LIVE, stdin("".join(f"{i * 50},0,9.8,0\n" for i in range(500))), "in seconds"),
    (f"{LIVE} --rate 0", stdin(LINES), "expected a"),
    (f"{LIVE} --rate nan", stdin(LINES), "expected a"),
    (f"{LIVE} --rate 1e9", stdin(LINES), "cannot resample"),
    (f"{LIVE} --realtime", stdin(LINES), "for recordings"),
    (f"{LIVE} --subject 2", stdin(LINES), "for recordings"),
]  # fmt: skip
