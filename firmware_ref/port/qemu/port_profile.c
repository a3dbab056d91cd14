/* Ticks a layer: the linker's --wrap puts these functions between the engine and its kernels. */
#include "edgehar_engine.h"
#include "model_data.h"
#include "port_board.h"

#define LAYERS 64

static uint32_t ticks[LAYERS];
static uint32_t firings[LAYERS];
static uint32_t columns[LAYERS];

static void measure(edgehar_kernel *kernel, const void *parameters, const edgehar_block *block)
{
    const edgehar_model *const model = &edgehar_model_data;
    const uint32_t before = board_ticks();
    kernel(parameters, block);
    const uint32_t spent = board_ticks_between(before, board_ticks());
    for (int layer = 0; layer < model->layer_count && layer < LAYERS; layer++) {
        if (model->layers[layer].parameters == parameters) {
            ticks[layer] += spent;
            firings[layer]++;
            columns[layer] += (uint32_t)block->positions;
        }
    }
}

#define WRAP(name)                                                         \
    edgehar_kernel __real_##name, __wrap_##name;                           \
    void __wrap_##name(const void *parameters, const edgehar_block *block) \
    {                                                                      \
        measure(__real_##name, parameters, block);                         \
    }

WRAP(edgehar_conv1d_portable)
WRAP(edgehar_conv1d_thumb)
WRAP(edgehar_depthwise_thumb)
WRAP(edgehar_conv1d_thumb2)
WRAP(edgehar_depthwise_thumb2)
WRAP(edgehar_conv1d_dsp)
WRAP(edgehar_conv1d_mve)
WRAP(edgehar_depthwise_portable)
WRAP(edgehar_depthwise_dsp)
WRAP(edgehar_depthwise_mve)
WRAP(edgehar_max_pool)
WRAP(edgehar_max_pool_mve)
WRAP(edgehar_average_pool)
WRAP(edgehar_mean_time)
WRAP(edgehar_mean_dsp)
WRAP(edgehar_mean_mve)
WRAP(edgehar_max_time)
WRAP(edgehar_add_columns)
WRAP(edgehar_multiply_columns)
WRAP(edgehar_scale_columns)
WRAP(edgehar_offset_columns)
WRAP(edgehar_prelu_columns)
WRAP(edgehar_table_columns)
WRAP(edgehar_join_columns)
WRAP(edgehar_gather_columns)
WRAP(edgehar_softmax_columns)

void board_profile_print(void)
{
    for (int layer = 0; layer < edgehar_model_data.layer_count && layer < LAYERS; layer++) {
        board_print("layer ");
        board_print_number(layer);
        board_print(" ");
        board_print_number((int32_t)ticks[layer]);
        board_print(" ");
        board_print_number((int32_t)firings[layer]);
        board_print(" ");
        board_print_number((int32_t)columns[layer]);
        board_print("\n");
    }
}
