// Activities from an LSM6DSO on I2C: its FIFO every half a second, a decision a second.
#include <Wire.h>
#include <edgehar_arduino.h>

#ifndef LSM6DSO_ADDRESS
#define LSM6DSO_ADDRESS 0x6A
#endif

static uint32_t memory[EDGEHAR_MODEL_MEMORY_BYTES / 4];
static uint32_t sensor_memory[EDGEHAR_MODEL_SENSOR_BYTES / 4];
static int16_t counts[EDGEHAR_MODEL_CHANNELS * LSM6DSO_MOST];
static edgehar stream;
static const edgehar_config config = EDGEHAR_CONFIG(&edgehar_model_data, EDGEHAR_MODEL_HOP ? EDGEHAR_MODEL_HOP : 20);
// The sensor's axes that are the device's x, y and z as training had them.
static const lsm6dso_sensor sensor = LSM6DSO_SENSOR(1, 2, 3);

extern "C" int device_write(uint8_t reg, uint8_t value) {
    Wire.beginTransmission(LSM6DSO_ADDRESS);
    Wire.write(reg);
    Wire.write(value);
    return Wire.endTransmission() == 0 ? 0 : -1;
}

// Wire's buffer is short on many boards: whole FIFO words at a time, whose address goes round by itself.
extern "C" int device_read(uint8_t reg, uint8_t *to, size_t count) {
    while (count > 0) {
        const size_t part = count < 28 ? count : 28;
        Wire.beginTransmission(LSM6DSO_ADDRESS);
        Wire.write(reg);
        if (Wire.endTransmission(false) != 0 || Wire.requestFrom(LSM6DSO_ADDRESS, (int)part) != part) {
            return -1;
        }
        for (size_t index = 0; index < part; index++) {
            *to++ = (uint8_t)Wire.read();
        }
        count -= part;
    }
    return 0;
}

// micros() begins anew every 71 minutes; the engine's clock must not.
static uint64_t now_us() {
    static uint32_t last = 0;
    static uint64_t high = 0;
    const uint32_t now = micros();
    if (now < last) {
        high += (uint64_t)1 << 32;
    }
    last = now;
    return high + now;
}

static void show(void *unused, int status, const edgehar_decision *decision) {
    (void)unused;
    if (status == EDGEHAR_DECISION) {
        Serial.println(edgehar_label_name(&edgehar_model_data, decision->label));
    }
}

void setup() {
    Serial.begin(115200);
    Wire.begin();
    Wire.setClock(400000);
    if (edgehar_init(&stream, &config, memory, sizeof memory) != EDGEHAR_OK ||
        lsm6dso_set_sensor(&stream, &sensor, sensor_memory, sizeof sensor_memory) != EDGEHAR_OK) {
        Serial.println("edgehar cannot start");
    }
    while (lsm6dso_start_model() != LSM6DSO_OK) {
        Serial.println("no LSM6DSO answers");
        delay(1000);
    }
}

void loop() {
    int overrun = 0;
    delay(500);
    const int samples = lsm6dso_read_model(counts, &overrun);
    if (samples < 0) {
        Serial.println("the bus does not answer");
        return;
    }
    if (overrun) {
        edgehar_reset(&stream);
    }
    edgehar_push_fifo(&stream, counts, samples, now_us(), show, NULL);
}
