/** Shows what objects and hosts hold: {@code banos info} and {@code banos symbols}. */
package dev.banos.samples.inspect;
