/* What lies in a model blob, in the order and with the gaps of edgehar/compile/c/blob.py; offsets count from its begin.
 * Edges, and the parameters of kernels that hold no pointer, are the structs that the engine takes. */
#ifndef EDGEHAR_BLOB_FORMAT_H
#define EDGEHAR_BLOB_FORMAT_H

#include <stdint.h>

#define EDGEHAR_BLOB_SPREAD 1u /* flags */
#define EDGEHAR_BLOB_POCKET 2u

typedef struct blob_head {
    uint32_t magic;
    uint32_t format;
    uint32_t bytes;
    uint8_t sha256[8]; /* of the .tflite, its first bytes */
    uint32_t layers;   /* offsets */
    uint32_t edges;
    uint32_t labels;
    uint32_t state_bytes;
    uint32_t history;
    uint32_t budget;
    uint32_t period_us;
    uint32_t inverse_scale; /* a float's bits */
    uint32_t q8_multiplier;
    int16_t input_zero;
    uint16_t window;
    uint16_t hop;
    uint16_t history_columns;
    uint16_t history_channels;
    uint16_t advance;
    int16_t walking_gravity[3];
    uint8_t classes;
    uint8_t layer_count;
    uint8_t edge_count;
    uint8_t split;
    uint8_t source;
    uint8_t source_count;
    uint8_t replayed;
    uint8_t replayed_count;
    uint8_t result;
    uint8_t q8_shift;
    uint8_t flags;
    uint8_t unused[3];
} blob_head;

typedef struct blob_layer {
    uint32_t parameters; /* offset */
    uint32_t block_macs;
    uint32_t scratch;
    uint16_t channels;
    uint16_t taps;
    uint16_t stride;
    uint16_t positions;
    uint16_t outputs;
    uint8_t kernel; /* enum edgehar_kernel_number */
    uint8_t input;
    uint8_t second;
    uint8_t output;
    uint8_t output_count;
    uint8_t reduces;
    uint8_t settled;
    uint8_t unused[3];
} blob_layer;

typedef struct blob_conv {
    uint32_t weights; /* offsets; the last three are 0 where the weights hold all */
    uint32_t bias;
    uint32_t multiplier;
    uint32_t shift;
    uint32_t weight_bytes;
    uint16_t in_channels;
    uint16_t out_channels;
    uint16_t kernel;
    uint16_t stride;
    int8_t output_zero;
    int8_t activation_min;
    int8_t activation_max;
    int8_t unused;
} blob_conv;

typedef struct blob_constant {
    uint32_t operand; /* offset */
    uint32_t operand_bytes;
    uint16_t channels;
    uint16_t step;
    int16_t offset;
    int8_t shift[2];
    int32_t multiplier[2];
    int8_t output_zero;
    int8_t activation_min;
    int8_t activation_max;
    int8_t unused;
} blob_constant;

typedef struct blob_table {
    uint32_t values; /* offset of 256 bytes */
    uint16_t channels;
    uint16_t unused;
} blob_table;

#endif
