/* Reads samples on standard input and prints what the stream decides, one JSON object a line, as
 * `python -m edgehar stream --json` does (times and fractions as whole numbers instead: see the fields).
 *
 *     t,x,y,z             seconds and m/s²; with --counts, whole microseconds and sensor counts; where the model has
 *                         other channels, a value for each of them, in its unit
 *     reset               a new recording begins
 *
 * Options, each with a number: --hop, --smoothing 0|1|2, --alpha, --votes, --threshold, --hysteresis, --min-dwell,
 * --any-placement 0|1, --counts UNIT (m/s² of a count; of other channels, UNIT,UNIT,… for each of them). --sensor UNIT:
 * the same through edgehar_sensor.h, at the rate of --sensor-rate at export; --axes 1,2,3 (or one for each channel) the
 * sensor's, --fifo N: N lines at once, by the time of the last of them. --align 1: turn samples by the first walking.
 * --rotation R00,R01,…,R22 in units of 1/16384, --profile FILE. Exit status 2 for bad input.
 */
#include "edgehar_align.h"
#include "edgehar_profile.h"
#include "edgehar_sensor.h"
#include "model_data.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint32_t memory[EDGEHAR_MODEL_MEMORY_BYTES / 4];

/* What is set on the stream once it has begun. */
static const char *rotation_text, *profile_path;
static edgehar_counts to_q8;
static int aligns;
#ifdef EDGEHAR_MODEL_SENSOR_UNITS
#define SET_SENSOR edgehar_set_sensors
static edgehar_sensors sensor = {NULL, {EDGEHAR_NO_COUNTS}, {1, 2, 3, 4, 5, 6, 7, 8, 9}};
static edgehar_counts *const sensor_units = sensor.units;
#else
#define SET_SENSOR edgehar_set_sensor
static edgehar_sensor sensor = {NULL, {0, 0}, {1, 2, 3}};
static edgehar_counts *const sensor_units = &sensor.unit;
#endif
static int has_sensor;

/* Lines that wait for --fifo N of them. */
#define MOST_FIFO 512
static struct {
    int16_t counts[EDGEHAR_MODEL_CHANNELS * MOST_FIFO];
    int room;
    int count;
} fifo;
static int as_counts; /* whether lines hold them */
#ifdef EDGEHAR_MODEL_CHANNEL_COUNTS
static edgehar_counts channel_counts[EDGEHAR_MODEL_CHANNELS];
#endif

static int fail(const char *message, const char *detail)
{
    fprintf(stderr, "edgehar_host: %s%s\n", message, detail);
    return 2;
}

/* The best approximation of `ratio` with 31 bits, as EDGEHAR_COUNTS makes it at compile time. */
static edgehar_counts counts_of(double ratio)
{
    edgehar_counts counts = {0, 30};
    while (ratio < 1.0 && counts.shift < 62) {
        ratio *= 2.0;
        counts.shift++;
    }
    while (ratio >= 2.0 && counts.shift > 1) {
        ratio /= 2.0;
        counts.shift--;
    }
    counts.multiplier = (uint32_t)(ratio * 1073741824.0 + 0.5);
    return counts;
}

#ifdef EDGEHAR_MODEL_CHANNEL_COUNTS
#define UNITS EDGEHAR_MODEL_CHANNELS
#else
#define UNITS 1
#endif

/* Units of a count, in steps of `scale`: one, or for channels that are not x, y, z one for each of them. Returns 0 for
 * any other text. */
static int set_units(edgehar_counts *counts, const char *text, double scale)
{
    char *end;
    int index;

    for (index = 0; index < UNITS; index++, text = end + 1) {
        const double ratio = strtod(text, &end) / scale;
        if (!(ratio >= 1.0 / 1048576.0 && ratio < 4096.0) || *end != (index + 1 < UNITS ? ',' : 0)) {
            return 0;
        }
        counts[index] = counts_of(ratio);
    }
    as_counts = 1;
    return 1;
}

/* The place of the acceleration's x. */
#ifdef EDGEHAR_MODEL_AT_ACC
#define ACCELERATION EDGEHAR_MODEL_AT_ACC
#else
#define ACCELERATION 0
#endif

static int set_axes(const char *text)
{
    char *end;
    int index;

    for (index = 0; index < EDGEHAR_MODEL_CHANNELS; index++, text = end + 1) {
        sensor.axes[index] = (int8_t)strtol(text, &end, 10);
        if (end == text || *end != (index + 1 < EDGEHAR_MODEL_CHANNELS ? ',' : 0)) {
            return 0;
        }
    }
    return 1;
}

