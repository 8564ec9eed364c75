/*
 * Runs steps on an allocator and checks, at each, what an allocator owes its callers.
 *
 *   LOCKSTEP   one step at a time, each on its thread
 *   FREELY     the threads at the same time; steps on one block keep their order
 *   RACED      as FREELY, over and over: the threads meet before each round
 *   REPEATED   as LOCKSTEP, over and over, while the memory of the process is watched; _LONG until there is no doubt
 *
 * Set by what stands above: MALLOC, CALLOC, REALLOC, POSIX_MEMALIGN, FREE, MALLOC_USABLE_SIZE, MOST_BLOCKS, MOST_STEPS, and
 * PRELOADED where the functions come from a library in the place of the C library's.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define PAGE ((size_t)4096)
#define LARGE ((size_t)64 << 10)          /* from here on a block is checked to be mapped before it is touched */
#define GUARDED ((size_t)16 << 10)        /* what is smaller is in no mapping of its own */
#define MODEST ((size_t)64 << 20)         /* up to here a request must be served */
#define IMPOSSIBLE ((size_t)1 << 47)      /* no process holds a block of this size */
#define LARGEST_ALIGNMENT_LOG2 21         /* beyond, a request may be refused */
#define THREADS 8
#define FIXED_NOREPLACE 0x100000          /* MAP_FIXED_NOREPLACE, which older headers lack */

enum call { DO_MALLOC, DO_CALLOC, DO_REALLOC, DO_ALIGNED, DO_FREE, DO_CHECK, DO_FREE_TWICE, DO_FREE_INSIDE, DO_FREE_FOREIGN,
            DO_EXIT, DO_CLOSE, DO_MISALIGNED };
enum mode { LOCKSTEP, FREELY, RACED, REPEATED, REPEATED_LONG };

#define LOG2(n) ((n) << 8)                /* of the count or the alignment */
#define ON(thread) ((thread) << 16)

struct step {
    uint32_t what, block;
    uint64_t size;
};

static uint32_t call_of(struct step s) { return s.what & 0xff; }
static uint32_t log2_of(struct step s) { return s.what >> 8 & 0xff; }
static uint32_t thread_of(struct step s) { return s.what >> 16; }

/* Called through these, so that the compiler knows nothing of what they promise. */
static __typeof__(MALLOC) *volatile the_malloc = MALLOC;
static __typeof__(CALLOC) *volatile the_calloc = CALLOC;
static __typeof__(REALLOC) *volatile the_realloc = REALLOC;
static __typeof__(POSIX_MEMALIGN) *volatile the_posix_memalign = POSIX_MEMALIGN;             /* null where there is none */
static __typeof__(FREE) *volatile the_free = FREE;
static __typeof__(MALLOC_USABLE_SIZE) *volatile the_usable_size = MALLOC_USABLE_SIZE; /* null where there is none */

static size_t usable_size(void *at, size_t bytes)
{
    return the_usable_size ? the_usable_size(at) : bytes;
}

static const struct step *steps;
static int length, blocks;
static enum mode mode;
static int waives_errno, waives_alignment; /* broken once, and known */

/* ---- what is known of a block ------------------------------------------------------------------------------------ */

struct block {
    unsigned char *at;
    size_t size, filled;
    uint64_t key;
};

static struct block block[MOST_BLOCKS];
static uint64_t serial;

/* How far the run has come; a parent process reads it after a crash. */
struct progress {
    int64_t tries;
    int32_t operation, touching, slot, round;
};

static struct progress own_progress, *progress = &own_progress;

/* Says what broke and ends the process. */
static void broken(const char *law, const char *format, ...) __attribute__((noreturn, format(printf, 2, 3)));

/* ---- contents: each word depends on the block and on its offset -------------------------------------------------- */

