/* What the two halves of the module share: the stream, and what a person taught it. */
#ifndef EDGEHAR_PORT_MODULE_H
#define EDGEHAR_PORT_MODULE_H

#include "edgehar_align.h"
#include "edgehar_profile.h"
#include "model_data.h"

/* A module without port_personal.c: samples in, decisions out. */
#ifdef EDGEHAR_WASM_BARE
#undef EDGEHAR_MODEL_PROFILE_BYTES
#endif

#define EDGEHAR_EXPORT(name) __attribute__((export_name(name)))

extern edgehar edgehar_wasm_stream;
extern int16_t edgehar_wasm_rotation[9]; /* a host's: what set_rotation takes */

#ifndef EDGEHAR_WASM_BARE
extern edgehar_alignment edgehar_wasm_alignment;
#endif

#ifdef EDGEHAR_MODEL_PROFILE_BYTES
extern uint32_t edgehar_wasm_profile[EDGEHAR_MODEL_PROFILE_BYTES / 4];

/* The stream has begun: returns edgehar_init's status, or what became of it. */
int32_t edgehar_wasm_learn(void);

/* The embedding is a decision's (1), or that of samples that were forgotten (0). */
void edgehar_wasm_embedding(int32_t fresh);
#endif

#endif
