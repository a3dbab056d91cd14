"""Mutants of the ports beyond Arm."""

from __future__ import annotations

from tests.mutants.mutant import Mutant, cases

_VECTOR = "tests/firmware/test_vector.py"
_WASM = "firmware_ref/port/wasm"
_TESTS = "tests/ports/test_wasm.py"
WHOLE = cases(f"{_TESTS}::test_a_front_end_and_an_incremental_model", ["edgehar.wasm", "edgehar_simd.wasm"])
LEARNED = cases(f"{_TESTS}::test_a_person_is_learned_as_in_python", ["edgehar.wasm"])
SETTINGS = cases(f"{_TESTS}::test_settings_are_taken_and_refused", ["edgehar.wasm"])

PORTS = (
    Mutant(
        "wasm: memcpy leaves its last bytes",
        f"{_WASM}/port_memory.c",
        "for (; bytes > 0; bytes--) {\n        *out++ = *in++;",
        "for (; bytes > 1; bytes--) {\n        *out++ = *in++;",
        "columns that are no whole words",
        WHOLE,
    ),
    Mutant(
        "wasm: memset writes zeros",
        f"{_WASM}/port_memory.c",
        "*out++ = (uint8_t)value;",
        "*out++ = 0;",
        "padding that is not the zero point",
        (f"{_TESTS}::test_padding_is_written",),
    ),
    Mutant(
        "wasm: a time that is no number is 0",
        f"{_WASM}/port_module.c",
        "(uint64_t)time_us : EDGEHAR_NO_TIME",
        "(uint64_t)time_us : 0",
        "samples without a time",
        cases(f"{_TESTS}::test_a_whole_recording", ["micro-edgehar.wasm"]),
    ),
    Mutant(
        "wasm: a hop of 65,556 is one of 20",
        f"{_WASM}/port_module.c",
        "if (!fits(settings.hop, UINT16_MAX) ||",
        "if (",
        "settings that do not fit their field",
        SETTINGS,
    ),
    Mutant(
        "wasm: scores of the decision before",
        f"{_WASM}/port_module.c",
        "        memcpy(decision.scores, made.scores, sizeof decision.scores);\n",
        "",
        "what JavaScript reads of a decision",
        WHOLE,
    ),
    Mutant(
        "wasm: a torn profile takes the place of the one in use",
        f"{_WASM}/port_personal.c",
        "        profile_at = !profile_at;\n",
        "",
        "the copy that the stream reads",
        LEARNED,
    ),
    Mutant(
        "wasm: a window of before the profile is remembered",
        f"{_WASM}/port_personal.c",
        "has_layer);\n        edgehar_wasm_embedding(0);\n",
        "has_layer);\n",
        "an embedding of samples that were forgotten",
        LEARNED,
    ),
    Mutant(
        "wasm: all windows in one place",
        f"{_WASM}/port_personal.c",
        "windows + window_count * inputs",
        "windows",
        "windows that are learned from",
        LEARNED,
    ),
    Mutant(
        "vector: unsigned inputs keep their bias",
        "edgehar/compile/pack/vector.py",
        "- 128 * flat",
        "- 127 * flat",
        "the bias of inputs that are 128 more",
        cases(f"{_VECTOR}::test_nothing_is_read_behind_a_buffer", [3]),
    ),
    Mutant(
        "vector: a filter of the last block is left out",
        "firmware_ref/src/conv1d_vector_vnni.c",
        "(conv->out_channels - filter + EDGEHAR_VECTOR_FILTERS - 5)",
        "(conv->out_channels - filter + EDGEHAR_VECTOR_FILTERS - 6)",
        "blocks of five filters taken for narrow ones",
        cases(f"{_VECTOR}::test_nothing_is_read_behind_a_buffer", [3]),
    ),
    Mutant(
        "vector: odd sums rounded down",
        "firmware_ref/src/edgehar_avx512.h",
        "factors->odd_multiplier), rounding);",
        "factors->odd_multiplier), _mm512_setzero_si512());",
        "the first rounding of every other filter",
        cases(f"{_VECTOR}::test_nothing_is_read_behind_a_buffer", [3]),
    ),
    Mutant(
        "vector: one position too few is clamped",
        "firmware_ref/src/conv1d_vector_pairs.h",
        "position + index > last ? last : position + index",
        "position + index",
        "reading behind the copied columns",
        cases(f"{_VECTOR}::test_nothing_is_read_behind_a_buffer", [1, 2]),
    ),
    Mutant(
        "vector: pools of few channels more than a vector",
        "firmware_ref/src/max_pool_vector.c",
        "channel + 16 > channels ? channels - 16 : channel;",
        "channel;",
        "the last vector of channels",
        cases(f"{_VECTOR}::test_a_pool_stays_within_its_buffers", [17]),
    ),
    Mutant(
        "vector: a mean begins with the sums before",
        "firmware_ref/src/mean_vector.c",
        "block->first == 0 ? _mm512_setzero_si512() :",
        "",
        "sums that are not cleared",
        cases(f"{_VECTOR}::test_pools_and_means_of_many_channels", [17]),
    ),
)
