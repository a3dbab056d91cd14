#include "lsm6dso.h"
#include "device.h"

enum {
    FIFO_CTRL1 = 0x07, /* watermark, bits 7 … 0 */
    FIFO_CTRL2 = 0x08, /* bit 0: bit 8 of the watermark */
    FIFO_CTRL3 = 0x09, /* bits 3 … 0: rate at which samples of the accelerometer enter the FIFO */
    FIFO_CTRL4 = 0x0A, /* bits 2 … 0: mode */
    INT1_CTRL = 0x0D,  /* bit 3: watermark reached */
    WHO_AM_I = 0x0F,
    CTRL1_XL = 0x10,     /* bits 7 … 4: rate; 3, 2: full scale */
    CTRL3_C = 0x12,      /* bit 0: reset; 2: addresses count up; 6: a sample's bytes belong together */
    FIFO_STATUS1 = 0x3A, /* words in the FIFO, bits 7 … 0 */
    FIFO_STATUS2 = 0x3B, /* bits 1, 0: their bits 9, 8; bit 3: overrun, until it is read */
    FIFO_DATA_OUT_TAG = 0x78
};

enum {
    CHIP = 0x6C,
    RATE_52_HZ = 3,
    FULL_SCALE_4_G = 2,
    MODE_CONTINUOUS = 6,
    RESET = 0x01,
    COUNT_UP = 0x04,
    BLOCK_UPDATE = 0x40,
    INT1_WATERMARK = 0x08,
    OVERRUN = 0x08,
    TAG_ACCELEROMETER = 2,
    WORD = 7 /* a tag, whose bits 7 … 3 say what follows, and three int16 */
};

int lsm6dso_start(void)
{
    static const uint8_t settings[][2] = {
        {CTRL3_C, BLOCK_UPDATE | COUNT_UP},
        {FIFO_CTRL1, LSM6DSO_WATERMARK},
        {FIFO_CTRL2, 0},
        {FIFO_CTRL3, RATE_52_HZ},
        {INT1_CTRL, INT1_WATERMARK},
        {CTRL1_XL, RATE_52_HZ << 4 | FULL_SCALE_4_G << 2},
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
    for (index = 0; index < sizeof settings / sizeof settings[0]; index++) {
        if (device_write(settings[index][0], settings[index][1]) != 0) {
            return LSM6DSO_ERROR_BUS;
        }
    }
    return LSM6DSO_OK;
}

int lsm6dso_read(int16_t counts[3 * LSM6DSO_MOST], int *overrun)
{
    uint8_t state[2], words[WORD * LSM6DSO_MOST];
    int waiting, index, axis, samples = 0;

    if (device_read(FIFO_STATUS1, state, sizeof state) != 0) {
        return LSM6DSO_ERROR_BUS;
    }
    *overrun = (state[1] & OVERRUN) != 0;
    waiting = state[0] | (state[1] & 3) << 8;
    waiting = waiting < LSM6DSO_MOST ? waiting : LSM6DSO_MOST;
    /* Behind a word's last byte the address goes back to the tag's: one read takes them all. */
    if (waiting != 0 && device_read(FIFO_DATA_OUT_TAG, words, (size_t)waiting * WORD) != 0) {
        return LSM6DSO_ERROR_BUS;
    }
    for (index = 0; index < waiting; index++) {
        const uint8_t *word = words + index * WORD;
        if (word[0] >> 3 != TAG_ACCELEROMETER) {
            continue;
        }
        for (axis = 0; axis < 3; axis++) {
            counts[3 * samples + axis] = (int16_t)(word[1 + 2 * axis] | word[2 + 2 * axis] << 8);
        }
        samples++;
    }
    return samples;
}