#define DENSE ((size_t)32 << 10)          /* every word up to here, then one in 16 KiB: touching a page costs time */
#define SPARSE ((size_t)16 << 10)
#define TOUCHED ((size_t)256 << 20)        /* beyond, none: the memory of the process would be the fuzzer's doing */
#define TAIL ((size_t)64)                 /* and every one of the last bytes */

/* No byte is zero: each would hide that a calloc did not clear it. */
static uint64_t word_at(uint64_t key, size_t offset)
{
    return (key + offset * 0x9E3779B97F4A7C15u) | 0x0101010101010101u;
}

static unsigned char byte_at(uint64_t key, size_t offset)
{
    return (unsigned char)(word_at(key, offset & ~(size_t)7) >> 8 * (offset & 7));
}

static size_t next_word(size_t offset)
{
    return offset < DENSE ? offset + 8 : (offset / SPARSE + 1) * SPARSE;
}

static size_t touched(size_t end)
{
    return end < TOUCHED ? end : TOUCHED;
}

static size_t tail_of(size_t end)
{
    return (end <= DENSE ? end : end - TAIL) & ~(size_t)7;
}

static void touching(int b)
{
    progress->slot = b;
    progress->touching = 1;
}

static void fill_tail(const struct block *b, size_t end)
{
    for (size_t i = tail_of(end); i < end; i++)
        b->at[i] = byte_at(b->key, i);
}

static void fill(const struct block *b, size_t from)
{
    size_t first = from & ~(size_t)7;
    size_t end = touched(b->filled);
    for (size_t i = first <= DENSE ? first : (first + SPARSE - 1) / SPARSE * SPARSE; i + 8 <= end; i = next_word(i)) {
        uint64_t word = word_at(b->key, i);
        memcpy(b->at + i, &word, 8);
    }
    fill_tail(b, b->size);
    fill_tail(b, b->filled);
}

/* The first byte or word before end that is not as it was written, or -1; the tail is that of a block of `filled` bytes. */
static int64_t first_change(const struct block *b, size_t end, size_t filled)
{
    for (size_t i = 0; i + 8 <= touched(end); i = next_word(i)) {
        uint64_t word;
        memcpy(&word, b->at + i, 8);
        if (word != word_at(b->key, i))
            return (int64_t)i;
    }
    for (size_t i = end <= DENSE ? end & ~(size_t)7 : tail_of(filled); i < end; i++)
        if (b->at[i] != byte_at(b->key, i))
            return (int64_t)i;
    return -1;
}

static void check_to(int n, size_t end, size_t filled, const char *law, const char *when)
{
    touching(n);
    int64_t wrong = first_change(&block[n], end, filled);
    if (wrong >= 0)
        broken(law, "b%d (%zu bytes, usable %zu) changed at byte %lld%s", n, block[n].size, block[n].filled, (long long)wrong, when);
    progress->touching = 0;
}

/* ---- mapped or not ----------------------------------------------------------------------------------------------- */

static int is_mapped(uintptr_t at, size_t bytes)
{
    static unsigned char in_memory[1 << 14];
    for (uintptr_t from = at & ~(PAGE - 1), end = at + bytes; from < end; from += sizeof in_memory * PAGE) {
        size_t piece = end - from < sizeof in_memory * PAGE ? end - from : sizeof in_memory * PAGE;
        if (mincore((void *)from, piece, in_memory) != 0)
            return 0;
    }
    return 1;
}

static void require_mapped(int n)
{
    if (block[n].filled >= LARGE && !is_mapped((uintptr_t)block[n].at, block[n].filled))
        broken("STAYS_MAPPED", "b%d (%zu bytes) is not mapped to its end", n, block[n].filled);
}

/* What was mapped before the allocator was asked for anything: no free may unmap it. */
static struct { uintptr_t from, to; } foreign[256];
static int foreigners;

