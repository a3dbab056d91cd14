"""Damage to the documents of runs and results: (command, the bad thing, what the message says)."""

from __future__ import annotations

import json
from dataclasses import asdict

from edgehar.data import DataSource
from edgehar.training.run import RunPlan
from tests.hostile.things import GONE, both, changed, document, edited, holed, link, nothing, pipe, recording, text

RESUME = "train --resume run"
CROSS = "crossval --arch conv8k5s20 --teachers 0 --epochs 1 --folds 2 --dataset walk.csv --out cv"
SEARCH = "search --trials 1 --epochs 1 --out run --dataset hapt"
COMPARE = "bench compare r1 r2"
FETCH = "data fetch wisdm --out . --url http://127.0.0.1:9/x.tar.gz"
PLAN = json.loads(json.dumps(asdict(RunPlan(data=DataSource("walk.csv").to_dict()))))
RUN, FOLD, STUDY = "run/run.json", "cv/fold-02.json", "run/search.json"


def plan(place: str, new: object):
    return document(RUN, changed(PLAN, place, new))


def everybody(place: str, new: object):
    """The same, without test people: a recording of one's own has no published split."""
    return document(RUN, changed(changed(PLAN, "split", "none"), place, new))


ROWS = [
    # A training run
    (RESUME, nothing, "expected the folder of a training run"),
    (RESUME, text(RUN, ""), "expected JSON in run/run.json"),
    (RESUME, text(RUN, "[" * 100_000), "at most 32 levels"),
    (RESUME, text(RUN, "[]"), "expected an object, got a list"),
    (RESUME, text(RUN, "{}"), "expected an entry"),
    (RESUME, both(text("run/x", ""), link(RUN)), "expected the folder of a training run"),
    (RESUME, both(text("run/x", ""), pipe(RUN)), "expected the folder of a training run"),
    (RESUME, both(text("run/x", ""), holed(RUN, 1 << 40)), "expected at most"),
    (RESUME, plan("more", 1), "expected only known entries, got 'more'"),
    (RESUME, plan("recipe", None), "got null at recipe"),
    (RESUME, plan("recipe.epochs", "3"), "expected a whole number, got text at recipe.epochs"),
    (RESUME, plan("recipe.epochs", 2.5), "expected a whole number, got a number at recipe.epochs"),
    (RESUME, plan("recipe.epochs", True), "got true or false at recipe.epochs"),
    (RESUME, plan("recipe.epochs", GONE), "expected an entry 'epochs', got none at recipe"),
    (RESUME, plan("recipe.epochs", 0), "expected --epochs of 1 … 100000, got 0"),
    (RESUME, plan("recipe.epochs", 10**30), "expected --epochs"),
    (RESUME, plan("recipe.batch_size", 10**9), "expected --batch-size"),
    (RESUME, plan("recipe.seed", -1), "expected --seed"),
    (RESUME, plan("recipe.seed", 1 << 70), "expected --seed"),
    (RESUME, plan("recipe.learning_rate", 1e300), "expected --learning-rate"),
    (RESUME, plan("recipe.learning_rate", 10**400), "expected"),
    (RESUME, plan("recipe.keep", "all"), "expected keep"),
    (RESUME, both(recording(), plan("recipe.arch", "transformer")), "expected an architecture"),
    (RESUME, both(recording(), plan("recipe.arch", "-".join(["conv9k1"] * 40))), "expected at most 16 blocks, got 40"),
    (RESUME, both(recording(), everybody("recipe.arch", "-".join(["conv9k9"] * 12))), "expected a longer window"),
    (RESUME, both(recording(), everybody("input_layout", "wide")), "expected input layout"),
    (RESUME, plan("recipe.arch", 3), "expected text, got a whole number at recipe.arch"),
    (RESUME, plan("recipe.augmentation.warp", 1), "got 'warp' at recipe.augmentation"),
    (RESUME, plan("recipe.augmentation.rotation", -1), "expected --rotation"),
    (RESUME, plan("recipe.augmentation.turn", "w"), "expected --turn"),
    (RESUME, plan("recipe.distillation.teachers", 10**9), "expected --teachers"),
    (RESUME, plan("recipe.distillation.share", 2), "expected --share"),
    (RESUME, plan("validation", "half"), "expected a number, got text at validation"),
    (RESUME, both(recording(), plan("validation", 7.0)), "expected"),
    (RESUME, both(recording(), plan("split", "leave:nobody")), "nobody"),
    (RESUME, plan("data", []), "expected an object, got a list at data"),
    (RESUME, plan("data", {}), "expected"),
    (RESUME, plan("data.source", 3), "expected"),
    (RESUME, plan("data.source", "nowhere.csv"), "no such file"),
    (RESUME, plan("data.more", 3), "expected"),
    (RESUME, plan("data.columns", ["x"]), "expected"),
    (f"{RESUME} --epochs 3", document(RUN, PLAN), "leave out --epochs"),
    # A cross-validation
    (CROSS, text("cv/crossval.json", ""), "expected JSON"),
    (CROSS, text("cv/crossval.json", "[]"), "expected an object, got a list"),
    (CROSS, text("cv/crossval.json", "[" * 100_000), "at most 32 levels"),
    (CROSS, text("cv/crossval.json", "{}"), "holds a run with"),
    (CROSS, edited("cv/crossval.json", "plan.folds", 3), "holds a run with folds 3"),
    (CROSS, edited("cv/crossval.json", "plan.run.recipe.epochs", {"a": [1]}), "holds a run with"),
    (CROSS, edited("cv/crossval.json", "people", "all"), "holds a run with"),
    (CROSS, text(FOLD, ""), "expected JSON in cv/fold-02.json"),
    (CROSS, text(FOLD, "[" * 100_000), "at most 32 levels"),
    (CROSS, text(FOLD, "[]"), "got a list"),
    (CROSS, text(FOLD, "{}"), "expected an entry"),
    (CROSS, pipe(FOLD), "got a pipe"),
    (CROSS, link(FOLD), "got a pipe, a socket or a device"),
    (CROSS, holed(FOLD, 1 << 40), "expected at most"),
    (CROSS, edited(FOLD, "people", ["nobody"]), "expected the fold of"),
    (CROSS, edited(FOLD, "people", "p0"), "got text at people"),
    (CROSS, edited(FOLD, "accuracy", 2), "expected a number <= 1"),
    (CROSS, edited(FOLD, "accuracy", "1"), "got text at accuracy"),
    (CROSS, edited(FOLD, "truth.0", -1), "expected a whole number >= 0, got -1 at truth[0]"),
    (CROSS, edited(FOLD, "truth.0", 99), "expected classes below 2"),
    (CROSS, edited(FOLD, "truth", []), "expected one entry per window"),
    (CROSS, edited(FOLD, "probabilities", []), "expected one entry per window"),
    (CROSS, edited(FOLD, "probabilities.0", [0.5]), "expected one entry per window"),
    (CROSS, edited(FOLD, "probabilities.0.0", "high"), "got text at probabilities[0][0]"),
    (CROSS, edited(FOLD, "probabilities.0.0", 1e300), "expected a number <= 1"),
    (CROSS, edited(FOLD, "subject", 3), "got a whole number at subject"),
    (CROSS, edited(FOLD, "labels", ["a", "b", "c"]), "expected"),
    (CROSS, edited(FOLD, "labels", ["a", "b"]), "expected truths that begin with the labels ['a', 'b']"),
    (
        CROSS,
        both(edited(FOLD, "labels", ["a", "b"]), edited(FOLD, "truths", ["a", "b"])),
        "expected the labels of the other folds",
    ),
    # A search
    (SEARCH, text(STUDY, "["), "expected JSON"),
    (SEARCH, text(STUDY, "3"), "expected an object"),
    (SEARCH, text(STUDY, "{}"), "holds a run with"),
    (f"{SEARCH} --budget flash=3", nothing, "expected a budget"),
    (f"{SEARCH} --budget flash=nan", nothing, "expected a budget"),
    (f"{SEARCH} --budget speed=3k", nothing, "expected a budget"),
    (f"{SEARCH} --budget flash=24k,flash=24k", nothing, "expected a budget"),
    (f"{SEARCH} --budget flash=" + "9" * 400, nothing, "expected a budget"),
    # Results of the bench
    ("bench compare r1 nowhere", nothing, "expected a folder written by"),
    (COMPARE, text("r2/results.json", ""), "expected JSON"),
    (COMPARE, text("r2/results.json", "[" * 100_000), "at most 32 levels"),
    (COMPARE, text("r2/results.json", "{}"), "expected format 'edgehar-bench-1'"),
    (COMPARE, edited("r2/results.json", "rows", {}), "got an object at rows"),
    (COMPARE, edited("r2/results.json", "rows.0", 3), "got a whole number at rows[0]"),
    (COMPARE, edited("r2/results.json", "rows.0.name", 3), "expected text, got a whole number at rows[0].name"),
    (COMPARE, edited("r2/results.json", "rows.0.invoke.median", 0), "expected a number > 0"),
    (COMPARE, edited("r2/results.json", "rows.0.invoke.median", "1"), "got text at rows[0].invoke.median"),
    (COMPARE, edited("r2/results.json", "rows.0.invoke", GONE), "expected"),
    (COMPARE, edited("r2/results.json", "rows.0.accuracy", 7), "expected a number <= 1"),
    (COMPARE, edited("r2/results.json", "rows.0.name", "other"), "expected a runtime measured in both"),
    (COMPARE, edited("r2/results.json", "targets", [{"target": "m4", "instructions": 0}]), "expected a number > 0"),
    (COMPARE, edited("r2/results.json", "doubts", "many"), "got text at doubts"),
    (COMPARE, edited("r2/results.json", "dataset", None), "got null at dataset"),
    (COMPARE, edited("r2/results.json", "complete", "yes"), "expected true or false"),
    (COMPARE, text("r2/env.json", "[]"), "expected an object, got a list"),
    (COMPARE, lambda folder: (folder / "r2/env.json").unlink(), "no such file"),
    (COMPARE, lambda folder: (folder / "r2/samples.csv").unlink(), "no such file"),
    (COMPARE, text("r2/samples.csv", ""), "expected the columns"),
    (COMPARE, text("r2/samples.csv", "a,b\n1,2\n"), "expected the columns"),
    (COMPARE, text("r2/samples.csv", "runtime,round,phase,index,invoke_ns,total_ns\na,b,measured,0,x,y\n"), "samples"),
    (COMPARE, text("r2/samples.csv", b"\xff" * 100), "samples"),
    (COMPARE, pipe("r2/samples.csv"), "expected a file"),
    (COMPARE, link("r2/samples.csv"), "expected a file"),
    (COMPARE, holed("r2/samples.csv", 1 << 40), "expected at most"),
    (f"{COMPARE} --threshold 0", nothing, "expected a positive threshold"),
    (f"{COMPARE} --threshold nan", nothing, "expected a positive threshold"),
    # Hashes of what was fetched
    (FETCH, text("hashes.json", "["), "delete it to start anew"),
    (FETCH, text("hashes.json", '{"a": 3}'), "expected an object, got a whole number"),
    (FETCH, text("hashes.json", '{"a": {"sha256": "x", "url": ""}}'), "expected text"),
    (FETCH, link("hashes.json"), "expected a file"),
    (FETCH, nothing, "127.0.0.1"),
    (FETCH.replace("http://127.0.0.1:9/x.tar.gz", "file:///etc/passwd"), nothing, "expected an address as in https://"),
    (FETCH.replace("http://127.0.0.1:9/x.tar.gz", "ftp://127.0.0.1/x"), nothing, "got 'ftp://127.0.0.1/x'"),
    (FETCH.replace("http://127.0.0.1:9/x.tar.gz", "nonsense"), nothing, "expected an address as in https://"),
    (FETCH.replace("http://127.0.0.1:9/x.tar.gz", "http://"), nothing, "expected an address as in https://"),
    (FETCH.replace("http://127.0.0.1:9/x.tar.gz", "'http://[::1/x'"), nothing, "expected an address as in https://"),
    (FETCH.replace(":9/", ":99999999/"), nothing, "expected an address as in https://"),
    (f"{FETCH} --sha256 zz", nothing, "expected a SHA-256 of 64 digits"),
    (f"{FETCH} --sha256 " + "0" * 65, nothing, "expected a SHA-256 of 64 digits"),
    (f"{FETCH} --sha256 ''", nothing, "expected a SHA-256 of 64 digits"),
    ("data fetch nothing --out .", nothing, "no data set 'nothing'"),
]  # fmt: skip
