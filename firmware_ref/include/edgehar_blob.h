/* A model that is no part of the firmware: one block of bytes, wherever it lies, which `export --c-blob` writes.
 *
 * The image names the kernels that it links; a blob that needs another is refused. Nothing of a blob is used before its
 * CRC-32 was found right, nothing is read outside of it, and its plan is rehearsed: what is taken keeps to its memory.
 * A checksum finds accidents, not attackers: who can write a right one can also write a network that answers what they
 * like, so a blob from the air must be authenticated first, as an image must be.
 *
 * The blob stays where it is while the model is used. It has neither placement nor a personal part, and x, y, z only.
 */
#ifndef EDGEHAR_BLOB_H
#define EDGEHAR_BLOB_H

#include "edgehar_engine.h"

/* What edgehar_open_blob returns beside EDGEHAR_OK, EDGEHAR_ERROR_ARGUMENT and EDGEHAR_ERROR_MEMORY. */
enum edgehar_blob_status {
    EDGEHAR_ERROR_BLOB = -16,   /* no blob, a torn one, or one whose parts do not fit together */
    EDGEHAR_ERROR_FORMAT = -17, /* made for another EDGEHAR_FORMAT */
    EDGEHAR_ERROR_KERNEL = -18  /* needs a kernel, `share`, `front` or `path` that the table lacks */
};

/* A kernel's number in a blob; one that goes keeps its number, a new one comes last. */
enum edgehar_kernel_number {
    EDGEHAR_KERNEL_CONV1D_PORTABLE = 0,
    EDGEHAR_KERNEL_CONV1D_DSP,
    EDGEHAR_KERNEL_CONV1D_THUMB,
    EDGEHAR_KERNEL_CONV1D_THUMB2,
    EDGEHAR_KERNEL_CONV1D_MVE,
    EDGEHAR_KERNEL_CONV1D_VECTOR,
    EDGEHAR_KERNEL_DEPTHWISE_PORTABLE,
    EDGEHAR_KERNEL_DEPTHWISE_DSP,
    EDGEHAR_KERNEL_DEPTHWISE_MVE,
    EDGEHAR_KERNEL_DEPTHWISE_THUMB,
    EDGEHAR_KERNEL_DEPTHWISE_THUMB2,
    EDGEHAR_KERNEL_MAX_POOL,
    EDGEHAR_KERNEL_MAX_POOL_MVE,
    EDGEHAR_KERNEL_MAX_POOL_VECTOR,
    EDGEHAR_KERNEL_AVERAGE_POOL,
    EDGEHAR_KERNEL_MEAN_TIME,
    EDGEHAR_KERNEL_MEAN_DSP,
    EDGEHAR_KERNEL_MEAN_MVE,
    EDGEHAR_KERNEL_MEAN_VECTOR,
    EDGEHAR_KERNEL_MAX_TIME,
    EDGEHAR_KERNEL_ADD_COLUMNS,
    EDGEHAR_KERNEL_MULTIPLY_COLUMNS,
    EDGEHAR_KERNEL_SCALE_COLUMNS,
    EDGEHAR_KERNEL_OFFSET_COLUMNS,
    EDGEHAR_KERNEL_PRELU_COLUMNS,
    EDGEHAR_KERNEL_TABLE_COLUMNS,
    EDGEHAR_KERNEL_JOIN_COLUMNS,
    EDGEHAR_KERNEL_GATHER_COLUMNS,
    EDGEHAR_KERNEL_SOFTMAX_COLUMNS,
    EDGEHAR_KERNEL_CONV1D_RISCV,
    EDGEHAR_KERNEL_DEPTHWISE_RISCV,
    EDGEHAR_KERNELS
};

/* What the image links for models to come; NULL: not there. */
typedef struct edgehar_kernel_table {
    edgehar_kernel *kernels[EDGEHAR_KERNELS]; /* edgehar_<name> at EDGEHAR_KERNEL_<NAME> */
    edgehar_share *share;                     /* edgehar_spread, for models of the schedule `spread` */
    edgehar_front *front;                     /* edgehar_front_pocket, for models with that front end, which ask for */
    const edgehar_path *path;                 /* &edgehar_changed_path, too */
} edgehar_kernel_table;

/* Parameters that hold pointers, and so are made anew. */
typedef union edgehar_blob_parameters {
    edgehar_conv conv;
    edgehar_constant constant;
    edgehar_table table;
} edgehar_blob_parameters;

/* Bytes of memory for a model of so many layers and classes; the rest is for the rehearsal of the smallest. */
#define EDGEHAR_BLOB_MEMORY(layers, classes)                                 \
    (sizeof(edgehar_model) + (size_t)(classes) * sizeof(const char *) + 32 + \
     (size_t)(layers) * (sizeof(edgehar_layer) + sizeof(edgehar_blob_parameters)))

#ifdef __cplusplus
extern "C" {
#endif

/* Check a blob and make `*model` of it, in memory that the caller gives; no heap.
 *
 * blob    aligned to 4, in flash or RAM; `bytes` may be more than it has, as a partition's size is
 * memory  aligned as a pointer, EDGEHAR_BLOB_MEMORY at least
 *
 * Where it fails, `*model` stays as it was; what `memory` holds then is of no use.
 */
int edgehar_open_blob(const void *blob, size_t bytes, const edgehar_kernel_table *kernels, void *memory,
                      size_t memory_bytes, const edgehar_model **model);

/* What edgehar_init needs for that model: its memory_bytes. */
size_t edgehar_blob_stream_bytes(const edgehar_model *model);

#ifdef __cplusplus
}
#endif

#endif