static void note_foreign(void)
{
    static char maps[1 << 16];
    int file = open("/proc/self/maps", O_RDONLY);
    size_t bytes = 0;
    for (ssize_t got = 1; file >= 0 && got > 0 && bytes < sizeof maps - 1; bytes += got > 0 ? (size_t)got : 0)
        got = read(file, maps + bytes, sizeof maps - 1 - bytes);
    close(file);
    for (char *line = maps; *line && foreigners < 256; line = strchr(line, '\n') + 1) {
        char *dash;
        foreign[foreigners].from = strtoul(line, &dash, 16);
        foreign[foreigners++].to = strtoul(dash + 1, 0, 16);
        if (!strchr(line, '\n'))
            break;
    }
}

static int is_foreign(uintptr_t at)
{
    for (int i = 0; i < foreigners; i++)
        if (at >= foreign[i].from && at < foreign[i].to)
            return 1;
    return 0;
}

/* Maps a page there unless something else is there already. */
static int fence(uintptr_t at)
{
    void *got = mmap((void *)at, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | FIXED_NOREPLACE, -1, 0);
    if (got != MAP_FAILED && got != (void *)at)
        munmap(got, PAGE); /* a kernel that does not know the flag */
    return got == (void *)at;
}

/* ---- the calls --------------------------------------------------------------------------------------------------- */

static uintptr_t end_of(const unsigned char *at, size_t bytes)
{
    return (uintptr_t)at + (bytes ? bytes : 1);
}

static void require_apart(int n, const unsigned char *at, size_t bytes, size_t usable)
{
    for (int other = 0; other < blocks; other++)
        if (other != n && block[other].at && (uintptr_t)at < end_of(block[other].at, block[other].filled)
                && (uintptr_t)block[other].at < end_of(at, usable))
            broken("OVERLAP", "b%d (%zu bytes, usable %zu) was put %zu bytes %s b%d, which is live (%zu bytes, usable %zu)", n, bytes,
                   usable, at >= block[other].at ? (size_t)(at - block[other].at) : (size_t)(block[other].at - at),
                   at >= block[other].at ? "into" : "before", other, block[other].size, block[other].filled);
}

/* Enters what the allocator gave; the first `kept` bytes, of a block that was filled to `before`, must still be there. */
static void enter(int n, unsigned char *at, size_t bytes, size_t alignment, size_t kept, size_t before)
{
    if (bytes >= IMPOSSIBLE)
        broken("IMPOSSIBLE_SIZE", "b%d: a request of %zu bytes was served", n, bytes);
    if ((uintptr_t)at & (alignment - 1))
        broken("ALIGNMENT", "b%d (%zu bytes) must be aligned to %zu and is not", n, bytes, alignment);
    size_t usable = usable_size(at, bytes);
    if (usable < bytes || usable > bytes + MODEST)
        broken("USABLE_SIZE", "b%d of %zu bytes has the usable size %zu", n, bytes, usable);
    if (mode == LOCKSTEP || mode >= REPEATED)
        require_apart(n, at, bytes, usable);
    block[n].at = at;
    block[n].size = bytes;
    block[n].filled = usable;
    require_mapped(n);
    if (kept) {
        check_to(n, kept, kept == before ? before : SIZE_MAX, "REALLOC_KEEPS_PREFIX", " in a realloc");
    } else {
        block[n].key = ((uint64_t)n + __atomic_add_fetch(&serial, 1, __ATOMIC_RELAXED) * 65599u) * 0xBF58476D1CE4E5B9u;
    }
    touching(n);
    fill(&block[n], kept);
    progress->touching = 0;
}

static void refused(int n, size_t bytes)
{
    int error = errno;
    if (bytes && bytes <= MODEST)
        broken("AVAILABILITY", "b%d: a request of %zu bytes was refused", n, bytes);
    if (bytes && error != ENOMEM && !waives_errno)
        broken("ERRNO", "b%d: a request of %zu bytes was refused, and errno not set to ENOMEM (12)", n, bytes);
}

