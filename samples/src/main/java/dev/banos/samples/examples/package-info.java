/** Small programs that use Banos as a library; each is one file to read from top to bottom. */
package dev.banos.samples.examples;
