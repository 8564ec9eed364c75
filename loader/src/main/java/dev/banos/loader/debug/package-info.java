/**
 * For the people who debug: which modules there are and were, and what tells other tools of them. {@link
 * dev.banos.loader.debug.Modules} is told of every module, and tells the others.
 */
package dev.banos.loader.debug;
