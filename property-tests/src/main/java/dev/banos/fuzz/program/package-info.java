/**
 * What a program is: its operations, its text, and its image and progress in memory that outlives a crash. Stands on no other
 * package of the fuzzer.
 */
package dev.banos.fuzz.program;
