/**
 * Reading ELF relocatable objects that may hold any bytes. Only {@link ObjectReader} touches unchecked numbers. Stands on {@link
 * dev.banos.loader.text}; of what the loader refuses, all is a {@link Refusal}.
 */
package dev.banos.loader.elf;
