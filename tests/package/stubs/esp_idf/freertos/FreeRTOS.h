#ifndef FREERTOS_H
#define FREERTOS_H
#include <stdint.h>
#define pdMS_TO_TICKS(ms) ((uint32_t)(ms))
#endif
