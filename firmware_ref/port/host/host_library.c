/* The engine as a shared library for Python's ctypes: the runtime `native-int8`, and what the tests compare.
 * One stream a library; not for several threads at once.
 */
#include "edgehar_engine.h"
#include "model_data.h"

static uint32_t memory[EDGEHAR_MODEL_MEMORY_BYTES / 4];
static int due;

int edgehar_host_window(void);
int edgehar_host_hop(void);
int edgehar_host_classes(void);
int edgehar_host_channels(void);
void edgehar_host_invoke(const int8_t *window, int8_t *probabilities);
void edgehar_host_reset(void);
int edgehar_host_extend(const int8_t *samples, int count, int hop, int8_t *probabilities);
int edgehar_host_stream(const int8_t *samples, int count, int hop, int8_t *probabilities);

int edgehar_host_window(void)
{
    return EDGEHAR_MODEL_WINDOW;
}

int edgehar_host_hop(void)
{
    return EDGEHAR_MODEL_HOP;
}

int edgehar_host_classes(void)
{
    return EDGEHAR_MODEL_CLASSES;
}

int edgehar_host_channels(void)
{
    return EDGEHAR_MODEL_CHANNELS;
}

/* One window of quantised samples, (window, channels), from a fresh start. */
void edgehar_host_invoke(const int8_t *window, int8_t *probabilities)
{
    (void)edgehar_host_stream(window, EDGEHAR_MODEL_WINDOW, 1, probabilities);
}

/* Begin anew: the next decision comes after a window. */
void edgehar_host_reset(void)
{
#ifdef EDGEHAR_CHECK
    memset(memory, 0x5A, sizeof memory); /* a reset owes nothing to what the memory held */
#endif
    edgehar_engine_reset(&edgehar_model_data, memory);
    due = EDGEHAR_MODEL_WINDOW;
}

/* Quantised samples (count, channels) of a stream that goes on; returns the decisions, `classes` bytes each. */
int edgehar_host_extend(const int8_t *samples, int count, int hop, int8_t *probabilities)
{
    int decisions = 0;

    for (; count > 0; count--, samples += EDGEHAR_MODEL_CHANNELS) {
        edgehar_engine_feed(&edgehar_model_data, memory, samples);
        if (--due == 0) {
            memcpy(probabilities, edgehar_engine_decide(&edgehar_model_data, memory, 0), EDGEHAR_MODEL_CLASSES);
            probabilities += EDGEHAR_MODEL_CLASSES;
            decisions++;
            due = hop;
        }
    }
    return decisions;
}

/* The same from a fresh start. */
int edgehar_host_stream(const int8_t *samples, int count, int hop, int8_t *probabilities)
{
    edgehar_host_reset();
    return edgehar_host_extend(samples, count, hop, probabilities);
}

#ifdef EDGEHAR_TRACE
#define LAYERS 128

int edgehar_host_record(int layer, int8_t *to, int room);

static struct {
    int8_t *to;
    int room;
    int used;
} records[LAYERS];

static void record(int layer, const int8_t *columns, int bytes)
{
    if (records[layer].used + bytes <= records[layer].room) {
        memcpy(records[layer].to + records[layer].used, columns, (size_t)bytes);
    }
    records[layer].used += bytes;
}

/* Write a layer's output columns to `to` from now on; returns the bytes that it made since the last call. */
int edgehar_host_record(int layer, int8_t *to, int room)
{
    const int used = records[layer].used;
    edgehar_trace = record;
    records[layer].to = to;
    records[layer].room = to ? room : 0;
    records[layer].used = 0;
    return used;
}
#endif
