/* Softmax regression of the last layer in integers: edgehar_adapt.h. The steps move one coefficient for each window and
 * class, since the weights' change is a sum of embeddings; edgehar/personal/adaptation.py repeats them bit for bit. */
#include "edgehar_adapt.h"
#include <stddef.h>

enum {
    steps = 48,
    most_logit = 1 << 27, /* Q16 */
    log2_e = 94548,       /* Q16 */
    never = -(1 << 30)    /* logit of a class that no window shows: its probability is 0 */
};

static int32_t bounded(int64_t value, int32_t limit)
{
    return (int32_t)(value < -limit ? -limit : value > limit ? limit : value);
}

/* Sum of products of two rows of int8, each less its zero point. */
static int32_t product(const int8_t *one, int32_t one_zero, const int8_t *two, int32_t two_zero, int count)
{
    const int8_t *const end = one + count;
    int32_t sum = 0;
    while (one < end) {
        sum += (*one++ - one_zero) * (*two++ - two_zero);
    }
    return sum;
}

/* In place of logits in Q16, 2^-x in Q15 of how far each is below the largest, x in units of ln 2; 0 from 2^-16 on.
 * Returns their sum. */
static uint32_t powers_of(int32_t *logits, int32_t largest, int count)
{
    /* 2^(-i/32), Q15 */
    static const uint16_t powers[] = {32768, 32066, 31379, 30706, 30048, 29405, 28774, 28158, 27554, 26964, 26386,
                                      25821, 25268, 24726, 24196, 23678, 23170, 22674, 22188, 21713, 21247, 20792,
                                      20347, 19911, 19484, 19066, 18658, 18258, 17867, 17484, 17109, 16743, 16384};
    const int32_t *const end = logits + count;
    uint32_t sum = 0;
    for (; logits < end; logits++) {
        const uint64_t away = (uint64_t)(uint32_t)(largest - *logits) * log2_e; /* Q32 */
        const uint32_t whole = (uint32_t)(away >> 32), rest = (uint32_t)away;
        const uint16_t *const entry = &powers[rest >> 27];
        uint32_t power = entry[0] - (((uint32_t)(entry[0] - entry[1]) * ((rest >> 16) & 0x7FFu)) >> 11);
        power = whole < 16u ? power >> whole : 0;
        *logits = (int32_t)power;
        sum += power;
    }
    return sum;
}

/* How the windows' embeddings agree: products over their mean square, Q12, plus one for the bias. Returns that mean. */
static int32_t agree(const edgehar_head *head, const int8_t *embeddings, int windows, int32_t *kernel)
{
    const int inputs = head->inputs, zero = head->zero_point;
    int64_t squares = 0;
    int32_t norm;
    int one, two;

    for (one = 0; one < windows; one++) {
        for (two = 0; two <= one; two++) {
            kernel[one * windows + two] =
                product(embeddings + one * inputs, zero, embeddings + two * inputs, zero, inputs);
        }
        squares += kernel[one * windows + one];
    }
    norm = (int32_t)(squares / windows);
    norm = norm < 1 ? 1 : norm;
    for (one = 0; one < windows; one++) {
        for (two = 0; two <= one; two++) {
            const int32_t value = (int32_t)((int64_t)kernel[one * windows + two] * 4096 / norm) + 4096;
            kernel[one * windows + two] = value;
            kernel[two * windows + one] = value;
        }
    }
    return norm;
}

static int shown(int label, const uint8_t *labels, int windows)
{
    int window;
    for (window = 0; window < windows; window++) {
        if (labels[window] == label) {
            return 1;
        }
    }
    return 0;
}

/* Logits of the shipped layer, Q16. */
static void begin(const edgehar_head *head, const int8_t *embeddings, const uint8_t *labels, int windows,
                  int32_t *start)
{
    const int inputs = head->inputs, classes = head->classes;
    int window, label;
    for (label = 0; label < classes; label++) {
        const int8_t *w = head->weights + label * inputs;
        const int right = 31 - head->shift[label], learned = shown(label, labels, windows);
        for (window = 0; window < windows; window++) {
            const int32_t sum =
                head->bias[label] + product(w, 0, embeddings + window * inputs, head->zero_point, inputs);
            const int64_t logit = ((int64_t)sum * head->multiplier[label] + ((int64_t)1 << (right - 1))) >> right;
            start[window * classes + label] = learned ? bounded(logit, most_logit) : never;
        }
    }
}

/* Logits of one window after what the coefficients add; its row of the kernel is given. Returns the largest.
 *
 * A coefficient moves by less than 2^17 / windows in each of 48 steps and the row lies within (windows + 1) * 2^12, so
 * that what is added is less than 2^28 in Q16. Two labels at a time, since both read the row; of an odd number the first
 * one twice. */