static void require_zero_word(int n, const unsigned char *at, size_t bytes, size_t i)
{
    uint64_t word = 0;
    memcpy(&word, at + i, bytes - i < 8 ? bytes - i : 8);
    if (word)
        broken("CALLOC_IS_ZERO", "b%d (%zu bytes) is not zero in the 8 bytes from %zu on", n, bytes, i);
}

static void require_zero(int n, const unsigned char *at, size_t bytes)
{
    touching(n);
    for (size_t i = 0; i < touched(bytes); i = next_word(i))
        require_zero_word(n, at, bytes, i);
    for (size_t i = tail_of(bytes); i < bytes; i += 8)
        require_zero_word(n, at, bytes, i);
    progress->touching = 0;
}

static void served(int n, void *at, size_t bytes, size_t alignment, int zeroed)
{
    if (!at) {
        refused(n, bytes);
        return;
    }
    if (zeroed && bytes < IMPOSSIBLE && usable_size(at, bytes) >= bytes)
        require_zero(n, at, bytes);
    enter(n, at, bytes, alignment, 0, 0);
}

static size_t natural(size_t bytes)
{
    return bytes < 16 ? 8 : 16;
}

/* The page behind a block while a call frees it: fenced, or otherwise not for the allocator to unmap, or neither. */
struct behind {
    uintptr_t page;
    int fenced, guarded;
};

static struct behind look_behind(struct block freed, int may_fence)
{
    struct behind behind = {((uintptr_t)freed.at + freed.filled + PAGE - 1) & ~(PAGE - 1), 0, 0};
    if (freed.size >= GUARDED || ((uintptr_t)freed.at & (PAGE - 1)) == 0) { /* a small one may have been asked for with an alignment */
        int in_the_way = mode == FREELY && behind.page == (uintptr_t)sbrk(0); /* of another thread's call, which may be refused then */
        behind.fenced = may_fence && mode != RACED && !in_the_way && fence(behind.page);
        behind.guarded = behind.fenced || (is_foreign(behind.page) && is_mapped(behind.page, 1));
    }
    return behind;
}

static void require_whole(struct behind behind, const char *call, int n, struct block freed)
{
    if (behind.guarded && !is_mapped(behind.page, 1))
        broken("UNMAPS_ITS_OWN", "the %s of b%d (%zu bytes, usable %zu) unmapped the page behind it, which is not its own", call, n,
               freed.size, freed.filled);
    if (behind.fenced)
        munmap((void *)behind.page, PAGE);
}

static void do_realloc(int n, size_t bytes)
{
    struct block before = block[n];
    if (!before.at) {
        served(n, the_realloc(0, bytes), bytes, natural(bytes), 0);
        return;
    }
    struct behind behind = look_behind(before, bytes <= before.size); /* where it grows, a fence would be in its way */
    unsigned char *at = the_realloc(before.at, bytes);
    int answer = errno;
    require_whole(behind, "realloc", n, before);
    errno = answer;
    if (at) {
        size_t kept = before.size < bytes ? before.size : bytes;
        block[n].at = 0;
        if (kept == 0)
            enter(n, at, bytes, natural(bytes), 0, 0);
        else
            enter(n, at, bytes, natural(bytes), kept, before.size);
    } else if (bytes) {
        int error = errno;
        check_to(n, before.filled, before.filled, "FAILED_REALLOC_KEEPS_BLOCK", " in a refused realloc");
        errno = error;
        refused(n, bytes);
    } else {
        block[n].at = 0;
    }
}

static void do_aligned(int n, size_t alignment, size_t bytes)
{
    void *at = 0;
    int error = the_posix_memalign(&at, alignment < sizeof(void *) ? sizeof(void *) : alignment, bytes);
    errno = error;
    served(n, error ? 0 : at, bytes, alignment, 0);
}

