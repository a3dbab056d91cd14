/* edgehar: decisions from a stream of accelerometer samples, by an int8 network, without heap.
 *
 * Five functions: edgehar_init, edgehar_push or edgehar_push_counts for each sample, edgehar_reset, edgehar_label_name.
 * The caller owns all memory; one model may serve several streams, each with its own `edgehar` and memory.
 * Every decision equals, byte for byte, what `python -m edgehar stream` gives for the same samples.
 *
 * EDGEHAR_COUNTS_ONLY leaves out edgehar_push, and with it all floating point.
 */
#ifndef EDGEHAR_H
#define EDGEHAR_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What init, push and reset return: negative for an error, else what became of the sample. */
enum edgehar_status {
    EDGEHAR_ERROR_ARGUMENT = -1, /* a null pointer */
    EDGEHAR_ERROR_MEMORY = -2,   /* memory too small, or its address no multiple of 4 */
    EDGEHAR_ERROR_CONFIG = -3,   /* a configuration field out of its range */

    EDGEHAR_OK = 0,             /* kept; no decision is due */
    EDGEHAR_DECISION = 1,       /* kept, and *decision was written */
    EDGEHAR_DUPLICATE = 2,      /* ignored: same time as the sample before */
    EDGEHAR_FLUSH_NAN = 3,      /* dropped: not finite; all earlier samples are forgotten */
    EDGEHAR_FLUSH_GAP = 4,      /* kept as the first: more than two periods late; earlier samples are forgotten */
    EDGEHAR_FLUSH_BACKWARD = 5  /* kept as the first: earlier than the one before; earlier samples are forgotten */
};

/* Label of a decision whose best score is under the threshold. */
#define EDGEHAR_UNSURE (-1)

/* Time of a sample without a time: one period after the one before. */
#define EDGEHAR_NO_TIME UINT64_MAX

/* How scores follow probabilities. */
enum edgehar_smoothing {
    EDGEHAR_SMOOTHING_NONE = 0,
    EDGEHAR_SMOOTHING_EMA = 1,
    EDGEHAR_SMOOTHING_MAJORITY = 2
};

/* Network tables; model_data.h declares one, edgehar_model_data. */
typedef struct edgehar_model edgehar_model;

/* Raw counts to quantised values: count * multiplier / 2^shift. Make it with EDGEHAR_COUNTS. */
typedef struct edgehar_counts {
    uint32_t multiplier; /* 2^30 … 2^31; 0 where no counts are pushed */
    uint8_t shift;       /* 1 … 62 */
} edgehar_counts;

typedef struct edgehar_config {
    const edgehar_model *model;
    uint16_t hop;         /* samples between decisions, 1 … window; an incremental model takes its own only */
    uint8_t smoothing;    /* enum edgehar_smoothing */
    uint8_t votes;        /* majority: decisions that vote, 1 … 15 */
    uint16_t alpha;       /* ema: weight of the newest probabilities, 1 … 256, units of 1/256 */
    uint16_t threshold;   /* the best score must reach it, 0 … 256, units of 1/256 */
    uint16_t hysteresis;  /* lead that another label needs, 0 … 256, units of 1/256 */
    uint32_t min_dwell;   /* decisions that a label stays at least, 1 or more */
    edgehar_counts counts;
} edgehar_config;

/* The defaults of `python -m edgehar stream`, for samples in m/s². */
#define EDGEHAR_CONFIG(model, hop) { (model), (hop), EDGEHAR_SMOOTHING_EMA, 5, 128, 128, 13, 2, { 0, 0 } }

/* The same, for raw counts; `unit` is the m/s² of one count, for example 9.80665 / 16384. */
#define EDGEHAR_CONFIG_COUNTS(model, hop, unit) \
    { (model), (hop), EDGEHAR_SMOOTHING_EMA, 5, 128, 128, 13, 2, EDGEHAR_COUNTS(unit) }

/* Computed by the compiler: nothing of it is left in the image. Needs model_data.h; unit / scale 2^-20 … 2^12. */
#define EDGEHAR_COUNTS(unit) \
    { (uint32_t)(EDGEHAR_COUNTS_RATIO(unit) * EDGEHAR_COUNTS_POWER(EDGEHAR_COUNTS_SHIFT(unit)) + 0.5), \
      EDGEHAR_COUNTS_SHIFT(unit) }
