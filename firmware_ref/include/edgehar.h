/* edgehar: decisions from a stream of sensor samples, by an int8 network, without heap.
 *
 * Five functions: edgehar_init, edgehar_push or edgehar_push_counts for each sample, edgehar_reset, edgehar_label_name.
 * The caller owns all memory; one model may serve several streams, each with its own `edgehar` and memory.
 * Every decision equals, byte for byte, what `python -m edgehar stream --runtime native-int8` gives for the same
 * samples. The default runtime there, LiteRT's reference kernels, may round a dense layer's byte another way:
 * docs/testing.md says how often. XNNPACK (litert-int8) rounds otherwise in many layers.
 *
 * edgehar_store.h parts storing, in an interrupt, from deciding, in a task.
 * edgehar_sensor.h takes a sensor at its own rate, with its own axes. edgehar_set_rotation turns samples,
 * edgehar_align.h finds out how, and edgehar_profile.h has what makes a model right on one person.
 *
 * Samples must come at the model's rate. Where their times say otherwise, by over 10 %, there is no decision but
 * EDGEHAR_FLUSH_RATE every half window; samples pushed with EDGEHAR_NO_TIME are believed.
 *
 * EDGEHAR_COUNTS_ONLY leaves out edgehar_push, and with it all floating point.
 */
#ifndef EDGEHAR_H
#define EDGEHAR_H

#include <stddef.h>
#include <stdint.h>

/* The engine's version, and the number of the format in which the compiler hands it a model: generated files that were
 * made for another format do not compile. */
#define EDGEHAR_VERSION "0.1.0"
#define EDGEHAR_FORMAT 2

