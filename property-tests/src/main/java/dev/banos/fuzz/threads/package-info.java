/**
 * How the operations of a program are spread over threads: one at a time, freely, or as a race. Sees programs; what an operation
 * does is behind {@link dev.banos.fuzz.threads.Steps}.
 */
package dev.banos.fuzz.threads;
