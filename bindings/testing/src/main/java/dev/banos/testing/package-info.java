/** What the tests of several modules share. Nothing here is published, and only tests depend on it. */
package dev.banos.testing;
