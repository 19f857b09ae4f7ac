/* The steady state of the packet path, side by side in memory.
 *
 * Read twice: by the C compiler for the files beside it, and by cffi (media/core/__init__.py), so that Python's
 * code allocates these structures and works on them too, with or without a compiler. Each belongs to the class
 * named above it, which keeps it alive for as long as another structure points at it. Plain C, integers only in
 * #define: cffi reads no more than that.
 *
 * Numbers are extended sequence numbers (64 bits, never wrapping) unless they are called 16-bit. Times are
 * monotonic seconds.
 */

#define CORE_SLOT 2048        /* bytes of a datagram's place in a batch */
#define CORE_BATCH_IN 32
#define CORE_BATCH_OUT 128
#define CORE_NAME 28          /* sizeof(struct sockaddr_in6): an address's place */
#define CORE_ARRIVALS 4096
#define CORE_SENT 8192
#define CORE_LEVELS 64
#define CORE_RTP_LIMIT 1500   /* bytes of an incoming packet: with our header it still fits a slot */
#define CORE_BATCHES 8        /* in a row; then the rest of the process has its turn */
#define CORE_EARLY 10         /* ms by which a packet hastens what is due by time: one wake-up for both */

/* Where a packet stands that is handed to Python, in struct core. */
enum core_state {
    CORE_RAW,        /* as it came */
    CORE_DECRYPTED,  /* unprotected in place, counted for its transport; nothing else */
    CORE_APART       /* gone to all rows; those consumers are left that look at each packet themselves */
};

/* What a key frame is looked for with; with CORE_ANY every packet is as good as any other to begin with. */
enum core_codec { CORE_ANY, CORE_VP8, CORE_H264, CORE_VP9, CORE_AV1 };

/* Whether a stream's packets go on (media/room_audio.py decides). */
enum core_voice {
    CORE_VOICE_UNKNOWN,  /* Python has not seen a packet of it yet */
    CORE_VOICE_NONE,     /* no microphone: always */
    CORE_VOICE_HEARD,    /* a microphone that goes on; its levels are noted */
    CORE_VOICE_SILENT    /* one that does not, until it is spoken into */
};

/* Reasons that are counted here; `reasons` says which of media.stats.Drop each is. */
enum core_drop {
    CORE_DROP_EMPTY, CORE_DROP_TOO_LONG, CORE_DROP_UNBOUND, CORE_DROP_SRTP_AUTHENTICATION,
    CORE_DROP_SRTP_REPLAY, CORE_DROP_SRTP_OTHER, CORE_DROP_SRTP_PROTECT, CORE_DROP_AUDIO_NOT_LOUDEST,
    CORE_DROP_SEND_BUFFER_FULL, CORE_DROP_SEND_ERROR, CORE_DROPS
};

/* What `core_wait` came back for: bits. */
#define CORE_SOCKET 1  /* a datagram for Python (`core.stopped`), or what is due may as well be done now */
#define CORE_OTHERS 2  /* another descriptor is ready */

/* media.stats.Counters */
struct counters {
    int64_t packets_in, bytes_in, packets_out;
    int64_t *drops;
};

/* media.net.udp.DatagramSocket */
struct batches {
    int32_t fd;
    int32_t name_size;    /* significant bytes of an address */
    int32_t count;        /* datagrams queued in `outgoing` */
    uint8_t *incoming, *outgoing, *sources;
    void *messages_in, *messages_out;  /* struct mmsghdr[] */
};

/* media.rtp.twcc.FeedbackRecorder */
struct arrivals {
    int64_t highest;      /* -1 before the first */
    int64_t fresh;        /* smallest that has come since the last feedback; -1 where none has */
    int64_t ticks[CORE_ARRIVALS];  /* by number; -1 where it has not come */
};

/* media.control.sent.SentPackets */
struct sent {
    double at;
    int32_t size;         /* 0 where unknown */
};
struct sent_packets {
    double rate;          /* bits/s lately */
    double since;
    int64_t bytes;        /* since then */
    struct sent packets[CORE_SENT];  /* by transport-wide number */
};

