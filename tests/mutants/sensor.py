"""Mutants of a sensor's way to the model's rate, and of storing and deciding apart."""

from __future__ import annotations

from tests.mutants.mutant import Mutant, cases

RESAMPLE, SENSOR = "firmware_ref/src/edgehar_resample.c", "firmware_ref/src/edgehar_sensor.c"
PYTHON, TABLE, MAP = "edgehar/streaming/sensor.py", "edgehar/data/polyphase.py", "edgehar/compile/q8_map.py"
_TEST = "tests/firmware/test_sensor.py"
DECIDES = cases(f"{_TEST}::test_c_decides_as_python", (52, 26))
FIFO = cases(f"{_TEST}::test_a_fifo_is_its_samples", ("20-1.0-23", "52-1.02-26"))
SCIPY = cases(f"{_TEST}::test_the_filter_is_scipys", (52,))
CONSTANTS = cases(f"{_TEST}::test_constants_pass_and_what_lies_above_is_stopped", (52,))

SENSORS = (
    Mutant(
        "coarse counts are cut off",
        "firmware_ref/src/edgehar_quantise.h",
        "(product + ((int64_t)1 << (shift - 1)))",
        "(product)",
        "rounding of the map of counts where 32 bits do not hold it",
        cases(f"{_TEST}::test_c_decides_as_python", (20,)),
    ),
    Mutant(
        "points keep one too few",
        RESAMPLE,
        "memcpy(to, to + piece, count * sizeof *to);",
        "memcpy(to, to + piece, (count - 1) * sizeof *to);",
        "the memory's end when points move to its front",
        DECIDES,
    ),
    Mutant(
        "fractions of a microsecond are dropped",
        RESAMPLE,
        "state->rest_us = (uint16_t)(state->rest_us - resampler->down);\n        state->ahead_us++;",
        "state->rest_us = (uint16_t)(state->rest_us - resampler->down);",
        "the sensor's period is no whole number",
        DECIDES,
    ),
    Mutant(
        "the line is rounded down",
        RESAMPLE,
        "* part + (1 << (EDGEHAR_LINE_BITS - 1))) >>",
        "* part) >>",
        "rounding between two samples",
        DECIDES,
    ),
    Mutant(
        "the filter does not begin anew",
        RESAMPLE,
        "if (self->fresh) {\n        begin(resampler, state, 3,",
        "if (self->fresh && state->output_us == 0) {\n        begin(resampler, state, 3,",
        "a flush clears the filter",
        DECIDES,
    ),
    Mutant(
        "an axis keeps its sign",
        SENSOR,
        "from < 0 ? -sums[-from - 1] : sums[from - 1]",
        "from < 0 ? sums[-from - 1] : sums[from - 1]",
        "axes that point the other way",
        DECIDES,
    ),
    Mutant(
        "the rate is told by the model's steps",
        SENSOR,
        "resampler->up - 1) / resampler->up",
        "resampler->up - 1) / resampler->down",
        "half a window of the sensor's samples",
        (f"{_TEST}::test_the_rate_is_told_over_half_a_window",),
    ),
    Mutant(
        "a FIFO's times lose what division left",
        SENSOR,
        "sum += rest;",
        "sum += rest / 2;",
        "times within a FIFO",
        FIFO,
    ),
    Mutant(
        "a FIFO always runs at the nominal rate",
        SENSOR,
        "if (follows(self, (uint32_t)count, last_us)) {",
        "if (follows(self, (uint32_t)count, last_us) && count < 3) {",
        "a clock that is off",
        FIFO,
    ),
    Mutant(
        "Python's filter leads by one",
        PYTHON,
        "self._wait, self._phase, self._output_us = self.filter.lead, 0, t",
        "self._wait, self._phase, self._output_us = self.filter.lead + 1, 0, t",
        "where an output stands",
        SCIPY + DECIDES,
    ),
    Mutant(
        "coefficients need not add up",
        TABLE,
        "+= (1 << bits) - taps.sum(axis=1)",
        "+= 0 * taps.sum(axis=1)",
        "gravity passes exactly",
        CONSTANTS,
    ),
    Mutant(
        "the nearest multiplier whatever it gives",
        MAP,
        "return Q8Map(min(max(math.floor(ratio * 2.0**shift + 0.5), low), high), shift)",
        "return Q8Map(math.floor(ratio * 2.0**shift + 0.5), shift)",
        "counts and floats become the same int8",
        (f"{_TEST}::test_q8_becomes_int8_as_floats_do",),
    ),
)

