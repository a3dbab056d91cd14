/* The pipeline of edgehar_engine.h. The order of firing is repeated in edgehar/compile/schedule.py.
 *
 * edgehar_rehearse.c compiles this file once more, with EDGEHAR_REHEARSAL: only the counts of columns change then. No bytes
 * are moved, no kernel runs, and what the plan must make hold is looked at.
 */
#include "edgehar_engine.h"
#include "conv1d_vector.h"

#ifndef EDGEHAR_REHEARSAL
/* Bytes to move, or an address. */
#define EDGEHAR_BYTES(count) (count)
#define EDGEHAR_COPY(to, from, count) memcpy((to), (from), (count))
#define EDGEHAR_RUN(layer, block) (layer)->kernel((layer)->parameters, (block))
#define EDGEHAR_SHARE(model) (model)->share
#define EDGEHAR_MAY_GO_ON(memory) 1
/* What other files call: edgehar_engine_feed and so on. */
#define EDGEHAR_NAMED(name) edgehar_##name
/* The plan makes these hold; tests compile them in. */
#ifdef EDGEHAR_CHECK
#include <assert.h>
#define EDGEHAR_ASSERT(condition) assert(condition)
#else
#define EDGEHAR_ASSERT(condition) ((void)0)
#endif
#endif

#ifdef EDGEHAR_TRACE
void (*edgehar_trace)(int layer, const int8_t *columns, int bytes);
#endif

/* The memory begins with these: one pipeline, then one edge_state per edge, then uint16_t produced, one per layer. */
typedef struct pipeline_state {
#ifdef EDGEHAR_REHEARSAL
    uint32_t firings_left; /* edgehar_rehearse.c */
#endif
    uint16_t next;    /* column of the history to write */
    uint16_t pending; /* samples since the continuous layers last ran */
    uint16_t held;    /* columns of the coming window that the history has */
    uint16_t given;   /* those of them that the layers behind the split have had */
} pipeline_state;

typedef struct edge_state {
    uint16_t count;    /* columns that wait */
    uint16_t received; /* columns since the window's begin; counts around before the split, where it is not used */
    uint16_t skip;     /* columns to pass over, waiting or yet to come */
} edge_state;

static edge_state *edge_states(void *memory)
{
    return (edge_state *)(void *)((pipeline_state *)memory + 1);
}

static uint16_t *produced_counts(const edgehar_model *model, void *memory)
{
    return (uint16_t *)(void *)(edge_states(memory) + model->edge_count);
}

static int8_t *at(void *memory, uint32_t offset)
{
    return (int8_t *)memory + EDGEHAR_BYTES(offset);
}

/* Pass over columns that were used or are not needed, and move the rest to the front. */
static void settle(const edgehar_edge *edge, edge_state *state, void *memory)
{
    const uint16_t passed = state->skip < state->count ? state->skip : state->count;
    const uint32_t distance = EDGEHAR_BYTES((uint32_t)passed * edge->channels);
    int8_t *to = at(memory, edge->offset);
    uint32_t left;

    if (passed == 0) {
        return;
    }
    state->skip = (uint16_t)(state->skip - passed);
    state->count = (uint16_t)(state->count - passed);
    /* Pieces no longer than the distance do not overlap. */
    for (left = EDGEHAR_BYTES((uint32_t)state->count * edge->channels); left > distance;
         left -= distance, to += distance) {
        EDGEHAR_COPY(to, to + distance, distance);
    }
    EDGEHAR_COPY(to, to + distance, left);
}

