"""Tables of emulated targets."""

from edgehar.report.bench_table import layer_columns, layer_rows, target_rows


def made(target: str, counts: dict[str, int]) -> dict:
    layers = [{"layer": name, "instructions": count} for name, count in counts.items()]
    return {"target": target, "instructions": sum(counts.values()), "layers": layers}


def test_layers_stand_side_by_side():
    results = {"targets": [made("cortex-m4", {"0 conv": 1200, "1 mean": 7}), made("cortex-m3", {"0 conv": 3400})]}
    assert layer_columns(results) == ("layer", "cortex-m4", "cortex-m3")
    assert layer_rows(results) == [("0 conv", "1,200", "3,400"), ("1 mean", "7", "–")]
    assert target_rows(results)[0][:3] == ("cortex-m4", "1,207", "–")
    results["targets"][0] |= {"cycles_estimate": 2400, "cycles_error": 31}
    assert target_rows(results)[0][:3] == ("cortex-m4", "1,207", "2,400 ± 31")


def test_a_hop_is_a_row_of_its_own():
    whole, step = made("cortex-m4", {"0 conv": 1200}), made("cortex-m4", {"0 conv": 300})
    results = {"targets": [whole | {"engine": "whole window"}, step | {"engine": "incremental hop 20 (hop)"}]}
    assert layer_columns(results) == ("layer", "cortex-m4", "cortex-m4, hop 20")
    assert [row[:2] for row in target_rows(results)] == [("cortex-m4", "1,200"), ("cortex-m4, hop 20", "300")]


def test_a_target_without_layers_has_no_column():
    results = {"targets": [{"target": "cortex-m4", "instructions": 5}]}
    assert layer_rows(results) == [] and layer_columns(results) == ("layer",)
