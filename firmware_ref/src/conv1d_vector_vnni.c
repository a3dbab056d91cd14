/* conv1d_vector.c by AVX-512 VNNI: four products of an unsigned and a signed byte for each of 16 filters at once.
 *
 * Inputs become unsigned by 128, in a copy; the bias for such inputs takes it off again.
 */
#include "conv1d_vector.h"

#ifdef EDGEHAR_VECTOR_VNNI

#include "conv1d_vector_vnni.h"

/* Blocks that go side by side. */
#define EDGEHAR_MOST_BLOCKS(positions) ((positions) > 1 ? 2 : 1)

EDGEHAR_INLINE EDGEHAR_TARGET void add_few_products(__m128i *sums, const int8_t *x, const int8_t *weights)
{
    const __m128i w = _mm_loadu_si128((const __m128i *)(const void *)weights);
    __asm__("vpdpbusd %2, %1, %0" : "+v"(*sums) : "v"(_mm512_castsi512_si128(quad_at(x))), "v"(w));
}

/* `blocks` blocks of filters at `positions` positions, both constants, so that all sums stay in registers; where they are
 * few, two `phases` of quads have sums of their own, which hides how long a product takes. */
EDGEHAR_INLINE EDGEHAR_TARGET void tile(const edgehar_conv *conv, const int8_t *weights, int filter, const int8_t *x,
                                        int8_t *out, const int blocks, const int positions, const int phases)
{
    const int quads = edgehar_vector_quads(conv), step = conv->stride * conv->in_channels;
    const size_t block_bytes = edgehar_vector_block(conv);
    __m512i sums[4][2][8]; /* phase, block, position */
    int quad, block, position, phase;

    EDGEHAR_UNROLL for (phase = 0; phase < phases; phase++)
    {
        EDGEHAR_UNROLL for (block = 0; block < blocks; block++)
        {
            EDGEHAR_UNROLL for (position = 0; position < positions; position++)
            {
                sums[phase][block][position] = _mm512_setzero_si512();
            }
        }
    }
    for (quad = 0; quad + phases <= quads; quad += phases) {
        EDGEHAR_UNROLL for (phase = 0; phase < phases; phase++)
        {
            __m512i w[2];
            EDGEHAR_UNROLL for (block = 0; block < blocks; block++)
            {
                w[block] = _mm512_loadu_si512(weights + (size_t)block * block_bytes + 64 * (quad + phase));
            }
            EDGEHAR_UNROLL for (position = 0; position < positions; position++)
            {
                const __m512i inputs = quad_at(x + position * step + 4 * (quad + phase));
                EDGEHAR_UNROLL for (block = 0; block < blocks; block++)
                {
                    add_products(&sums[phase][block][position], inputs, w[block]);
                }
            }
        }
    }
    for (; quad < quads; quad++) {
        EDGEHAR_UNROLL for (position = 0; position < positions; position++)
        {
            const __m512i inputs = quad_at(x + position * step + 4 * quad);
            EDGEHAR_UNROLL for (block = 0; block < blocks; block++)
            {
                const __m512i w = _mm512_loadu_si512(weights + (size_t)block * block_bytes + 64 * quad);
                add_products(&sums[0][block][position], inputs, w);
            }
        }
    }
    EDGEHAR_UNROLL for (block = 0; block < blocks; block++)
    {
        EDGEHAR_UNROLL for (position = 0; position < positions; position++)
        {
            EDGEHAR_UNROLL for (phase = 1; phase < phases; phase++)
            {
                sums[0][block][position] = _mm512_add_epi32(sums[0][block][position], sums[phase][block][position]);
            }
        }
        finish(conv, edgehar_vector_tables_of(weights + (size_t)block * block_bytes, quads),
               filter + block * EDGEHAR_VECTOR_FILTERS, sums[0][block], out, positions);
    }
}

