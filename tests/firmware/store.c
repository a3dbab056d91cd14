/* Stores and decides by turns, as lines on standard input say, or in two threads.
 *
 *     s t,x,y,z    store          d    decide until nothing waits
 *
 * Prints a line for each status but EDGEHAR_OK: status, time, label, raw, probabilities. With an argument: two threads,
 * samples of a fixed walk, as many as the argument says; what is lost is tried again. */
#include "edgehar_store.h"
#include "model_data.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#define PLACES 16

static uint32_t memory[EDGEHAR_MODEL_MEMORY_BYTES / 4];
static edgehar_stored places[PLACES];
static edgehar_queue queue;
static edgehar stream;
static int samples, full;

static void print(int status, const edgehar_decision *decision)
{
    int index;
    printf("%d", status);
    if (status == EDGEHAR_DECISION) {
        printf(" %llu %d %d", (unsigned long long)decision->time_us, decision->label, decision->raw);
        for (index = 0; index < decision->classes; index++) {
            printf(" %d", decision->p[index]);
        }
    }
    printf("\n");
}

static void decide(void)
{
    edgehar_decision decision;
    int status;
    while ((status = edgehar_decide(&stream, &queue, &decision)) != EDGEHAR_OK) {
        print(status, &decision);
    }
}

static void *interrupt(void *unused)
{
    int index;
    for (index = 0; index < samples; index++) {
        const int16_t counts[3] = {(int16_t)(index * 7 % 300), (int16_t)(index * index % 900),
                                   (int16_t)(index % 41 * 30)};
        while (queue.written - __atomic_load_n(&queue.read, __ATOMIC_ACQUIRE) == PLACES) {
        }
        if (edgehar_store(&queue, counts, (uint64_t)index * EDGEHAR_MODEL_PERIOD_US) != EDGEHAR_OK) {
            exit(5);
        }
    }
    __atomic_store_n(&full, 1, __ATOMIC_RELEASE);
    return unused;
}

int main(int count, char **words)
{
    static const edgehar_config config = EDGEHAR_CONFIG_COUNTS(&edgehar_model_data, 20, 0.05);
    char line[100];

    if (edgehar_init(&stream, &config, memory, sizeof memory) != EDGEHAR_OK ||
        edgehar_queue_init(&queue, places, PLACES) != EDGEHAR_OK ||
        edgehar_queue_init(&queue, places, PLACES + 1) != EDGEHAR_ERROR_ARGUMENT) {
        return 4;
    }
    if (count > 1) {
        pthread_t thread;
        samples = atoi(words[1]);
        if (pthread_create(&thread, NULL, interrupt, NULL) != 0) {
            return 4;
        }
        while (!__atomic_load_n(&full, __ATOMIC_ACQUIRE)) {
            decide();
        }
        pthread_join(thread, NULL);
        decide();
        return 0;
    }
    while (fgets(line, sizeof line, stdin)) {
        long long time;
        int x, y, z;
        if (line[0] == 'd') {
            decide();
        } else if (sscanf(line, "s %lld,%d,%d,%d", &time, &x, &y, &z) == 4) {
            const int16_t counts[3] = {(int16_t)x, (int16_t)y, (int16_t)z};
            const uint64_t stamp = time < 0 ? EDGEHAR_NO_TIME : (uint64_t)time;
            const int status = edgehar_store(&queue, counts, stamp);
            if (status != EDGEHAR_OK) {
                print(status, NULL);
            }
        }
    }
    return 0;
}
