/* What the sketch uses of Arduino's API, so that a compiler checks it without the boards' packages. */
#ifndef ARDUINO_H
#define ARDUINO_H
#include <stddef.h>
#include <stdint.h>
struct Stream_ {
    void begin(unsigned long baud);
    void println(const char *text);
};
extern Stream_ Serial;
void delay(unsigned long ms);
unsigned long micros(void);
#endif
