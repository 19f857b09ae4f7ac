/* Proof that this library and the structures that Python allocates are of one and the same layout. */

#include "core.h"

int core_layout(int index) {
    const size_t sizes[] = {sizeof(struct counters), sizeof(struct batches), sizeof(struct arrivals),
                            sizeof(struct sent_packets), sizeof(struct transport), sizeof(struct reception),
                            sizeof(struct cache), sizeof(struct row), sizeof(struct stream), sizeof(struct binding),
                            sizeof(struct core)};
    return index < (int)(sizeof sizes / sizeof *sizes) ? (int)sizes[index] : 0;
}
