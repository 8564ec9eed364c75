/* stats: figures about what is in the ring. It imports ring's exports, so ring is installed first and leaves last. */
#include "ring.h"
#include <banos/driver.h>
#include <banos/export.h>

/* 0 for an empty ring. */
double stats_mean(void)
{
    double sum = 0;
    for (size_t i = 0; i < ring_size(); i++)
        sum += (double)ring_at(i);
    return ring_size() ? sum / (double)ring_size() : 0;
}

/* The largest number, 0 for an empty ring. */
long stats_max(void)
{
    long max = ring_at(0);
    for (size_t i = 1; i < ring_size(); i++)
        if (ring_at(i) > max)
            max = ring_at(i);
    return max;
}

BANOS_EXPORT(stats_mean);
BANOS_EXPORT(stats_max);

static int init(Banos_Driver *driver)
{
    (void)driver;
    return 0;
}

BANOS_DRIVER_API Banos_Driver driver = {
    .driver_size = sizeof(Banos_Driver),
    .minimal_banos_version = BANOS_VERSION_CURRENT,
    .name = "stats",
    .license = "MIT",
    .version = BANOS_VERSION_MAKE(1, 0, 0),
    .init = init,
};
