/* What a debugger is shown: functions, lines, variables; and with CRASH, an end that leaves a report. */
#include <banos/driver.h>
#include <banos/export.h>

static int init(struct Banos_Driver *d) { (void)d; return 0; }
BANOS_DRIVER_API struct Banos_Driver driver = {
    .driver_size = sizeof(struct Banos_Driver), .minimal_banos_version = BANOS_VERSION_CURRENT, .name = "steps", .init = init,
};

struct pair { int left; int right; };
int counter = 7;
int *volatile nowhere;

static __attribute__((noinline)) int inner_step(int value) {
    struct pair both = { value, value * 2 };
    counter += both.right;
#ifdef CRASH
    *nowhere = both.left;
#endif
    return both.left + counter; /* the line to stop at */
}

int outer_step(int value) {
    int doubled = value * 2;
    return inner_step(doubled) + 1;
}
BANOS_EXPORT(outer_step);
