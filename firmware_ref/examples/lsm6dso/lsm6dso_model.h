/* What a model takes of an LSM6DSO: its accelerometer, or its gyroscope as well; for a program of either. */
#ifndef LSM6DSO_MODEL_H
#define LSM6DSO_MODEL_H

#include "edgehar_sensor.h"
#include "lsm6dso.h"
#include "model_data.h"

/* The chip's axes that are the device's x, y and z as training had them: 1, 2 or 3, negative where they point the other way. */
#ifndef EDGEHAR_MODEL_SENSOR_UNITS
typedef edgehar_sensor lsm6dso_sensor;
#define LSM6DSO_SENSOR(x, y, z)                                      \
    {                                                                \
        &edgehar_model_resampler, EDGEHAR_SENSOR_UNIT(LSM6DSO_UNIT), \
        {                                                            \
            x, y, z                                                  \
        }                                                            \
    }
#define lsm6dso_set_sensor edgehar_set_sensor
#define lsm6dso_start_model lsm6dso_start
#define lsm6dso_read_model lsm6dso_read
#elif EDGEHAR_MODEL_CHANNELS == 6 && defined(EDGEHAR_MODEL_AT_ACC) && defined(EDGEHAR_MODEL_AT_GYRO)
#if EDGEHAR_MODEL_AT_ACC != 0
#error "an LSM6DSO's driver has the accelerometer first: train with --channels acc,gyro"
#endif
typedef edgehar_sensors lsm6dso_sensor;
#define LSM6DSO_BEHIND(axis) ((axis) < 0 ? (axis) - 3 : (axis) + 3)
#define LSM6DSO_SENSOR(x, y, z)                                                                     \
    {                                                                                               \
        &edgehar_model_resampler, EDGEHAR_MODEL_SENSOR_UNITS(LSM6DSO_UNIT, LSM6DSO_GYROSCOPE_UNIT), \
        {                                                                                           \
            x, y, z, LSM6DSO_BEHIND(x), LSM6DSO_BEHIND(y), LSM6DSO_BEHIND(z)                        \
        }                                                                                           \
    }
#define lsm6dso_set_sensor edgehar_set_sensors
#define lsm6dso_start_model lsm6dso_start_both
#define lsm6dso_read_model lsm6dso_read_both
#else
#error \
    "an LSM6DSO has an accelerometer and a gyroscope: train with --channels acc or acc,gyro, or write a driver for others"
#endif

#endif
