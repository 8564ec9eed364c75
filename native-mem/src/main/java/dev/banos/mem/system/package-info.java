/** What the allocator has from the system: calls, addresses, the words that stand there, and how much of it each heap may have. */
package dev.banos.mem.system;
