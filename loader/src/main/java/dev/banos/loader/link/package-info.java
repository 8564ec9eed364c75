/**
 * Linking in five phases, each a class: {@link Check}, {@link Place}, {@link Resolve}, {@link Relocate}, {@link Seal}. The core
 * knows {@link FixupKind}s; one class for each architecture maps its ABI's relocation numbers to them.
 */
package dev.banos.loader.link;
