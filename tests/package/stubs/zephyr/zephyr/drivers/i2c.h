#ifndef I2C_H
#define I2C_H
#include <stdbool.h>
#include <stdint.h>
struct i2c_dt_spec {
    const void *bus;
    uint16_t addr;
};
#define DT_NODELABEL(label) label##_node
#define I2C_DT_SPEC_GET(node) {(const void *)0, 0x6A}
int i2c_reg_write_byte_dt(const struct i2c_dt_spec *spec, uint8_t reg, uint8_t value);
int i2c_burst_read_dt(const struct i2c_dt_spec *spec, uint8_t start, uint8_t *buf, uint32_t count);
bool i2c_is_ready_dt(const struct i2c_dt_spec *spec);
#endif