/* Count `columns` that were written behind those that wait; behind a window's last comes the padding. */
static void deposit(const edgehar_edge *edge, edge_state *state, void *memory, int columns)
{
    EDGEHAR_ASSERT(state->count + columns <= edge->capacity);
    state->count = (uint16_t)(state->count + columns);
    state->received = (uint16_t)(state->received + columns);
    if (edge->inputs != 0 && state->received == edge->inputs) {
        EDGEHAR_ASSERT(state->count + edge->pad_right <= edge->capacity);
        memset(at(memory, edge->offset + (uint32_t)state->count * edge->channels), edge->pad,
               EDGEHAR_BYTES((size_t)edge->pad_right * edge->channels));
        state->count = (uint16_t)(state->count + edge->pad_right);
    }
    settle(edge, state, memory);
}

/* Give `columns` at `from` to the edges first … first + count - 1. */
static void spread_out(const edgehar_model *model, void *memory, int first, int count, const int8_t *from, int columns)
{
    int index;
    for (index = first; index < first + count; index++) {
        const edgehar_edge *edge = &model->edges[index];
        edge_state *state = &edge_states(memory)[index];
        EDGEHAR_ASSERT(state->count + columns <= edge->capacity);
        EDGEHAR_COPY(at(memory, edge->offset + (uint32_t)state->count * edge->channels), from,
                     (size_t)columns * edge->channels);
        deposit(edge, state, memory, columns);
    }
}

/* Output columns, at most `wanted`, whose inputs wait in all edges; where not all are ready, 0 unless to `flush`. */
static int positions_ready(const edgehar_layer *layer, const edge_state *states, int wanted, int flush)
{
    int waiting = states[layer->input].count;
    if (layer->second != EDGEHAR_NONE && states[layer->second].count < waiting) {
        waiting = states[layer->second].count;
    }
    while (wanted > 0 && waiting < layer->taps + (wanted - 1) * layer->stride) {
        wanted = flush ? wanted - 1 : 0;
    }
    return wanted;
}

/* Output columns in the layer's next full block. */
static int positions_wanted(const edgehar_layer *layer, int produced)
{
    const int left = layer->outputs - produced;
    return layer->outputs != 0 && left < layer->positions ? left : layer->positions;
}

/* Use up the inputs of `positions` output columns. */
static void consume(const edgehar_model *model, void *memory, int index, int columns, int group_ended)
{
    edge_state *state = &edge_states(memory)[index];
    state->skip = (uint16_t)(columns + (group_ended ? model->edges[index].drop : 0));
    settle(&model->edges[index], state, memory);
}

/* Fire a layer if a full block is ready, or, to `flush`, any position. Returns whether it fired. */
static int fire(const edgehar_model *model, void *memory, int index, int flush)
{
    const edgehar_layer *layer = &model->layers[index];
    pipeline_state *pipeline = memory;
    uint16_t *produced = &produced_counts(model, memory)[index];
    const int to_history = layer->output_count == 0;
    edgehar_block block;
    int wanted = positions_wanted(layer, *produced), ready, columns, ended;

    if (to_history && wanted > model->history_columns - pipeline->next) {
        wanted = model->history_columns - pipeline->next;
    }
    ready = positions_ready(layer, edge_states(memory), wanted, flush);
    if (ready == 0 || !EDGEHAR_MAY_GO_ON(memory)) {
        return 0;
    }

    if (to_history) {
        block.out = at(memory, model->history + (uint32_t)pipeline->next * layer->channels);
    } else {
        const edgehar_edge *edge = &model->edges[layer->output];
        block.out = at(memory, edge->offset + (uint32_t)edge_states(memory)[layer->output].count * edge->channels);
    }
    block.columns = at(memory, model->edges[layer->input].offset);
    block.scratch = at(memory, layer->scratch);
    block.positions = ready;
    block.first = *produced;
    EDGEHAR_RUN(layer, &block);

    if (layer->outputs != 0) {
        *produced = (uint16_t)(*produced + ready);
    }
    ended = layer->outputs != 0 && *produced == layer->outputs;
    columns = layer->reduces ? ended : ready;
#ifdef EDGEHAR_TRACE
    if (edgehar_trace && columns) {
        edgehar_trace(index, block.out, columns * layer->channels);
    }
#endif
    if (ended && index < model->split) {
        *produced = 0;
    }
    consume(model, memory, layer->input, ready * layer->stride, ended && index < model->split);
    if (layer->second != EDGEHAR_NONE) {
        consume(model, memory, layer->second, ready * layer->stride, ended && index < model->split);
    }
    if (columns != 0 && to_history) {
        pipeline->held = (uint16_t)(pipeline->held + columns);
        pipeline->next = (uint16_t)((pipeline->next + columns) % model->history_columns);
    } else if (columns != 0) {
        /* The first edge was written in place; its columns may move only once the others have them. */
        spread_out(model, memory, layer->output + 1, layer->output_count - 1, block.out, columns);
        deposit(&model->edges[layer->output], &edge_states(memory)[layer->output], memory, columns);
    }
    return 1;
}

