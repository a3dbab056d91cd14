/* Activities from an LSM6DSO on I2C: its FIFO every half a second, a decision a second. */
#include <zephyr/drivers/i2c.h>
#include <zephyr/kernel.h>
#include <zephyr/sys/printk.h>

#include "device.h"
#include "lsm6dso_model.h"

static const struct i2c_dt_spec bus = I2C_DT_SPEC_GET(DT_NODELABEL(lsm6dso));

static uint32_t memory[EDGEHAR_MODEL_MEMORY_BYTES / 4];
static uint32_t sensor_memory[EDGEHAR_MODEL_SENSOR_BYTES / 4];
static int16_t counts[EDGEHAR_MODEL_CHANNELS * LSM6DSO_MOST];
static edgehar stream;

int device_write(uint8_t reg, uint8_t value)
{
    return i2c_reg_write_byte_dt(&bus, reg, value) == 0 ? 0 : -1;
}

int device_read(uint8_t reg, uint8_t *to, size_t count)
{
    return i2c_burst_read_dt(&bus, reg, to, (uint32_t)count) == 0 ? 0 : -1;
}

static void show(void *unused, int status, const edgehar_decision *decision)
{
    (void)unused;
    if (status == EDGEHAR_DECISION) {
        printk("%s\n", edgehar_label_name(&edgehar_model_data, decision->label));
    }
}

int main(void)
{
    static const edgehar_config config =
        EDGEHAR_CONFIG(&edgehar_model_data, EDGEHAR_MODEL_HOP ? EDGEHAR_MODEL_HOP : 20);
    /* The sensor's axes that are the device's x, y and z as training had them. */
    static const lsm6dso_sensor sensor = LSM6DSO_SENSOR(1, 2, 3);

    if (edgehar_init(&stream, &config, memory, sizeof memory) != EDGEHAR_OK ||
        lsm6dso_set_sensor(&stream, &sensor, sensor_memory, sizeof sensor_memory) != EDGEHAR_OK ||
        !i2c_is_ready_dt(&bus) || lsm6dso_start_model() != LSM6DSO_OK) {
        printk("no LSM6DSO answers\n");
        return 0;
    }
    for (;;) {
        int overrun = 0, samples;
        k_msleep(500);
        samples = lsm6dso_read_model(counts, &overrun);
        if (overrun) {
            edgehar_reset(&stream);
        }
        if (samples >= 0) {
            edgehar_push_fifo(&stream, counts, samples, k_ticks_to_us_floor64((uint64_t)k_uptime_ticks()), show, NULL);
        }
    }
}
