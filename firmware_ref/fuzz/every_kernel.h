/* The kernels of all paths, for programs that open any blob: on a computer those of microcontrollers are their
 * definitions in portable C. */
#ifndef EDGEHAR_FUZZ_EVERY_KERNEL_H
#define EDGEHAR_FUZZ_EVERY_KERNEL_H

#include "edgehar_blob.h"

/* OTHER(kernel) is the kernel, or NULL for an image without those of the DSP extension and of Helium. */
#define EDGEHAR_EVERY_KERNEL(OTHER)                                  \
    {                                                                \
        {edgehar_conv1d_portable,      OTHER(edgehar_conv1d_dsp),    \
         edgehar_conv1d_thumb,         edgehar_conv1d_thumb2,        \
         OTHER(edgehar_conv1d_mve),    edgehar_conv1d_vector,        \
         edgehar_depthwise_portable,   OTHER(edgehar_depthwise_dsp), \
         OTHER(edgehar_depthwise_mve), edgehar_depthwise_thumb,      \
         edgehar_depthwise_thumb2,     edgehar_max_pool,             \
         OTHER(edgehar_max_pool_mve),  edgehar_max_pool_vector,      \
         edgehar_average_pool,         edgehar_mean_time,            \
         OTHER(edgehar_mean_dsp),      OTHER(edgehar_mean_mve),      \
         edgehar_mean_vector,          edgehar_max_time,             \
         edgehar_add_columns,          edgehar_multiply_columns,     \
         edgehar_scale_columns,        edgehar_offset_columns,       \
         edgehar_prelu_columns,        edgehar_table_columns,        \
         edgehar_join_columns,         edgehar_gather_columns,       \
         edgehar_softmax_columns,      edgehar_conv1d_riscv,         \
         edgehar_depthwise_riscv},                                   \
        edgehar_spread,                                              \
        edgehar_front_pocket,                                        \
        &edgehar_changed_path}

#endif