/* Fire layers first … end - 1 until none is ready, always the deepest first: that keeps the buffers small. */
static void run(const edgehar_model *model, void *memory, int first, int end)
{
    const edge_state *states = edge_states(memory);
    /* The layers' own numbers are told from the end of the line, of which a profile may run the rest. */
    const int settled = end > model->split ? model->layer_count : model->split;
    int index = end;
    while (index > first) {
        index--;
        /* Most layers cannot fire most of the time: the first condition of `fire`, without the call. */
        if (states[model->layers[index].input].count >= model->layers[index].taps && fire(model, memory, index, 0)) {
            index = settled - model->layers[index].settled;
            index = index < end ? index : end;
        }
    }
}

/* Compute all that the samples so far allow, before the split: the first layer first, so that each layer leaves at most
 * one block that is not full. */
static void finish(const edgehar_model *model, void *memory)
{
    int index;
    for (index = 0; index < model->split; index++) {
        while (fire(model, memory, index, 1)) {
            run(model, memory, index + 1, model->split);
        }
    }
}

/* Empty the edges from `first` on, but for the padding before a window, and count the outputs of the layers from `layer`
 * on anew. */
static void clear(const edgehar_model *model, void *memory, int first, int layer)
{
    int index;
    memset(&produced_counts(model, memory)[layer], 0, (size_t)(model->layer_count - layer) * sizeof(uint16_t));
    for (index = first; index < model->edge_count; index++) {
        const edgehar_edge *edge = &model->edges[index];
        edge_state *state = &edge_states(memory)[index];
        state->count = edge->pad_left;
        state->received = 0;
        state->skip = edge->lead;
        if (edge->pad_left != 0) {
            memset(at(memory, edge->offset), edge->pad, EDGEHAR_BYTES((size_t)edge->pad_left * edge->channels));
        }
    }
}

/* Columns of the history before which no layer behind the split can fire again; 0 or less if none ever will. */
static int columns_lacking(const edgehar_model *model, void *memory)
{
    const edgehar_layer *layer = &model->layers[model->split];
    const edge_state *state = &edge_states(memory)[model->replayed];
    const int wanted = positions_wanted(layer, produced_counts(model, memory)[model->split]);
    return model->replayed_count != 1 ? 1 : layer->taps + (wanted - 1) * layer->stride + state->skip - state->count;
}

/* Give the layers behind the split the columns of the coming window that they lack, as far as the history has them.
 * Returns whether there were any. */
static int replay(const edgehar_model *model, void *memory)
{
    pipeline_state *pipeline = memory;
    const int lacking = columns_lacking(model, memory);
    int now = pipeline->held - pipeline->given, column = pipeline->next - now;

    EDGEHAR_ASSERT(now <= model->history_columns);
    column += column < 0 ? model->history_columns : 0;
    now = now < model->history_columns - column ? now : model->history_columns - column;
    now = now < lacking ? now : lacking;
    if (now <= 0) {
        return 0;
    }
    spread_out(model, memory, model->replayed, model->replayed_count,
               at(memory, model->history + (uint32_t)column * model->history_channels), now);
    pipeline->given = (uint16_t)(pipeline->given + now);
    return 1;
}

