/** What the allocator has from the system: its calls, the addresses that it gives, and the words that stand there. */
package dev.banos.mem.system;