#ifdef __cplusplus
extern "C" {
#endif

/* What init, push and reset return: negative for an error, else what became of the sample. */
enum edgehar_status {
    EDGEHAR_ERROR_ARGUMENT = -1, /* a null pointer */
    EDGEHAR_ERROR_MEMORY = -2,   /* memory too small, or its address no multiple of 4 */
    EDGEHAR_ERROR_CONFIG = -3,   /* a configuration field out of its range */
    EDGEHAR_ERROR_PROFILE = -4,  /* no profile, or a torn one */
    EDGEHAR_ERROR_MODEL = -5,    /* a profile or filter of another model; a rotation of axes that lack others */
    EDGEHAR_ERROR_FULL = -6,     /* no room to store the sample, which is lost */

    EDGEHAR_OK = 0,             /* kept; no decision is due */
    EDGEHAR_DECISION = 1,       /* kept, and *decision was written */
    EDGEHAR_DUPLICATE = 2,      /* ignored: same time as the sample before */
    EDGEHAR_FLUSH_NAN = 3,      /* dropped: not finite; all earlier samples are forgotten */
    EDGEHAR_FLUSH_GAP = 4,      /* kept as the first: more than two periods late; earlier samples are forgotten */
    EDGEHAR_FLUSH_BACKWARD = 5, /* kept as the first: earlier than the one before; earlier samples are forgotten */
    EDGEHAR_FLUSH_RATE = 6,     /* kept as the first: half a window came over 10 % too fast or too slow; forgotten */
    EDGEHAR_FLUSH_ALIGNED = 7,  /* kept as the first, and turned: edgehar_align knows how; earlier ones are forgotten */
    EDGEHAR_FLUSH_LOST = 8      /* kept as the first: samples before it found no room; earlier samples are forgotten */
};

/* Label of a decision that is none. */
#define EDGEHAR_UNSURE (-1)

/* Why a label is EDGEHAR_UNSURE. */
enum edgehar_reason {
    EDGEHAR_REASON_NONE = 0,     /* it is not */
    EDGEHAR_REASON_SCORE = 1,    /* the best score is under the threshold */
    EDGEHAR_REASON_PLACEMENT = 2 /* the device is worn as the model was never trained */
};

/* Time of a sample without a time: one period after the one before. A rate that is off then stays unseen. */
#define EDGEHAR_NO_TIME UINT64_MAX

/* How scores follow probabilities. */
enum edgehar_smoothing {
    EDGEHAR_SMOOTHING_NONE = 0,
    EDGEHAR_SMOOTHING_EMA = 1,
    EDGEHAR_SMOOTHING_MAJORITY = 2
};

/* Network tables; model_data.h declares one, edgehar_model_data, and walk_data.h another, edgehar_walk_data. */
typedef struct edgehar_model edgehar_model;

/* What a profile needs to know of its model: edgehar_profile.h. */
typedef struct edgehar_personal edgehar_personal;

/* What waits for walking, to turn samples by it: edgehar_align.h. */
typedef struct edgehar_alignment edgehar_alignment;

/* Raw counts to quantised values: count * multiplier / 2^shift. Make it with EDGEHAR_COUNTS. */
typedef struct edgehar_counts {
    uint32_t multiplier; /* 2^30 … 2^31; 0 where no counts are pushed */
    uint8_t shift;       /* 1 … 62 */
} edgehar_counts;

typedef struct edgehar_config {
    const edgehar_model *model;
    uint16_t hop;        /* samples between decisions, 1 … window; an incremental model takes its own only */
    uint8_t smoothing;   /* enum edgehar_smoothing */
    uint8_t votes;       /* majority: decisions that vote, 1 … 15 */
    uint16_t alpha;      /* ema: weight of the newest probabilities, 1 … 256, units of 1/256 */
    uint16_t threshold;  /* the best score must reach it, 0 … 256, units of 1/256 */
    uint16_t hysteresis; /* lead that another label needs, 0 … 256, units of 1/256 */
    uint32_t min_dwell;  /* decisions that a label stays at least, 1 or more */
    edgehar_counts counts;
    uint8_t any_placement; /* 1: decide however the device is worn; 0: unsure where the model can tell */
} edgehar_config;

/* The defaults of `python -m edgehar stream`. */
#define EDGEHAR_DEFAULT_SMOOTHING EDGEHAR_SMOOTHING_EMA
#define EDGEHAR_DEFAULT_VOTES 5
#define EDGEHAR_DEFAULT_ALPHA 128
#define EDGEHAR_DEFAULT_THRESHOLD 128
#define EDGEHAR_DEFAULT_HYSTERESIS 13
#define EDGEHAR_DEFAULT_MIN_DWELL 2

/* A configuration of defaults, for samples in m/s²; another value is set by its name afterwards, or in its place. */
#define EDGEHAR_CONFIG(model, hop) EDGEHAR_CONFIG_OF((model), (hop), EDGEHAR_NO_COUNTS)

/* The same, for raw counts; `unit` is the m/s² of one count, for example 9.80665 / 16384. */
#define EDGEHAR_CONFIG_COUNTS(model, hop, unit) EDGEHAR_CONFIG_OF((model), (hop), EDGEHAR_COUNTS(unit))

#ifdef __cplusplus /* has initialisers by name only since C++20 */
#define EDGEHAR_CONFIG_OF(model_, hop_, ...) \
    {model_,                                 \
     hop_,                                   \
     EDGEHAR_DEFAULT_SMOOTHING,              \
     EDGEHAR_DEFAULT_VOTES,                  \
     EDGEHAR_DEFAULT_ALPHA,                  \
     EDGEHAR_DEFAULT_THRESHOLD,              \
     EDGEHAR_DEFAULT_HYSTERESIS,             \
     EDGEHAR_DEFAULT_MIN_DWELL,              \
     __VA_ARGS__,                            \
     0}
#else
#define EDGEHAR_CONFIG_OF(model_, hop_, ...)   \
    {.model = model_,                          \
     .hop = hop_,                              \
     .smoothing = EDGEHAR_DEFAULT_SMOOTHING,   \
     .votes = EDGEHAR_DEFAULT_VOTES,           \
     .alpha = EDGEHAR_DEFAULT_ALPHA,           \
     .threshold = EDGEHAR_DEFAULT_THRESHOLD,   \
     .hysteresis = EDGEHAR_DEFAULT_HYSTERESIS, \
     .min_dwell = EDGEHAR_DEFAULT_MIN_DWELL,   \
     .counts = __VA_ARGS__,                    \
     .any_placement = 0}
#endif
#define EDGEHAR_NO_COUNTS {0, 0}

/* Values of a sample at most. */
#define EDGEHAR_MOST_CHANNELS 9

/* Computed by the compiler: nothing of it is left in the image. Needs model_data.h; a model with a name has a macro of
 * its own. A unit that is not above 0, or for which unit / scale is not within 2^-20 … 2^12, does not compile. */
#define EDGEHAR_COUNTS(unit) EDGEHAR_COUNTS_OF((unit), EDGEHAR_MODEL_INPUT_SCALE)
#define EDGEHAR_COUNTS_OF(unit, scale) EDGEHAR_COUNTS_MAP((double)(unit) / (double)(scale))
#define EDGEHAR_COUNTS_MAP(ratio)                                                   \
    {(uint32_t)((ratio) * EDGEHAR_COUNTS_POWER(EDGEHAR_COUNTS_SHIFT(ratio)) + 0.5), \
     (uint8_t)(EDGEHAR_COUNTS_SHIFT(ratio) / EDGEHAR_REQUIRE((ratio) >= 9.5367431640625e-7 && (ratio) < 4096.0))}
#define EDGEHAR_COUNTS_POWER(shift) ((double)((uint64_t)1 << (shift)))
#define EDGEHAR_COUNTS_AT(ratio, n) ((ratio) * 1048576.0 < (double)((uint64_t)1 << (n)))
#define EDGEHAR_COUNTS_SHIFT(ratio)                                                                    \
    (50 - !EDGEHAR_COUNTS_AT(ratio, 1) - !EDGEHAR_COUNTS_AT(ratio, 2) - !EDGEHAR_COUNTS_AT(ratio, 3) - \
     !EDGEHAR_COUNTS_AT(ratio, 4) - !EDGEHAR_COUNTS_AT(ratio, 5) - !EDGEHAR_COUNTS_AT(ratio, 6) -      \
     !EDGEHAR_COUNTS_AT(ratio, 7) - !EDGEHAR_COUNTS_AT(ratio, 8) - !EDGEHAR_COUNTS_AT(ratio, 9) -      \
     !EDGEHAR_COUNTS_AT(ratio, 10) - !EDGEHAR_COUNTS_AT(ratio, 11) - !EDGEHAR_COUNTS_AT(ratio, 12) -   \
     !EDGEHAR_COUNTS_AT(ratio, 13) - !EDGEHAR_COUNTS_AT(ratio, 14) - !EDGEHAR_COUNTS_AT(ratio, 15) -   \
     !EDGEHAR_COUNTS_AT(ratio, 16) - !EDGEHAR_COUNTS_AT(ratio, 17) - !EDGEHAR_COUNTS_AT(ratio, 18) -   \
     !EDGEHAR_COUNTS_AT(ratio, 19) - !EDGEHAR_COUNTS_AT(ratio, 20) - !EDGEHAR_COUNTS_AT(ratio, 21) -   \
     !EDGEHAR_COUNTS_AT(ratio, 22) - !EDGEHAR_COUNTS_AT(ratio, 23) - !EDGEHAR_COUNTS_AT(ratio, 24) -   \
     !EDGEHAR_COUNTS_AT(ratio, 25) - !EDGEHAR_COUNTS_AT(ratio, 26) - !EDGEHAR_COUNTS_AT(ratio, 27) -   \
     !EDGEHAR_COUNTS_AT(ratio, 28) - !EDGEHAR_COUNTS_AT(ratio, 29) - !EDGEHAR_COUNTS_AT(ratio, 30) -   \
     !EDGEHAR_COUNTS_AT(ratio, 31) - !EDGEHAR_COUNTS_AT(ratio, 32))

/* 1, or no program where the condition, a constant of the compiler, does not hold. */
#if defined(__cplusplus)
#define EDGEHAR_REQUIRE(condition) ((int)sizeof(char[(condition) ? 1 : -1]))
#elif defined(__GNUC__)
#define EDGEHAR_REQUIRE(condition) \
    ((int)(1 + 0 * __extension__ sizeof(struct { int edgehar_value_out_of_range : (condition) ? 1 : -1; })))
#else
#define EDGEHAR_REQUIRE(condition) (1 / (int)(condition))
#endif

/* Classes that a decision has room for; a model of more does not compile. All files must be built with the same
 * number. */
#ifndef EDGEHAR_MOST_CLASSES
#define EDGEHAR_MOST_CLASSES 32
#endif

/* What the network and the smoothing say of the window that ends at `time_us`: a copy, which may be kept or queued. */
typedef struct edgehar_decision {
    uint64_t time_us;                     /* of the newest sample */
    int label;                            /* class, or EDGEHAR_UNSURE */
    int raw;                              /* class with the largest probability, without smoothing */
    int reason;                           /* why the label is EDGEHAR_UNSURE: enum edgehar_reason */
    int classes;                          /* in `scores` and `p`; what lies behind them is not written */
    int32_t scores[EDGEHAR_MOST_CLASSES]; /* smoothed, units of 1/32768 */
    uint8_t p[EDGEHAR_MOST_CLASSES];      /* probabilities, units of 1/256 */
} edgehar_decision;

/* How samples become int8 where something is done to them first: edgehar_path.c. */
typedef struct edgehar_path edgehar_path;

/* What a front end knows of the stream. */
typedef struct edgehar_gravity {
    int32_t sum[3];  /* mean of the samples, 1/65536 m/s² */
    uint8_t samples; /* since the last flush, up to 32 */
} edgehar_gravity;

/* What runs in place of the last dense layer, where a person was learned or is being learned. */
typedef struct edgehar_last_layer {
    const int8_t *(*run)(const struct edgehar_last_layer *self, void *memory); /* NULL: the model's own */
    const edgehar_personal *personal;
    const int8_t *weights;
    const int32_t *bias;
    int8_t *embedding; /* where each decision leaves what the layer reads, or NULL */
    uint8_t own;       /* whether the weights are a profile's */
} edgehar_last_layer;

/* One stream. Its fields are for the engine's sources alone. */
typedef struct edgehar edgehar;
struct edgehar {
    const edgehar_config *config;
    void *memory;
    const edgehar_path *path; /* NULL: samples become int8 as they come */
    const int16_t *rotation;
    edgehar_alignment *alignment;
    const edgehar_counts *channel_counts; /* one per channel, of a model with other channels than x, y, z */
    edgehar_last_layer last;
    int32_t *scores;
    edgehar_gravity gravity;
    /* What becomes of counts, where they have a sensor; else NULL. */
    int (*take)(edgehar *self, const int16_t *counts, uint64_t time_us, int status, edgehar_decision *decision);
    const void *sensor; /* axes, unit and rate: edgehar_sensor, or edgehar_sensors of other channels */
    void *sensor_memory;
    uint64_t clock;       /* time of the last sample seen */
    uint64_t kept;        /* time of the last sample kept */
    uint64_t rate_from;   /* time from which the rate is told */
    uint32_t period_us;   /* between samples as they come */
    uint32_t step_us;     /* from the last sample seen to one without a time */
    uint32_t age;         /* decisions since the label came */
    uint16_t due;         /* samples until the next decision */
    uint16_t rate_length; /* steps over which the rate is told */
    uint16_t rate_steps;  /* steps until then */
    int8_t label;
    uint8_t decisions; /* since the last flush, up to 15 */
    uint8_t newest;    /* place of the newest vote */
    uint8_t has_clock;
    uint8_t has_kept;
    uint8_t has_label;
    uint8_t fresh; /* the filter has had nothing since the last flush */
    uint8_t votes[15];
};

/* Begin a stream.
 *
 * `config` and `memory` (EDGEHAR_MODEL_MEMORY_BYTES of model_data.h, address a multiple of 4) must outlive it.
 * Returns EDGEHAR_OK or an error; after an error the stream must not be used.
 */
int edgehar_init(edgehar *self, const edgehar_config *config, void *memory, size_t memory_bytes);

#ifndef EDGEHAR_COUNTS_ONLY
/* Take one sample: x, y, z in m/s², gravity included, Android sign; `time_us` in microseconds, or EDGEHAR_NO_TIME.
 * Of a model with other channels, EDGEHAR_MODEL_CHANNELS values in the order and units of its header.
 *
 * Returns what became of it; with EDGEHAR_DECISION, and only then, *decision was written. With a sensor that was set
 * (edgehar_sensor.h): EDGEHAR_ERROR_CONFIG, for its samples are counts.
 */
int edgehar_push(edgehar *self, const float *sample, uint64_t time_us, edgehar_decision *decision);
#endif

/* The same for raw sensor counts; config->counts says their unit, or edgehar_set_counts or a sensor (else
 * EDGEHAR_ERROR_CONFIG). */
int edgehar_push_counts(edgehar *self, const int16_t *counts, uint64_t time_us, edgehar_decision *decision);

/* Forget everything, the clock included: a new recording begins. */
void edgehar_reset(edgehar *self);

/* Turn every sample from now on, so that the device is as training had it; forgets as edgehar_reset does.
 *
 * `rotation` is a 3 × 3 matrix, row by row, in units of 1/16384, no entry beyond ±16384; it must outlive its use. NULL
 * turns nothing. Where there are several sensors, x, y and z of each are turned. Returns EDGEHAR_OK,
 * EDGEHAR_ERROR_ARGUMENT, or EDGEHAR_ERROR_MODEL where a channel cannot be turned; after an error nothing has changed.
 */
int edgehar_set_rotation(edgehar *self, const int16_t rotation[9]);

/* Say what the counts of a model are whose samples are not x, y, z of the acceleration; forgets as edgehar_reset does.
 *
 * `counts` has a map for each of the model's channels, as EDGEHAR_MODEL_CHANNEL_COUNTS of its header makes them from a
 * unit per sensor; it must outlive its use. NULL: no counts are pushed. Returns EDGEHAR_OK, EDGEHAR_ERROR_ARGUMENT,
 * EDGEHAR_ERROR_MODEL of a model of x, y, z, whose unit the configuration has, or EDGEHAR_ERROR_CONFIG for maps that
 * are none, or where edgehar_align was told of no counts; after an error nothing has changed.
 */
int edgehar_set_counts(edgehar *self, const edgehar_counts *counts);

/* Name of a label, UTF-8; "unsure" for EDGEHAR_UNSURE, NULL for anything that is no label. */
const char *edgehar_label_name(const edgehar_model *model, int label);

#ifdef __cplusplus
}
#endif

#endif
