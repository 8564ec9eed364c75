/**
 * Makes a failing program short and plain. Sees programs; whether a shorter one still fails is behind
 * {@link dev.banos.fuzz.shrinking.Trial}.
 */
package dev.banos.fuzz.shrinking;
