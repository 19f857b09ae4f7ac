/* The plain way of a datagram: of a bound address, SRTP, of a known stream, the next in its row. Everything else
 * is handed to Python, which does what is unusual by code that is easier to read and slower to run. Whatever is
 * handed over undone has changed nothing here, so both can take any packet. */

#include <string.h>

#include "core.h"

enum { HEADER = 12, FIXED = 28, FIXED_WORDS = 3, ELEMENTS = 16, ELEMENT = 17, FAILED_AUTHENTICATION = 7 };

/* A packet's parts, read before anything is changed. */
struct parsed {
    const uint8_t *payload;
    int payload_size;
    int ours;          /* payload type */
    int wide;          /* 16-bit transport-wide number, -1 none */
    int level;         /* -dBov, -1 none */
    int forwarded;     /* bytes in `elements` */
    uint8_t elements[ELEMENTS * ELEMENT + 3];
};

/* Reads extension elements in the one-byte form as media/rtp/extensions.py does; 0 where Python must. */
static int read_elements(const struct stream *stream, const uint8_t *at, const uint8_t *end, struct parsed *packet) {
    for (int count = 0; at < end;) {
        int head = *at++, size = (head & 0x0F) + 1;
        if (head == 0) continue;
        if (++count > ELEMENTS || head >= 0xF0 || size > end - at) break;
        int action = stream->actions[head >> 4];
        if (action > 14) return 0;
        if (action > 0) {
            if (action == stream->level_id && packet->level < 0) packet->level = at[0] & 0x7F;
            packet->elements[packet->forwarded] = (uint8_t)(action << 4 | (size - 1));
            memcpy(packet->elements + packet->forwarded + 1, at, (size_t)size);
            packet->forwarded += 1 + size;
        } else if (action < 0 && size == 2) {
            packet->wide = (int)load16(at);
        }
        at += size;
    }
    while (packet->forwarded & 3) packet->elements[packet->forwarded++] = 0;
    return 1;
}

/* Whether the decrypted packet is one that can be handled here, and its parts. */
static int parse(const struct stream *stream, const uint8_t *data, int size, struct parsed *packet) {
    if (size < HEADER || data[0] >> 6 != 2) return 0;
    int start = HEADER + 4 * (data[0] & 0x0F), end = size;
    packet->wide = packet->level = -1;
    packet->forwarded = 0;
    if (data[0] & 0x10) {
        if (start + 4 > end || load16(data + start) != 0xBEDE) return 0;
        int elements = start + 4;
        start = elements + 4 * (int)load16(data + start + 2);
        if (start > end || !read_elements(stream, data + elements, data + start, packet)) return 0;
    }
    if (start > end) return 0;
    if (data[0] & 0x20) {
        if (data[end - 1] == 0 || start + data[end - 1] > end) return 0;
        end -= data[end - 1];
    }
    packet->payload = data + start;
    packet->payload_size = end - start;
    packet->ours = stream->payload_types[data[1] & 0x7F];
    return packet->ours >= 0 && packet->payload_size > 0 &&
           !core_begins_key_frame(stream->codec, packet->payload, packet->payload_size);
}

static int next_in_arrivals(const struct transport *transport, int wide) {
    const struct arrivals *arrivals = transport->arrivals;
    return wide < 0 || (arrivals != NULL && arrivals->highest >= 0 && ((arrivals->highest + 1) & 0xFFFF) == wide);
}

/* Whether Python must decide about a microphone's packet: the list of levels is full, or somebody who was not
 * heard begins to speak. */
static int needs_decision(const struct stream *stream, int level) {
    if (stream->voice == CORE_VOICE_NONE) return 0;
    return stream->noted == CORE_LEVELS || (stream->voice == CORE_VOICE_SILENT && level <= stream->speech);
}

static void count_in(const struct core *core, struct transport *transport, struct stream *stream,
                     const struct parsed *packet, uint32_t timestamp, int size) {
    if (packet->wide >= 0) {
        struct arrivals *arrivals = transport->arrivals;
        int64_t number = ++arrivals->highest;
        if (arrivals->fresh < 0) arrivals->fresh = number;
        arrivals->ticks[number & (CORE_ARRIVALS - 1)] = (int64_t)(core->now * 4000 + 0.5);
    }
    struct reception *reception = stream->reception;
    reception->highest++;
    reception->received++;
    uint32_t transit = (uint32_t)(int64_t)(core->now * reception->clock_rate) - timestamp;
    if (reception->transit >= 0) { /* interarrival jitter, RFC 3550, A.8 */
        uint32_t difference = transit - (uint32_t)reception->transit;
        if (difference >= 0x80000000u) difference = -difference;
        reception->jitter += ((double)difference - reception->jitter) / 16;
    }
    reception->transit = transit;
    stream->packets++;
    stream->bytes += size;
    if (stream->voice != CORE_VOICE_NONE) {
        stream->levels[stream->noted] = (int8_t)packet->level;
        stream->levels_at[stream->noted++] = core->now;
    }
}

