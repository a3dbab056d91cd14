/* The checksum of profiles and of models in blobs. */
#ifndef EDGEHAR_CHECKSUM_H
#define EDGEHAR_CHECKSUM_H

#include <stdint.h>

/* CRC-32 as zip files have it. */
static uint32_t edgehar_checksum(const uint8_t *bytes, uint32_t count)
{
    uint32_t sum = 0xFFFFFFFFu;
    int bit;
    for (; count > 0; count--) {
        sum ^= *bytes++;
        for (bit = 0; bit < 8; bit++) {
            sum = (sum >> 1) ^ (0xEDB88320u & (0u - (sum & 1u)));
        }
    }
    return ~sum;
}

#endif
