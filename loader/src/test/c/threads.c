/* A driver that uses all of <banos/thread.h>. C, and C++ as well. */
#include <banos/driver.h>
#include <banos/export.h>
#include <banos/print.h>
#include <banos/thread.h>
#include <errno.h>
#include <poll.h>
#include <unistd.h>

#define REQUIRE(condition) do { if (!(condition)) return __LINE__; } while (0)

static int init(Banos_Driver *d) { (void)d; return 0; }

BANOS_DRIVER_API Banos_Driver driver = {
    sizeof(Banos_Driver), BANOS_VERSION_CURRENT, "threads", NULL, BANOS_VERSION_MAKE(1, 0, 0), init, NULL };

static void increment(void *number) { ++*(int *)number; }

/* Each returns 0, or the line of what does not hold. */
static int states(void) {
    int old = -1;
    REQUIRE(banos_pthread_setcancelstate(BANOS_PTHREAD_CANCEL_DISABLE, &old) == 0);
    REQUIRE(old == BANOS_PTHREAD_CANCEL_ENABLE);
    REQUIRE(banos_pthread_setcancelstate(BANOS_PTHREAD_CANCEL_ENABLE, NULL) == 0);
    REQUIRE(banos_pthread_setcancelstate(7, NULL) == EINVAL);
    REQUIRE(banos_pthread_setcanceltype(BANOS_PTHREAD_CANCEL_DEFERRED, &old) == 0);
    REQUIRE(old == BANOS_PTHREAD_CANCEL_DEFERRED);
    REQUIRE(banos_pthread_cancel(0x7fffffffffffffffL) == ESRCH);
    REQUIRE(banos_pthread_join(0x7fffffffffffffffL, NULL) == ESRCH);
    REQUIRE(banos_pthread_testcancel() == 0);
    return 0;
}

static int values(void) {
    banos_pthread_key_t key = -1;
    int number = 0;
    REQUIRE(banos_pthread_key_create(&key, NULL) == 0 && key >= 0);
    REQUIRE(banos_pthread_getspecific(key) == NULL);
    REQUIRE(banos_pthread_setspecific(key, &number) == 0);
    REQUIRE(banos_pthread_getspecific(key) == &number);
    REQUIRE(banos_pthread_key_delete(key) == 0);
    REQUIRE(banos_pthread_key_delete(-1) == EINVAL);
    REQUIRE(banos_pthread_cleanup_push(increment, &number) == 0);
    REQUIRE(banos_pthread_cleanup_push(increment, &number) == 0);
    REQUIRE(banos_pthread_cleanup_pop(1) == 0 && number == 1);
    REQUIRE(banos_pthread_cleanup_pop(0) == 0 && number == 1);
    REQUIRE(banos_pthread_cleanup_pop(1) == EINVAL);
    return 0;
}

static int waits(void) {
    int ends[2];
    char text[4] = "";
    REQUIRE(pipe(ends) == 0);
    REQUIRE(banos_write(ends[1], "abc", 3) == 3);
    struct pollfd ready = { ends[0], POLLIN, 0 };
    REQUIRE(banos_poll(&ready, 1, 0) == 1 && ready.revents == POLLIN);
    REQUIRE(banos_read(ends[0], text, 3) == 3 && text[0] == 'a' && text[2] == 'c');
    REQUIRE(close(ends[0]) == 0 && close(ends[1]) == 0);
    banos_errno = 0;
    REQUIRE(banos_read(-1, text, 1) == -1 && banos_errno == EBADF);
    REQUIRE(banos_nanosleep(1) == 0);
    return 0;
}

int try_all(void) {
    int line = states();
    line = line ? line : values();
    return line ? line : waits();
}

int find_by_name(void) { return banos_lookup_symbol("banos_pthread_self") == (void *)banos_pthread_self; }
long self(void) { return banos_pthread_self(); }
int cancel_self(void) {
    int due = banos_pthread_cancel(banos_pthread_self()) == 0 ? banos_pthread_testcancel() : -1;
    return banos_nanosleep(1000000) == -1 && banos_errno == ECANCELED ? due : -2;
}
int leave(long result) { return banos_pthread_exit((void *)result); }

BANOS_EXPORT(try_all);
BANOS_EXPORT(find_by_name);
BANOS_EXPORT(self);
BANOS_EXPORT(cancel_self);
BANOS_EXPORT(leave);
