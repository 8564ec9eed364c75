/* Maps an image that `banos link` made and runs the driver in it; with NATIVE, runs the driver that is compiled in.
 *     runner IMAGE BASE SIZE CODE_BYTES DRIVER EXPORTS EXPORT_COUNT      (numbers in hexadecimal) */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef NATIVE
#include "portable.c"
#else
#include <banos/driver.h>
#include <banos/export.h>
#endif

int host_variable = 1000;
void banos_dprintln(const char *text) { printf("%s\n", text); }

/* What the driver imports: strlen itself is no function where the C library chooses one when it starts. */
__attribute__((used)) size_t host_strlen(const char *text) { return strlen(text); }
__attribute__((used)) void *host_memcpy(void *to, const void *from, size_t size) { return memcpy(to, from, size); }
__attribute__((used)) static int (*const host_snprintf)(char *, size_t, const char *, ...) = snprintf;

static unsigned long number(const char *text) { return strtoul(text, NULL, 16); }

static int map(char **arguments) {
    char *base = (char *)number(arguments[1]);
    size_t size = number(arguments[2]), code = number(arguments[3]), done = 0;
    int file = open(arguments[0], O_RDONLY);
    if (file < 0 || mmap(base, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != base) return 0;
    for (ssize_t got; done < size && (got = read(file, base + done, size - done)) > 0; ) done += (size_t)got;
    __builtin___clear_cache(base, base + code);
    return done == size && mprotect(base, code, PROT_READ | PROT_EXEC) == 0;
}

static void run(struct Banos_Driver *driver, const struct Banos_Symbol *exports, long count) {
    printf("driver %s %x %d\n", driver->name, (unsigned)driver->version, driver->init(driver));
    for (int order = 0; order < 2; order++) { /* compilers emit the table in an order of their own */
        for (long i = 0; i < count; i++) {
            long (*function)(long) = (long (*)(long))exports[i].arg;
            int chosen = strcmp(exports[i].name, order == 0 ? "compute" : "describe") == 0;
            for (long n = 0; chosen && n < 45; n += 4) printf("%s %ld = %ld\n", exports[i].name, n, function(n));
        }
    }
    printf("uninit %d\n", driver->uninit(driver));
}

int main(int count, char **arguments) {
    (void)count;
#ifdef NATIVE
    (void)map;
    (void)arguments;
    struct Banos_Symbol exports[] = { banos_export_compute, banos_export_describe };
    run(&driver, exports, 2);
#else
    if (!map(arguments + 1)) { perror("map"); return 1; }
    run((struct Banos_Driver *)number(arguments[5]), (struct Banos_Symbol *)number(arguments[6]), (long)number(arguments[7]));
#endif
    return 0;
}
