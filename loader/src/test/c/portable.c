/* A driver for any machine: its output tells whether every kind of reference leads where it should. */
#include <banos/driver.h>
#include <banos/export.h>
#include <banos/print.h>

typedef unsigned long size;
size strlen(const char *);
void *memcpy(void *, const void *, size);
int snprintf(char *, size, const char *, ...);
extern int absent(int) __attribute__((weak));
extern int host_variable;

static const char *const words[] = { "zero", "one", "two", "three", "four", "five", "six" };
static char line[200];
static short halves[6] = { 1, -2, 3, -4, 5, -6 };
static double scale = 2.5;
static long long wide[3] = { 1, 1LL << 40, -1 };
static unsigned char bytes[5000];
int tentative;
static int twice(int x) { return 2 * x; }
static int square(int x) { return x * x; }
static int negate(int x) { return -x; }
static int (*const operations[])(int) = { twice, square, negate };
__attribute__((weak)) int replaceable(int x) { return x + 1; }

static int fibonacci(int n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

static const char *season(int month) {
    switch (month) {
    case 0: case 1: case 11: return "winter";
    case 2: case 3: case 4: return "spring";
    case 5: case 6: case 7: return "summer";
    case 8: case 9: case 10: return "autumn";
    case 40: return "never";
    default: return "no season";
    }
}

long compute(long n) {
    long sum = host_variable + tentative++;
    for (int i = 0; i < 6; i++) sum += halves[i] * (i + 1);
    for (int i = 0; i < 3; i++) sum = sum * 31 + operations[i]((int)n + i);
    for (int i = 0; i < 5000; i += 7) bytes[i] = (unsigned char)(i * n);
    for (int i = 0; i < 5000; i++) sum = sum * 17 + bytes[i];
    sum += (long)(scale * (double)n) + (long)wide[n % 3] + replaceable((int)n) + fibonacci(15);
    if (absent) sum += absent(1);
    return sum;
}
BANOS_EXPORT(compute);

long describe(long n) {
    char copy[16];
    const char *word = words[n % 7];
    memcpy(copy, word, strlen(word) + 1);
    snprintf(line, sizeof line, "%s %s %ld %.3f", copy, season((int)n), (long)strlen(word), scale * (double)n);
    banos_dprintln(line);
    return (long)strlen(line);
}
BANOS_EXPORT(describe);

static int init(Banos_Driver *driver) { banos_dprintln(driver->name); return 7; }
static int uninit(Banos_Driver *driver) { banos_dprintln(driver->license); return 3; }

BANOS_DRIVER_API Banos_Driver driver = {
    .driver_size = sizeof(Banos_Driver), .minimal_banos_version = BANOS_VERSION_CURRENT, .name = "portable",
    .license = "MIT", .version = BANOS_VERSION_MAKE(1, 2, 3), .init = init, .uninit = uninit,
};
