package dev.banos.fuzz.generation;

/**
 * What programs may ask of a target beside the plain calls.
 *
 * @param largestAlignment of an aligned allocation; 0 where there is none
 * @param wrongFrees frees of what is no live block
 * @param wrongAlignments alignments that are no powers of two
 * @param threads more than one
 * @param closes of the heap with the blocks that are live
 */
public record Repertoire(long largestAlignment, boolean wrongFrees, boolean wrongAlignments, boolean threads, boolean closes) {
}
