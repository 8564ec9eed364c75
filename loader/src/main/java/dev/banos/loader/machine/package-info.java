/**
 * What differs between processors: which field each relocation number means, how it is written into an {@link
 * dev.banos.loader.machine.Image}, and which instructions reach thread-local variables in the shortest way. Stands on {@link
 * dev.banos.loader.elf}, and knows of no process and no phase.
 */
package dev.banos.loader.machine;
