/**
 * What this process has and its dynamic linker gives: room for modules, symbols of its libraries, C++'s names, unwind tables,
 * blocks of thread-local variables. Stands on {@link dev.banos.loader.machine} and {@link dev.banos.loader.call}, and knows
 * nothing of what is linked.
 */
package dev.banos.loader.process;
