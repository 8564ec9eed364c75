/* The part of the C library that the runtime calls. jextract turns this header into dev.banos.bindings.generated;
 * linux.args, beside it, selects what is kept. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>
