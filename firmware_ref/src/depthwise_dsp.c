/* Depthwise 1D convolution with the DSP instructions of Cortex-M4, M7 and M33; parameters: edgehar_conv.
 *
 * One filter a channel, 4 channels or more. Four neighbouring channels go by together: of a column's four bytes SXTB16
 * makes two words of int16, and SMLABB and SMLATT multiply each half with its channel's weight. Where the channels are
 * no multiple of 4, the last four overlap the four before, and some outputs are computed twice.
 *
 * The packer (pack_dsp.py) has found that every filter may be requantised quickly (edgehar_dsp.h), and doubles
 * weights and biases, so that the sums come out doubled as that wants them.
 *
 * weights: [four channels] of: 4 biases doubled; [tap] of two words, w0 | w2 << 16 and w1 | w3 << 16, doubled; then
 *          [channel of four] of the multiplier and the right shift less 1.
 * scratch: none.
 */
#include "edgehar_dsp.h"

#define FOUR 4u

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

#if WITH_DSP

#define CHAIN 8u /* taps that the unrolled loop holds, and bytes of code for each */
#define BYTES 36u

/* Instructions for four channels: 9 a tap, 2 a round, 6.5 an output, and 10. */
void edgehar_dsp_fours(const four_plan *plan);
extern const char edgehar_dsp_fours_end[];
__asm__(
    ".section .text.edgehar_dsp_fours, \"ax\", %progbits \n .syntax unified \n .thumb \n .balign 4 \n"
    ".global edgehar_dsp_fours \n .type edgehar_dsp_fours, %function \n .thumb_func \n"
    ".global edgehar_dsp_fours_end      \n"
    "edgehar_dsp_fours:                 \n"
    "push  {r4-r11, lr}                 \n"
    "ldm   r0, {r4-r12}                 \n"
    "push  {r4-r7}                      \n" /* sp: entry, rounds, fours, rewind */
    "mov   r0, r8                       \n"
    "mov   r1, r9                       \n"
    "mov   r2, r10                      \n"
    "mov   r3, r11                      \n"
    "mov   lr, r12                      \n"
    "1:                                 \n"
    "ldm   r0!, {r4-r7}                 \n"
    "ldr   r12, [sp, #4]                \n"
    "ldr   pc, [sp]                     \n"
    ".balign 4                          \n"
    "2:                                 \n"
    ".rept 8                            \n"
    "ldr.w r10, [r1]                    \n"
    "add.w r1, r1, r2                   \n"
    "ldrd  r8, r9, [r0], #8             \n"
    "sxtb16 r11, r10, ror #8            \n"
    "sxtb16 r10, r10                    \n"
    "smlabb r4, r10, r8, r4             \n"
    "smlabb r5, r11, r9, r5             \n"
    "smlatt r6, r10, r8, r6             \n"
    "smlatt r7, r11, r9, r7             \n"
    ".endr                              \n"
    "edgehar_dsp_fours_end:             \n"
    "subs  r12, r12, #1                 \n"
    "bne.w 2b                           \n"
    ".macro requantise sum, factor, right \n" /* requantise_quickly, and the byte's place in r4 */
    "lsl   r12, lr, \\right             \n"
    "add   r12, r12, \\sum, asr #31     \n"
    "smmlar \\sum, \\sum, \\factor, r12 \n"
    "asr   \\sum, \\sum, \\right        \n"
    "ssat  \\sum, #8, \\sum, asr #1     \n"
    ".endm                              \n"
    "ldm   r0!, {r8-r11}                \n"
    "requantise r4, r8, r9              \n"
    "requantise r5, r10, r11            \n"
    "ldm   r0!, {r8-r11}                \n"
    "requantise r6, r8, r9              \n"
    "requantise r7, r10, r11            \n"
    ".purgem requantise                 \n"
    "strb  r4, [r3], #1                 \n"
    "strb  r5, [r3], #1                 \n"
    "strb  r6, [r3], #1                 \n"
    "strb  r7, [r3], #1                 \n"
    "ldrd  r4, r5, [sp, #8]             \n"
    "sub   r1, r1, r5                   \n"
    "subs  r4, r4, #1                   \n"
    "str   r4, [sp, #8]                 \n"
    "bne.w 1b                           \n"
    "add   sp, sp, #16                  \n"
    "pop   {r4-r11, pc}                 \n"
    ".text                              \n");

/* Where the taps' code is entered, 1 tap or more; bit 0 says Thumb. */
static inline void enter_taps(four_plan *plan, unsigned taps)
{
    plan->entry = edgehar_dsp_fours_end - BYTES * ((taps - 1u) % CHAIN + 1u) + 1;
    plan->rounds = (taps + CHAIN - 1u) / CHAIN;
}

#else /* the same in portable C */

static void edgehar_dsp_fours(const four_plan *plan)
{
    const uint32_t *weights = plan->weights;
    const int8_t *x = plan->x;
    int8_t *out = plan->out;
    for (unsigned four = 0; four < plan->fours; four++, x += FOUR, weights += 2u * FOUR) {
        int32_t sum[FOUR];
        memcpy(sum, weights, sizeof sum);
        weights += FOUR;
        for (unsigned tap = 0; tap < plan->taps; tap++, weights += 2) {
            const uint32_t bytes = load_bytes(x + tap * plan->channels);
            const uint32_t words[2] = {even_bytes(bytes), odd_bytes(bytes)};
            for (unsigned lane = 0; lane < FOUR; lane++) {
                const unsigned half = lane / 2u * 16u;
                sum[lane] += (int16_t)(uint16_t)(words[lane % 2u] >> half) *
                             (int16_t)(uint16_t)(weights[lane % 2u] >> half);
            }
        }
        for (unsigned lane = 0; lane < FOUR; lane++)
            *out++ = requantise_quickly(sum[lane], (int32_t)weights[2u * lane], (int)weights[2u * lane + 1u],
                                        plan->zero);
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
    const unsigned fours = channels / FOUR, words = FOUR + 2u * conv->kernel + 2u * FOUR;
    const int8_t *column = block->columns;
    int8_t *out = block->out;
    four_plan plan;
    enter_taps(&plan, conv->kernel);
    plan.rewind = conv->kernel * channels - FOUR;
    plan.channels = channels;
    plan.zero = 2 * conv->output_zero + 1;
    for (int left = block->positions; left > 0; left--) {
        plan.fours = fours;
        plan.weights = conv->weights;
        plan.x = column;
        plan.out = out;
        edgehar_dsp_fours(&plan);
        if (channels % FOUR) {
            plan.fours = 1;
            plan.weights += fours * words;
            plan.x += channels - FOUR;
            plan.out += channels - FOUR;
            edgehar_dsp_fours(&plan);
        }
        column += (unsigned)conv->stride * channels;
        out += channels;
    }
}
