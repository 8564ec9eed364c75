/* ring: a ring buffer whose memory is the runtime's, for other drivers and for Java.
 *
 *   slots    +---+---+---+---+---+---+---+---+
 *            |   |   | a | b | c |   |   |   |    first = 2, size = 3, room = 8
 *            +---+---+---+---+---+---+---+---+
 */
#include "ring.h"
#include <banos/driver.h>
#include <banos/export.h>
#include <banos/malloc.h>
#include <errno.h>
#include <stdint.h>

static long *slots;
static size_t room, first, size;

static long *slot(size_t index)
{
    return &slots[(first + index) % room];
}

int ring_put(long value)
{
    if (size == room)
        return -ENOSPC;
    *slot(size++) = value;
    return 0;
}

long ring_take(void)
{
    if (size == 0)
        return 0;
    long value = *slot(0);
    first = (first + 1) % room;
    size--;
    return value;
}

long ring_at(size_t index)
{
    return index < size ? *slot(index) : 0;
}

size_t ring_size(void)
{
    return size;
}

size_t ring_drain(long *into, size_t most)
{
    size_t taken = 0;
    while (taken < most && size > 0)
        into[taken++] = ring_take();
    return taken;
}

int ring_resize(size_t most)
{
    if (most < size)
        return -EBUSY;
    long *larger = most <= SIZE_MAX / sizeof *slots ? banos_malloc(most * sizeof *slots) : NULL;
    if (!larger)
        return -ENOMEM;
    size_t kept = ring_drain(larger, size);
    banos_free(slots);
    slots = larger;
    room = most;
    first = 0;
    size = kept;
    return 0;
}

BANOS_EXPORT(ring_put);
BANOS_EXPORT(ring_take);
BANOS_EXPORT(ring_at);
BANOS_EXPORT(ring_size);
BANOS_EXPORT(ring_drain);
BANOS_EXPORT(ring_resize);

static int init(Banos_Driver *driver)
{
    (void)driver;
    return ring_resize(16);
}

static int uninit(Banos_Driver *driver)
{
    (void)driver;
    banos_free(slots);
    return 0;
}

BANOS_DRIVER_API Banos_Driver driver = {
    .driver_size = sizeof(Banos_Driver),
    .minimal_banos_version = BANOS_VERSION_CURRENT,
    .name = "ring",
    .license = "MIT",
    .version = BANOS_VERSION_MAKE(1, 0, 0),
    .init = init,
    .uninit = uninit,
};
