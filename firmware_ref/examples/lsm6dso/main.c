/* Activities from an LSM6DSO: set the sensor up, sleep, take its FIFO, decide. A board supplies device.h.
 *
 * The model is an export with --sensor-rate 52, of the accelerometer alone or with the gyroscope. The sensor's x points along
 * the device's -y here, and its y along x. */
#include "device.h"
#include "lsm6dso_model.h"

#define HOP (EDGEHAR_MODEL_HOP ? EDGEHAR_MODEL_HOP : 20)

static uint32_t memory[EDGEHAR_MODEL_MEMORY_BYTES / 4];
static uint32_t sensor_memory[EDGEHAR_MODEL_SENSOR_BYTES / 4];
static edgehar stream;

static void listen_to(void *unused, int status, const edgehar_decision *decision)
{
    (void)unused;
    device_show(status, decision);
}

int main(void)
{
    static const edgehar_config config = EDGEHAR_CONFIG(&edgehar_model_data, HOP);
    static const lsm6dso_sensor sensor = LSM6DSO_SENSOR(2, -1, 3);
    static int16_t counts[EDGEHAR_MODEL_CHANNELS * LSM6DSO_MOST];
    uint64_t now_us;

    if (edgehar_init(&stream, &config, memory, sizeof memory) != EDGEHAR_OK ||
        lsm6dso_set_sensor(&stream, &sensor, sensor_memory, sizeof sensor_memory) != EDGEHAR_OK) {
        return 4;
    }
    if (lsm6dso_start_model() != LSM6DSO_OK) {
        return 5;
    }
    while (device_wait(&now_us)) {
        int overrun;
        const int samples = lsm6dso_read_model(counts, &overrun);
        if (samples < 0) {
            return 6;
        }
        /* What was lost is older than what is there: the stream begins anew, with the sensor's own clock. */
        if (overrun) {
            edgehar_reset(&stream);
        }
        if (edgehar_push_fifo(&stream, counts, samples, now_us, listen_to, NULL) < 0) {
            return 7;
        }
    }
    return 0;
}