static int32_t logits_of(const int32_t *start, const int32_t *row, const int32_t *one, int windows, int classes,
                         int32_t *logits)
{
    const int32_t *const end = row + windows, *const stop = logits + classes;
    const int32_t *two = classes & 1 ? one : one + windows;
    int32_t largest = INT32_MIN;
    int last = classes & 1 ? 0 : 1;
    while (logits < stop) {
        const int32_t *kernel = row;
        int64_t first = 0, second = 0;
        do {
            const int32_t value = *kernel++;
            first += (int64_t)value * *one++;
            second += (int64_t)value * *two++;
        } while (kernel < end);
        logits[0] = start[0] + (int32_t)(first >> 12);
        logits[last] = start[last] + (int32_t)(second >> 12);
        largest = logits[0] > largest ? logits[0] : largest;
        largest = logits[last] > largest ? logits[last] : largest;
        one = two;
        two += windows;
        logits += last + 1;
        start += last + 1;
        last = 1;
    }
    return largest;
}

/* One step: all coefficients, `windows` of each label, from what they were before it. */
static void step(const int32_t *start, const int32_t *kernel, const uint8_t *labels, int windows, int classes,
                 const int32_t *before, int32_t *after)
{
    int32_t logits[EDGEHAR_ADAPT_MOST_CLASSES];
    int window, label;
    for (window = 0; window < windows; window++) {
        const int32_t largest = logits_of(start, kernel, before, windows, classes, logits);
        const uint32_t sum = powers_of(logits, largest, classes);
        const int32_t *old = before + window;
        int32_t *new = after + window;
        const int own = labels[window];
        for (label = 0; label < classes; label++) {
            const int32_t share = (int32_t)(((uint32_t)logits[label] << 15) / sum);
            const int32_t error = label == own ? share - 32768 : share;
            *new = *old - error * 4 / windows - (*old >> 7);
            old += windows;
            new += windows;
        }
        kernel += windows;
        start += classes;
    }
}

/* A label's weights with its coefficients' sum of embeddings, two at a time: of an odd number the last one twice. */
static void add(const int8_t *old, const int8_t *embeddings, int inputs, const int32_t *coefficients, int windows,
                int zero, int8_t *weights)
{
    const int32_t *const end = coefficients + windows;
    int64_t rounding = 1 << 19;
    int index;
    for (index = 0; index < windows; index++) {
        rounding -= (int64_t)coefficients[index] * zero;
    }
    for (index = 0; index < inputs; index += 2) {
        const int other = index + 1 < inputs ? 1 : 0;
        const int8_t *x = embeddings + index;
        const int32_t *at = coefficients;
        int64_t first = rounding, second = rounding;
        do {
            const int64_t coefficient = *at++;
            first += coefficient * x[0];
            second += coefficient * x[other];
            x += inputs;
        } while (at < end);
        weights[index] = (int8_t)bounded(old[index] + (first >> 20), 127);
        weights[index + other] = (int8_t)bounded(old[index + other] + (second >> 20), 127);
    }
}

/* Coefficients as what they add to the weights, on the model's grid. */
static void finish(const edgehar_head *head, const int8_t *embeddings, int windows, int32_t norm, int32_t *coefficients,
                   int8_t *weights, int32_t *bias)
{
    const int classes = head->classes, inputs = head->inputs, zero = head->zero_point;
    int label, window;
    for (label = 0; label < classes; label++, coefficients += windows) {
        int64_t all = 0;
        for (window = 0; window < windows; window++) {
            all += coefficients[window];
            coefficients[window] =
                bounded((((int64_t)coefficients[window] * head->inverse[label]) >> 4) / norm, 1 << 30);
        }
        bias[label] = bounded(head->bias[label] + ((all * head->inverse[label] + (1 << 23)) >> 24), INT32_MAX);
        add(head->weights + label * inputs, embeddings, inputs, coefficients, windows, zero, weights + label * inputs);
    }
}

int edgehar_adapt(const edgehar_head *head, const int8_t *embeddings, const uint8_t *labels, int windows,
                  int8_t *weights, int32_t *bias, int32_t *work)
{
    int32_t *start, *coefficients, *others, *kernel, norm;
    int index, values;

    if (!head || !embeddings || !labels || !weights || !bias || !work || windows < 1 ||
        windows > EDGEHAR_ADAPT_MOST_WINDOWS || head->classes < 2 || head->classes > EDGEHAR_ADAPT_MOST_CLASSES) {
        return -1;
    }
    for (index = 0; index < windows; index++) {
        if (labels[index] >= head->classes) {
            return -1;
        }
    }
    values = windows * head->classes;
    start = work;
    coefficients = start + values;
    others = coefficients + values;
    kernel = others + values;
    norm = agree(head, embeddings, windows, kernel);
    begin(head, embeddings, labels, windows, start);
    for (index = 0; index < values; index++) {
        coefficients[index] = 0;
    }
    for (index = 0; index < steps; index += 2) {
        step(start, kernel, labels, windows, head->classes, coefficients, others);
        step(start, kernel, labels, windows, head->classes, others, coefficients);
    }
    finish(head, embeddings, windows, norm, coefficients, weights, bias);
    return 0;
}
