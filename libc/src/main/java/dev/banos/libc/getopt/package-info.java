/**
 * Command lines, parsed as {@code getopt(3)} of glibc 2.36 parses them, down to the wording of its messages.
 *
 * <p>{@link dev.banos.libc.getopt.Getopt} is the parser's state, {@link dev.banos.libc.getopt.ArgumentVector} what it
 * reads and reorders, {@link dev.banos.libc.getopt.LongOption} one option with a long name.
 */
package dev.banos.libc.getopt;
