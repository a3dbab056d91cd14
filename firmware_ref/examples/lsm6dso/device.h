/* What a board supplies to this program: a bus, an interrupt, a clock, and something to show decisions with. */
#ifndef DEVICE_H
#define DEVICE_H

#include "edgehar.h"

/* Write one register of the sensor; read `count` bytes from a register on. 0, or -1 where the bus does not answer. */
int device_write(uint8_t reg, uint8_t value);
int device_read(uint8_t reg, uint8_t *to, size_t count);

/* Sleep until the sensor's INT1 rises; its time in microseconds comes into *now_us. Returns 0 at the end of the world. */
int device_wait(uint64_t *now_us);

/* Show what became of a sample: `status` is enum edgehar_status, `decision` is there with EDGEHAR_DECISION. */
void device_show(int status, const edgehar_decision *decision);

#endif