static void do_misaligned(size_t alignment)
{
    void *at = 0;
    int error = the_posix_memalign(&at, alignment, 64);
    if (error != EINVAL && !waives_alignment)
        broken("BAD_ALIGNMENT", "a request for the alignment %zu was %s", alignment,
               error ? "refused, and not with EINVAL (22)" : "served");
}

static void check(int n)
{
    require_mapped(n);
    check_to(n, block[n].filled, block[n].filled, "CONTENTS", "");
}

static void do_free(int n)
{
    struct block freed = block[n];
    check(n);
    struct behind behind = look_behind(freed, 1);
    block[n].at = 0;
    the_free(freed.at);
    require_whole(behind, "free", n, freed);
}

static void do_calloc(int n, size_t count, size_t bytes)
{
    size_t total;
    if (__builtin_mul_overflow(count, bytes, &total))
        total = SIZE_MAX;
    served(n, the_calloc(count, bytes), total, natural(total), 1);
}

static void perform(int i)
{
    struct step s = steps[i];
    int n = (int)s.block;
    int live = block[n].at != 0;
    progress->operation = i;
    progress->touching = 0;
    switch (call_of(s)) {
    case DO_MALLOC:
        if (!live)
            served(n, the_malloc(s.size), s.size, natural(s.size), 0);
        break;
    case DO_CALLOC:
        if (!live)
            do_calloc(n, (size_t)1 << log2_of(s), s.size);
        break;
    case DO_ALIGNED:
        if (!live && the_posix_memalign && log2_of(s) <= LARGEST_ALIGNMENT_LOG2)
            do_aligned(n, (size_t)1 << log2_of(s), s.size);
        break;
    case DO_REALLOC:
        do_realloc(n, s.size);
        break;
    case DO_FREE: case DO_FREE_TWICE:
        if (live)
            do_free(n);
        break;
    case DO_CHECK:
        if (live)
            check(n);
        break;
    case DO_MISALIGNED:
        if (the_posix_memalign)
            do_misaligned(s.size);
        break;
    default: /* an exit is its runner's to do; wrong frees are undefined in C */
        break;
    }
}

static void drain(void)
{
    progress->operation = length;
    progress->touching = 0;
    for (int n = 0; n < blocks; n++)
        if (block[n].at)
            do_free(n);
}

/* ---- one at a time ----------------------------------------------------------------------------------------------- */

static sem_t go[THREADS], done;
static pthread_t worker[THREADS];
static int working[THREADS], from, to;

static void *obey(void *number)
{
    for (;;) {
        sem_wait(&go[(intptr_t)number]);
        if (from < 0)
            return 0;
        for (int i = from; i < to; i++)
            perform(i);
        sem_post(&done);
    }
}

static void leave(int number)
{
    if (working[number]) {
        from = -1;
        sem_post(&go[number]);
        pthread_join(worker[number], 0);
        working[number] = 0;
    }
}

static void turn(int number)
{
    if (number == 0) {
        for (int i = from; i < to; i++)
            perform(i);
        return;
    }
    if (!working[number]) {
        working[number] = 1;
        sem_init(&go[number], 0, 0);
        pthread_create(&worker[number], 0, obey, (void *)(intptr_t)number);
    }
    sem_post(&go[number]);
    sem_wait(&done);
}

static void run_in_order(void)
{
    for (int first = 0; first < length; ) {
        uint32_t number = thread_of(steps[first]);
        int beyond = first + 1;
        while (beyond < length && thread_of(steps[beyond]) == number && call_of(steps[beyond - 1]) != DO_EXIT)
            beyond++;
        from = first;
        to = beyond;
        turn((int)number);
        if (call_of(steps[beyond - 1]) == DO_EXIT)
            leave((int)number);
        first = beyond;
    }
    for (int number = 0; number < THREADS; number++)
        leave(number);
    drain();
}

/* ---- at the same time -------------------------------------------------------------------------------------------- */

