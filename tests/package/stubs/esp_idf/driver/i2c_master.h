#ifndef I2C_MASTER_H
#define I2C_MASTER_H
#include <stddef.h>
#include <stdint.h>
typedef int esp_err_t;
#define ESP_OK 0
#define ESP_ERROR_CHECK(call)   \
    do {                        \
        if ((call) != ESP_OK) { \
            return;             \
        }                       \
    } while (0)
typedef struct i2c_master_dev *i2c_master_dev_handle_t;
typedef struct i2c_master_bus *i2c_master_bus_handle_t;
enum {
    I2C_CLK_SRC_DEFAULT,
    I2C_ADDR_BIT_LEN_7
};
typedef struct {
    int i2c_port, sda_io_num, scl_io_num, clk_source;
    uint8_t glitch_ignore_cnt;
} i2c_master_bus_config_t;
typedef struct {
    int dev_addr_length;
    uint16_t device_address;
    uint32_t scl_speed_hz;
} i2c_device_config_t;
esp_err_t i2c_new_master_bus(const i2c_master_bus_config_t *config, i2c_master_bus_handle_t *bus);
esp_err_t i2c_master_bus_add_device(i2c_master_bus_handle_t bus, const i2c_device_config_t *config,
                                    i2c_master_dev_handle_t *device);
esp_err_t i2c_master_transmit(i2c_master_dev_handle_t device, const uint8_t *bytes, size_t count, int timeout_ms);
esp_err_t i2c_master_transmit_receive(i2c_master_dev_handle_t device, const uint8_t *out, size_t count, uint8_t *in,
                                      size_t in_count, int timeout_ms);
#endif
