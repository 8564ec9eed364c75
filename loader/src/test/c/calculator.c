/* One function of each kind of parameter and result that a prototype can name. */
#include <banos/driver.h>
#include <banos/export.h>
#include <stdbool.h>
#include <stddef.h>

static int calls;

static int init(struct Banos_Driver *driver) {
    return driver->driver_size == sizeof *driver ? 0 : -22;
}

BANOS_DRIVER_API struct Banos_Driver driver = {
    .driver_size = sizeof(struct Banos_Driver),
    .minimal_banos_version = BANOS_VERSION_CURRENT,
    .name = "calculator",
    .license = "MIT",
    .version = BANOS_VERSION_MAKE(1, 2, 3),
    .init = init,
};

int add(int a, int b) { calls++; return a + b; }
int count(void) { return ++calls; }
void forget(void) { calls = 0; }
signed char narrow(short a, signed char b) { return (signed char)(a + b); }
unsigned char octet(unsigned char a) { return (unsigned char)(a - 1); }
uint16_t half(uint16_t a) { return (uint16_t)(a - 1); }
unsigned word(unsigned a) { return a - 1; }
unsigned long long wide(unsigned long long a) { return a - 1; }
long long negate(long long a) { return -a; }
size_t size(size_t a, size_t b) { return a * b; }
bool both(bool a, bool b) { return a && b; }
char next(char c) { return (char)(c + 1); }
float scale(float a, float b) { return a * b; }
double mean(double a, int b, float c) { return (a + b + c) / 3; }
const char *pick(int which) { static const char *const words[] = { "zero", "one", "two" }; return words[which % 3]; }
size_t length(const char *text) { size_t n = 0; while (text[n]) n++; return n; }
void *same(void *pointer) { return pointer; }
long many(long a, long b, long c, long d, long e, long f, long g, long h) {
    return a + 2 * b + 3 * c + 4 * d + 5 * e + 6 * f + 7 * g + 8 * h;
}

BANOS_EXPORT(add);
BANOS_EXPORT(count);
BANOS_EXPORT(forget);
BANOS_EXPORT(narrow);
BANOS_EXPORT(octet);
BANOS_EXPORT(half);
BANOS_EXPORT(word);
BANOS_EXPORT(wide);
BANOS_EXPORT(negate);
BANOS_EXPORT(size);
BANOS_EXPORT(both);
BANOS_EXPORT(next);
BANOS_EXPORT(scale);
BANOS_EXPORT(mean);
BANOS_EXPORT(pick);
BANOS_EXPORT(length);
BANOS_EXPORT(same);
BANOS_EXPORT(many);
BANOS_EXPORT_SYMBOL(alias, "sum.of-two", add);
