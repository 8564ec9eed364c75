/**
 * How words of others stand in lines, C, Java and shells, and the C around a program. Stands on no other package of the fuzzer.
 */
package dev.banos.fuzz.text;