static struct { _Alignas(64) atomic_long count; } passed[MOST_BLOCKS]; /* steps done on each block, in all rounds */
static int place[MOST_STEPS], of_block[MOST_BLOCKS];                   /* of a step among those of its block; how many those are */
static atomic_int arrived, round_now;
static int racers, rounds, over;
static struct timespec deadline;
static sem_t ended;

static struct {
    int from, round;
} racer[THREADS];

/* Long enough for the other thread to come, if it runs at all: who gives way too soon meets it rarely. */
static void wait_a_little(int spins)
{
    if (spins > 20000)
        sched_yield();
}

static uint64_t draw(uint64_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    return *random >> 16;
}

static void delay(uint64_t *random)
{
    if (mode == RACED && draw(random) % 2) {
        for (volatile int i = (int)(draw(random) % (1u << draw(random) % 9)); i > 0; i--)
            ;
        if (draw(random) % 256 == 0)
            sched_yield();
    }
}

static int is_late(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return now.tv_sec > deadline.tv_sec || (now.tv_sec == deadline.tv_sec && now.tv_nsec > deadline.tv_nsec);
}

/* The last to arrive checks and frees what is live, and opens the next round. */
static int meet(int now)
{
    if (atomic_fetch_add(&arrived, 1) + 1 == racers) {
        atomic_store(&arrived, 0);
        drain();
        progress->round = now + 1;
        over = now + 1 >= rounds || is_late();
        atomic_store(&round_now, now + 1);
    } else {
        for (int spins = 0; atomic_load(&round_now) == now; spins++)
            wait_a_little(spins);
    }
    return !over;
}

static void start(int number, int first, int round);

/* Up to an exit: there the thread ends, and its heir goes on in the same round. */
static void *run_races(void *argument)
{
    int number = (int)(intptr_t)argument;
    int first = racer[number].from;
    uint64_t random = 0x9E3779B97F4A7C15u * (uint64_t)(number + 1 + racer[number].round);
    for (int now = racer[number].round;; now++) {
        for (int i = first; i < length; i++) {
            if (thread_of(steps[i]) != (uint32_t)number)
                continue;
            int n = (int)steps[i].block;
            long before = (long)now * of_block[n] + place[i];
            delay(&random);
            for (int spins = 0; atomic_load(&passed[n].count) != before; spins++)
                wait_a_little(spins);
            perform(i);
            atomic_store(&passed[n].count, before + 1);
            if (call_of(steps[i]) == DO_EXIT) {
                start(number, i + 1, now);
                return 0;
            }
        }
        first = 0;
        if (!meet(now)) {
            sem_post(&ended);
            return 0;
        }
    }
}

static void start(int number, int first, int round)
{
    pthread_t thread;
    racer[number].from = first;
    racer[number].round = round;
    if (pthread_create(&thread, 0, run_races, (void *)(intptr_t)number) != 0) {
        perror("pthread_create");
        _exit(3);
    }
    pthread_detach(thread);
}

static void run_at_once(int most_rounds, int seconds)
{
    int has[THREADS] = {0};
    for (int n = 0; n < blocks; n++)
        passed[n].count = of_block[n] = 0;
    for (int i = 0; i < length; i++) {
        has[thread_of(steps[i])] = 1;
        place[i] = of_block[steps[i].block]++;
    }
    racers = 0;
    for (int number = 0; number < THREADS; number++)
        racers += has[number];
    rounds = most_rounds;
    over = 0;
    atomic_store(&arrived, 0); /* a chain of assignments from an atomic_int is what clang refuses */
    atomic_store(&round_now, 0);
    clock_gettime(CLOCK_MONOTONIC, &deadline);
    deadline.tv_sec += seconds;
    for (int number = 0; number < THREADS; number++)
        if (has[number])
            start(number, 0, 0);
    for (int i = 0; i < racers; i++)
        sem_wait(&ended);
}

/* ---- leaks ------------------------------------------------------------------------------------------------------- */

#define WINDOWS 6
#define STEPS_IN_A_WINDOW 40000
#define COST_OF_A_THREAD 256
#define FEWEST_PAGES 16

