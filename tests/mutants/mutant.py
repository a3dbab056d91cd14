"""What a mutant is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """One deliberate mistake.

    Attributes:
        name: a few words, unique.
        file: path from the project's root.
        original: a piece of text that stands exactly once in the file; replacement: what takes its place.
        bug: the mistake that it stands for.
        tests: pytest's names of the tests that must notice, the quickest first; any one that fails is enough.
    """

    name: str
    file: str
    original: str
    replacement: str
    bug: str
    tests: tuple[str, ...]

    def apply(self, text: str) -> str:
        """The file's text with the mistake in it.

        Raises:
            ValueError: the original does not stand there exactly once.
        """
        count = text.count(self.original)
        if count != 1:
            raise ValueError(f"{self.name}: expected its original once in {self.file}, got {count} times")
        return text.replace(self.original, self.replacement)


def cases(test: str, parameters: Iterable[object]) -> tuple[str, ...]:
    """One test's name with each of these parameters."""
    return tuple(f"{test}[{parameter}]" for parameter in parameters)


_NETWORKS = "tests/firmware/test_networks.py"
_INCREMENTAL = "tests/firmware/test_incremental.py"
_KERNELS = "tests/emulated/test_kernels.py"

#: Every layer of a generated network against LiteRT and TFLite-Micro.
LAYERS = f"{_NETWORKS}::test_every_layer_equals_the_oracles"
#: Its DSP and MVE paths against the portable one; parameters seed-path.
PATHS = f"{_NETWORKS}::test_other_kernel_paths_equal_the_portable_one"
#: Two readers of one tensor, with a stride; parameter path.
BRANCHES = f"{_NETWORKS}::test_a_residual_block_with_a_stride"
#: Whole and incremental engine over 1,500 samples; parameters hop-schedule.
LONG = f"{_INCREMENTAL}::test_a_long_stream_over_many_phases"
#: The whole-window engine over a stream against each window from a fresh start; parameter path.
WINDOWS_ALONE = f"{_INCREMENTAL}::test_a_stream_of_whole_windows_is_as_each_window_alone"
FRESH = f"{_INCREMENTAL}::test_a_fresh_start_after_any_sample"
#: A kernel's definition in C under the sanitizers, and on an emulated core.
DEFINITION = f"{_KERNELS}::test_definition_in_c_gives_the_same_under_the_sanitizers"
ON_CORE = f"{_KERNELS}::test_kernel_gives_the_definitions_bytes_and_writes_nowhere_else"