/* Writes the packet into the cache in our layout (media/rtp/header.py). Returns where it is. */
static const uint8_t *keep(struct stream *stream, const uint8_t *data, const struct parsed *packet, int size) {
    struct cache *cache = stream->cache;
    int64_t place = cache->written % cache->space;
    if (place + size > cache->space) { /* none is in two parts */
        cache->written += cache->space - place;
        place = 0;
    }
    uint8_t *out = cache->bytes + place;
    memset(out, 0, FIXED);
    out[0] = 0x90;
    out[1] = (uint8_t)((data[1] & 0x80) | packet->ours);
    memcpy(out + 2, data + 2, 6); /* number and timestamp */
    store16(out + 12, 0xBEDE);
    store16(out + 14, (unsigned)(FIXED_WORDS + packet->forwarded / 4));
    memcpy(out + FIXED, packet->elements, (size_t)packet->forwarded);
    memcpy(out + FIXED + packet->forwarded, packet->payload, (size_t)packet->payload_size);
    int64_t number = stream->reception->highest;
    struct cached *kept = &cache->places[number & cache->mask];
    kept->number = number;
    kept->at = cache->written;
    kept->size = (uint16_t)size;
    kept->payload = (uint16_t)(FIXED + packet->forwarded);
    cache->written += size;
    return out;
}

/* A decrypted packet that is the next of its stream. */
static int forward(struct core *core, struct transport *transport, struct stream *stream, const uint8_t *data, int size) {
    struct parsed packet;
    if (!parse(stream, data, size, &packet) || !next_in_arrivals(transport, packet.wide) ||
        needs_decision(stream, packet.level))
        return CORE_DECRYPTED;
    int silent = stream->voice == CORE_VOICE_SILENT;
    int whole = FIXED + packet.forwarded + packet.payload_size;
    if (!silent && (!stream->ready || stream->reception->highest + 1 < stream->first || whole > stream->cache->space))
        return CORE_DECRYPTED;
    uint32_t timestamp = load32(data + 4);
    count_in(core, transport, stream, &packet, timestamp, size);
    if (silent) {
        core_drop(core, CORE_DROP_AUDIO_NOT_LOUDEST, 1);
        return CORE_DONE;
    }
    const uint8_t *kept = keep(stream, data, &packet, whole);
    if (stream->count > 0) {
        stream->forwarded++;
        stream->forwarded_octets += packet.payload_size;
        core_fan_out(core, stream, kept, whole, FIXED + packet.forwarded, (uint16_t)load16(data + 2), timestamp);
    }
    return stream->apart ? CORE_APART : CORE_DONE;
}

/* The stream whose next packet this is, as far as can be told before decrypting. */
static struct stream *find(const struct transport *transport, const uint8_t *data, int size) {
    if (transport->receiving == NULL || size < HEADER || size > CORE_RTP_LIMIT) return NULL;
    if (data[1] >= 192 && data[1] <= 223) return NULL; /* RTCP (RFC 5761, 4) */
    uint32_t ssrc = load32(data + 8);
    struct stream *stream = transport->streams;
    while (stream != NULL && stream->ssrc != ssrc) stream = stream->next;
    if (stream == NULL || stream->paused || stream->reception == NULL || stream->voice == CORE_VOICE_UNKNOWN) return NULL;
    return ((stream->reception->highest + 1) & 0xFFFF) == load16(data + 2) ? stream : NULL;
}

static int unprotect(struct core *core, struct transport *transport, uint8_t *data, int size) {
    core->length = size;
    int status = ((srtp_function)core->unprotect)(transport->receiving, data, &core->length);
    if (status == 0) return 1;
    if (status == FAILED_AUTHENTICATION) core_drop(core, CORE_DROP_SRTP_AUTHENTICATION, 1);
    else core_drop(core, status == 9 || status == 10 ? CORE_DROP_SRTP_REPLAY : CORE_DROP_SRTP_OTHER, 1);
    return 0;
}

/* Handles the datagram in `slot` of the incoming batch: CORE_DONE, or in what state it is handed to Python. */
int core_datagram(struct core *core, int slot) {
    const struct batches *batches = core->batches;
    uint8_t *data = batches->incoming + (size_t)CORE_SLOT * (size_t)slot;
    int size = core_received(batches, slot);
    core->counters->bytes_in += size;
    if (size <= 0 || size >= CORE_SLOT) {
        core_drop(core, size > 0 ? CORE_DROP_TOO_LONG : CORE_DROP_EMPTY, 1);
        return CORE_DONE;
    }
    struct transport *transport = core_find(core, batches->sources + CORE_NAME * slot);
    if (transport == NULL) { /* only STUN may come from anywhere */
        if (data[0] < 4) return CORE_RAW;
        core_drop(core, CORE_DROP_UNBOUND, 1);
        return CORE_DONE;
    }
    struct stream *stream = data[0] >> 6 == 2 ? find(transport, data, size) : NULL;
    if (stream == NULL) return CORE_RAW;
    if (!unprotect(core, transport, data, size)) return CORE_DONE;
    transport->heard = core->now;
    transport->packets_in++;
    transport->bytes_in += size;
    return forward(core, transport, stream, data, core->length);
}
