/* The last layer anew from a few labelled windows, on the device, in integers: the same bytes as Python's reference
 * (edgehar/personal/adaptation.py; docs/spec.md has every rounding).
 *
 * The caller collects the embedding of one window for each activity, and gives room for the result and for the work.
 */
#ifndef EDGEHAR_ADAPT_H
#define EDGEHAR_ADAPT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define EDGEHAR_ADAPT_MOST_WINDOWS 16
#define EDGEHAR_ADAPT_MOST_CLASSES 16

/* int32_t words of work for `windows` windows of a model of `classes` classes. */
#define EDGEHAR_ADAPT_WORDS(windows, classes) (3 * (windows) * (classes) + (windows) * (windows))

/* The last dense layer, before the softmax. */
typedef struct edgehar_head {
    const int8_t *weights;     /* classes rows of `inputs` */
    const int32_t *bias;       /* one for each class */
    const int32_t *multiplier; /* sum to logit in Q16, one for each class: times multiplier / 2^31 * 2^shift */
    const int8_t *shift;       /* -31 … 30 */
    const int32_t *inverse;    /* 256 / (input scale * weight scale), rounded, one for each class */
    uint16_t inputs;
    uint8_t classes;
    int8_t zero_point; /* of the embedding */
} edgehar_head;

/* Fit weights and bias to labelled embeddings.
 *
 * embeddings: `windows` rows of `inputs` values; labels: the class of each.
 * weights (classes * inputs), bias (classes): the result; may not overlap the head's own.
 * work: EDGEHAR_ADAPT_WORDS(windows, classes) words.
 * Returns 0, or -1 for a null pointer, a number of windows or classes out of range, or a label that is no class. */
int edgehar_adapt(const edgehar_head *head, const int8_t *embeddings, const uint8_t *labels, int windows,
                  int8_t *weights, int32_t *bias, int32_t *work);

#ifdef __cplusplus
}
#endif

#endif
