/* What the files of the compiled loop share. */

#ifndef CONVENE_CORE_H
#define CONVENE_CORE_H

#include <stddef.h>
#include <stdint.h>

#include "layout.h"

/* libsrtp's functions are called where pylibsrtp's binding has them, so none of its headers is needed. */
typedef int (*srtp_function)(void *session, void *packet, int *length);

#define CORE_DONE (-1) /* a datagram that needs nothing of Python, beside enum core_state */

int core_received(const struct batches *batches, int slot);                               /* socket.c */
int core_datagram(struct core *core, int slot);                                           /* receive.c */
int core_begins_key_frame(int codec, const uint8_t *payload, int size);                   /* codecs.c */
void core_shift_vp8(uint8_t *payload, int size, unsigned picture_offset, unsigned tl0_offset);

static inline void core_drop(struct core *core, enum core_drop reason, int count) {
    core->counters->drops[core->reasons[reason]] += count;
}

static inline unsigned load16(const uint8_t *at) { return (unsigned)at[0] << 8 | at[1]; }

static inline uint32_t load32(const uint8_t *at) {
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static inline void store16(uint8_t *at, unsigned value) {
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static inline void store32(uint8_t *at, uint32_t value) {
    store16(at, value >> 16);
    store16(at + 2, value & 0xFFFF);
}

#endif
