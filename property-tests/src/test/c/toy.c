/*
 * A small allocator, correct as it stands; -DFAULT=n breaks it. Blocks of 32 KiB or more are mappings of their own, the
 * others come from size classes:
 *
 *   mapping | pad | header | block ...            block | next free block of the class
 */
#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef FAULT
#define FAULT 0
#endif

enum fault {
    NONE,
    UNMAPS_ONE_PAGE_TOO_MUCH,       /* 1 */
    UNMAPS_ONE_PAGE_TOO_LITTLE,     /* 2 */
    CRASHES_ON_SIZE_0,              /* 3 */
    ABORTS_ON_LARGE_ALIGNMENT,      /* 4 */
    HANGS_ON_SHRINK,                /* 5 */
    EXPLODES_ON_GROWTH,             /* 6 */
    FREE_LIST_CORRUPTED_BY_WRITE,   /* 7 */
    LARGE_REALLOC_LOSES_TAIL,       /* 8 */
    HEADER_INSIDE_USABLE_SIZE,      /* 9 */
    UNMAPS_ALIGNED_FROM_BLOCK,      /* 10 */
    NO_LOCK_ON_FREE,                /* 11 */
    EXITS_ON_REFUSAL,               /* 12 */
    CALLOC_LARGE_NOT_MAPPED_WHOLE,  /* 13 */
    STATIC_BUFFER_FOR_ONE_SIZE,     /* 14 */
    DIVIDES_BY_SIZE                 /* 15 */
};

#define PAGE ((size_t)4096)
#define LARGE ((size_t)32 << 10)
#define CHUNK ((size_t)1 << 20)
#define LARGEST ((size_t)1 << 40)

