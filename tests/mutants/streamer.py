"""Mutants of the streamer, in C and in Python."""

from __future__ import annotations

from tests.mutants.mutant import Mutant, cases

C, PYTHON, SMOOTHING = "firmware_ref/src/edgehar.c", "edgehar/streaming/streamer.py", "edgehar/streaming/smoothing.py"
_STREAMER = "tests/firmware/test_streamer.py"
ANY_STREAM = (f"{_STREAMER}::test_any_stream",)
RATES = cases(f"{_STREAMER}::test_a_rate_that_is_off_gives_no_decision", ("17.9-0-False", "20-0-False", "22.5-0-True"))
COUNTS = (f"{_STREAMER}::test_counts_are_mapped_as_specified",)
FLUSHES = cases(
    f"{_STREAMER}::test_a_flush_forgets_all_that_was_decided", ("ema-gap", "majority-gap", "none-backward", "none-nan")
)
LIMITS = (f"{_STREAMER}::test_limits_are_met_exactly",)
_PYTHON = "tests/streaming/test_streamer.py"
SPECIFICATION = (f"{_PYTHON}::test_equals_the_specification_for_any_chunks",)
RING = (f"{_PYTHON}::test_ring_holds_the_last_samples",)
_CASES = "tests/streaming/test_smoothing.py"

STREAMER = (
    Mutant(
        "a hop one sample too long",
        C,
        "self->due = self->config->hop;",
        "self->due = self->config->hop + 1;",
        "hop count",
        RATES,
    ),
    Mutant(
        "a window one sample short",
        C,
        "self->due = model->window;",
        "self->due = model->window - 1;",
        "the first decision after a flush",
        RATES,
    ),
    Mutant(
        "a decision without its last score",
        C,
        "memcpy(decision->scores, self->scores, model->classes *",
        "memcpy(decision->scores, self->scores, (model->classes - 1u) *",
        "a decision is a whole copy",
        RATES,
    ),
    Mutant(
        "two periods are a gap",
        C,
        "step > 2 * (uint64_t)self->period_us",
        "step >= 2 * (uint64_t)self->period_us",
        "the gap rule at its limit",
        ANY_STREAM,
    ),
    Mutant(
        "a duplicate is kept",
        C,
        "if (step == 0) {",
        "if (step == 0 && self->decisions == 0) {",
        "the duplicate rule",
        RATES,
    ),
    Mutant(
        "backward counts as a gap",
        C,
        "if (step >> 63) {",
        "if (step >> 63 && step << 1 == 0) {",
        "times are 64 bits, and negative steps are huge",
        FLUSHES,
    ),
    Mutant(
        "a sample that is no number leaves its time",
        C,
        "flush(self);\n        self->has_kept = 0;",
        "flush(self);",
        "the sample behind NaN is measured from before it",
        FLUSHES,
    ),
    Mutant(
        "a flush keeps the smoothing",
        C,
        "    self->decisions = 0;\n    self->newest = 0;",
        "    self->newest = 0;",
        "scores of before a gap",
        FLUSHES,
    ),
    Mutant(
        "a flush keeps the label",
        C,
        "    self->has_label = 0;\n",
        "",
        "hysteresis against a label of before a gap",
        FLUSHES,
    ),
    Mutant(
        "smoothing rounds to zero",
        C,
        "* config->alpha) >> 8;",
        "* config->alpha) / 256;",
        "rounding of negative steps",
        ANY_STREAM,
    ),
    Mutant(
        "votes wrap one place off",
        C,
        "place < 0 ? place + config->votes : place",
        "place < 0 ? place + config->votes - 1 : place",
        "off by one in the ring of votes",
        ANY_STREAM,
    ),
    Mutant(
        "a lead that is just enough is not",
        C,
        "< config->hysteresis << 7)",
        "<= config->hysteresis << 7)",
        "hysteresis at its limit",
        LIMITS,
    ),
    Mutant(
        "the threshold must be passed",
        C,
        "scores[best] < config->threshold << 7",
        "scores[best] <= config->threshold << 7",
        "threshold at its limit",
        LIMITS,
    ),
    Mutant(
        "a label dwells one decision more",
        C,
        "self->age < config->min_dwell",
        "self->age <= config->min_dwell",
        "dwell at its limit",
        LIMITS,
    ),
    Mutant(
        "counts are cut off",
        "firmware_ref/src/edgehar_quantise.h",
        "+ (int32_t)(1u << (shift - 33)))",
        "+ 0)",
        "rounding of the map of counts",
        (*COUNTS, *RATES),
    ),
    Mutant(
        "the rate may be a fifth slow",
        C,
        "return 9 * took <= nominal",
        "return 8 * took <= nominal",
        "the rate's limit",
        RATES,
    ),
    Mutant(
        "the rate of one step more",
        C,
        "self->rate_steps = self->rate_length;",
        "self->rate_steps = (uint16_t)(self->rate_length + 1);",
        "off by one in the steps of a rate",
        RATES,
    ),
    Mutant(
        "Python: two periods are a gap",
        PYTHON,
        "<= 0) | (step > 2 * self._period)",
        "<= 0) | (step >= 2 * self._period)",
        "the gap rule at its limit, in chunks that are not steady",
        SPECIFICATION,
    ),
    Mutant(
        "Python: the sample at a gap is lost",
        PYTHON,
        "                start = i\n",
        "                start = i + 1\n",
        "a window begins with the sample that flushed",
        SPECIFICATION,
    ),
    Mutant(
        "Python: a duplicate is kept",
        PYTHON,
        "elif step[i] == 0:",
        "elif step[i] == 0 and i == 0:",
        "the duplicate rule",
        SPECIFICATION,
    ),
    Mutant(
        "Python: a hop one sample too long",
        PYTHON,
        "            self._due = self.hop\n",
        "            self._due = self.hop + 1\n",
        "hop count",
        SPECIFICATION,
    ),
    Mutant(
        "Python: the block moves one sample off",
        "edgehar/streaming/ring.py",
        "self._block[self._end - held : self._end]",
        "self._block[self._end - held - 1 : self._end - 1]",
        "off by one where the ring starts anew",
        RING,
    ),
    Mutant(
        "Python: smoothing rounds to zero",
        SMOOTHING,
        "(((value - score) * alpha) >> 8)",
        "int((value - score) * alpha / 256)",
        "rounding of negative steps",
        (f"{_CASES}::test_ema_rounds_towards_minus_infinity",),
    ),
    Mutant(
        "Python: a lead that is just enough is not",
        SMOOTHING,
        "best - scores[label] < self._hysteresis",
        "best - scores[label] <= self._hysteresis",
        "hysteresis at its limit",
        (f"{_CASES}::test_hysteresis_holds_the_label_until_the_lead_is_enough",),
    ),
    Mutant(
        "Python: a label dwells one decision more",
        SMOOTHING,
        "self._age < self._min_dwell",
        "self._age <= self._min_dwell",
        "dwell at its limit",
        (f"{_CASES}::test_dwell_holds_a_label_and_not_unsure",),
    ),
)
