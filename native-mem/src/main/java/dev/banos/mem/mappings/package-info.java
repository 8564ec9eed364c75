/**
 * Blocks that are mappings of their own: which there are, how they are made, and what is kept of them for reuse.
 *
 * <pre>
 *   DirectMappings    those of one heap; MappingRegistry: which there are, of all heaps
 *   HugeMappings      those that ask for huge pages, where a HugePageRule says so
 *   MappingCache      what was freed and is kept: its lock, its budget, what goes back;
 *                     the KeptMappings themselves, by their MappingLengths
 *   GrowthByCopy      a realloc to a mapping that is kept
 *   GuardedMapping    a block of a hardened heap, between pages without access
 * </pre>
 */
package dev.banos.mem.mappings;
