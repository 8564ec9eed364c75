/**
 * Programs from seeds, and from programs that are there: what decides them, the sizes, the mixtures, the mutations. Sees programs
 * alone, and never an allocator: a seed means the same program for ever.
 */
package dev.banos.fuzz.generation;
