/* hello: the smallest useful driver. It prints through its host and counts. */
#include <banos/driver.h>
#include <banos/export.h>
#include <banos/print.h>
#include <stdio.h>

static int greeted;

/* Greets somebody. Returns how many were greeted since the driver was installed. */
int hello(const char *name)
{
    char line[80];
    snprintf(line, sizeof line, "hello, %s", name);
    banos_dprintln(line);
    return ++greeted;
}

int hello_count(void)
{
    return greeted;
}

BANOS_EXPORT(hello);
BANOS_EXPORT(hello_count);

static int init(Banos_Driver *driver)
{
    (void)driver;
    banos_dprintln("hello: installed");
    return 0;
}

static int uninit(Banos_Driver *driver)
{
    (void)driver;
    banos_dprintln("hello: uninstalled");
    return 0;
}

BANOS_DRIVER_API Banos_Driver driver = {
    .driver_size = sizeof(Banos_Driver),
    .minimal_banos_version = BANOS_VERSION_CURRENT,
    .name = "hello",
    .license = "MIT",
    .version = BANOS_VERSION_MAKE(1, 0, 0),
    .init = init,
    .uninit = uninit,
};
