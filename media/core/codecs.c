/* What of a payload matters on the fast way: may a key frame begin in it, and VP8's picture numbers. */

#include "core.h"

/* Where the frame behind a VP8 payload descriptor begins (RFC 7741, 4.2); `size` where it is cut off. */
static int vp8_frame(const uint8_t *payload, int size) {
    if (!(payload[0] & 0x80)) return 1;
    if (size < 2) return size;
    int flags = payload[1], at = 2;
    if (flags & 0x80) { /* I: two bytes where the top bit is set */
        if (at >= size) return size;
        at += payload[at] & 0x80 ? 2 : 1;
    }
    if (flags & 0x40) at++;
    if (flags & 0x30) at++;
    return at;
}

/* Whether Python is to look at the payload, as a key frame may begin in it. Never misses one; an aggregate of
 * H.264 is one always, since only browsers' parameter sets travel so. */
int core_begins_key_frame(int codec, const uint8_t *payload, int size) {
    if (size < 1) return 0;
    int at, kind = payload[0] & 0x1F;
    switch (codec) {
    case CORE_VP8:
        if (size < 2 || (payload[0] & 0x17) != 0x10) return 0;
        at = vp8_frame(payload, size);
        return at < size && !(payload[at] & 0x01);
    case CORE_H264:
        return kind == 7 || kind == 24 || (kind == 28 && size > 1 && (payload[1] & 0x9F) == 0x87);
    case CORE_VP9: /* B set, P not */
        return (payload[0] & 0x48) == 0x08;
    case CORE_AV1: /* N set, Z not */
        return (payload[0] & 0x88) == 0x08;
    default:
        return 0;
    }
}

/* Adds to a 15-bit picture id and to TL0PICIDX in place; leaves payloads alone that have none, or a short id. */
void core_shift_vp8(uint8_t *payload, int size, unsigned picture_offset, unsigned tl0_offset) {
    if (size < 4 || !(payload[0] & 0x80)) return;
    int flags = payload[1], at = 2;
    if (flags & 0x80) {
        if (!(payload[at] & 0x80)) return;
        store16(payload + at, 0x8000 | ((load16(payload + at) + picture_offset) & 0x7FFF));
        at += 2;
    }
    if (flags & 0x40 && at < size) payload[at] = (uint8_t)(payload[at] + tl0_offset);
}
