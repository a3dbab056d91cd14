/* The engine: from quantised samples to class probabilities. Internal; firmware uses edgehar.h.
 *
 * A network is a line of layers with small buffers of columns between them (edges). A layer fires as soon as a
 * block's worth of columns lies in front of it. The network is split at one tensor: layers before the split run on
 * the sample stream without end, and the split tensor's columns over the window are kept as a ring, the history;
 * layers behind it are cleared and run on the history at every decision. Split at the input, that is the
 * whole-window engine; split further down, the incremental one. The tables and all sizes come from the compiler,
 * which has run these very rules on column counts (edgehar/compile/schedule.py): no buffer can overflow.
 */
#ifndef EDGEHAR_ENGINE_H
#define EDGEHAR_ENGINE_H

#include "edgehar.h"
#include "edgehar_align.h"
#include "edgehar_kernels.h"
#include "edgehar_profile.h"

#define EDGEHAR_NONE 255
/* What an edgehar_last_layer runs instead: a dense layer, and the softmax. */
#define EDGEHAR_LAST_LAYERS 2

/* A buffer of columns between a tensor and one layer that reads it. */
typedef struct edgehar_edge {
    uint32_t offset;   /* bytes into the memory */
    uint16_t channels; /* bytes of a column */
    uint16_t inputs;   /* columns in a window where padding follows them, else 0 */
    uint16_t pad_left;
    uint16_t pad_right;
    int16_t drop;      /* columns to pass over after a group of outputs */
    uint16_t capacity; /* columns that ever wait in it */
    uint16_t lead;     /* columns to pass over at a window's begin */
    int8_t pad;        /* value of a padding column */
} edgehar_edge;

typedef struct edgehar_layer {
    edgehar_kernel *kernel;
    const void *parameters;
    uint32_t block_macs; /* what a full block takes, in instructions: edgehar/compile/work.py */
    uint32_t scratch;    /* bytes into the memory */
    uint16_t channels;   /* of its output */
    uint16_t taps;
    uint16_t stride;
    uint16_t positions; /* output columns in a full block */
    uint16_t outputs;   /* in a window, or in a group before the split; 0: they never end */
    uint8_t input;      /* edges */
    uint8_t second;     /* second operand's edge, or EDGEHAR_NONE */
    uint8_t output;     /* first of the edges that take its output */
    uint8_t output_count;
    uint8_t reduces; /* all outputs together make one column */
    uint8_t settled; /* the last layers of its part, which its output cannot make ready */
    uint8_t keeps;   /* not 0: its scratch is its own and lasts; its first word is this after a reset */
} edgehar_layer;

/* Make of a sample (x, y, z) in Q8, 1/256 m/s², what a window holds, in its place. */
typedef void edgehar_front(edgehar_gravity *gravity, int32_t sample[3]);

edgehar_front edgehar_front_pocket;

/* Do what a sample may bring about where `end` is 0; else a decision is due: all that is left of layers 0 … end - 1. */
typedef void edgehar_share(const edgehar_model *model, void *memory, int end);

edgehar_share edgehar_spread;

/* Both return what becomes of the sample: the status given, or EDGEHAR_FLUSH_ALIGNED. The first is NULL where all input is
 * counts. */
struct edgehar_path {
    int (*is_finite)(const edgehar *self, const float *sample); /* NULL where all input is counts */
    int (*quantise)(edgehar *self, const float *sample, int status, int8_t *quantised);
    int (*quantise_counts)(edgehar *self, const int16_t *counts, int status, int8_t *quantised);
};

extern const edgehar_path edgehar_changed_path;  /* x, y, z through rotation and front end */
extern const edgehar_path edgehar_channels_path; /* any other channels */

/* What was seen of how a device is worn: edgehar_placement.c. */
typedef struct edgehar_wearing {
    int32_t sums[3]; /* of the block's samples */
    int32_t before[3];
    uint32_t squares;
    uint16_t filled;
    uint8_t walked_strangely; /* blocks in a row */
    uint8_t walked_as_trained;
    uint8_t rested_strangely;
    uint8_t turned; /* the last walking was strange */
    uint8_t strange;
    uint8_t unused;
} edgehar_wearing;

/* Where training people had the device, in codes of the model's input; docs/spec.md, "Placement". */
typedef struct edgehar_placement edgehar_placement;
struct edgehar_placement {
    void (*push)(const edgehar_placement *self, edgehar_wearing *wearing, const int8_t sample[3]);
    const int32_t (*rest)[3];
    uint64_t rest_limit;
    uint32_t moving;
    uint32_t steady;
    uint32_t walk_limit;
    uint32_t weights[3];
    int32_t walk[3];
    uint16_t block; /* samples */
    uint16_t rests; /* activities at rest */
};

/* Take one sample. */
void edgehar_placement_push(const edgehar_placement *self, edgehar_wearing *wearing, const int8_t sample[3]);

struct edgehar_model {
    const edgehar_layer *layers;
    const edgehar_edge *edges; /* in the order of the tensors that fill them */
    const char *const *labels;
    uint32_t state_bytes;
    uint32_t history;     /* bytes into the memory */
    edgehar_share *share; /* where the work is spread over the samples, else NULL */
    uint32_t budget;      /* what a sample may bring about then, before a decision is due, in the unit of block_macs */
    uint32_t period_us;
    float inverse_scale; /* 1 / input scale, rounded once */
    int16_t input_zero;
    uint16_t window; /* samples */
    uint16_t hop;    /* samples between decisions; 0: any */
    uint16_t history_columns;
    uint16_t history_channels;
    uint16_t advance; /* where the work is spread: columns of the history that a hop brings */
    uint8_t classes;
    uint8_t layer_count;
    uint8_t edge_count;
    uint8_t split;  /* layers that run on the stream */
    uint8_t source; /* first of the edges that take samples, where split > 0 */
    uint8_t source_count;
    uint8_t replayed; /* first of the edges that are filled from the history */
    uint8_t replayed_count;
    uint8_t result;             /* edge that holds the probabilities */
    const edgehar_path *path;   /* where there is a front end, or channels other than x, y, z */
    edgehar_front *front;       /* NULL: windows hold x, y, z */
    edgehar_counts q8;          /* Q8 to quantised values, as the float map gives them; 0 where no 32 bits do */
    int16_t walking_gravity[3]; /* where training had it, Q14; zeros where it knows no such direction */
    uint16_t vectors;     /* bit n: channels n, n + 1, n + 2 are what a rotation turns; 0: nothing can be turned */
    uint8_t channels;     /* of a sample, where they are not x, y, z; else 0 */
    uint8_t acceleration; /* place of its x among them, where there is a direction to align to */
    const edgehar_placement *placement; /* NULL: not known */
};

/* Forget all samples. `memory` is 4-byte aligned and holds model->state_bytes. */
void edgehar_engine_reset(const edgehar_model *model, void *memory);

/* Take one sample: a quantised value for each channel. */
void edgehar_engine_feed(const edgehar_model *model, void *memory, const int8_t *sample);

/* Probabilities (zero point -128, scale 1/256) of the window that ends with the last sample fed.
 *
 * Call it after `window` samples and then after every `hop` samples. Valid until the next call.
 * `left_out` layers at the end are not run; where it is not 0, nothing is returned that can be read, and the column that
 * the first of them reads waits in its edge.
 */
const int8_t *edgehar_engine_decide(const edgehar_model *model, void *memory, int left_out);

#ifdef EDGEHAR_TRACE
/* Tests: called after every firing with the columns that it made. */
extern void (*edgehar_trace)(int layer, const int8_t *columns, int bytes);
#endif

#endif
