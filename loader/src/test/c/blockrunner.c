/* Maps an image that `banos link` made and calls a function in it, with the thread pointer at a block of thread-local variables of its
 * own; with NATIVE, calls the function that is compiled in.
 *     blockrunner IMAGE BASE SIZE CODE_BYTES FUNCTION BLOCK DISTANCE      (numbers in hexadecimal; from the pointer to the block) */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>
#ifdef NATIVE
#include "ownblock.c"
#endif

static unsigned long number(const char *text) { return strtoul(text, NULL, 16); }

static void fill(const char *file, char *memory, size_t size) {
    int input = open(file, O_RDONLY);
    if (input < 0) exit(1);
    for (ssize_t got; size > 0 && (got = read(input, memory, size)) > 0; size -= (size_t)got) memory += got;
    close(input);
}

/* Between the exchanges of the pointer, nothing of the C library may run. */
static long call(long (*function)(long), long n, char *pointer) {
#if defined(__aarch64__)
    char *own;
    __asm__ volatile("mrs %0, tpidr_el0\n\tmsr tpidr_el0, %1" : "=&r"(own) : "r"(pointer) : "memory");
    n = function(n);
    __asm__ volatile("msr tpidr_el0, %0" : : "r"(own) : "memory");
#elif defined(__riscv)
    char *own;
    __asm__ volatile("mv %0, tp\n\tmv tp, %1" : "=&r"(own) : "r"(pointer) : "memory");
    n = function(n);
    __asm__ volatile("mv tp, %0" : : "r"(own) : "memory");
#else
    (void)pointer;
    n = function(n);
#endif
    return n;
}

int main(int count, char **arguments) {
    static char area[1 << 16] __attribute__((aligned(4096)));
    char *pointer = area + 4096;
    (void)count;
#ifdef NATIVE
    (void)arguments;
    (void)fill;
    (void)number;
    long (*function)(long) = run;
#else
    char *base = (char *)number(arguments[2]);
    size_t size = number(arguments[3]), code = number(arguments[4]);
    if (mmap(base, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) != base) return 1;
    fill(arguments[1], base, size);
    __builtin___clear_cache(base, base + code);
    if (mprotect(base, code, PROT_READ | PROT_EXEC) != 0) return 1;
    fill(arguments[6], pointer + number(arguments[7]), sizeof area / 2);
    long (*function)(long) = (long (*)(long))number(arguments[5]);
#endif
    for (long n = 0; n < 7; n++) printf("%ld\n", call(function, n, pointer));
    return 0;
}
