/**
 * The binary interface with drivers: the structs of {@code banos/driver.h} and {@code banos/export.h}, as a file and as memory
 * have them.
 */
package dev.banos.loader.abi;
