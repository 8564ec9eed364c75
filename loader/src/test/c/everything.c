/* What real drivers do beside arithmetic. Compiled as a driver it exports `report`; as a program (-DPROGRAM) it prints the
 * same report, so that one is the oracle of the other. */
#include <errno.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern char **environ;
extern int nowhere(void) __attribute__((weak));
extern int nowhere_value __attribute__((weak));

static _Alignas(4096) char page[4096] = "page-aligned";
static _Alignas(64) int line_aligned = 64;
static char zeroes[1 << 20];
int tentative;
int tentative_array[100];
const char *const names[] = { "alpha", "beta", "gamma", NULL };
static const struct { const char *name; double (*function)(double); } table[] = { { "sqrt", sqrt }, { "floor", floor } };

static int twice(int x) { return 2 * x; }
static int thrice(int x) { return 3 * x; }
static int (*const operations[])(int) = { twice, thrice, abs };
int (*changeable)(int) = twice;
__attribute__((weak)) int weak_function(int x) { return x + 1; }
__attribute__((noinline)) static int recurse(int n) { return n < 2 ? 1 : n * recurse(n - 1); }
static int compare(const void *a, const void *b) { return *(const int *)a - *(const int *)b; }

static int choose(int n) {
    switch (n) { /* a jump table */
    case 0: return 10;
    case 1: return 25;
    case 2: return 37;
    case 3: return 12;
    case 4: return 99;
    case 5: return 3;
    case 6: return 71;
    default: return -1;
    }
}

static char text[4096];
static size_t used;

#define SAY(...) (used += (size_t)snprintf(text + used, sizeof text - used, __VA_ARGS__))

const char *report(void) {
    used = 0;
    SAY("page %s %d;", page, (int)((uintptr_t)page % 4096));
    SAY("line %d %d;", line_aligned, (int)((uintptr_t)&line_aligned % 64));
    int dirty = 0;
    for (size_t i = 0; i < sizeof zeroes; i++) dirty += zeroes[i] != 0;
    memset(zeroes, 7, sizeof zeroes);
    SAY("zeroes %d %d;", dirty, zeroes[sizeof zeroes - 1]);
    memset(zeroes, 0, sizeof zeroes);
    SAY("tentative %d %d;", tentative++, tentative_array[99]);
    for (int i = 0; names[i]; i++) SAY("%s,", names[i]);
    for (int i = 0; i < 2; i++) SAY("%s %.3f;", table[i].name, table[i].function(2.75));
    for (int i = 0; i < 3; i++) SAY("op %d;", operations[i](-7));
    changeable = changeable == twice ? thrice : twice;
    SAY("changeable %d;", changeable(5));
    SAY("weak %d %d %d;", weak_function(1), nowhere != NULL, &nowhere_value != NULL);
    SAY("recurse %d;", recurse(10));
    for (int i = 0; i < 8; i++) SAY("case %d;", choose(i));
    int numbers[] = { 5, 3, 9, 1 };
    qsort(numbers, 4, sizeof *numbers, compare);
    SAY("sorted %d %d %d %d;", numbers[0], numbers[1], numbers[2], numbers[3]);
    errno = 0;
    FILE *missing = fopen("/no/such/file", "r");
    SAY("errno %d %d %s;", missing == NULL, errno, strerror(errno));
    errno = 33;
    SAY("errno %d;", errno);
#ifndef NO_ENVIRON
    SAY("environ %d %s;", environ != NULL && environ[0] != NULL, getenv("BANOS_TEST") ? getenv("BANOS_TEST") : "unset");
#endif
    SAY("stdout %d %d;", fileno(stdout), fprintf(stdout, "%s", ""));
    fflush(stdout);
    SAY("stderr %d %d;", fileno(stderr), stdin != NULL);
    SAY("string %s", strstr("a needle in a haystack", "needle"));
    return text;
}

#ifdef PROGRAM
int main(void) { puts(report()); puts(report()); }
#else
#include <banos/driver.h>
#include <banos/export.h>
static int init(struct Banos_Driver *driver) { return driver->name[0] == 'e' ? 0 : -1; }
BANOS_DRIVER_API struct Banos_Driver driver = {
    .driver_size = sizeof(struct Banos_Driver), .minimal_banos_version = BANOS_VERSION_CURRENT,
    .name = "everything", .version = BANOS_VERSION_MAKE(0, 1, 0), .init = init,
};
BANOS_EXPORT(report);
#endif
