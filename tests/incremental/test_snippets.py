"""The snippets in a bundle's README: Python as it stands, C++ compiled against a stand-in for TFLite-Micro."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

import pytest

from edgehar.bundle.incremental import incremental_readme, write_incremental
from edgehar.contract import Contract
from edgehar.schema import read_json
from tests.incremental.stand_in import played

HOPS = (3, 20, 80)

#: An interpreter whose one state is the window without its newest samples, and whose outputs are the window's
#: sum and its oldest value: what a wrong order, a lost sample or a left-over one would change.
STAND_IN = """
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
enum TfLiteStatus { kTfLiteOk = 0 };
struct TfLiteTensor { struct { int8_t* int8; } data; size_t bytes; };
namespace tflite {
class MicroInterpreter {
 public:
  static const int kHop = HOP * 3, kWindow = 240, kKept = kWindow - kHop;
  TfLiteTensor* input(int i) { return &in_[i]; }
  TfLiteTensor* output(int i) { return &out_[i]; }
  TfLiteStatus Invoke() {
    int8_t window[kWindow];
    std::memcpy(window, state_, kKept);
    std::memcpy(window + kKept, samples_, kHop);
    int sum = 0;
    for (int8_t value : window) sum += value;
    result_[0] = static_cast<int8_t>(sum);
    result_[1] = window[0];
    result_[2] = window[kWindow - 1];
    std::memcpy(next_, window + kHop, kKept);
    std::memset(state_, 99, sizeof state_);  // inputs do not outlive a call
    return kTfLiteOk;
  }

 private:
  int8_t samples_[kHop], state_[kKept + 1], next_[kKept + 1], result_[6] = {};
  TfLiteTensor in_[2] = {{{samples_}, kHop}, {{state_}, kKept}};
  TfLiteTensor out_[2] = {{{result_}, 6}, {{next_}, kKept}};
};
}
SNIPPET
int main() {
  static tflite::MicroInterpreter interpreter;
  IncrementalModel model(interpreter);
  float x, y, z;
  while (std::scanf("%f %f %f", &x, &y, &z) == 3) {
    if (x > 1e6f) { model.Clear(); continue; }
    const int8_t* output = model.Push(x, y, z);
    if (output) std::printf("%d %d %d\\n", output[0], output[1], output[2]);
    else std::printf("-\\n");
  }
}
"""


@pytest.fixture(scope="module")
def pages(bundle, tmp_path_factory):
    """A copy of the bundle with incremental models, and the README section of each."""
    folder = tmp_path_factory.mktemp("incremental") / "bundle"
    shutil.copytree(bundle, folder)
    contract = read_json(folder / "contract.json", Contract)
    entries = {hop: write_incremental(folder, hop, contract) for hop in HOPS}
    return folder, contract, {hop: (entry, incremental_readme(contract, entry)) for hop, entry in entries.items()}


def block(page: str, language: str) -> str:
    [found] = re.findall(rf"```{language}\n(.*?)```", page, re.S)
    return found


@pytest.mark.parametrize("hop", HOPS)
def test_python_as_it_stands(pages, hop):
    folder, _, sections = pages
    code = block(sections[hop][1], "python")
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split()[0] == read_json(folder / "golden.json", dict)["windows"][0]["int8_label"]


@pytest.mark.parametrize("hop", HOPS)
def test_nothing_is_left_to_fill_in(pages, hop):
    _, _, sections = pages
    entry, page = sections[hop]
    assert not re.search(r"\$\{?[a-z_]+\}?", page)
    assert f"model_int8_stream_hop{hop}.tflite" in block(page, "kotlin")
    for name in set(entry["operators"]):
        assert "Add_" not in page, name
    assert ("every step runs the whole window" in page) == (entry["note"] is not None) == (hop == 80)


@pytest.mark.parametrize("hop", [3, 20, 21])
def test_cpp_keeps_the_state(pages, hop, tmp_path):
    compiler = shutil.which("g++") or shutil.which("clang++")
    if compiler is None:
        pytest.skip("needs a C++ compiler; on Debian or Ubuntu: apt-get install g++")
    _, contract, sections = pages
    entry = dict(sections[3][0], hop=hop, states=[[1, 1, 80 - hop, 3]], state_bytes=(80 - hop) * 3)
    snippet = block(incremental_readme(contract, entry), "cpp")
    source = tmp_path / "snippet.cc"
    source.write_text(STAND_IN.replace("HOP", str(hop)).replace("SNIPPET", snippet))
    command = [compiler, "-std=c++14", "-Wall", "-Wextra", "-Werror", "-fsanitize=address,undefined", str(source)]
    subprocess.run([*command, "-o", str(tmp_path / "snippet")], check=True)
    lines, expected = played(contract, hop, pause="1e9 0 0")
    done = subprocess.run([tmp_path / "snippet"], input="\n".join(lines), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split("\n")[:-1] == expected
