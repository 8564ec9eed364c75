/** Installs drivers and calls them: {@code banos install}. */
package dev.banos.samples.install;
