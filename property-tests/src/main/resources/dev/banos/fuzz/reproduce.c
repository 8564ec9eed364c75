/* Runs the steps below on the allocator and checks, at each, what an allocator owes its callers. */
#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Set by what stands above: BLOCKS, MALLOC, CALLOC, REALLOC, POSIX_MEMALIGN, FREE, USABLE_SIZE. */

static unsigned char *at[BLOCKS + 1];
static size_t size[BLOCKS + 1], filled[BLOCKS + 1];
static int now;

static void broken(const char *law, int block)
{
    printf("step %d: b%d: %s\n", now, block, law);
    exit(1);
}

static unsigned char byte_at(int block, size_t i)
{
    return (unsigned char)(block * 89 + i * 7 + i / 256 * 13 + 1);
}

static void check_to(int block, size_t end, const char *law)
{
    for (size_t i = 0; i < end; i++)
        if (at[block][i] != byte_at(block, i))
            broken(law, block);
}

static void check(int block)
{
    if (at[block])
        check_to(block, filled[block], "its contents changed");
}

static void enter(int block, void *memory, size_t bytes, size_t alignment, size_t kept)
{
    unsigned char *start = memory;
    size_t usable = USABLE_SIZE(memory, bytes);
    if (bytes >= (size_t)1 << 47)
        broken("a size that cannot exist was served", block);
    if ((uintptr_t)start % alignment)
        broken("it is not aligned", block);
    if (usable < bytes)
        broken("its usable size is below the size asked for", block);
    for (int other = 0; other < BLOCKS; other++)
        if (other != block && at[other] && start < at[other] + filled[other] + !filled[other] && at[other] < start + usable + !usable)
            broken("it overlaps a live block", block);
    at[block] = start;
    check_to(block, kept, "realloc changed the bytes that it must keep");
    size[block] = bytes;
    filled[block] = usable;
    for (size_t i = kept; i < usable; i++)
        start[i] = byte_at(block, i);
}

static void served(int block, void *memory, size_t bytes, size_t alignment, int zeroed)
{
    if (!memory) {
        if (bytes && bytes <= (size_t)64 << 20)
            broken("a modest request was refused", block);
        if (bytes && errno != ENOMEM)
            broken("a refusal did not set errno to ENOMEM", block);
        return;
    }
    for (size_t i = 0; zeroed && i < bytes; i++)
        if (((unsigned char *)memory)[i])
            broken("calloc gave a byte that is not zero", block);
    enter(block, memory, bytes, alignment, 0);
}

static size_t natural(size_t bytes)
{
    return bytes < 16 ? 8 : 16;
}

__attribute__((unused)) static void do_malloc(int block, size_t bytes)
{
    if (!at[block])
        served(block, MALLOC(bytes), bytes, natural(bytes), 0);
}

__attribute__((unused)) static void do_calloc(int block, size_t count, size_t bytes)
{
    size_t total;
    if (__builtin_mul_overflow(count, bytes, &total))
        total = SIZE_MAX;
    if (!at[block])
        served(block, CALLOC(count, bytes), total, natural(total), 1);
}

__attribute__((unused)) static void do_aligned(int block, size_t alignment, size_t bytes)
{
    void *memory = 0;
    if (!at[block]) {
        errno = POSIX_MEMALIGN(&memory, alignment < 8 ? 8 : alignment, bytes);
        served(block, memory, bytes, alignment, 0);
    }
}

__attribute__((unused)) static void do_realloc(int block, size_t bytes)
{
    if (!at[block]) {
        served(block, REALLOC(0, bytes), bytes, natural(bytes), 0);
        return;
    }
    unsigned char *memory = REALLOC(at[block], bytes);
    if (memory) {
        size_t kept = size[block] < bytes ? size[block] : bytes;
        at[block] = 0;
        enter(block, memory, bytes, natural(bytes), kept);
    } else if (bytes) {
        check_to(block, filled[block], "a refused realloc changed it");
        served(block, 0, bytes, 1, 0);
    } else {
        at[block] = 0;
    }
}

static void do_free(int block)
{
    unsigned char *memory = at[block];
    if (memory) {
        check(block);
        at[block] = 0;
        FREE(memory);
    }
}

static void step(int i);
static sem_t go[8], done;
static pthread_t thread[8];
static int running[8];

static void *work(void *number)
{
    for (;;) {
        sem_wait(&go[(intptr_t)number]);
        if (now < 0)
            return 0;
        step(now);
        sem_post(&done);
    }
}

/* Each thread runs its steps, but one at a time, in the order of the program. */
static void on(int number, int i)
{
    now = i;
    if (number == 0) {
        step(i);
        return;
    }
    if (!running[number]) {
        running[number] = 1;
        sem_init(&go[number], 0, 0);
        pthread_create(&thread[number], 0, work, (void *)(intptr_t)number);
    }
    sem_post(&go[number]);
    sem_wait(&done);
}

static void leave(int number)
{
    if (running[number]) {
        now = -1;
        sem_post(&go[number]);
        pthread_join(thread[number], 0);
        running[number] = 0;
    }
}

static long resident_pages(void)
{
    long total = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");
    if (file) {
        if (fscanf(file, "%ld %ld", &total, &resident) != 2)
            resident = 0;
        fclose(file);
    }
    return resident;
}
