/* Activities from an LSM6DSO on I2C: its FIFO every half a second, a decision a second. */
#include <stdio.h>

#include "driver/i2c_master.h"
#include "esp_timer.h"
#include "freertos/FreeRTOS.h"
#include "freertos/task.h"

#include "device.h"
#include "lsm6dso_model.h"

#define SDA 21
#define SCL 22
#define ADDRESS 0x6A
#define TIMEOUT_MS 100

static i2c_master_dev_handle_t device;
static uint32_t memory[EDGEHAR_MODEL_MEMORY_BYTES / 4];
static uint32_t sensor_memory[EDGEHAR_MODEL_SENSOR_BYTES / 4];
static int16_t counts[EDGEHAR_MODEL_CHANNELS * LSM6DSO_MOST];
static edgehar stream;

int device_write(uint8_t reg, uint8_t value)
{
    const uint8_t bytes[2] = {reg, value};
    return i2c_master_transmit(device, bytes, sizeof bytes, TIMEOUT_MS) == ESP_OK ? 0 : -1;
}

int device_read(uint8_t reg, uint8_t *to, size_t count)
{
    return i2c_master_transmit_receive(device, &reg, 1, to, count, TIMEOUT_MS) == ESP_OK ? 0 : -1;
}

static void show(void *unused, int status, const edgehar_decision *decision)
{
    (void)unused;
    if (status == EDGEHAR_DECISION) {
        printf("%s\n", edgehar_label_name(&edgehar_model_data, decision->label));
    }
}

void app_main(void)
{
    static const edgehar_config config =
        EDGEHAR_CONFIG(&edgehar_model_data, EDGEHAR_MODEL_HOP ? EDGEHAR_MODEL_HOP : 20);
    /* The sensor's axes that are the device's x, y and z as training had them. */
    static const lsm6dso_sensor sensor = LSM6DSO_SENSOR(1, 2, 3);
    const i2c_master_bus_config_t bus_config = {.i2c_port = -1,
                                                .sda_io_num = SDA,
                                                .scl_io_num = SCL,
                                                .clk_source = I2C_CLK_SRC_DEFAULT,
                                                .glitch_ignore_cnt = 7};
    const i2c_device_config_t device_config = {
        .dev_addr_length = I2C_ADDR_BIT_LEN_7, .device_address = ADDRESS, .scl_speed_hz = 400000};
    i2c_master_bus_handle_t bus;

    ESP_ERROR_CHECK(i2c_new_master_bus(&bus_config, &bus));
    ESP_ERROR_CHECK(i2c_master_bus_add_device(bus, &device_config, &device));
    if (edgehar_init(&stream, &config, memory, sizeof memory) != EDGEHAR_OK ||
        lsm6dso_set_sensor(&stream, &sensor, sensor_memory, sizeof sensor_memory) != EDGEHAR_OK ||
        lsm6dso_start_model() != LSM6DSO_OK) {
        printf("no LSM6DSO answers\n");
        return;
    }
    for (;;) {
        int overrun = 0, samples;
        vTaskDelay(pdMS_TO_TICKS(500));
        samples = lsm6dso_read_model(counts, &overrun);
        if (overrun) {
            edgehar_reset(&stream);
        }
        if (samples >= 0) {
            edgehar_push_fifo(&stream, counts, samples, (uint64_t)esp_timer_get_time(), show, NULL);
        }
    }
}
