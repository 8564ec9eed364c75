/** C's types as an object's own debug information tells them: readers of BTF and DWARF, and what follows from a type. */
package dev.banos.loader.types;
