/**
 * Linking in five phases, each a class: {@link Check}, {@link Place}, {@link Resolve}, {@link Relocate}, {@link Seal}; for this
 * process {@link ModuleLinker} runs them, for others {@link OfflineLink}. Stands on {@link dev.banos.loader.machine}, of which it
 * knows kinds of fixups but no numbers, and on {@link dev.banos.loader.process}.
 */
package dev.banos.loader.link;