STORE, ENGINE = "firmware_ref/src/edgehar_store.c", "firmware_ref/src/edgehar_engine.c"
_STORED = "tests/firmware/test_store.py"
LOST = cases(f"{_STORED}::test_what_finds_no_room_is_reported_and_begins_anew", (False,))

_SPREAD = cases("tests/firmware/test_incremental.py::test_a_long_stream_over_many_phases", ("7-spread", "20-spread"))

STORES = (
    Mutant(
        "the planner looks at layers again that the engine passes over",
        "edgehar/compile/schedule.py",
        "(self._split if index < self._split else end) - self._settled[index]",
        "self._split if index < self._split else end",
        "both leave the same work for later, or buffers are too small",
        ("tests/firmware/test_incremental.py::test_the_planner_and_the_engine_leave_the_same_for_later",),
    ),
    Mutant(
        "the newest column is not waited for",
        ENGINE,
        "pipeline->held < model->history_columns && index > 0",
        "pipeline->held + 1 < model->history_columns && index > 0",
        "a decision is of the newest sample",
        _SPREAD,
    ),
    Mutant(
        "the next window begins with the last one's first column",
        ENGINE,
        "begin_window(model, memory, model->history_columns - model->advance);",
        "begin_window(model, memory, model->history_columns);",
        "the layers behind the split begin early, but with the right column",
        _SPREAD,
    ),
    Mutant(
        "the layers behind the split wait for the decision",
        ENGINE,
        "if (index == split && !waits && replay(model, memory)) {",
        "if (0) {",
        "the worst push of `micro`",
        ("tests/emulated/test_budgets.py::test_within_limits_and_budget[micro cortex-m4 hop 20 spread]",),
    ),
    Mutant(
        "a sample's work is not bounded",
        ENGINE,
        "            budget -= layer->block_macs;\n",
        "",
        "the worst push of the schedule 'spread'",
        ("tests/emulated/test_budgets.py::test_within_limits_and_budget[cortex-m4 hop 21 spread]",),
    ),
    Mutant(
        "a stored sample is announced before it is there",
        STORE,
        "__atomic_store_n(&(word), (value), __ATOMIC_RELEASE)",
        "__atomic_store_n(&(word), (value), __ATOMIC_RELAXED)",
        "memory ordering, which only ThreadSanitizer sees",
        (f"{_STORED}::test_two_threads_race_for_nothing",),
    ),
    Mutant(
        "a queue holds one sample less",
        STORE,
        "== queue->length)",
        "== queue->length - 1)",
        "full and empty told apart",
        (f"{_STORED}::test_decides_as_pushing_does",),
    ),
    Mutant(
        "what was lost is not missed",
        STORE,
        "if (sample.lost != 0) {",
        "if (sample.lost > 60000u) {",
        "a window across lost samples",
        LOST,
    ),
    Mutant(
        "the clock stands still while samples are lost",
        "firmware_ref/src/edgehar.c",
        "self->clock += (uint64_t)lost * self->period_us;",
        "self->clock += (uint64_t)lost * 0;",
        "times of samples without one",
        LOST,
    ),
    Mutant(
        "losses are told twice",
        STORE,
        "    queue->lost = 0;\n    EDGEHAR_RELEASE",
        "    EDGEHAR_RELEASE",
        "the count begins anew with each sample stored",
        LOST,
    ),
)
