/* What a bound interface can meet: function pointers for a call and for longer, strings, errno, structs, three dots. */
#include <banos/driver.h>
#include <banos/export.h>

#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

struct point { int x, y; };
typedef int (*compare)(const void *, const void *);
typedef long (*reduce)(long sum, struct point p);

static compare kept;

unsigned long widen(unsigned long a, int b) { return a + (unsigned)b; }

size_t length(const char *text) { return text ? strlen(text) : 99; }

const char *name_of(int which) { return which == 0 ? NULL : which == 1 ? "one" : "h\xc3\xa9llo"; }

void fill(char *text, int c) { text[0] = (char)c; }

int fails(int code) {
    errno = code;
    return -1;
}

struct point add_points(struct point a, const struct point *b) {
    struct point sum = { a.x + b->x, a.y + b->y };
    return sum;
}

long total(int n, ...) {
    long sum = 0;
    va_list list;
    va_start(list, n);
    for (int i = 0; i < n; i++) {
        sum += va_arg(list, long);
    }
    va_end(list);
    return sum;
}

double mean(int n, ...) {
    double sum = 0;
    va_list list;
    va_start(list, n);
    for (int i = 0; i < n; i++) {
        sum += va_arg(list, double);
    }
    va_end(list);
    return sum / n;
}

/* Insertion sort: a comparison may throw at any point, and the array stays a permutation. */
int sort(int *values, int n, compare order) {
    int calls = 0;
    for (int i = 1; i < n; i++) {
        for (int j = i; j > 0; j--) {
            calls++;
            if (order(&values[j - 1], &values[j]) <= 0) {
                break;
            }
            int swap = values[j];
            values[j] = values[j - 1];
            values[j - 1] = swap;
        }
    }
    return calls;
}

long fold(const struct point *points, int n, reduce step) {
    long sum = 0;
    for (int i = 0; i < n; i++) {
        sum = step(sum, points[i]);
    }
    return sum;
}

int try_both(compare first, compare second) { return first(NULL, NULL) * 10 + second(NULL, NULL); }

void keep(compare order) { kept = order; }

int fire(void) { return kept ? kept(NULL, NULL) : -77; }

static void *run(void *result) {
    *(int *)result = fire();
    return NULL;
}

int fire_elsewhere(void) {
    pthread_t thread;
    int result = 0;
    pthread_create(&thread, NULL, run, &result);
    pthread_join(thread, NULL);
    return result;
}

static int init(struct Banos_Driver *driver) {
    (void)driver;
    return 0;
}

BANOS_DRIVER_API struct Banos_Driver driver = {
    .driver_size = sizeof(struct Banos_Driver),
    .minimal_banos_version = BANOS_VERSION_CURRENT,
    .name = "callbacks",
    .init = init,
};

BANOS_EXPORT(widen);
BANOS_EXPORT(length);
BANOS_EXPORT(name_of);
BANOS_EXPORT(fill);
BANOS_EXPORT(fails);
BANOS_EXPORT(add_points);
BANOS_EXPORT(total);
BANOS_EXPORT(mean);
BANOS_EXPORT(sort);
BANOS_EXPORT(fold);
BANOS_EXPORT(try_both);
BANOS_EXPORT(keep);
BANOS_EXPORT(fire);
BANOS_EXPORT(fire_elsewhere);
