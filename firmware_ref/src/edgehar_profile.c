/* Profiles: edgehar_profile.h. Bytes are little-endian, as every core is that a model compiles for. */
#include "edgehar_checksum.h"
#include "edgehar_engine.h"

#define EDGEHAR_ROTATION 1
#define EDGEHAR_LAST_LAYER 2

/* Places in the file. */
enum {
    at_flags = 4,
    at_classes = 6,
    at_inputs = 8,
    at_zero = 10,
    at_model = 12,
    at_rotation = 20,
    at_rotation_end = 38,
    at_layer = 40
};

static const uint8_t magic[4] = {'E', 'H', 'P', '1'};
static const int16_t identity[9] = {16384, 0, 0, 0, 16384, 0, 0, 0, 16384};

static uint32_t half_at(const uint8_t *from)
{
    return from[0] | (uint32_t)from[1] << 8;
}

static void put_half(uint8_t *to, uint32_t value)
{
    to[0] = (uint8_t)value;
    to[1] = (uint8_t)(value >> 8);
}

static int same(const uint8_t *one, const uint8_t *two, int count)
{
    int index;
    for (index = 0; index < count; index++) {
        if (one[index] != two[index]) {
            return 0;
        }
    }
    return 1;
}

/* Where a profile's checksum stands. */
static uint32_t body_bytes(uint32_t classes, uint32_t inputs)
{
    return (at_layer + 4 * classes + classes * inputs + 3) & ~3u;
}

/* The last dense layer from weights row by row, as any kernel computes it, and the softmax behind it, in place of the
 * model's own, whose column waits. Returns the probabilities. */
static const int8_t *run_last_layer(const edgehar_last_layer *last, void *memory)
{
    const edgehar_personal *personal = last->personal;
    const edgehar_model *model = personal->network;
    const edgehar_head *head = &personal->head;
    const edgehar_layer *dense = &model->layers[personal->layer], *softmax = dense + 1;
    const int8_t *inputs = (const int8_t *)memory + model->edges[dense->input].offset;
    int8_t *outputs = (int8_t *)memory + model->edges[dense->output].offset;
    const int8_t *weights = last->weights;
    /* Of their own, or the compiler reads them anew for every weight: bytes are written meanwhile. */
    const int32_t zero = head->zero_point;
    const int count = head->inputs, classes = head->classes;
    edgehar_block block;
    int row, index;

    if (last->embedding) {
        memcpy(last->embedding, inputs, (size_t)count);
    }
    for (row = 0; row < classes; row++) {
        /* Unsigned: a profile's sums may leave 32 bits, and then wrap. */
        uint32_t sum = (uint32_t)last->bias[row];
        int32_t value;
        for (index = 0; index < count; index++) {
            sum += (uint32_t)(*weights++ * (inputs[index] - zero));
        }
        value = edgehar_requantise((int32_t)sum, personal->multiplier[row], personal->shift[row]);
        value = value > 512 ? 512 : value < -512 ? -512 : value;
        outputs[row] = edgehar_clamp(value + personal->output_zero, -128, 127);
    }
    block.columns = outputs;
    block.out = (int8_t *)memory + model->edges[softmax->output].offset;
    block.scratch = (int8_t *)memory + softmax->scratch;
    block.positions = 1;
    block.first = 0;
    softmax->kernel(softmax->parameters, &block);
    return block.out;
}

/* Use a last layer, or the model's own where nothing asks for another way. */
static void use(edgehar *self, const edgehar_personal *personal, const int8_t *weights, const int32_t *bias,
                int8_t *embedding)
{
    edgehar_last_layer *last = &self->last;
    last->run = weights || embedding ? run_last_layer : NULL;
    last->personal = personal;
    last->own = weights != NULL;
    last->weights = weights ? weights : personal ? personal->head.weights : NULL;
    last->bias = bias ? bias : personal ? personal->head.bias : NULL;
    last->embedding = embedding;
}