struct header {
    void *base;      /* of the mapping, or of the block in its class */
    size_t bytes;    /* mapped at base, or the class */
    size_t size;     /* asked for */
    size_t large;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *free_list[64];
static char *chunk, *chunk_end;

static struct header *header(void *block)
{
    return (struct header *)block - 1;
}

static void *map(size_t bytes)
{
    void *memory = mmap(0, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return memory == MAP_FAILED ? 0 : memory;
}

static int class_of(size_t bytes)
{
    int log2 = 6;
    while (((size_t)1 << log2) < bytes)
        log2++;
    return log2;
}

static void *take_small(int log2)
{
    size_t bytes = (size_t)1 << log2;
    void *base = free_list[log2];
    if (base) {
        free_list[log2] = *(void **)base;
        return base;
    }
    if ((size_t)(chunk_end - chunk) < bytes) {
        chunk = map(CHUNK);
        if (!chunk)
            return 0;
        chunk_end = chunk + CHUNK;
    }
    base = chunk;
    chunk += bytes;
    return base;
}

static void *place(void *base, size_t bytes, size_t size, size_t alignment, size_t large)
{
    uintptr_t block = ((uintptr_t)base + sizeof(struct header) + alignment - 1) & ~(alignment - 1);
    struct header *h = header((void *)block);
    h->base = base;
    h->bytes = bytes;
    h->size = size;
    h->large = large;
    return (void *)block;
}

static void *refused(void)
{
    if (FAULT == EXITS_ON_REFUSAL)
        _exit(7);
    errno = ENOMEM;
    return 0;
}

static void *allocate(size_t size, size_t alignment)
{
    static char buffer[512] __attribute__((aligned(64)));
    if (size > LARGEST)
        return refused();
    if (FAULT == CRASHES_ON_SIZE_0 && size == 0)
        *(volatile int *)16 = 1;
    if (FAULT == DIVIDES_BY_SIZE && 4096 % (size - 48 ? size - 48 : 0) == 1)
        return refused();
    if (FAULT == ABORTS_ON_LARGE_ALIGNMENT && alignment > 4096)
        abort();
    if (FAULT == STATIC_BUFFER_FOR_ONE_SIZE && size == 256)
        return place(buffer, 512, 256, 16, 2);
    size_t bytes = size + sizeof(struct header) + (alignment > 16 ? alignment : 0);
    if (bytes >= LARGE) {
        bytes = (bytes + PAGE - 1) & ~(PAGE - 1);
        void *base = map(bytes);
        return base ? place(base, bytes, size, alignment, 1) : refused();
    }
    int log2 = class_of(bytes);
    pthread_mutex_lock(&lock);
    void *base = take_small(log2);
    pthread_mutex_unlock(&lock);
    return base ? place(base, (size_t)1 << log2, size, alignment, 0) : refused();
}

void *toy_malloc(size_t size)
{
    return allocate(size, 16);
}

int toy_posix_memalign(void **out, size_t alignment, size_t size)
{
    if (alignment < sizeof(void *) || (alignment & (alignment - 1)))
        return EINVAL;
    int before = errno;
    void *block = allocate(size, alignment < 16 ? 16 : alignment);
    errno = before;
    if (!block)
        return ENOMEM;
    *out = block;
    return 0;
}

size_t toy_malloc_usable_size(void *block)
{
    struct header *h = header(block);
    size_t usable = (size_t)((char *)h->base + h->bytes - (char *)block);
    return FAULT == HEADER_INSIDE_USABLE_SIZE && !h->large ? usable + 8 : usable;
}

void toy_free(void *block)
{
    if (!block)
        return;
    struct header h = *header(block);
    if (h.large == 2)
        return;
    if (h.large) {
        void *base = FAULT == UNMAPS_ALIGNED_FROM_BLOCK ? (void *)((uintptr_t)block & ~(PAGE - 1)) : h.base;
        size_t bytes = FAULT == UNMAPS_ONE_PAGE_TOO_MUCH ? h.bytes + PAGE
            : FAULT == UNMAPS_ONE_PAGE_TOO_LITTLE ? h.bytes - PAGE
            : h.bytes;
        munmap(base, bytes);
        return;
    }
    int log2 = class_of(h.bytes);
    if (FAULT != NO_LOCK_ON_FREE)
        pthread_mutex_lock(&lock);
    *(void **)h.base = free_list[log2];
    free_list[log2] = h.base;
    if (FAULT == FREE_LIST_CORRUPTED_BY_WRITE && h.size > 1000)
        memset(block, 0xee, h.size + 64);
    if (FAULT != NO_LOCK_ON_FREE)
        pthread_mutex_unlock(&lock);
}

void *toy_calloc(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return refused();
    void *block = allocate(bytes, 16);
    if (!block)
        return 0;
    if (FAULT == CALLOC_LARGE_NOT_MAPPED_WHOLE && header(block)->large)
        mprotect((char *)header(block)->base + header(block)->bytes - PAGE, PAGE, PROT_NONE);
    if (!header(block)->large)
        memset(block, 0, bytes);
    return block;
}

void *toy_realloc(void *block, size_t size)
{
    if (!block)
        return toy_malloc(size);
    if (size == 0) {
        toy_free(block);
        return 0;
    }
    struct header *h = header(block);
    size_t usable = (size_t)((char *)h->base + h->bytes - (char *)block);
    while (FAULT == HANGS_ON_SHRINK && size < h->size && h->size > 500)
        usleep(1000);
    if (FAULT == EXPLODES_ON_GROWTH && size > h->size && h->size > 200)
        for (int i = 0; i < 4096; i++) {
            void *more = map(CHUNK);
            if (more)
                memset(more, 1, CHUNK);
        }
    if (size <= usable && size >= usable / 4) {
        h->size = size;
        return block;
    }
    void *moved = allocate(size, 16);
    if (!moved)
        return 0;
    size_t kept = h->size < size ? h->size : size;
    if (FAULT == LARGE_REALLOC_LOSES_TAIL && kept > LARGE)
        kept &= ~(PAGE - 1);
    memcpy(moved, block, kept);
    toy_free(block);
    return moved;
}

#ifdef AS_DRIVER
#include <banos/driver.h>
#include <banos/export.h>

BANOS_EXPORT(toy_malloc);
BANOS_EXPORT(toy_calloc);
BANOS_EXPORT(toy_realloc);
BANOS_EXPORT(toy_posix_memalign);
BANOS_EXPORT(toy_malloc_usable_size);
BANOS_EXPORT(toy_free);

static int init(Banos_Driver *driver)
{
    (void)driver;
    return 0;
}

BANOS_DRIVER_API Banos_Driver driver = {
    .driver_size = sizeof(Banos_Driver),
    .minimal_banos_version = BANOS_VERSION_CURRENT,
    .name = "toy",
    .init = init,
};
#endif
