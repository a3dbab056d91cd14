/* The smallest program that uses the engine: raw counts, no floating point. It is linked for its size and symbols, and
 * it runs: the exit status is the number of decisions out of two windows of gravity. */
#include "edgehar.h"
#include "model_data.h"
#include "port_board.h"

__attribute__((section(".bss.engine_ram"))) static uint32_t memory[(EDGEHAR_MODEL_MEMORY_BYTES + 3) / 4];
__attribute__((section(".bss.engine_ram"))) static edgehar stream;

int main(void)
{
    static const edgehar_config config = EDGEHAR_CONFIG_COUNTS(
        &edgehar_model_data, EDGEHAR_MODEL_HOP ? EDGEHAR_MODEL_HOP : EDGEHAR_MODEL_WINDOW, 9.80665 / 16384);
    static const int16_t sample[3] = {100, 16384, -200};
    int decisions = 0;
    if (edgehar_init(&stream, &config, memory, sizeof memory) != EDGEHAR_OK) {
        return 100;
    }
    for (int i = 0; i < 2 * EDGEHAR_MODEL_WINDOW; i++) {
        edgehar_decision decision;
        decisions += edgehar_push_counts(&stream, sample, EDGEHAR_NO_TIME, &decision) == EDGEHAR_DECISION;
    }
    return decisions;
}
