/* A function for each kind of type that debug information tells, and for each way in which values travel. */
#include <banos/driver.h>
#include <banos/export.h>

#include <stdarg.h>

struct point { int x, y; };
struct big { double a; long b; char name[12]; struct point p[2]; };
struct flags { unsigned a : 3, b : 5; char c; unsigned d : 9; int e; };
struct __attribute__((packed)) tight { char c; int i; };
struct opaque;
struct node { struct node *next; union { int i; float f; } u; const volatile char *const text; int grid[6]; };
enum color { RED, GREEN = 5 };
typedef int (*compare)(const void *, const void *);
typedef unsigned long word;

int add(int a, int b) { return a + b; }

struct point mid(struct point a, const struct point *b) {
    struct point m = { (a.x + b->x) / 2, (a.y + b->y) / 2 };
    return m;
}

struct big grow(struct big b, float factor) {
    b.a *= factor;
    b.b++;
    b.name[11] = 'z';
    b.p[1].y = 9;
    return b;
}

int flag(struct flags f) { return (int)(f.a * 1000000 + f.b * 10000 + f.c * 1000 + f.d) + f.e; }

word walk(struct node *n, compare c, enum color e, _Bool q) { return n ? (word)c(n, n) + e : q; }

static long secret(short s) { return -s; }

long double ld(long double x) { return x; }

int sum(int n, ...) {
    va_list list;
    int s = 0;
    va_start(list, n);
    while (n-- > 0) {
        s += va_arg(list, int);
    }
    va_end(list);
    return s;
}

struct opaque *hide(struct opaque *o, void (*f)(struct opaque *, char **), int grid[6]) {
    (void)f;
    (void)grid;
    return o;
}

int packed(struct tight t) { return t.i; }

unsigned char widest(unsigned char a, signed char b, unsigned short c, long long d, unsigned long long e, double f) {
    return (unsigned char)(a + b + c + d + (long long)e + (long long)f);
}

int variable = 7;

static int init(struct Banos_Driver *driver) {
    (void)driver;
    return 0;
}

BANOS_DRIVER_API struct Banos_Driver driver = {
    .driver_size = sizeof(struct Banos_Driver),
    .minimal_banos_version = BANOS_VERSION_CURRENT,
    .name = "typed",
    .init = init,
};

BANOS_EXPORT(add);
BANOS_EXPORT(mid);
BANOS_EXPORT(grow);
BANOS_EXPORT(flag);
BANOS_EXPORT(walk);
BANOS_EXPORT(secret);
BANOS_EXPORT(ld);
BANOS_EXPORT(sum);
BANOS_EXPORT(hide);
BANOS_EXPORT(packed);
BANOS_EXPORT(widest);
BANOS_EXPORT(variable);
BANOS_EXPORT_SYMBOL(hidden, "hid.den", secret);
