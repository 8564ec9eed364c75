/** Links objects without running them: {@code banos link}. */
package dev.banos.samples.link;