int edgehar_set_profile(edgehar *self, const edgehar_personal *personal, const void *profile, size_t bytes)
{
    const uint8_t *from = profile;
    const int16_t *rotation;
    uint32_t flags, classes, inputs, end;
    int status;

    if (!self || !personal) {
        return EDGEHAR_ERROR_ARGUMENT;
    }
    if (personal->network != self->config->model) {
        return EDGEHAR_ERROR_MODEL;
    }
    if (!profile) {
        use(self, personal, NULL, NULL, self->last.embedding);
        return edgehar_set_rotation(self, NULL);
    }
    if (((uintptr_t)profile & 3u) != 0) {
        return EDGEHAR_ERROR_MEMORY;
    }
    if (bytes < at_layer + 4 || bytes > UINT32_MAX || (bytes & 3u) != 0 || !same(from, magic, sizeof magic)) {
        return EDGEHAR_ERROR_PROFILE;
    }
    end = (uint32_t)bytes - 4;
    if (edgehar_checksum(from, end) != (half_at(from + end) | half_at(from + end + 2) << 16)) {
        return EDGEHAR_ERROR_PROFILE;
    }
    flags = half_at(from + at_flags);
    classes = half_at(from + at_classes);
    inputs = half_at(from + at_inputs);
    if ((flags & ~(uint32_t)(EDGEHAR_ROTATION | EDGEHAR_LAST_LAYER)) != 0 || half_at(from + at_zero) != 0 ||
        half_at(from + at_rotation_end) != 0) {
        return EDGEHAR_ERROR_PROFILE;
    }
    if (!same(from + at_model, personal->model, sizeof personal->model)) {
        return EDGEHAR_ERROR_MODEL;
    }
    if (flags & EDGEHAR_LAST_LAYER ? classes != personal->head.classes || inputs != personal->head.inputs
                                   : classes != 0 || inputs != 0) {
        return EDGEHAR_ERROR_MODEL;
    }
    if (end != body_bytes(classes, inputs)) {
        return EDGEHAR_ERROR_PROFILE;
    }
    rotation = (const int16_t *)(const void *)(from + at_rotation);
    status = edgehar_set_rotation(self, flags & EDGEHAR_ROTATION ? rotation : NULL);
    if (status != EDGEHAR_OK) {
        return EDGEHAR_ERROR_PROFILE;
    }
    if (flags & EDGEHAR_LAST_LAYER) {
        const uint8_t *layer = from + at_layer;
        use(self, personal, (const int8_t *)(layer + 4 * classes), (const int32_t *)(const void *)layer,
            self->last.embedding);
    } else {
        use(self, personal, NULL, NULL, self->last.embedding);
    }
    return EDGEHAR_OK;
}

int edgehar_keep_embedding(edgehar *self, const edgehar_personal *personal, int8_t *embedding)
{
    if (!self || !personal) {
        return EDGEHAR_ERROR_ARGUMENT;
    }
    if (personal->network != self->config->model) {
        return EDGEHAR_ERROR_MODEL;
    }
    use(self, personal, self->last.own ? self->last.weights : NULL, self->last.own ? self->last.bias : NULL, embedding);
    return EDGEHAR_OK;
}

int edgehar_write_profile(const edgehar_personal *personal, const int16_t *rotation, const int8_t *weights,
                          const int32_t *bias, void *out, size_t room)
{
    uint8_t *to = out;
    uint32_t classes, inputs, end, sum;
    int index;

    if (!personal || !out || !weights != !bias) {
        return EDGEHAR_ERROR_ARGUMENT;
    }
    classes = weights ? personal->head.classes : 0;
    inputs = weights ? personal->head.inputs : 0;
    end = body_bytes(classes, inputs);
    if (room < end + 4) {
        return EDGEHAR_ERROR_MEMORY;
    }
    memset(to, 0, end);
    memcpy(to, magic, sizeof magic);
    put_half(to + at_flags, (rotation ? EDGEHAR_ROTATION : 0u) | (weights ? EDGEHAR_LAST_LAYER : 0u));
    put_half(to + at_classes, classes);
    put_half(to + at_inputs, inputs);
    memcpy(to + at_model, personal->model, sizeof personal->model);
    for (index = 0; index < 9; index++) {
        put_half(to + at_rotation + 2 * index, (uint16_t)(rotation ? rotation : identity)[index]);
    }
    if (weights) {
        memcpy(to + at_layer, bias, 4 * classes);
        memcpy(to + at_layer + 4 * classes, weights, classes * inputs);
    }
    sum = edgehar_checksum(to, end);
    put_half(to + end, sum);
    put_half(to + end + 2, sum >> 16);
    return (int)(end + 4);
}
