/* What the driver ring exports: one ring buffer of numbers, which belongs to the driver. */
#ifndef RING_H
#define RING_H

#include <stddef.h>

/* Puts a number at the end. Returns 0, or -ENOSPC when the ring is full. */
int ring_put(long value);

/* Takes the oldest number out; 0 when there is none, so ask ring_size() first. */
long ring_take(void);

/* The number that ring_take() would return after `index` others; 0 past the end. */
long ring_at(size_t index);

/* How many numbers there are. */
size_t ring_size(void);

/* Takes up to `most` numbers out, oldest first, and returns how many. */
size_t ring_drain(long *into, size_t most);

/* Gives the ring room for `most` numbers. Returns 0, -EBUSY when it holds more, or -ENOMEM. */
int ring_resize(size_t most);

#endif
