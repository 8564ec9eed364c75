/** {@code banos gunzip}: an application of the inflater. */
package dev.banos.samples.gunzip;
