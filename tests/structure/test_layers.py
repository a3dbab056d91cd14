"""Imports point downwards only: the layers of docs/design.md, read from the code."""

import ast
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2] / "edgehar"
#: From the bottom up; a module may import its own layer and those below.
LAYERS = (
    {"claims", "engine", "errors", "extras", "files", "quiet", "schema", "versions", "zips"},
    {"channels", "contract", "front_end", "placement"},
    {"data"},
    {"models", "evaluation"},
    {"runtimes"},
    {"convert"},
    {"compile"},
    {"personal"},
    {"package"},
    {"bundle"},
    {"training"},
    {"streaming"},
    {"web"},
    {"benchmark"},
    {"api"},
    {"report"},
    {"cli", "__main__"},
)
RANK = {name: rank for rank, layer in enumerate(LAYERS) for name in layer}
#: What the base install has; anything else is imported inside the function that needs it.
BASE = {"numpy", "click", "rich", "ai_edge_litert", "flatbuffers", "msgspec", "edgehar", "__future__"}
MODULES = sorted(ROOT.rglob("*.py"))


def layer_of(module: str) -> str | None:
    parts = module.split(".")
    return parts[1] if parts[0] == "edgehar" and len(parts) > 1 else None


def imports(tree: ast.AST):
    """Every import of a module: (name, is it at the top level at run time)."""
    top = set()
    for node in tree.body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            top.add(node)
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, node in top
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            if node.module == "edgehar":
                for alias in node.names:
                    yield f"edgehar.{alias.name}", node in top
            else:
                yield node.module, node in top


def test_imports_point_downwards():
    for path in MODULES:
        own = path.relative_to(ROOT).parts[0].removesuffix(".py")
        if own == "__init__":
            continue
        assert own in RANK, f"{own} has no layer"
        for name, _ in imports(ast.parse(path.read_text())):
            other = layer_of(name)
            if other in RANK:
                assert RANK[other] <= RANK[own], f"{path} imports {name}, which stands above {own}"


def test_the_sketch_in_the_design_has_the_same_layers():
    """A line per folder or group of files, from the top down."""
    page = (ROOT.parent / "docs" / "design.md").read_text(encoding="utf-8")
    sketch = re.findall(r"^    ([\w/., ]+?)  +\S", page.split("## Layers")[1].split("\n## ")[0], re.M)
    named = [{name.strip("/").removesuffix(".py") for name in line.split(", ")} for line in sketch]
    assert set().union(*named) == set(RANK) - {"__main__"}
    ranks = [{RANK[name] for name in line} for line in named]
    assert all(len(rank) == 1 for rank in ranks) and ranks == sorted(ranks, key=min, reverse=True)


def test_nothing_heavy_at_the_top():
    for path in MODULES:
        for name, top in imports(ast.parse(path.read_text())):
            package = name.split(".")[0]
            if top:
                assert package in BASE | sys.stdlib_module_names, f"{path} imports {package} at the top"


def test_modules_have_one_job():
    for path in MODULES:
        assert len(path.read_text().splitlines()) <= 350, path


def test_no_pickle():
    for path in MODULES:
        text = path.read_text()
        assert "import pickle" not in text and "allow_pickle=True" not in text, path


def test_no_two_classes_share_a_name():
    """One word per thing: whoever reads `Plan` must not have to ask which."""
    homes: dict[str, list[str]] = {}
    for path in MODULES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ClassDef):
                homes.setdefault(node.name, []).append(path.relative_to(ROOT).as_posix())
    assert {name: places for name, places in homes.items() if len(places) > 1} == {}
