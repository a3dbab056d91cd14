/* Whether a plan that comes from outside keeps to its buffers. Internal. */
#ifndef EDGEHAR_REHEARSE_H
#define EDGEHAR_REHEARSE_H

#include "edgehar_engine.h"

/* Bytes that the engine's counts take at the begin of its memory. */
uint32_t edgehar_count_bytes(int edges, int layers);

/* Run the engine on counts of columns alone, from a reset on until the counts repeat.
 *
 * Returns whether no edge ever holds more than its capacity and the counts do repeat, which real plans' do after some
 * thousand firings. Layers' kernels and parameters are not looked at. `memory` has
 * twice edgehar_count_bytes and 4, and an address that is a multiple of 4.
 */
int edgehar_rehearse(const edgehar_model *model, void *memory);

#endif
