/** What the runtime keeps for each thread: one off-heap control block, found in a nanosecond or two. */
package dev.banos.thread;
