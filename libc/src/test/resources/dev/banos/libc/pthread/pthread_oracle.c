/*
 * Answers programs on standard input with traces of the C library's threads on standard output; PthreadOracleTest.java speaks
 * with it.
 * A program is lines: the number of threads, the steps, and "end". A step is "THREAD CALL ARGUMENTS|SETTLING": the thread makes
 * the call while all others wait, then each thread of SETTLING comes to rest: "2" has made its call or ended, "2w" waits in a join.
 * A step "join T" without a thread is the main thread's. The trace is what each thread wrote, in the order of SETTLING, and "end".
 * It greets with the name of the C library. Threads wait for their turn, and write, without a cancellation point.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

enum { THREADS = 8, KEYS = 4, TRACE = 1 << 16, LINE = 128, LOOKS = 100000 };
enum { JUST_RUN, SET_KEY, TESTCANCEL, SET_STATE, CANCEL_SELF };         /* what a handler does, besides writing */
enum { NO_DESTRUCTOR, JUST_WRITE, SET_AGAIN, SET_NEXT_KEY };            /* what a key's destructor does */

struct worker {
    pthread_t name;
    pid_t tid;
    int number;
    atomic_int turn, reported, joining;
    char text[LINE], call[16];
    long a, b, c;
    char trace[TRACE];
    int length;
};

struct handler { struct worker *of; long number, action, argument; };

static struct worker workers[THREADS];
static __thread struct worker *self;
static pthread_key_t keys[KEYS];
static int key_lives[KEYS];
static long key_action[KEYS];

static void say(const char *format, ...)
{
    va_list values;
    va_start(values, format);
    self->length += vsnprintf(self->trace + self->length, TRACE - self->length, format, values);
    va_end(values);
}

static void answer(long result) { say("%s = %ld\n", self->text, result); }

static void signal_to(atomic_int *word)
{
    atomic_store(word, 1);
    syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
}

static void wait_for(atomic_int *word, const struct timespec *most)
{
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, 0, most, NULL, 0);
}

static void await_turn(void)
{
    while (!atomic_exchange(&self->turn, 0))
        wait_for(&self->turn, NULL);
}

static long set_state(long state)
{
    int old = -1, error = pthread_setcancelstate(state, &old);
    return error ? -error : old;
}

static long set_type(long type)
{
    int old = -1, error = pthread_setcanceltype(type, &old);
    return error ? -error : old;
}

static void destroy(int key, void *value)
{
    long number = (intptr_t)value;
    int next = (key + 1) % KEYS;
    say("  destructor %d %ld, now %ld\n", key, number, (long)(intptr_t)pthread_getspecific(keys[key]));
    if (key_action[key] == SET_AGAIN && number > 1)
        say("  again = %d\n", -pthread_setspecific(keys[key], (void *)(number - 1)));
    if (key_action[key] == SET_NEXT_KEY && key_lives[next])
        say("  next = %d\n", -pthread_setspecific(keys[next], value));
}

static void destroy0(void *value) { destroy(0, value); }
static void destroy1(void *value) { destroy(1, value); }
static void destroy2(void *value) { destroy(2, value); }
static void destroy3(void *value) { destroy(3, value); }
static void (*const destructors[KEYS])(void *) = { destroy0, destroy1, destroy2, destroy3 };

static void clean_up(void *argument)
{
    struct handler handler = *(struct handler *)argument;
    say("  handler %ld\n", handler.number);
    if (handler.action == SET_KEY && key_lives[handler.argument])
        say("  set = %d\n", -pthread_setspecific(keys[handler.argument], (void *)handler.number));
    if (handler.action == TESTCANCEL) {
        pthread_testcancel();
        say("  tested\n");
    }
    if (handler.action == SET_STATE)
        say("  state = %ld\n", set_state(handler.argument));
    if (handler.action == CANCEL_SELF)
        say("  cancel = %d\n", -pthread_cancel(pthread_self()));
}

static long create_key(long key, long action)
{
    int error = pthread_key_create(&keys[key], action == NO_DESTRUCTOR ? NULL : destructors[key]);
    key_action[key] = action;
    key_lives[key] = !error;
    return -error;
}

static long delete_key(long key)
{
    key_lives[key] = 0;
    return -pthread_key_delete(keys[key]);
}

static void join(void)
{
    void *result = NULL;
    atomic_store(&self->joining, 1);
    int error = pthread_join(workers[self->a].name, &result);
    atomic_store(&self->joining, 0);
    say("%s = %d, result %ld\n", self->text, -error, (long)(intptr_t)result);
}