#define EDGEHAR_COUNTS_RATIO(unit) ((double)(unit) / (double)EDGEHAR_MODEL_INPUT_SCALE)
#define EDGEHAR_COUNTS_POWER(shift) ((double)((uint64_t)1 << (shift)))
#define EDGEHAR_COUNTS_AT(unit, n) (EDGEHAR_COUNTS_RATIO(unit) * 1048576.0 < (double)((uint64_t)1 << (n)))
#define EDGEHAR_COUNTS_SHIFT(unit) \
    (uint8_t)(50 - !EDGEHAR_COUNTS_AT(unit, 1) - !EDGEHAR_COUNTS_AT(unit, 2) - !EDGEHAR_COUNTS_AT(unit, 3) \
    - !EDGEHAR_COUNTS_AT(unit, 4) - !EDGEHAR_COUNTS_AT(unit, 5) - !EDGEHAR_COUNTS_AT(unit, 6) \
    - !EDGEHAR_COUNTS_AT(unit, 7) - !EDGEHAR_COUNTS_AT(unit, 8) - !EDGEHAR_COUNTS_AT(unit, 9) \
    - !EDGEHAR_COUNTS_AT(unit, 10) - !EDGEHAR_COUNTS_AT(unit, 11) - !EDGEHAR_COUNTS_AT(unit, 12) \
    - !EDGEHAR_COUNTS_AT(unit, 13) - !EDGEHAR_COUNTS_AT(unit, 14) - !EDGEHAR_COUNTS_AT(unit, 15) \
    - !EDGEHAR_COUNTS_AT(unit, 16) - !EDGEHAR_COUNTS_AT(unit, 17) - !EDGEHAR_COUNTS_AT(unit, 18) \
    - !EDGEHAR_COUNTS_AT(unit, 19) - !EDGEHAR_COUNTS_AT(unit, 20) - !EDGEHAR_COUNTS_AT(unit, 21) \
    - !EDGEHAR_COUNTS_AT(unit, 22) - !EDGEHAR_COUNTS_AT(unit, 23) - !EDGEHAR_COUNTS_AT(unit, 24) \
    - !EDGEHAR_COUNTS_AT(unit, 25) - !EDGEHAR_COUNTS_AT(unit, 26) - !EDGEHAR_COUNTS_AT(unit, 27) \
    - !EDGEHAR_COUNTS_AT(unit, 28) - !EDGEHAR_COUNTS_AT(unit, 29) - !EDGEHAR_COUNTS_AT(unit, 30) \
    - !EDGEHAR_COUNTS_AT(unit, 31) - !EDGEHAR_COUNTS_AT(unit, 32))

/* What the network and the smoothing say of the window that ends at `time_us`. */
typedef struct edgehar_decision {
    uint64_t time_us;      /* of the newest sample */
    int label;             /* class, or EDGEHAR_UNSURE */
    int raw;               /* class with the largest probability, without smoothing */
    int classes;
    const uint8_t *p;      /* probabilities, units of 1/256, one a class; valid until the next push */
    const int32_t *scores; /* smoothed, units of 1/32768, one a class; valid until the next push */
} edgehar_decision;

/* One stream. Its fields are for edgehar.c alone. */
typedef struct edgehar {
    const edgehar_config *config;
    void *memory;
    int32_t *scores;
    uint8_t *p;
    uint64_t clock; /* time of the last sample seen */
    uint64_t kept;  /* time of the last sample kept */
    uint32_t age;   /* decisions since the label came */
    uint16_t due;   /* samples until the next decision */
    int8_t label;
    uint8_t decisions; /* since the last flush, up to 15 */
    uint8_t newest;    /* place of the newest vote */
    uint8_t has_clock;
    uint8_t has_kept;
    uint8_t has_label;
    uint8_t votes[15];
} edgehar;

/* Begin a stream.
 *
 * `config` and `memory` (EDGEHAR_MODEL_MEMORY_BYTES of model_data.h, address a multiple of 4) must outlive it.
 * Returns EDGEHAR_OK or an error; after an error the stream must not be used.
 */
int edgehar_init(edgehar *self, const edgehar_config *config, void *memory, size_t memory_bytes);

#ifndef EDGEHAR_COUNTS_ONLY
/* Take one sample: x, y, z in m/s², gravity included, Android sign; `time_us` in microseconds, or EDGEHAR_NO_TIME.
 *
 * Returns what became of it; with EDGEHAR_DECISION, and only then, *decision was written.
 */
int edgehar_push(edgehar *self, const float sample[3], uint64_t time_us, edgehar_decision *decision);
#endif

/* The same for raw sensor counts; config->counts says their unit (else EDGEHAR_ERROR_CONFIG). */
int edgehar_push_counts(edgehar *self, const int16_t counts[3], uint64_t time_us, edgehar_decision *decision);

/* Forget everything, the clock included: a new recording begins. */
void edgehar_reset(edgehar *self);

/* Name of a label, UTF-8; "unsure" for EDGEHAR_UNSURE, NULL for anything that is no label. */
const char *edgehar_label_name(const edgehar_model *model, int label);

#ifdef __cplusplus
}
#endif

#endif
