/* A queue between the one who stores and the one who decides; edgehar_store.h has its rules. */
#include "edgehar_store.h"
#include "edgehar_quantise.h"

#if defined(__GNUC__)
#define EDGEHAR_ACQUIRE(word) __atomic_load_n(&(word), __ATOMIC_ACQUIRE)
#define EDGEHAR_RELEASE(word, value) __atomic_store_n(&(word), (value), __ATOMIC_RELEASE)
#else
#error "say how this compiler loads a word with acquire and stores one with release"
#endif

#define EDGEHAR_MOST_LOST 65535u

int edgehar_queue_init(edgehar_queue *queue, edgehar_stored *places, uint32_t length)
{
    if (!queue || !places || length < 2 || length > 32768 || (length & (length - 1)) != 0) {
        return EDGEHAR_ERROR_ARGUMENT;
    }
    memset(queue, 0, sizeof *queue);
    queue->places = places;
    queue->length = length;
    return EDGEHAR_OK;
}

int edgehar_store(edgehar_queue *queue, const int16_t *counts, uint64_t time_us)
{
    edgehar_stored *place;

    if (!queue || !counts) {
        return EDGEHAR_ERROR_ARGUMENT;
    }
    if (queue->written - EDGEHAR_ACQUIRE(queue->read) == queue->length) {
        queue->lost = (uint16_t)(queue->lost + (queue->lost < EDGEHAR_MOST_LOST));
        return EDGEHAR_ERROR_FULL;
    }
    place = &queue->places[queue->written & (queue->length - 1)];
    place->time_us = time_us;
    memcpy(place->counts, counts, sizeof place->counts);
    place->lost = queue->lost;
    queue->lost = 0;
    EDGEHAR_RELEASE(queue->written, queue->written + 1);
    return EDGEHAR_OK;
}

int edgehar_decide(edgehar *self, edgehar_queue *queue, edgehar_decision *decision)
{
    if (!self || !queue || !decision) {
        return EDGEHAR_ERROR_ARGUMENT;
    }
    if (self->config->model->channels > EDGEHAR_STORE_CHANNELS) {
        return EDGEHAR_ERROR_MODEL;
    }
    while (EDGEHAR_ACQUIRE(queue->written) != queue->read) {
        const edgehar_stored sample = queue->places[queue->read & (queue->length - 1)];
        int status;

        EDGEHAR_RELEASE(queue->read, queue->read + 1);
        if (sample.lost != 0) {
            edgehar_lose(self, sample.lost);
        }
        status = edgehar_push_counts(self, sample.counts, sample.time_us, decision);
        if (status == EDGEHAR_OK && sample.lost != 0) {
            status = EDGEHAR_FLUSH_LOST;
        }
        if (status != EDGEHAR_OK) {
            return status;
        }
    }
    return EDGEHAR_OK;
}
