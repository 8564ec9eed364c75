/* Threads as the host has them: cancellation, clean-up handlers, values of a thread, and calls that wait.
 *
 * The functions are POSIX's under names of the host. A number that a banos_pthread function returns is 0 or an error; the
 * calls that wait return -1, with the error in banos_errno, which is not C's errno.
 *
 * A cancel cannot unwind frames of C. So a cancellation point returns ECANCELED, or -1 with it in banos_errno: give back
 * what you hold, and return. The thread ends at the next cancellation point in Java.
 *
 * Before the driver is uninstalled it takes back what calls into it: its handlers, and its keys with destructors.
 */
#ifndef BANOS_THREAD_H
#define BANOS_THREAD_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

#define BANOS_PTHREAD_CANCEL_ENABLE 0
#define BANOS_PTHREAD_CANCEL_DISABLE 1
#define BANOS_PTHREAD_CANCEL_DEFERRED 0
#define BANOS_PTHREAD_CANCEL_ASYNCHRONOUS 1
/* The result of a cancelled thread. */
#define BANOS_PTHREAD_CANCELED ((void *)-1L)

typedef long banos_pthread_t; /* Java's id of the thread, never given out twice */
typedef int banos_pthread_key_t;
struct pollfd; /* of <poll.h> */

int *banos_errno_location(void);
#define banos_errno (*banos_errno_location())

banos_pthread_t banos_pthread_self(void);

/* `old` may be NULL. */
int banos_pthread_setcancelstate(int state, int *old);
int banos_pthread_setcanceltype(int type, int *old);
int banos_pthread_cancel(banos_pthread_t thread);
/* 0, or ECANCELED when a cancel is due. */
int banos_pthread_testcancel(void);

/* `result` may be NULL. */
int banos_pthread_join(banos_pthread_t thread, void **result);
/* Returns ECANCELED: decides the thread's result, and acts as a cancel does. */
int banos_pthread_exit(void *result);

/* Functions, not macros: they need not stand in one block. */
int banos_pthread_cleanup_push(void (*handler)(void *), void *argument);
/* EINVAL when there is no handler. */
int banos_pthread_cleanup_pop(int execute);

/* `destructor` may be NULL. */
int banos_pthread_key_create(banos_pthread_key_t *key, void (*destructor)(void *));
int banos_pthread_key_delete(banos_pthread_key_t key);
void *banos_pthread_getspecific(banos_pthread_key_t key);
int banos_pthread_setspecific(banos_pthread_key_t key, const void *value);

long banos_read(int fd, void *into, size_t bytes);
long banos_write(int fd, const void *from, size_t bytes);
int banos_poll(struct pollfd *fds, unsigned long count, int timeout_millis);
int banos_nanosleep(long nanos);

#ifdef __cplusplus
}
#endif

#endif
