/** Runs recorded traces on allocators: {@code banos replay}. */
package dev.banos.samples.replay;
