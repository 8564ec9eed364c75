/* A driver declares one object of this type, and compiles to a relocatable object (cc -c):
 *
 *     static int init(struct Banos_Driver *driver) { ... return 0; }
 *
 *     BANOS_DRIVER_API struct Banos_Driver driver = {
 *         .driver_size = sizeof(struct Banos_Driver),
 *         .minimal_banos_version = BANOS_VERSION_CURRENT,
 *         .name = "example",
 *         .version = BANOS_VERSION_MAKE(1, 0, 0),
 *         .init = init,
 *     };
 */
#ifndef BANOS_DRIVER_H
#define BANOS_DRIVER_H

#include <banos/version.h>

#ifdef __cplusplus
extern "C" {
#endif

struct Banos_Driver {
    unsigned long driver_size;             /* sizeof(struct Banos_Driver): tells the host which fields there are */
    banos_version_t minimal_banos_version; /* the host refuses a driver that needs a newer one than its own */
    const char *name;
    const char *license;                   /* may be NULL */
    banos_version_t version;               /* the driver's own */
    int (*init)(struct Banos_Driver *);    /* 0 or more is success; a negative errno makes the host drop the driver */
    int (*uninit)(struct Banos_Driver *);  /* may be NULL; a negative errno keeps the driver installed */
};
typedef struct Banos_Driver Banos_Driver;

/* Says that another driver, by its name, has to be installed before this one. What it exports comes before what others
 * export under the same names. Drivers whose exports are imported are found without it. `id` is an identifier that is free. */
#define BANOS_NEEDS(id, driver_name) \
    static const __attribute__((section(".banos-needs"), used, aligned(1))) char banos_needs_##id[] = driver_name

/* Puts the object where the host looks for it, whether anything refers to it or not. */
#define BANOS_DRIVER_API static __attribute__((section(".banos-driver"), used, aligned(8)))

#ifdef __cplusplus
}
#endif

#endif
