/* An LSM6DSO at 52 Hz through its FIFO: its accelerometer at ±4 g, alone or with its gyroscope at ±2000 °/s. Register numbers
 * and fields are the data sheet's (DS12140). */
#ifndef LSM6DSO_H
#define LSM6DSO_H

#include <stddef.h>
#include <stdint.h>

/* m/s² of a count at ±4 g: 0.122 mg. */
#define LSM6DSO_UNIT (0.000122 * 9.80665)

/* rad/s of a count at ±2000 °/s: 70 m°/s. */
#define LSM6DSO_GYROSCOPE_UNIT (0.070 * 3.14159265358979 / 180.0)

/* Words of the FIFO that raise the interrupt: half a second. */
#define LSM6DSO_WATERMARK 26
/* Samples that one call of lsm6dso_read takes at most. */
#define LSM6DSO_MOST 64

enum lsm6dso_status {
    LSM6DSO_OK = 0,
    LSM6DSO_ERROR_BUS = -1, /* the bus did not answer */
    LSM6DSO_ERROR_CHIP = -2 /* another chip answered */
};

/* Reset the sensor and start it: samples go into the FIFO, 26 of them raise INT1. Returns enum lsm6dso_status. */
int lsm6dso_start(void);

/* Take up to LSM6DSO_MOST words out of the FIFO; what are no samples of the accelerometer is passed over.
 *
 * counts: room for LSM6DSO_MOST samples of x, y, z, oldest first. *overrun is set where the FIFO has lost samples since the
 * call before. Returns the number of samples, or an error.
 */
int lsm6dso_read(int16_t counts[3 * LSM6DSO_MOST], int *overrun);

/* The same with both sensors: a sample takes two words, so that twice as many raise INT1. */
int lsm6dso_start_both(void);

/* Take up to LSM6DSO_MOST samples of both sensors out of the FIFO, x, y, z of the accelerometer and then of the gyroscope.
 *
 * A word whose other half is missing, as while the gyroscope starts or where the FIFO ran over, is passed over; one whose
 * other half is still to come is kept for the next call. Else as lsm6dso_read.
 */
int lsm6dso_read_both(int16_t counts[6 * LSM6DSO_MOST], int *overrun);

#endif
