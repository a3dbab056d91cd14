/* Everything of edgehar that a sketch needs. */
#ifndef EDGEHAR_ARDUINO_H
#define EDGEHAR_ARDUINO_H

#include "edgehar.h"
#include "edgehar_profile.h"
#include "edgehar_sensor.h"
#include "model_data.h"

extern "C" {
#include "device.h"
#include "lsm6dso.h"
}

#include "lsm6dso_model.h"

#endif
