/** Lets tests and the fuzzer make the allocator's system calls fail; exported to the fuzzer only. */
package dev.banos.mem.fault;
