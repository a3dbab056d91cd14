"""What a stand-in for an interpreter of an incremental model must answer, in whatever language a snippet is."""

from __future__ import annotations

import numpy as np

from edgehar.contract import Contract
from edgehar.runtimes.quantise import quantise


def played(contract: Contract, hop: int, pause: str) -> tuple[list[str], list[str]]:
    """Lines of samples, with `pause` as a line where the stream breaks off, and the answer to each sample.

    The stand-in's one state is the window without its newest samples; its outputs are the window's sum (int8) and its
    oldest and newest value, so that a wrong order, a lost sample or one left over shows. `-` is no answer.
    """
    assert contract.input_quantisation is not None
    rng = np.random.default_rng(hop)
    lines, expected = [], []
    for length in (80 + 5 * hop, 47, 80 + 2 * hop):
        held = []
        for sample in rng.normal(0, 20, (length, 3)).astype(np.float32):
            lines.append(" ".join(repr(float(value)) for value in sample))
            held.append(quantise(sample, contract.input_quantisation))
            if len(held) >= 80 and (len(held) - 80) % hop == 0:
                window = np.concatenate(held[-80:]).astype(int)
                expected.append(f"{(int(window.sum()) + 128) % 256 - 128} {window[0]} {window[-1]}")
            else:
                expected.append("-")
        lines.append(pause)
    return lines, expected
