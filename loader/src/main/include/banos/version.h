/* Versions of the driver ABI and of drivers, packed into 32 bits: 8 bits major, 8 bits minor, 16 bits patch. */
#ifndef BANOS_VERSION_H
#define BANOS_VERSION_H

#include <stdint.h>

typedef uint32_t banos_version_t;

#define BANOS_VERSION_MAKE(major, minor, patch) \
    ((banos_version_t)((((uint32_t)(major) & 0xffu) << 24) | (((uint32_t)(minor) & 0xffu) << 16) \
                       | ((uint32_t)(patch) & 0xffffu)))

#define BANOS_VERSION_GET_MAJOR(version) (((version) >> 24) & 0xffu)
#define BANOS_VERSION_GET_MINOR(version) (((version) >> 16) & 0xffu)
#define BANOS_VERSION_GET_PATCH(version) ((version) & 0xffffu)

/* The version of the ABI that these headers describe. */
#define BANOS_VERSION_CURRENT BANOS_VERSION_MAKE(0, 0, 1)

#endif
