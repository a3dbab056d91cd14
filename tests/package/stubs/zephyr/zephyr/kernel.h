#ifndef KERNEL_H
#define KERNEL_H
#include <stdint.h>
int32_t k_msleep(int32_t ms);
int64_t k_uptime_ticks(void);
uint64_t k_ticks_to_us_floor64(uint64_t ticks);
#endif