/* The last block, where it has four filters or fewer: a quarter of the work. */
EDGEHAR_INLINE EDGEHAR_TARGET void narrow(const edgehar_conv *conv, const int8_t *weights, int filter, const int8_t *x,
                                          int8_t *out, const int positions)
{
    const int quads = edgehar_vector_quads(conv), step = conv->stride * conv->in_channels;
    __m128i sums[2][8]; /* phase, position */
    __m512i wide[8];
    int quad, position;

    EDGEHAR_UNROLL for (position = 0; position < positions; position++)
    {
        sums[0][position] = sums[1][position] = _mm_setzero_si128();
    }
    for (quad = 0; quad + 2 <= quads; quad += 2) {
        EDGEHAR_UNROLL for (position = 0; position < positions; position++)
        {
            add_few_products(&sums[0][position], x + position * step + 4 * quad, weights + 64 * quad);
            add_few_products(&sums[1][position], x + position * step + 4 * quad + 4, weights + 64 * quad + 64);
        }
    }
    EDGEHAR_UNROLL for (position = 0; position < positions; position++)
    {
        if (quad < quads) {
            add_few_products(&sums[0][position], x + position * step + 4 * quad, weights + 64 * quad);
        }
        wide[position] = _mm512_zextsi128_si512(_mm_add_epi32(sums[0][position], sums[1][position]));
    }
    finish(conv, edgehar_vector_tables_of(weights, quads), filter, wide, out, positions);
}

typedef void edgehar_tile(const edgehar_conv *conv, const int8_t *weights, int filter, const int8_t *x, int8_t *out);

#define EDGEHAR_TILE(name, code)                                                                                  \
    EDGEHAR_TARGET static void name(const edgehar_conv *conv, const int8_t *weights, int filter, const int8_t *x, \
                                    int8_t *out)                                                                  \
    {                                                                                                             \
        code;                                                                                                     \
    }
#define EDGEHAR_TILES(positions, phases)                                                        \
    EDGEHAR_TILE(narrow_##positions, narrow(conv, weights, filter, x, out, positions))          \
    EDGEHAR_TILE(single_##positions, tile(conv, weights, filter, x, out, 1, positions, phases)) \
    EDGEHAR_TILE(double_##positions, tile(conv, weights, filter, x, out, 2, positions, phases > 1 ? 2 : 1))
EDGEHAR_TILES(1, 4)
EDGEHAR_TILES(2, 4)
EDGEHAR_TILES(3, 2)
EDGEHAR_TILES(4, 2)
EDGEHAR_TILES(8, 1)

/* All filters at 1, 2, 3, 4 or 8 positions. */
static void tiles(const edgehar_conv *conv, const int8_t *x, int8_t *out, int positions)
{
    static edgehar_tile *const kinds[][3] = {{narrow_1, single_1, double_1},
                                             {narrow_2, single_2, double_2},
                                             {narrow_3, single_3, double_3},
                                             {narrow_4, single_4, double_4},
                                             {narrow_8, single_8, double_8}};
    edgehar_tile *const *const kind = kinds[positions == 8 ? 4 : positions - 1];
    const size_t block_bytes = edgehar_vector_block(conv);
    const int8_t *weights = conv->weights;
    int filter = 0;

    while (filter < conv->out_channels) {
        /* Whole blocks, and the last one, unless it is narrow. */
        const int blocks = (conv->out_channels - filter + EDGEHAR_VECTOR_FILTERS - 5) / EDGEHAR_VECTOR_FILTERS;
        const int now = blocks > EDGEHAR_MOST_BLOCKS(positions) ? EDGEHAR_MOST_BLOCKS(positions) : blocks;
        kind[now](conv, weights, filter, x, out);
        weights += (size_t)now * block_bytes;
        filter += (now > 0 ? now : 1) * EDGEHAR_VECTOR_FILTERS;
    }
}

EDGEHAR_TARGET void edgehar_conv1d_vector_vnni(const edgehar_conv *conv, const edgehar_block *block)
{
    const int step = conv->stride * conv->in_channels;
    const int8_t *x =
        unsigned_copy(block->columns, edgehar_vector_bytes(conv, block->positions), (int8_t *)block->scratch);
    int8_t *out = block->out;
    int left, now;

    for (left = block->positions; left > 0; left -= now) {
        now = left >= 8 ? 8 : left >= 4 ? 4 : left;
        tiles(conv, x, out, now);
        x += now * step;
        out += now * conv->out_channels;
    }
}

#endif