static int set_option(edgehar_config *config, const char *name, const char *text)
{
    const unsigned long value = strtoul(text, NULL, 10);
    if (strcmp(name, "--rotation") == 0) {
        rotation_text = text;
    } else if (strcmp(name, "--profile") == 0) {
        profile_path = text;
    } else if (strcmp(name, "--align") == 0) {
        aligns = value == 1;
    } else if (strcmp(name, "--hop") == 0) {
        config->hop = (uint16_t)value;
    } else if (strcmp(name, "--smoothing") == 0) {
        config->smoothing = (uint8_t)value;
    } else if (strcmp(name, "--alpha") == 0) {
        config->alpha = (uint16_t)value;
    } else if (strcmp(name, "--votes") == 0) {
        config->votes = (uint8_t)value;
    } else if (strcmp(name, "--threshold") == 0) {
        config->threshold = (uint16_t)value;
    } else if (strcmp(name, "--hysteresis") == 0) {
        config->hysteresis = (uint16_t)value;
    } else if (strcmp(name, "--min-dwell") == 0) {
        config->min_dwell = (uint32_t)value;
    } else if (strcmp(name, "--sensor") == 0) {
        has_sensor = 1;
        return set_units(sensor_units, text, 1.0 / 256.0);
    } else if (strcmp(name, "--axes") == 0) {
        return set_axes(text);
    } else if (strcmp(name, "--fifo") == 0 && value <= MOST_FIFO) {
        fifo.room = (int)value;
    } else if (strcmp(name, "--any-placement") == 0) {
        config->any_placement = (uint8_t)value;
    } else if (strcmp(name, "--counts") == 0) {
        const char *unit = text;
        int place = ACCELERATION;
        for (; place > 0 && strchr(unit, ','); place--) {
            unit = strchr(unit, ',') + 1;
        }
        to_q8 = counts_of(strtod(unit, NULL) * 256.0);
#ifdef EDGEHAR_MODEL_CHANNEL_COUNTS
        return set_units(channel_counts, text, EDGEHAR_MODEL_INPUT_SCALE);
#else
        return set_units(&config->counts, text, EDGEHAR_MODEL_INPUT_SCALE);
#endif
    } else {
        return 0;
    }
    return 1;
}

static int set_rotation(edgehar *stream)
{
    static int16_t rotation[9];
    const char *text = rotation_text;
    char *end;
    int index;

    for (index = 0; index < 9; index++, text = end + 1) {
        rotation[index] = (int16_t)strtol(text, &end, 10);
        if (end == text || *end != (index < 8 ? ',' : 0)) {
            return EDGEHAR_ERROR_ARGUMENT;
        }
    }
    return edgehar_set_rotation(stream, rotation);
}

static int set_sensor(edgehar *stream)
{
#ifdef EDGEHAR_MODEL_SENSOR_BYTES
    static uint32_t sensor_memory[EDGEHAR_MODEL_SENSOR_BYTES / 4];
    sensor.resampler = &edgehar_model_resampler;
    return SET_SENSOR(stream, &sensor, sensor_memory, sizeof sensor_memory);
#else
    return SET_SENSOR(stream, &sensor, NULL, 0);
#endif
}

static int set_profile(edgehar *stream)
{
#ifdef EDGEHAR_MODEL_PROFILE_BYTES
    static uint32_t profile[EDGEHAR_MODEL_PROFILE_BYTES / 4 + 1];
    FILE *file = fopen(profile_path, "rb");
    size_t bytes;

    if (!file) {
        return EDGEHAR_ERROR_PROFILE;
    }
    bytes = fread(profile, 1, sizeof profile, file);
    fclose(file);
    return edgehar_set_profile(stream, &edgehar_model_personal, profile, bytes);
#else
    (void)stream;
    return EDGEHAR_ERROR_MODEL;
#endif
}

static void print_decision(const edgehar_decision *decision)
{
    int index;
    static const char *const reasons[] = {"null", "\"score\"", "\"placement\""};
    printf("{\"t_us\": %llu, \"label\": %d, \"reason\": %s, \"raw\": %d, \"p\": [",
           (unsigned long long)decision->time_us, decision->label, reasons[decision->reason], decision->raw);
    for (index = 0; index < decision->classes; index++) {
        printf("%s%d", index ? ", " : "", decision->p[index]);
    }
    printf("], \"scores\": [");
    for (index = 0; index < decision->classes; index++) {
        printf("%s%ld", index ? ", " : "", (long)decision->scores[index]);
    }
    printf("]}\n");
}

