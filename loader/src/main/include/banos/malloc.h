/* The host's own allocator, Banos's malloc: what a driver has from it stands in the host's figures and leak reports, and Java may free
 * it. The C library's malloc is another one, and neither knows the other's blocks.
 *
 * As in C: NULL and ENOMEM in errno on failure, and free(NULL) does nothing. A pointer that is none of its blocks is reported on
 * standard error, and the call does nothing: banos_realloc returns NULL then, and errno does not tell.
 */
#ifndef BANOS_MALLOC_H
#define BANOS_MALLOC_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

void *banos_malloc(size_t bytes);
void *banos_calloc(size_t count, size_t bytes); /* zeroed */
void *banos_realloc(void *block, size_t bytes); /* on failure `block` is as it was */
void banos_free(void *block);

#ifdef __cplusplus
}
#endif

#endif
