/**
 * C's types as an object's own debug information or a person's prototype tells them: readers of BTF and DWARF, and what follows
 * from a type, up to whether a type of Java's fits it. Stands on {@link dev.banos.loader.elf}, and on {@link
 * dev.banos.loader.call} for the handles of typed functions.
 */
package dev.banos.loader.types;
