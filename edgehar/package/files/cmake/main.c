/* Activities from an LSM6DSO; a board supplies device.h. */
#include "device.h"
#include "lsm6dso_model.h"

static uint32_t memory[EDGEHAR_MODEL_MEMORY_BYTES / 4];
static uint32_t sensor_memory[EDGEHAR_MODEL_SENSOR_BYTES / 4];
static int16_t counts[EDGEHAR_MODEL_CHANNELS * LSM6DSO_MOST];
static edgehar stream;

static void show(void *unused, int status, const edgehar_decision *decision)
{
    (void)unused;
    device_show(status, decision);
}

int main(void)
{
    static const edgehar_config config =
        EDGEHAR_CONFIG(&edgehar_model_data, EDGEHAR_MODEL_HOP ? EDGEHAR_MODEL_HOP : 20);
    /* The sensor's axes that are the device's x, y and z as training had them. */
    static const lsm6dso_sensor sensor = LSM6DSO_SENSOR(1, 2, 3);
    uint64_t now_us;

    if (edgehar_init(&stream, &config, memory, sizeof memory) != EDGEHAR_OK ||
        lsm6dso_set_sensor(&stream, &sensor, sensor_memory, sizeof sensor_memory) != EDGEHAR_OK ||
        lsm6dso_start_model() != LSM6DSO_OK) {
        return 1;
    }
    while (device_wait(&now_us)) {
        int overrun = 0;
        const int samples = lsm6dso_read_model(counts, &overrun);
        if (overrun) {
            edgehar_reset(&stream);
        }
        if (samples < 0 || edgehar_push_fifo(&stream, counts, samples, now_us, show, NULL) < 0) {
            return 2;
        }
    }
    return 0;
}
