/* 1D convolution on a stream that brings one position at a time; parameters: edgehar_conv, stride 1, channels in fours.
 *
 * One position takes longer to fetch its weights than to multiply by them. So while the weights are at hand, every second
 * call adds up what the next position's sums have of the columns that have come; the call after it reads the weights of
 * its newest column, and no others. Where a network has several such layers, they take turns, so that decisions take
 * about as long as each other.
 *
 * weights: conv1d_vector.c. scratch: is the layer's own and lasts: edgehar_vector_ahead, then the scratch of
 * conv1d_vector.c. Consecutive calls compute consecutive positions. Without VNNI this is conv1d_vector.c.
 */
#include "conv1d_vector.h"

enum {
    adds_now = 1,   /* the next call adds up the position behind its own, too; a first state */
    adds_later = 2, /* the call after the next one does; a first state */
    has_all = 3     /* `sums` has all of the next call's position but its last column */
};

/* Behind it, int32_t sums[filters, whole blocks]. */
typedef struct edgehar_vector_ahead {
    int32_t state; /* after a reset of the engine `keeps` of edgehar_layer */
} edgehar_vector_ahead;

static int32_t *sums_of(edgehar_vector_ahead *ahead)
{
    return (int32_t *)(void *)(ahead + 1);
}

/* Where the scratch of conv1d_vector.c begins. */
static void *rest_of(const edgehar_conv *conv, edgehar_vector_ahead *ahead)
{
    const int blocks = (conv->out_channels + EDGEHAR_VECTOR_FILTERS - 1) / EDGEHAR_VECTOR_FILTERS;
    return sums_of(ahead) + blocks * EDGEHAR_VECTOR_FILTERS;
}

#ifdef EDGEHAR_VECTOR_VNNI

#include "conv1d_vector_vnni.h"

/* Sums that go side by side, which hides how long a product takes. */
enum {
    phases = 4
};

EDGEHAR_INLINE EDGEHAR_TARGET void add_quad(__m512i *sums, const int8_t *x, const int8_t *weights, int quad)
{
    add_products(sums, quad_at(x + 4 * quad), _mm512_loadu_si512(weights + 64 * quad));
}

/* Add quads first … last - 1 to the sums of 16 filters. */
EDGEHAR_INLINE EDGEHAR_TARGET __m512i add_quads(__m512i sum, const int8_t *x, const int8_t *weights, int first,
                                                int last)
{
    __m512i sums[phases] = {sum};
    int quad = first, phase;

    EDGEHAR_UNROLL for (phase = 1; phase < phases; phase++)
    {
        sums[phase] = _mm512_setzero_si512();
    }
    for (; quad + phases <= last; quad += phases) {
        EDGEHAR_UNROLL for (phase = 0; phase < phases; phase++)
        {
            add_quad(&sums[phase], x, weights, quad + phase);
        }
    }
    for (; quad < last; quad++) {
        add_quad(&sums[0], x, weights, quad);
    }
    return _mm512_add_epi32(_mm512_add_epi32(sums[0], sums[1]), _mm512_add_epi32(sums[2], sums[3]));
}

/* The position's sums without its last column; and the next one's, whose columns begin `column` quads later. */
EDGEHAR_INLINE EDGEHAR_TARGET void add_both(__m512i *now, __m512i *next, const int8_t *x, const int8_t *weights,
                                            int last, int column)
{
    __m512i sums[2][2];
    int quad, phase;

    EDGEHAR_UNROLL for (phase = 0; phase < 2; phase++)
    {
        sums[0][phase] = sums[1][phase] = _mm512_setzero_si512();
    }
    for (quad = 0; quad + 2 <= last; quad += 2) {
        EDGEHAR_UNROLL for (phase = 0; phase < 2; phase++)
        {
            const __m512i w = _mm512_loadu_si512(weights + 64 * (quad + phase));
            add_products(&sums[0][phase], quad_at(x + 4 * (quad + phase)), w);
            add_products(&sums[1][phase], quad_at(x + 4 * (quad + phase + column)), w);
        }
    }
    if (quad < last) {
        add_quad(&sums[0][0], x, weights, quad);
        add_quad(&sums[1][0], x + 4 * column, weights, quad);
    }
    *now = _mm512_add_epi32(sums[0][0], sums[0][1]);
    *next = _mm512_add_epi32(sums[1][0], sums[1][1]);
}

EDGEHAR_TARGET static void one_position(const edgehar_conv *conv, const edgehar_block *block,
                                        edgehar_vector_ahead *ahead)
{
    const int quads = edgehar_vector_quads(conv), column = conv->in_channels / 4, known = ahead->state == has_all;
    const size_t block_bytes = edgehar_vector_block(conv);
    const int8_t *weights = conv->weights;
    const int8_t *x = unsigned_copy(block->columns, edgehar_vector_bytes(conv, 1), rest_of(conv, ahead));
    int32_t *sums = sums_of(ahead);
    int filter;

    for (filter = 0; filter < conv->out_channels; filter += EDGEHAR_VECTOR_FILTERS) {
        __m512i sum, next;
        if (known) {
            sum = _mm512_loadu_si512(sums + filter);
        } else {
            add_both(&sum, &next, x, weights, quads - column, column);
            _mm512_storeu_si512(sums + filter, next);
        }
        sum = add_quads(sum, x, weights, quads - column, quads);
        finish(conv, edgehar_vector_tables_of(weights, quads), filter, &sum, block->out, 1);
        weights += block_bytes;
    }
    ahead->state = known ? adds_now : has_all;
}

#endif

void edgehar_conv1d_vector_ahead(const void *parameters, const edgehar_block *block)
{
    edgehar_vector_ahead *ahead = block->scratch;
    edgehar_block plain = *block;

#ifdef EDGEHAR_VECTOR_VNNI
    if (block->positions == 1 && ahead->state != adds_later && edgehar_vector_has_vnni()) {
        one_position(parameters, block, ahead);
        return;
    }
    if (block->positions == 1 || ahead->state == has_all) {
        ahead->state = adds_now;
    }
#endif
    plain.scratch = rest_of(parameters, ahead);
    edgehar_conv1d_vector(parameters, &plain);
}
