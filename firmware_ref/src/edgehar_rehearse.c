/* The engine on counts of columns alone: edgehar_rehearse.h. */
#include "edgehar_rehearse.h"

#define EDGEHAR_REHEARSAL
/* Ten times as much as the longest plan of the tests takes. Fuzzing has less patience. */
#ifndef EDGEHAR_MOST_FIRINGS
#define EDGEHAR_MOST_FIRINGS 1000000u
#endif

#define EDGEHAR_BYTES(count) ((count) * 0u)
#define EDGEHAR_COPY(to, from, count) ((void)(to), (void)(from), (void)(count))
#define EDGEHAR_RUN(layer, block) ((void)(layer), (void)(block))
#define EDGEHAR_NAMED(name) edgehar_rehearse_##name
#define EDGEHAR_SHARE(model) EDGEHAR_NAMED(spread)
#define EDGEHAR_MAY_GO_ON(memory) may_go_on(memory)
#define EDGEHAR_ASSERT(condition)      \
    do {                               \
        if (!(condition)) {            \
            *firings_left(memory) = 0; \
        }                              \
    } while (0)

/* Firings until it is broken off; 0, too, once the plan does not hold. It stands where a pipeline's state begins. */
static uint32_t *firings_left(void *memory)
{
    return (uint32_t *)memory;
}

static int may_go_on(void *memory)
{
    uint32_t *left = firings_left(memory);
    *left -= *left != 0;
    return *left != 0;
}

#undef EDGEHAR_TRACE
void EDGEHAR_NAMED(spread)(const edgehar_model *model, void *memory, int end);
void EDGEHAR_NAMED(engine_reset)(const edgehar_model *model, void *memory);
void EDGEHAR_NAMED(engine_feed)(const edgehar_model *model, void *memory, const int8_t *sample);
const int8_t *EDGEHAR_NAMED(engine_decide)(const edgehar_model *model, void *memory, int left_out);
#include "edgehar_engine.c"

uint32_t edgehar_count_bytes(int edges, int layers)
{
    return (uint32_t)(sizeof(pipeline_state) - sizeof(uint32_t) + (size_t)edges * sizeof(edge_state) +
                      (size_t)layers * sizeof(uint16_t));
}

static int same(const uint8_t *one, const uint8_t *two, uint32_t count)
{
    while (count > 0 && *one == *two) {
        one++, two++, count--;
    }
    return count == 0;
}

int edgehar_rehearse(const edgehar_model *model, void *memory)
{
    uint8_t *const counts = (uint8_t *)memory + sizeof(uint32_t);
    const uint32_t bytes = edgehar_count_bytes(model->edge_count, model->layer_count);
    uint8_t *const earlier = counts + bytes;
    const int8_t sample[3] = {0, 0, 0};
    uint32_t due = model->window, round = 0, next_kept = 1;
    int index;

    EDGEHAR_NAMED(engine_reset)(model, memory);
    *firings_left(memory) = EDGEHAR_MOST_FIRINGS;
    for (;;) {
        for (; due > 0 && may_go_on(memory); due--) {
            EDGEHAR_NAMED(engine_feed)(model, memory, sample);
        }
        EDGEHAR_NAMED(engine_decide)(model, memory, 0);
        if (!may_go_on(memory)) {
            return 0;
        }
        for (index = 0; index < model->edge_count; index++) {
            /* What counts around without an end, and is not used. */
            if (model->edges[index].inputs == 0) {
                edge_states(memory)[index].received = 0;
            }
        }
        if (round != 0 && same(counts, earlier, bytes)) {
            return 1;
        }
        /* What is kept is replaced at rounds 1, 2, 4, …, so that any period is found. */
        if (++round == next_kept) {
            memcpy(earlier, counts, bytes);
            next_kept *= 2;
        }
        /* Any hop goes where the plan names none: the smallest comes by every place in the history. */
        due = model->hop != 0 ? model->hop : 1;
    }
}