/* media.transport.Transport */
struct transport {
    void *receiving, *sending;  /* srtp_t, NULL while there are no keys */
    void *address;        /* struct sockaddr that media is sent to */
    struct stream *streams;     /* those whose SSRC is known, a list */
    struct arrivals *arrivals;
    struct sent_packets *sent;  /* NULL while nobody needs to know */
    double heard;         /* when an authenticated packet came last */
    int64_t packets_in, bytes_in;
    int32_t sequence;     /* 16-bit transport-wide number sent last */
};

/* media.rtp.reception.Reception */
struct reception {
    int64_t highest, received;
    int64_t transit;      /* -1 before the first */
    double jitter;        /* in units of the RTP clock */
    int32_t clock_rate;
};

/* media.rtp.cache.PacketCache: packets behind one another in a ring of bytes */
struct cached {
    int64_t number;
    int64_t at;           /* place in the endless row of bytes of which the ring holds the newest */
    uint16_t size, payload;
};
struct cache {
    int32_t mask;         /* places - 1 */
    int32_t space;        /* bytes */
    int64_t written;      /* end of the endless row */
    struct cached *places;
    uint8_t *bytes;
};

/* media.consumer.Consumer: what libsrtp refused of what its stream counts as forwarded */
struct unsent {
    int64_t packets, octets;
};

/* media.fan_out: one consumer that takes each packet of a stream */
struct row {
    struct transport *transport;
    struct unsent *unsent;
    uint32_t ssrc, timestamp_offset, absolute;
    uint16_t sequence_offset, picture_offset;
    uint8_t tl0_offset, head, mid[5];
};

/* media.stream.ReceiveStream */
struct stream {
    struct stream *next;
    uint32_t ssrc;
    int32_t codec;        /* enum core_codec */
    int32_t paused;
    int32_t voice;        /* enum core_voice */
    int32_t ready;        /* whether `rows`, `count`, `first` and `apart` hold */
    int32_t count;
    int32_t apart;        /* whether there are consumers besides the rows */
    int64_t first;        /* the lowest number that all rows take */
    struct row *rows;
    struct reception *reception;  /* NULL before the first packet */
    struct cache *cache;
    int64_t packets, bytes;       /* in */
    int64_t forwarded, forwarded_octets;
    int16_t payload_types[128];   /* publisher's -> ours, -1 where not taken */
    int16_t actions[16];  /* of a header extension by the publisher's id: 0 drop, -1 number, else our id */
    int32_t level_id;     /* our id of the audio level; 0 none */
    int32_t speech;       /* -dBov; a silent microphone that is louder is Python's affair */
    int32_t noted;        /* levels not yet taken by Python */
    int8_t levels[CORE_LEVELS];   /* -dBov, -1 where the packet did not say */
    double levels_at[CORE_LEVELS];
};

struct binding {
    uint8_t name[CORE_NAME];
    struct transport *transport;  /* NULL: free */
};

/* media.context.MediaContext */
struct core {
    double now;           /* at the start of the current batch */
    struct batches *batches;
    struct counters *counters;
    struct binding *bindings;     /* open addressing; never full */
    int32_t binding_mask;
    void *protect, *unprotect;    /* libsrtp's functions */
    int32_t reasons[CORE_DROPS];
    int32_t received, next;       /* of the incoming batch: how many there are, the next to be handled */
    int32_t left;         /* batches that may still be taken in this turn */
    int32_t stopped;      /* place of the datagram that is handed to Python, -1 none; of which … */
    int32_t state;        /* … this is done (enum core_state), and … */
    int32_t length;       /* … this is its length then */
};

/* socket.c */
void core_begin(struct core *core, double now);
int core_turn(struct core *core);
int core_wait(struct core *core, int epoll, double seconds);
void core_flush(struct core *core);
/* addresses.c */
void core_bind(struct core *core, const uint8_t *name, struct transport *transport);
void core_unbind(struct core *core, const uint8_t *name);
struct transport *core_find(const struct core *core, const uint8_t *name);
/* fan_out.c */
void core_fan_out(struct core *core, struct stream *stream, const uint8_t *packet, int size, int payload,
                  uint16_t sequence, uint32_t timestamp);
/* layout.c */
int core_layout(int index);