/* A push and its pop stand in one block, as POSIX has them: what lies between is a call of this. Returns at a pop or a return. */
static void live(void)
{
    for (;;) {
        signal_to(&self->reported);
        await_turn();
        const char *call = self->call;
        long a = self->a;
        if (!strcmp(call, "state")) answer(set_state(a));
        else if (!strcmp(call, "type")) answer(set_type(a));
        else if (!strcmp(call, "test")) { pthread_testcancel(); answer(0); }
        else if (!strcmp(call, "cancel")) answer(-pthread_cancel(workers[a].name));
        else if (!strcmp(call, "detach")) answer(-pthread_detach(workers[a].name));
        else if (!strcmp(call, "join")) join();
        else if (!strcmp(call, "create")) answer(create_key(a, self->b));
        else if (!strcmp(call, "delete")) answer(delete_key(a));
        else if (!strcmp(call, "get")) answer((intptr_t)pthread_getspecific(keys[a]));
        else if (!strcmp(call, "set")) answer(-pthread_setspecific(keys[a], (void *)self->b));
        else if (!strcmp(call, "exit")) pthread_exit((void *)a);
        else if (!strcmp(call, "push")) {
            struct handler handler = { self, a, self->b, self->c };
            pthread_cleanup_push(clean_up, &handler);
            answer(0);
            live();
            pthread_cleanup_pop(self->a);
            answer(0);
        } else return;
    }
}

static void *begin(void *argument)
{
    self = argument;
    self->tid = gettid();
    live();
    return (void *)self->a;
}

static int is_gone(struct worker *worker)
{
    return syscall(SYS_tgkill, getpid(), worker->tid, 0) != 0 && errno == ESRCH;
}

/* Once a thread has said that it joins, nothing but the join makes it sleep. */
static int sleeps_in_join(struct worker *worker)
{
    char path[64], stat[256] = "";
    if (!atomic_load(&worker->joining))
        return 0;
    snprintf(path, sizeof path, "/proc/self/task/%d/stat", worker->tid);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 0;
    char *line = fgets(stat, sizeof stat, file), *name_end = line ? strrchr(line, ')') : NULL;
    fclose(file);
    return name_end != NULL && name_end[1] == ' ' && name_end[2] == 'S';
}

/* What no thread can end, a new process does; the rest of this program is skipped. */
static void begin_anew(struct worker *stuck)
{
    char line[LINE];
    while (fgets(line, sizeof line, stdin) && strcmp(line, "end\n"))
        ;
    printf("%d is stuck\nend\n", stuck->number);
    fflush(stdout);
    execl("/proc/self/exe", "oracle", "without greeting", NULL);
    abort();
}

/* It counts how often it looked, not the time: a process that is stopped for a while shall not take its threads for stuck. */
static void settle(struct worker *worker, int may_wait)
{
    static const struct timespec a_little = { 0, 50000 };
    const char *how = "";
    for (int looks = 0; ; looks++, wait_for(&worker->reported, &a_little)) {
        if (atomic_exchange(&worker->reported, 0))
            break;
        if (worker->tid && is_gone(worker)) {
            how = " ended\n";
            break;
        }
        if (may_wait && sleeps_in_join(worker)) {
            how = " waits\n";
            break;
        }
        if (looks == LOOKS)
            begin_anew(worker);
    }
    fwrite(worker->trace, 1, worker->length, stdout);
    worker->length = 0;
    if (*how)
        printf("%d%s", worker->number, how);
}

static void settle_all(const char *settling)
{
    for (; *settling >= '0' && *settling <= '9'; settling++) {
        int may_wait = settling[1] == 'w';
        settle(&workers[*settling - '0'], may_wait);
        settling += may_wait;
    }
}

static void step(char *line)
{
    char *settling = strchr(line, '|');
    *settling++ = 0;
    struct worker *worker = &workers[atoi(line)];
    worker->a = worker->b = worker->c = 0;
    snprintf(worker->text, sizeof worker->text, "%s", line);
    sscanf(line, "%*d %15s %ld %ld %ld", worker->call, &worker->a, &worker->b, &worker->c);
    signal_to(&worker->turn);
    settle_all(settling);
}

static void main_joins(char *line)
{
    void *result = NULL;
    int error = pthread_join(workers[atoi(line + strlen("join "))].name, &result);
    printf("%s = %d, result %ld\n", line, -error, (long)(intptr_t)result);
}

static void start(int count)
{
    memset(workers, 0, sizeof workers);
    for (int i = 0; i < count; i++) {
        workers[i].number = i;
        if (pthread_create(&workers[i].name, NULL, begin, &workers[i]))
            abort();
        settle(&workers[i], 0);
    }
}

static void forget_keys(void)
{
    for (int key = 0; key < KEYS; key++)
        if (key_lives[key])
            delete_key(key);
}

static void greet(void)
{
#ifdef __GLIBC__
    puts(__GLIBC_PREREQ(2, 36) ? "glibc" : "an older glibc, where to cancel a thread that has ended is an error");
#else
    puts("another C library");
#endif
    fflush(stdout);
}

int main(int count, char **arguments)
{
    char line[LINE];
    (void)arguments;
    if (count == 1)
        greet();
    while (fgets(line, sizeof line, stdin)) {
        start(atoi(line));
        while (fgets(line, sizeof line, stdin) && strcmp(line, "end\n")) {
            line[strcspn(line, "\n")] = 0;
            if (strchr(line, '|')) step(line); else main_joins(line);
        }
        forget_keys();
        puts("end");
        fflush(stdout);
    }
}
