/* The process of a report: one program, and the law that it broke in the fuzzer's child process. */
#include <signal.h>
#include <sys/time.h>

#define LOOK_MILLIS 100
#ifndef LOOKS_OF_A_HANG
#define LOOKS_OF_A_HANG 100
#endif
#ifndef MOST_PAGES
#define MOST_PAGES ((1L << 30) / (long)PAGE)
#endif

static volatile sig_atomic_t finished;

/* Not through stdio, which may ask the allocator for a buffer. */
static void print(const char *format, ...) __attribute__((format(printf, 1, 2)));

static void print(const char *format, ...)
{
    char line[1024];
    va_list arguments;
    va_start(arguments, format);
    int bytes = vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    if (bytes >= (int)sizeof line)
        bytes = (int)sizeof line - 1;
    if (write(STDOUT_FILENO, line, (size_t)bytes) != bytes)
        _exit(3);
}

static void say(const char *law, int step, const char *details)
{
    print("step %d: %s: %s\n", step, law, details);
}

static void say_ended(const char *law, const char *how)
{
    if (progress->touching)
        print("step %d: %s: %s, when b%d was touched\n", progress->operation, law, how, progress->slot);
    else
        say(law, progress->operation, how);
}

static void on_signal(int number)
{
    say_ended(number == SIGINT || number == SIGTERM ? "interrupted" : "NO_CRASH",
              number == SIGSEGV ? "SIGSEGV" : number == SIGBUS ? "SIGBUS" : number == SIGABRT ? "SIGABRT" : number == SIGFPE ? "SIGFPE"
              : number == SIGILL ? "SIGILL" : number == SIGINT ? "SIGINT" : "SIGTERM");
    raise(number); /* the handler is gone: the process ends as it would have */
}

static void on_exit_of_allocator(void)
{
    if (!finished)
        say_ended("NO_CRASH", "exit() was called");
}

/* Now and then: whether the run still moves, or at least grows, and how large it is. */
static void on_look(int number)
{
    static long last, looks;
    int error = errno;
    long pages = resident_pages();
    long now = progress->round * 127L + progress->operation * 31L + progress->touching + progress->slot + pages * 1000003L;
    (void)number;
    looks = now == last ? looks + 1 : 0;
    last = now;
    int large = pages > MOST_PAGES;
    if (large || looks > LOOKS_OF_A_HANG) {
        say_ended(large ? "BOUNDED_MEMORY" : "NO_HANG", large ? "the process took far more memory than is live" : "no return");
        _exit(1);
    }
    errno = error;
}

static void watch(void)
{
    static char stack[1 << 16];
    static const int ends[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL, SIGINT, SIGTERM};
    stack_t other = {.ss_sp = stack, .ss_size = sizeof stack};
    struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK | (int)SA_RESETHAND};
    struct sigaction look = {.sa_handler = on_look, .sa_flags = SA_RESTART};
    struct itimerval often = {{0, LOOK_MILLIS * 1000}, {0, LOOK_MILLIS * 1000}};
    sigaltstack(&other, 0);
    for (unsigned i = 0; i < sizeof ends / sizeof *ends; i++)
        sigaction(ends[i], &action, 0);
    sigaction(SIGALRM, &look, 0);
    setitimer(ITIMER_REAL, &often, 0);
    atexit(on_exit_of_allocator);
}

int main(void)
{
    begin();
    if (what_is_missing()) {
        print("the allocator has no function %s\n", what_is_missing());
        return 2;
    }
    watch();
    serial = SALT;
    take(program, sizeof program / sizeof *program);
    run(MODE, ROUNDS, 60);
    print("no law broke\n");
    finished = 1;
    return 0;
}
