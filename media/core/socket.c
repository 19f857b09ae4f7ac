/* Datagrams in and out in batches, and the wait for them. */

#define _GNU_SOURCE
#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "core.h"

static double clock_now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

/* Sends what is queued. What the socket buffer does not take is dropped: late media is worth nothing. */
void core_flush(struct core *core) {
    struct batches *batches = core->batches;
    struct mmsghdr *messages = batches->messages_out;
    int count = batches->count, done = 0;
    batches->count = 0;
    while (done < count) {
        int sent = sendmmsg(batches->fd, messages + done, (unsigned)(count - done), 0);
        if (sent > 0) {
            done += sent;
            core->counters->packets_out += sent;
        } else if (errno == EAGAIN || errno == ENOBUFS) {
            core_drop(core, CORE_DROP_SEND_BUFFER_FULL, count - done);
            return;
        } else if (errno != EINTR) { /* unreachable, refused by a firewall, …: concerns this datagram only */
            core_drop(core, CORE_DROP_SEND_ERROR, 1);
            done++;
        }
    }
}

/* Length of a received datagram. */
int core_received(const struct batches *batches, int slot) {
    return (int)((const struct mmsghdr *)batches->messages_in)[slot].msg_len;
}

static int receive(struct core *core) {
    struct batches *batches = core->batches;
    int count = recvmmsg(batches->fd, (struct mmsghdr *)batches->messages_in, CORE_BATCH_IN, MSG_DONTWAIT, NULL);
    core->next = 0;
    core->received = count > 0 ? count : 0; /* an error is that of an earlier send (ICMP), or EAGAIN */
    core->counters->packets_in += core->received;
    return core->received;
}

/* A turn begins: there is nothing of the last batch any more. */
void core_begin(struct core *core, double now) {
    core->now = now;
    core->received = core->next = 0;
    core->left = CORE_BATCHES;
    core->stopped = -1;
}

/* Handles what waits on the socket, until a datagram is for Python: its place, which is also in `stopped`; to
 * be called again once it has been handled. -1 at the end of the turn, with everything sent. */
int core_turn(struct core *core) {
    core->stopped = -1;
    for (;;) {
        while (core->next < core->received) {
            int slot = core->next++;
            int state = core_datagram(core, slot);
            if (state != CORE_DONE) {
                core->state = state;
                core->stopped = slot;
                return slot;
            }
        }
        if (core->left < CORE_BATCHES) {
            if (core->left <= 0 || core->received < CORE_BATCH_IN) break;
            core->now = clock_now();
        }
        core->left--;
        if (!receive(core)) break;
    }
    core_flush(core);
    return -1;
}

/* Waits on `epoll`, which has our socket and whatever else the process waits for, and serves the socket
 * meanwhile. Comes back when something else is ready, when a datagram is for Python, when a signal came or
 * after `seconds`; with bits that say why. */
int core_wait(struct core *core, int epoll, double seconds) {
    double now = clock_now(), end = now + seconds;
    for (;;) {
        struct epoll_event events[2];
        double rest = end > now ? (end - now) * 1e3 : 0;
        int timeout = rest > 60e3 ? 60000 : (int)rest + (rest > (int)rest);
        int count = epoll_wait(epoll, events, 2, timeout);
        int why = 0, readable = 0;
        if (count < 0) return 0;
        now = clock_now();
        for (int index = 0; index < count; index++) {
            if (events[index].data.fd == core->batches->fd) readable = 1;
            else why |= CORE_OTHERS;
        }
        if (readable) {
            core_begin(core, now);
            if (core_turn(core) >= 0) why |= CORE_SOCKET;
            now = clock_now();
            if (now >= end - CORE_EARLY * 1e-3) why |= CORE_SOCKET;
        }
        if (why || now >= end) return why;
    }
}
