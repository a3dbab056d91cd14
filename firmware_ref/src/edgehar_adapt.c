/* Softmax regression of the last layer in integers: edgehar_adapt.h. The steps move one coefficient for each window and
 * class, since the weights' change is a sum of embeddings; edgehar/personal/adaptation.py repeats them bit for bit. */
#include "edgehar_adapt.h"
#include <stddef.h>

enum {
    steps = 64,
    most_logit = 1 << 27, /* Q16 */
    log2_e = 94548        /* Q16 */
};

static int32_t bounded(int64_t value, int32_t limit)
{
    return (int32_t)(value < -limit ? -limit : value > limit ? limit : value);
}

static int32_t product(const int8_t *one, const int8_t *two, int count, int zero)
{
    int32_t sum = 0;
    int index;
    for (index = 0; index < count; index++) {
        sum += (one[index] - zero) * (two[index] - zero);
    }
    return sum;
}

/* Probabilities in Q15 of logits in Q16, in place. */
static void softmax(int32_t *values, int count)
{
    /* 2^(-i/32), Q15 */
    static const uint16_t powers[] = {32768, 32066, 31379, 30706, 30048, 29405, 28774, 28158, 27554, 26964, 26386,
                                      25821, 25268, 24726, 24196, 23678, 23170, 22674, 22188, 21713, 21247, 20792,
                                      20347, 19911, 19484, 19066, 18658, 18258, 17867, 17484, 17109, 16743, 16384};
    int32_t largest = values[0];
    uint32_t sum = 0;
    int index;

    for (index = 1; index < count; index++) {
        largest = values[index] > largest ? values[index] : largest;
    }
    for (index = 0; index < count; index++) {
        const uint64_t away = ((uint64_t)((int64_t)largest - values[index]) * log2_e) >> 16;
        const unsigned part = (unsigned)away & 0x7FFu, entry = ((unsigned)away >> 11) & 31u;
        const uint32_t power = powers[entry] - (((uint32_t)(powers[entry] - powers[entry + 1u]) * part) >> 11);
        values[index] = (away >> 16) < 16u ? (int32_t)(power >> (unsigned)(away >> 16)) : 0;
        sum += (uint32_t)values[index];
    }
    for (index = 0; index < count; index++) {
        values[index] = (int32_t)(((uint32_t)values[index] << 15) / sum);
    }
}

/* How the windows' embeddings agree: products over their mean square, Q12, plus one for the bias. Returns that mean. */
static int32_t agree(const edgehar_head *head, const int8_t *embeddings, int windows, int32_t *kernel)
{
    const int inputs = head->inputs;
    int64_t squares = 0;
    int32_t norm;
    int one, two;

    for (one = 0; one < windows; one++) {
        for (two = 0; two <= one; two++) {
            kernel[one * windows + two] =
                product(embeddings + one * inputs, embeddings + two * inputs, inputs, head->zero_point);
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

/* Logits of the shipped layer, Q16. */
static void begin(const edgehar_head *head, const int8_t *embeddings, int windows, int32_t *start)
{
    int window, label, index;
    for (window = 0; window < windows; window++) {
        for (label = 0; label < head->classes; label++) {
            const int8_t *x = embeddings + window * head->inputs, *w = head->weights + label * head->inputs;
            const int right = 31 - head->shift[label];
            int32_t sum = head->bias[label];
            for (index = 0; index < head->inputs; index++) {
                sum += w[index] * (x[index] - head->zero_point);
            }
            *start++ =
                bounded(((int64_t)sum * head->multiplier[label] + ((int64_t)1 << (right - 1))) >> right, most_logit);
        }
    }
}

/* One step of all coefficients, from what they were before it. `rows`: room for windows * classes. */
static void step(const int32_t *start, const int32_t *kernel, const uint8_t *labels, int windows, int classes,
                 int32_t *coefficients, int32_t *rows)
{
    int window, label, other;
    for (window = 0; window < windows; window++) {
        int32_t *row = rows + window * classes;
        for (label = 0; label < classes; label++) {
            int64_t moved = 0;
            for (other = 0; other < windows; other++) {
                moved += (int64_t)kernel[window * windows + other] * coefficients[other * classes + label];
            }
            row[label] = bounded(start[window * classes + label] + (moved >> 12), most_logit);
        }
        softmax(row, classes);
        row[labels[window]] -= 32768;
    }
    for (window = 0; window < windows * classes; window++) {
        coefficients[window] -= rows[window] * 4 / windows + (coefficients[window] >> 7);
    }
}

/* Coefficients as what they add to the weights, on the model's grid. */
static void finish(const edgehar_head *head, const int8_t *embeddings, int windows, int32_t norm, int32_t *coefficients,
                   int8_t *weights, int32_t *bias)
{
    const int classes = head->classes, inputs = head->inputs;
    int label, window, index;
    for (label = 0; label < classes; label++) {
        int64_t all = 0;
        for (window = 0; window < windows; window++) {
            int32_t *coefficient = &coefficients[window * classes + label];
            all += *coefficient;
            *coefficient = bounded((((int64_t)*coefficient * head->inverse[label]) >> 4) / norm, 1 << 30);
        }
        bias[label] = bounded(head->bias[label] + ((all * head->inverse[label] + (1 << 23)) >> 24), INT32_MAX);
        for (index = 0; index < inputs; index++) {
            int64_t sum = 1 << 19;
            for (window = 0; window < windows; window++) {
                sum += (int64_t)coefficients[window * classes + label] *
                       (embeddings[window * inputs + index] - head->zero_point);
            }
            weights[label * inputs + index] = (int8_t)bounded(head->weights[label * inputs + index] + (sum >> 20), 127);
        }
    }
}

int edgehar_adapt(const edgehar_head *head, const int8_t *embeddings, const uint8_t *labels, int windows,
                  int8_t *weights, int32_t *bias, int32_t *work)
{
    int32_t *start, *coefficients, *rows, *kernel, norm;
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
    rows = coefficients + values;
    kernel = rows + values;
    norm = agree(head, embeddings, windows, kernel);
    begin(head, embeddings, windows, start);
    for (index = 0; index < values; index++) {
        coefficients[index] = 0;
    }
    for (index = 0; index < steps; index++) {
        step(start, kernel, labels, windows, head->classes, coefficients, rows);
    }
    finish(head, embeddings, windows, norm, coefficients, weights, bias);
    return 0;
}
