/* Depthwise 1D convolution with the DSP instructions of Cortex-M4, M7 and M33; parameters: edgehar_conv.
 *
 * One filter per channel, 4 channels or more. Four neighbouring channels go by together: of a column's four bytes SXTB16
 * makes two words of int16, and SMLABB and SMLATT multiply each half with its channel's weight. Where the channels are
 * no multiple of 4, the last four overlap the four before, and some outputs are computed twice.
 *
 * The packer (edgehar/compile/pack/dsp.py) has found that every filter may be requantised quickly (edgehar_dsp.h), and doubles
 * weights and biases, so that the sums come out doubled as that wants them.
 *
 * weights: [four channels] of: 4 biases doubled; [tap] of two words, w0 | w2 << 16 and w1 | w3 << 16, doubled; then
 *          [channel of four] of the multiplier and the right shift less 1.
 * scratch: none.
 */
#include "edgehar_dsp.h"

#define EDGEHAR_FOUR 4u

/* Fours of channels at one position; the assembly counts on this order. */
typedef struct four_plan {
    const void *entry; /* where the taps begin, and how often their chain is run */
    uint32_t rounds;
    uint32_t fours;
    uint32_t rewind; /* bytes from behind the last tap of four channels to the first of the next */
    const uint32_t *weights;
    const int8_t *x;
    uint32_t channels;
    int8_t *out;
    int32_t zero; /* 2 * output_zero + 1 */
    unsigned taps;
} four_plan;

#if EDGEHAR_WITH_DSP

EDGEHAR_WORD(four_plan, entry, 0);
EDGEHAR_WORD(four_plan, fours, 2);
EDGEHAR_WORD(four_plan, weights, 4);
EDGEHAR_WORD(four_plan, channels, 6);
EDGEHAR_WORD(four_plan, zero, 8);

/* depthwise_dsp_fours.S */
void edgehar_dsp_fours(const four_plan *plan);
extern const char edgehar_dsp_fours_end[];

/* Where the taps' code is entered, 1 tap or more; bit 0 says Thumb. */
static inline void enter_taps(four_plan *plan, unsigned taps)
{
    plan->entry = edgehar_dsp_fours_end - EDGEHAR_FOURS_BYTES * ((taps - 1u) % EDGEHAR_FOURS_CHAIN + 1u) + 1;
    plan->rounds = (taps + EDGEHAR_FOURS_CHAIN - 1u) / EDGEHAR_FOURS_CHAIN;
}

#else /* the same in portable C */

static void edgehar_dsp_fours(const four_plan *plan)
{
    const uint32_t *weights = plan->weights;
    const int8_t *x = plan->x;
    int8_t *out = plan->out;
    for (unsigned four = 0; four < plan->fours; four++, x += EDGEHAR_FOUR, weights += 2u * EDGEHAR_FOUR) {
        int32_t sum[EDGEHAR_FOUR];
        memcpy(sum, weights, sizeof sum);
        weights += EDGEHAR_FOUR;
        for (unsigned tap = 0; tap < plan->taps; tap++, weights += 2) {
            const uint32_t bytes = load_bytes(x + tap * plan->channels);
            const uint32_t words[2] = {even_bytes(bytes), odd_bytes(bytes)};
            for (unsigned lane = 0; lane < EDGEHAR_FOUR; lane++) {
                const unsigned half = lane / 2u * 16u;
                sum[lane] +=
                    (int16_t)(uint16_t)(words[lane % 2u] >> half) * (int16_t)(uint16_t)(weights[lane % 2u] >> half);
            }
        }
        for (unsigned lane = 0; lane < EDGEHAR_FOUR; lane++) {
            *out++ =
                requantise_quickly(sum[lane], (int32_t)weights[2u * lane], (int)weights[2u * lane + 1u], plan->zero);
        }
    }
}

static inline void enter_taps(four_plan *plan, unsigned taps)
{
    plan->taps = taps;
}

#endif

void edgehar_depthwise_dsp(const void *parameters, const edgehar_block *block)
{
    const edgehar_conv *const conv = parameters;
    const unsigned channels = conv->in_channels;
    const unsigned fours = channels / EDGEHAR_FOUR, words = EDGEHAR_FOUR + 2u * conv->kernel + 2u * EDGEHAR_FOUR;
    const int8_t *column = block->columns;
    int8_t *out = block->out;
    four_plan plan;
    enter_taps(&plan, conv->kernel);
    plan.rewind = conv->kernel * channels - EDGEHAR_FOUR;
    plan.channels = channels;
    plan.zero = 2 * conv->output_zero + 1;
    for (int left = block->positions; left > 0; left--) {
        plan.fours = fours;
        plan.weights = conv->weights;
        plan.x = column;
        plan.out = out;
        edgehar_dsp_fours(&plan);
        if (channels % EDGEHAR_FOUR) {
            plan.fours = 1;
            plan.weights += fours * words;
            plan.x += channels - EDGEHAR_FOUR;
            plan.out += channels - EDGEHAR_FOUR;
            edgehar_dsp_fours(&plan);
        }
        column += (unsigned)conv->stride * channels;
        out += channels;
    }
}
