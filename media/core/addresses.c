/* Which transport an address belongs to: open addressing, half empty at least (media/context.py sees to it). */

#include <string.h>

#include "core.h"

static uint32_t place(const struct core *core, const uint8_t *name) {
    uint64_t hash = 0xCBF29CE484222325u; /* FNV-1a; only authenticated addresses are ever entered */
    for (int at = 0; at < core->batches->name_size; at++) hash = (hash ^ name[at]) * 0x100000001B3u;
    return (uint32_t)(hash ^ hash >> 32) & (uint32_t)core->binding_mask;
}

/* The place where `name` is, or the free one where it would be. */
static uint32_t seek(const struct core *core, const uint8_t *name) {
    uint32_t at = place(core, name);
    while (core->bindings[at].transport != NULL &&
           memcmp(core->bindings[at].name, name, (size_t)core->batches->name_size) != 0)
        at = (at + 1) & (uint32_t)core->binding_mask;
    return at;
}

struct transport *core_find(const struct core *core, const uint8_t *name) {
    return core->bindings[seek(core, name)].transport;
}

void core_bind(struct core *core, const uint8_t *name, struct transport *transport) {
    struct binding *binding = &core->bindings[seek(core, name)];
    memcpy(binding->name, name, (size_t)core->batches->name_size);
    binding->transport = transport;
}

void core_unbind(struct core *core, const uint8_t *name) {
    const uint32_t mask = (uint32_t)core->binding_mask;
    uint32_t hole = seek(core, name);
    if (core->bindings[hole].transport == NULL) return;
    /* What follows in the same run moves up, so that no search ends at the hole. */
    for (uint32_t at = (hole + 1) & mask; core->bindings[at].transport != NULL; at = (at + 1) & mask) {
        uint32_t home = place(core, core->bindings[at].name);
        if (((at - home) & mask) >= ((at - hole) & mask)) {
            core->bindings[hole] = core->bindings[at];
            hole = at;
        }
    }
    core->bindings[hole].transport = NULL;
}