static void print_flush(uint64_t time_us, int status)
{
    static const char *const reasons[] = {"nan", "gap", "backward", "rate", "aligned"};
    printf("{\"event\": \"flush\", \"t_us\": %llu, \"reason\": \"%s\"}\n", (unsigned long long)time_us,
           reasons[status - EDGEHAR_FLUSH_NAN]);
}

/* Of a FIFO; the sample's time is not told. */
static void listen_to(void *stream, int status, const edgehar_decision *decision)
{
    if (status == EDGEHAR_DECISION) {
        print_decision(decision);
    } else if (status >= EDGEHAR_FLUSH_NAN) {
        print_flush(((const edgehar *)stream)->kept, status);
    }
}

/* Take one line; returns 0 where it is no sample. */
static int take(edgehar *stream, const char *line)
{
    edgehar_decision decision;
    uint64_t time_us;
    char *end;
    int status, index;

    if (as_counts) {
        int16_t counts[EDGEHAR_MODEL_CHANNELS];
        time_us = strtoull(line, &end, 10);
        for (index = 0; index < EDGEHAR_MODEL_CHANNELS; index++) {
            if (end == line || *end != ',') {
                return 0;
            }
            line = end + 1;
            counts[index] = (int16_t)strtol(line, &end, 10);
        }
        if (end == line || (*end != '\n' && *end != 0)) {
            return 0;
        }
        if (fifo.room) {
            memcpy(fifo.counts + EDGEHAR_MODEL_CHANNELS * fifo.count, counts, sizeof counts);
            if (++fifo.count < fifo.room) {
                return 1;
            }
            fifo.count = 0;
            return edgehar_push_fifo(stream, fifo.counts, fifo.room, time_us, listen_to, stream) >= 0;
        }
        status = edgehar_push_counts(stream, counts, time_us, &decision);
    } else {
        float sample[EDGEHAR_MODEL_CHANNELS];
        const double t = strtod(line, &end);
        for (index = 0; index < EDGEHAR_MODEL_CHANNELS; index++) {
            if (end == line || *end != ',') {
                return 0;
            }
            line = end + 1;
            sample[index] = strtof(line, &end);
        }
        if (end == line || (*end != '\n' && *end != 0) || !(t >= 0.0 && t < 1e12)) {
            return 0;
        }
        time_us = (uint64_t)(t * 1e6 + 0.5);
        status = edgehar_push(stream, sample, time_us, &decision);
    }
    if (status < 0) {
        return 0;
    }
    if (status == EDGEHAR_DECISION) {
        print_decision(&decision);
    } else if (status >= EDGEHAR_FLUSH_NAN) {
        print_flush(time_us, status);
    }
    return 1;
}

int main(int count, char **words)
{
    edgehar_config config = EDGEHAR_CONFIG(&edgehar_model_data, EDGEHAR_MODEL_HOP ? EDGEHAR_MODEL_HOP : 20);
    edgehar stream;
    edgehar_alignment alignment;
    char line[256];
    int index;

    for (index = 1; index < count; index += 2) {
        if (index + 1 == count || !set_option(&config, words[index], words[index + 1])) {
            return fail("unknown option, or a number that does not go with ", words[index]);
        }
    }
    if (edgehar_init(&stream, &config, memory, sizeof memory) != EDGEHAR_OK) {
        return fail("an option is out of its range", "");
    }
    if (has_sensor && set_sensor(&stream) != EDGEHAR_OK) {
        return fail("a sensor's unit or axes, or the hop, are out of range", "");
    }
#ifdef EDGEHAR_MODEL_CHANNEL_COUNTS
    if (as_counts && !has_sensor && edgehar_set_counts(&stream, channel_counts) != EDGEHAR_OK) {
        return fail("an option is out of its range", "");
    }
#endif
    if (rotation_text && set_rotation(&stream) != EDGEHAR_OK) {
        return fail("no rotation: ", rotation_text);
    }
    if (profile_path) {
        const int status = set_profile(&stream);
        if (status != EDGEHAR_OK) {
            return fail(status == EDGEHAR_ERROR_MODEL ? "of another model: " : "no profile, or a torn one: ",
                        profile_path);
        }
    }
    if (aligns && edgehar_align(&stream, &alignment, to_q8.multiplier ? &to_q8 : NULL) != EDGEHAR_OK) {
        return fail("no direction to align to", "");
    }
    while (fgets(line, sizeof line, stdin)) {
        if (strcmp(line, "reset\n") == 0) {
            edgehar_reset(&stream);
        } else if (!take(&stream, line)) {
            return fail("expected a time and a value for each channel, as t,x,y,z, got ", line);
        }
    }
    return 0;
}
