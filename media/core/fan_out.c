/* One packet of a publisher to everybody who takes it: copy, patch, protect, queue. */

#define _GNU_SOURCE
#include <string.h>
#include <sys/socket.h>

#include "core.h"

/* Tells the path what has just been sent on it (media/control/sent.py). */
static void note(struct sent_packets *sent, unsigned number, double now, int size) {
    struct sent *packet = &sent->packets[number & (CORE_SENT - 1)];
    packet->at = now;
    packet->size = size;
    sent->bytes += size;
    double elapsed = now - sent->since;
    if (elapsed > 0.5) {
        sent->rate = (double)sent->bytes * 8 / (elapsed < 1.0 ? elapsed : 1.0);
        sent->bytes = 0;
        sent->since = now;
    }
}

/* Writes what is the consumer's own over a packet in our layout (media/rtp/header.py), offsets 2 to 27. */
static unsigned patch(uint8_t *out, const struct row *row, unsigned sequence, uint32_t timestamp, uint32_t send_time) {
    unsigned wide = 0;
    store16(out + 2, (sequence + row->sequence_offset) & 0xFFFF);
    store32(out + 4, timestamp + row->timestamp_offset);
    store32(out + 8, row->ssrc);
    memcpy(out + 16, row->mid, 5);
    store32(out + 21, row->absolute ? row->absolute | send_time : 0);
    out[25] = row->head;
    if (row->head) {
        row->transport->sequence = (row->transport->sequence + 1) & 0xFFFF;
        wide = (unsigned)row->transport->sequence;
    }
    store16(out + 26, wide);
    return wide;
}

void core_fan_out(struct core *core, struct stream *stream, const uint8_t *packet, int size, int payload,
                  uint16_t sequence, uint32_t timestamp) {
    struct batches *batches = core->batches;
    struct mmsghdr *messages = batches->messages_out;
    srtp_function protect = (srtp_function)core->protect;
    uint32_t send_time = (uint32_t)(int64_t)(core->now * 262144) & 0xFFFFFF; /* 6.18 fixed point */
    for (int index = 0; index < stream->count; index++) {
        const struct row *row = &stream->rows[index];
        struct transport *transport = row->transport;
        if (batches->count == CORE_BATCH_OUT) core_flush(core);
        uint8_t *out = batches->outgoing + (size_t)CORE_SLOT * (size_t)batches->count;
        memcpy(out, packet, (size_t)size);
        unsigned wide = patch(out, row, sequence, timestamp, send_time);
        if (row->picture_offset | row->tl0_offset)
            core_shift_vp8(out + payload, size - payload, row->picture_offset, row->tl0_offset);
        if (row->head && transport->sent != NULL) note(transport->sent, wide, core->now, size);
        int length = size;
        if (protect(transport->sending, out, &length) != 0) {
            core_drop(core, CORE_DROP_SRTP_PROTECT, 1);
            row->unsent->packets++;
            row->unsent->octets += size - payload;
            continue;
        }
        struct msghdr *header = &messages[batches->count++].msg_hdr;
        header->msg_name = transport->address;
        header->msg_iov->iov_len = (size_t)length;
    }
}
