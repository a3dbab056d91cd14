#include "lsm6dso.h"
#include "device.h"

#include <string.h>

enum {
    FIFO_CTRL1 = 0x07, /* watermark, bits 7 … 0 */
    FIFO_CTRL2 = 0x08, /* bit 0: bit 8 of the watermark */
    FIFO_CTRL3 =
        0x09, /* rate at which samples enter the FIFO, bits 3 … 0 of the accelerometer, 7 … 4 of the gyroscope */
    FIFO_CTRL4 = 0x0A, /* bits 2 … 0: mode */
    INT1_CTRL = 0x0D,  /* bit 3: watermark reached */
    WHO_AM_I = 0x0F,
    CTRL1_XL = 0x10,     /* bits 7 … 4: rate; 3, 2: full scale */
    CTRL2_G = 0x11,      /* the gyroscope's */
    CTRL3_C = 0x12,      /* bit 0: reset; 2: addresses count up; 6: a sample's bytes belong together */
    FIFO_STATUS1 = 0x3A, /* words in the FIFO, bits 7 … 0 */
    FIFO_STATUS2 = 0x3B, /* bits 1, 0: their bits 9, 8; bit 3: overrun, until it is read */
    FIFO_DATA_OUT_TAG = 0x78
};

enum {
    CHIP = 0x6C,
    RATE_52_HZ = 3,
    FULL_SCALE_4_G = 2,
    FULL_SCALE_2000_DPS = 3,
    MODE_CONTINUOUS = 6,
    RESET = 0x01,
    COUNT_UP = 0x04,
    BLOCK_UPDATE = 0x40,
    INT1_WATERMARK = 0x08,
    OVERRUN = 0x08,
    TAG_GYROSCOPE = 1,
    TAG_ACCELEROMETER = 2,
    WORD = 7 /* a tag, whose bits 7 … 3 say what follows and 2, 1 count the times of samples, and three int16 */
};

/* The word that waits for its other half: its tag, or 0. */
static struct {
    int tag, slot;
    int16_t values[3];
} half;

static int start(int both)
{
    const uint8_t settings[][2] = {
        {CTRL3_C, BLOCK_UPDATE | COUNT_UP},
        {FIFO_CTRL1, (uint8_t)(both ? 2 * LSM6DSO_WATERMARK : LSM6DSO_WATERMARK)},
        {FIFO_CTRL2, 0},
        {FIFO_CTRL3, (uint8_t)(both ? RATE_52_HZ << 4 | RATE_52_HZ : RATE_52_HZ)},
        {INT1_CTRL, INT1_WATERMARK},
        {CTRL1_XL, RATE_52_HZ << 4 | FULL_SCALE_4_G << 2},
        {CTRL2_G, (uint8_t)(both ? RATE_52_HZ << 4 | FULL_SCALE_2000_DPS << 2 : 0)},
        {FIFO_CTRL4, MODE_CONTINUOUS},
    };
    uint8_t value;
    size_t index;
    int tries;

    if (device_read(WHO_AM_I, &value, 1) != 0) {
        return LSM6DSO_ERROR_BUS;
    }
    if (value != CHIP) {
        return LSM6DSO_ERROR_CHIP;
    }
    if (device_write(CTRL3_C, RESET) != 0) {
        return LSM6DSO_ERROR_BUS;
    }
    for (tries = 0, value = RESET; value & RESET; tries++) {
        if (tries == 1000 || device_read(CTRL3_C, &value, 1) != 0) {
            return LSM6DSO_ERROR_BUS;
        }
    }
    half.tag = 0;
    for (index = 0; index < sizeof settings / sizeof settings[0]; index++) {
        if (device_write(settings[index][0], settings[index][1]) != 0) {
            return LSM6DSO_ERROR_BUS;
        }
    }
    return LSM6DSO_OK;
}

int lsm6dso_start(void)
{
    return start(0);
}

int lsm6dso_start_both(void)
{
    return start(1);
}

/* How many words wait, or an error. */
static int waiting_words(int *overrun)
{
    uint8_t state[2];

    if (device_read(FIFO_STATUS1, state, sizeof state) != 0) {
        return LSM6DSO_ERROR_BUS;
    }
    *overrun = (state[1] & OVERRUN) != 0;
    return state[0] | (state[1] & 3) << 8;
}

/* Behind a word's last byte the address goes back to the tag's: one read takes them all. */
static int read_words(uint8_t *words, int count)
{
    return count == 0 ? 0 : device_read(FIFO_DATA_OUT_TAG, words, (size_t)count * WORD);
}

static void values_of(const uint8_t *word, int16_t values[3])
{
    int axis;
    for (axis = 0; axis < 3; axis++) {
        values[axis] = (int16_t)(word[1 + 2 * axis] | word[2 + 2 * axis] << 8);
    }
}

int lsm6dso_read(int16_t counts[3 * LSM6DSO_MOST], int *overrun)
{
    uint8_t words[WORD * LSM6DSO_MOST];
    int waiting = waiting_words(overrun), index, samples = 0;

    waiting = waiting < LSM6DSO_MOST ? waiting : LSM6DSO_MOST;
    if (waiting < 0 || read_words(words, waiting) != 0) {
        return LSM6DSO_ERROR_BUS;
    }
    for (index = 0; index < waiting; index++) {
        if (words[index * WORD] >> 3 == TAG_ACCELEROMETER) {
            values_of(words + index * WORD, counts + 3 * samples++);
        }
    }
    return samples;
}

/* Take one word; whether a sample is complete with it. */
static int pair(const uint8_t *word, int16_t counts[6])
{
    const int tag = word[0] >> 3, slot = word[0] >> 1 & 3;
    int16_t values[3];
    int paired;

    if (tag != TAG_ACCELEROMETER && tag != TAG_GYROSCOPE) {
        return 0;
    }
    values_of(word, values);
    paired = half.tag != 0 && half.tag != tag && half.slot == slot;
    if (paired) {
        memcpy(counts, tag == TAG_ACCELEROMETER ? values : half.values, sizeof values);
        memcpy(counts + 3, tag == TAG_ACCELEROMETER ? half.values : values, sizeof values);
    }
    half.tag = paired ? 0 : tag;
    half.slot = slot;
    memcpy(half.values, values, sizeof values);
    return paired;
}

int lsm6dso_read_both(int16_t counts[6 * LSM6DSO_MOST], int *overrun)
{
    uint8_t words[WORD * LSM6DSO_MOST];
    int waiting = waiting_words(overrun), samples = 0, part, index;

    if (waiting < 0) {
        return LSM6DSO_ERROR_BUS;
    }
    if (*overrun) {
        half.tag = 0;
    }
    waiting = waiting < 2 * LSM6DSO_MOST ? waiting : 2 * LSM6DSO_MOST;
    for (; waiting > 0; waiting -= part) {
        part = waiting < LSM6DSO_MOST ? waiting : LSM6DSO_MOST;
        if (read_words(words, part) != 0) {
            return LSM6DSO_ERROR_BUS;
        }
        for (index = 0; index < part; index++) {
            samples += pair(words + index * WORD, counts + 6 * samples);
        }
    }
    return samples;
}