/* Make ready for a window of which the history has `held` columns. */
static void begin_window(const edgehar_model *model, void *memory, int held)
{
    pipeline_state *pipeline = memory;
    pipeline->pending = 0;
    pipeline->held = (uint16_t)held;
    pipeline->given = 0;
    clear(model, memory, model->replayed, model->split);
}

/* Before a decision is due: the deepest first, as `run` does, but only blocks that the budget still allows. */
static void run_within(const edgehar_model *model, void *memory, uint32_t budget)
{
    const edge_state *states = edge_states(memory);
    const int split = model->split, end = model->layer_count;
    int index = end, waits = 0;

    for (;;) {
        const edgehar_layer *layer;
        /* What waits behind the split for a larger budget needs no more columns. */
        if (index == split && !waits && replay(model, memory)) {
            index = end;
        }
        if (index-- == 0) {
            return;
        }
        layer = &model->layers[index];
        if (states[layer->input].count < layer->taps) {
            continue;
        }
        if (layer->block_macs > budget) {
            waits |= index >= split;
        } else if (fire(model, memory, index, 0)) {
            budget -= layer->block_macs;
            index = (index < split ? split : end) - layer->settled;
        }
    }
}

void EDGEHAR_NAMED(spread)(const edgehar_model *model, void *memory, int end)
{
    const pipeline_state *pipeline = memory;
    int index = model->split;

    if (end == 0) {
        run_within(model, memory, model->budget);
        return;
    }
    /* What the window still lacks, and no more: other work can wait. */
    while (pipeline->held < model->history_columns && index > 0) {
        index = fire(model, memory, index - 1, 1) ? model->split : index - 1;
    }
    do {
        run(model, memory, model->split, end);
    } while (replay(model, memory));
    begin_window(model, memory, model->history_columns - model->advance);
}

#ifdef EDGEHAR_VECTOR_VNNI
/* What layers keep from call to call, which they do with VNNI only, is of another stream. */
static void forget(const edgehar_model *model, void *memory)
{
    int index;
    for (index = 0; index < model->layer_count; index++) {
        const int32_t first = model->layers[index].keeps;
        if (first != 0) {
            EDGEHAR_COPY(at(memory, model->layers[index].scratch), &first, sizeof first);
        }
    }
}
#endif

void EDGEHAR_NAMED(engine_reset)(const edgehar_model *model, void *memory)
{
    memset(memory, 0, sizeof(pipeline_state));
    clear(model, memory, 0, 0);
#ifdef EDGEHAR_VECTOR_VNNI
    forget(model, memory);
#endif
}

void EDGEHAR_NAMED(engine_feed)(const edgehar_model *model, void *memory, const int8_t *sample)
{
    pipeline_state *pipeline = memory;

    if (model->split == 0) {
        EDGEHAR_COPY(at(memory, model->history + (uint32_t)pipeline->next * model->history_channels), sample,
                     model->history_channels);
        pipeline->next = (uint16_t)((pipeline->next + 1) % model->history_columns);
        return;
    }
    spread_out(model, memory, model->source, model->source_count, sample, 1);
    pipeline->pending++;
    if (model->share) {
        EDGEHAR_SHARE(model)(model, memory, 0);
    } else if (pipeline->pending == model->hop) {
        run(model, memory, 0, model->split);
        pipeline->pending = 0;
    }
}

const int8_t *EDGEHAR_NAMED(engine_decide)(const edgehar_model *model, void *memory, int left_out)
{
    const int end = model->layer_count - left_out;

    if (model->share) {
        EDGEHAR_SHARE(model)(model, memory, end);
    } else {
        finish(model, memory);
        begin_window(model, memory, model->history_columns);
        while (replay(model, memory)) {
            run(model, memory, model->split, end);
        }
    }
    return at(memory, model->edges[model->result].offset);
}