static long resident_pages(void)
{
    char text[128] = "";
    int file = open("/proc/self/statm", O_RDONLY);
    if (file < 0 || read(file, text, sizeof text - 1) < 0)
        text[0] = 0;
    close(file);
    return strchr(text, ' ') ? strtol(strchr(text, ' '), 0, 10) : 0;
}

static long growth_of(int repeats)
{
    long before = resident_pages();
    for (int i = 0; i < repeats; i++)
        run_in_order();
    return resident_pages() - before;
}

/* A leak grows by as much to the end; fragmentation, caches and random placement reach a plateau, some of them late. */
static void run_repeated(void)
{
    int cost = 1;
    for (int i = 0; i < length; i++)
        cost += (i && thread_of(steps[i]) != thread_of(steps[i - 1])) || call_of(steps[i]) == DO_EXIT ? COST_OF_A_THREAD
            : steps[i].size < MODEST ? 1 + (int)(steps[i].size / PAGE) : 1;
    int repeats = STEPS_IN_A_WINDOW / cost + 4;
    growth_of(repeats);
    long first = growth_of(repeats);
    for (int window = 1, longer = 1; window < WINDOWS; window++, longer *= mode == REPEATED_LONG ? 2 : 1)
        if (first < FEWEST_PAGES || growth_of(longer * repeats) < longer * first / 2)
            return;
    progress->operation = length;
    broken("FOOTPRINT", "repeated over and over, each time freeing everything, it took new pages at the same rate to the end, and kept "
           "them");
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

#define FREE_RUNS 24

static void take(const struct step *of, int count)
{
    steps = of;
    length = count;
    blocks = 0;
    for (int i = 0; i < count; i++)
        if ((int)of[i].block >= blocks)
            blocks = (int)of[i].block + 1;
    progress->round = 0;
}

static void run(enum mode how, int most_rounds, int seconds)
{
    mode = how;
    switch (how) {
    case LOCKSTEP:
        run_in_order();
        break;
    case FREELY:
        for (int i = 0; i < most_rounds; i++)
            run_at_once(1, seconds);
        break;
    case RACED:
        run_at_once(most_rounds, seconds);
        break;
    default:
        run_repeated();
    }
}

#ifdef PRELOADED

/* Where the object begins that a name is bound to. */
static void *base_of(const char *name)
{
    void *address = dlsym(RTLD_DEFAULT, name);
    Dl_info object;
    return address && dladdr(address, &object) ? object.dli_fbase : 0;
}

static int is_of_allocator(const char *name)
{
    return base_of(name) == base_of("malloc");
}

/* What the library does not define is the C library's, which knows nothing of its blocks. Null if it will do. */
static const char *what_is_missing(void)
{
    if (!is_of_allocator("posix_memalign"))
        the_posix_memalign = 0;
    if (!is_of_allocator("malloc_usable_size"))
        the_usable_size = 0;
    return base_of("malloc") == base_of("getpid") ? "malloc" : !is_of_allocator("calloc") ? "calloc"
        : !is_of_allocator("realloc") ? "realloc" : !is_of_allocator("free") ? "free" : 0;
}

#else

static const char *what_is_missing(void)
{
    return 0;
}

#endif

static void begin(void)
{
    sem_init(&done, 0, 0);
    sem_init(&ended, 0, 0);
    note_foreign();
}

/* What stands below says where the words go. */
static void say(const char *law, int step, const char *details);

static void broken(const char *law, const char *format, ...)
{
    static atomic_flag said = ATOMIC_FLAG_INIT;
    char details[512];
    va_list arguments;
    while (atomic_flag_test_and_set(&said))
        sched_yield();
    va_start(arguments, format);
    vsnprintf(details, sizeof details, format, arguments);
    va_end(arguments);
    say(law, progress->operation, details);
    _exit(1);
}
