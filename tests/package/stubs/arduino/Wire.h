#ifndef WIRE_H
#define WIRE_H
#include <stddef.h>
#include <stdint.h>
struct Wire_ {
    void begin();
    void setClock(uint32_t hz);
    void beginTransmission(uint8_t address);
    size_t write(uint8_t value);
    uint8_t endTransmission(bool stop = true);
    size_t requestFrom(int address, int count);
    int read();
};
extern Wire_ Wire;
#endif
