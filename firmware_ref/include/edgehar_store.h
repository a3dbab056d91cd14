/* Storing a sample, as in an interrupt, and deciding, as in a task: two calls, with a queue between them.
 *
 * One context stores, one decides; neither waits for the other, and no interrupt is ever disabled. A queue's indices
 * are 32-bit words that only one side writes: it releases its own (all it wrote or read before is seen first) and
 * acquires the other's. Between an interrupt and a task of one core, and between two cores that share coherent memory,
 * that is enough.
 *
 *     static edgehar_stored places[64];   // a power of two: 1.2 s of a sensor at 52 Hz
 *     static edgehar_queue queue;
 *     edgehar_queue_init(&queue, places, 64);
 *     interrupt:  edgehar_store(&queue, counts, time_us);
 *     task:       while ((status = edgehar_decide(&stream, &queue, &decision)) != EDGEHAR_OK) { … }
 */
#ifndef EDGEHAR_STORE_H
#define EDGEHAR_STORE_H

#include "edgehar.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Values of a sample; say another number, up to 9, on the command line of every file where a model has more. */
#ifndef EDGEHAR_STORE_CHANNELS
#define EDGEHAR_STORE_CHANNELS 3
#endif

/* A sample that waits. */
typedef struct edgehar_stored {
    uint64_t time_us;
    int16_t counts[EDGEHAR_STORE_CHANNELS];
    uint16_t lost; /* samples that found no room just before it, at most 65535 */
} edgehar_stored;

typedef struct edgehar_queue {
    edgehar_stored *places;
    uint32_t length;
    uint32_t written; /* samples so far, modulo 2^32: only edgehar_store writes it */
    uint32_t read;    /* only edgehar_decide writes it */
    uint16_t lost;    /* since the last sample that found room: edgehar_store's own */
} edgehar_queue;

/* Begin with an empty queue of `length` places, a power of two from 2 to 32768; both must outlive it.
 *
 * Call it while neither side uses the queue. Returns EDGEHAR_OK or EDGEHAR_ERROR_ARGUMENT.
 */
int edgehar_queue_init(edgehar_queue *queue, edgehar_stored *places, uint32_t length);

/* Store one sample: EDGEHAR_STORE_CHANNELS counts and their time as for edgehar_push_counts. A few dozen instructions,
 * whatever the model.
 *
 * Returns EDGEHAR_OK, or EDGEHAR_ERROR_FULL where there is no room: the sample is lost, which edgehar_decide reports.
 */
int edgehar_store(edgehar_queue *queue, const int16_t *counts, uint64_t time_us);

/* Take stored samples in their order until one of them did more than being kept.
 *
 * Returns what edgehar_push_counts returned for it, or EDGEHAR_FLUSH_LOST: samples before it were lost, the window
 * begins anew with it. EDGEHAR_OK: no sample waits. EDGEHAR_ERROR_MODEL: a place is too small for the model's samples.
 */
int edgehar_decide(edgehar *self, edgehar_queue *queue, edgehar_decision *decision);

#ifdef __cplusplus
}
#endif

#endif
