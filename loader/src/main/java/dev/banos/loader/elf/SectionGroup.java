package dev.banos.loader.elf;

/** Sections that are kept or dropped together; of the COMDAT groups of one signature, a link keeps the first. */
public record SectionGroup(int section, String signature, boolean comdat, int[] members) {
}
