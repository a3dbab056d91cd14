/* conv1d_vector.c by products of pairs of 16-bit numbers, one source for SSE2, AVX2, NEON and WebAssembly's SIMD128, by the
 * vector extensions of gcc and clang. A file that includes this defines
 *
 * EDGEHAR_PAIRS   the kernel's name
 * EDGEHAR_LANES   numbers of 16 bits in a vector, 8 or 16; a vector holds the quads of a quarter as many filters
 * EDGEHAR_TARGET  attributes of its functions
 * EDGEHAR_DOT     products of two such vectors, those of neighbours added, as int32
 */
typedef int8_t vector_bytes __attribute__((vector_size(EDGEHAR_LANES)));
typedef int16_t vector_halves __attribute__((vector_size(2 * EDGEHAR_LANES)));
typedef int32_t vector_words __attribute__((vector_size(2 * EDGEHAR_LANES)));
typedef int64_t vector_quads __attribute__((vector_size(2 * EDGEHAR_LANES)));

enum {
    tile_positions = 4,
    vector_filters = EDGEHAR_LANES / 4,
    tile_filters = 2 * vector_filters
};

/* Weights of a vector's filters, one quad. */
#define EDGEHAR_WEIGHTS(to, from)                             \
    do {                                                      \
        vector_bytes bytes;                                   \
        memcpy(&bytes, from, sizeof bytes);                   \
        (to) = __builtin_convertvector(bytes, vector_halves); \
    } while (0)

/* One position's quad, the same for every filter. */
#define EDGEHAR_INPUTS(to, from)            \
    do {                                    \
        const vector_quads none = {0};      \
        int64_t one;                        \
        memcpy(&one, from, sizeof one);     \
        (to) = (vector_halves)(none + one); \
    } while (0)

/* One filter's sum is two neighbours. */
#define EDGEHAR_KEEP(sums, vector)                        \
    do {                                                  \
        int32_t kept[EDGEHAR_LANES / 2];                  \
        int at;                                           \
        memcpy(kept, &(vector), sizeof kept);             \
        for (at = 0; at < vector_filters; at++) {         \
            (sums)[at] = kept[2 * at] + kept[2 * at + 1]; \
        }                                                 \
    } while (0)

#define EDGEHAR_STEP(one, two, input)          \
    do {                                       \
        vector_halves x;                       \
        EDGEHAR_INPUTS(x, (input) + 4 * quad); \
        (one) += EDGEHAR_DOT(low, x);          \
        (two) += EDGEHAR_DOT(high, x);         \
    } while (0)

/* Sums of `tile_filters` filters at four positions, whose inputs are 16 bits wide. */
EDGEHAR_TARGET static void tile(const int8_t *weights, int quads, const int16_t *const inputs[tile_positions],
                                int32_t sums[tile_positions][EDGEHAR_VECTOR_FILTERS], int filter)
{
    const int16_t *const a = inputs[0], *const b = inputs[1], *const c = inputs[2], *const d = inputs[3];
    vector_words a0 = {0}, a1 = {0}, b0 = {0}, b1 = {0}, c0 = {0}, c1 = {0}, d0 = {0}, d1 = {0};
    int quad;

    weights += 4 * filter;
    for (quad = 0; quad < quads; quad++, weights += 4 * EDGEHAR_VECTOR_FILTERS) {
        vector_halves low, high;
        EDGEHAR_WEIGHTS(low, weights);
        EDGEHAR_WEIGHTS(high, weights + EDGEHAR_LANES);
        EDGEHAR_STEP(a0, a1, a);
        EDGEHAR_STEP(b0, b1, b);
        EDGEHAR_STEP(c0, c1, c);
        EDGEHAR_STEP(d0, d1, d);
    }
    EDGEHAR_KEEP(&sums[0][filter], a0);
    EDGEHAR_KEEP(&sums[0][filter + vector_filters], a1);
    EDGEHAR_KEEP(&sums[1][filter], b0);
    EDGEHAR_KEEP(&sums[1][filter + vector_filters], b1);
    EDGEHAR_KEEP(&sums[2][filter], c0);
    EDGEHAR_KEEP(&sums[2][filter + vector_filters], c1);
    EDGEHAR_KEEP(&sums[3][filter], d0);
    EDGEHAR_KEEP(&sums[3][filter + vector_filters], d1);
}

/* From a block's sums at one position to bytes: 16 filters, of which `count` exist. */
EDGEHAR_TARGET static void finish(const edgehar_conv *conv, const edgehar_vector_tables *tables, const int32_t *sums,
                                  int8_t *out, int count)
{
    int8_t bytes[EDGEHAR_VECTOR_FILTERS];
    int lane;
    for (lane = 0; lane < EDGEHAR_VECTOR_FILTERS; lane++) {
        const int32_t value =
            edgehar_requantise(sums[lane] + tables->bias[lane], tables->multiplier[lane], tables->shift[lane]);
        bytes[lane] = edgehar_clamp(value + conv->output_zero, conv->activation_min, conv->activation_max);
    }
    memcpy(out, bytes, (size_t)count);
}

EDGEHAR_TARGET void EDGEHAR_PAIRS(const edgehar_conv *conv, const edgehar_block *block)
{
    const int quads = edgehar_vector_quads(conv), step = conv->stride * conv->in_channels;
    const int bytes = edgehar_vector_bytes(conv, block->positions);
    int16_t *const x = block->scratch;
    int position, filter, index;

    for (index = 0; index < bytes; index++) {
        x[index] = block->columns[index];
    }
    memset(x + bytes, 0, 4 * sizeof *x); /* where the last quad may end */
    for (position = 0; position < block->positions; position += tile_positions) {
        const int last = block->positions - 1;
        const int8_t *weights = conv->weights;
        const int16_t *inputs[tile_positions];
        for (index = 0; index < tile_positions; index++) {
            /* Where fewer positions are left, the last one again. */
            inputs[index] = x + (position + index > last ? last : position + index) * step;
        }
        for (filter = 0; filter < conv->out_channels; filter += EDGEHAR_VECTOR_FILTERS) {
            const int left = conv->out_channels - filter;
            const int count = left < EDGEHAR_VECTOR_FILTERS ? left : EDGEHAR_VECTOR_FILTERS;
            int32_t sums[tile_positions][EDGEHAR_VECTOR_FILTERS] = {{0}};
            for (index = 0; index < count; index += tile_filters) {
                tile(weights, quads, inputs, sums, index);
            }
            for (index = 0; index < tile_positions && position + index <= last; index++) {
                finish(conv, edgehar_vector_tables_of(weights, quads), sums[index],
                       block->out + (position + index) * conv->out_channels + filter, count);
            }
            weights += edgehar_vector_block(conv);
        }
    }
}
