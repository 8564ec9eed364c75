/**
 * Threads as POSIX has them, over Java's: cancellation, clean-up handlers, thread-specific values, and blocking calls that
 * a cancel ends. Platform and virtual threads, those made here and those made elsewhere.
 *
 * <p>Source: POSIX.1-2017, <i>Threads</i> (System Interfaces, 2.9) and the pages of the functions that the methods are
 * named after. The numbers are those of glibc on Linux. A method returns its value or {@code -errno}.
 */
package dev.banos.libc.pthread;
