/** Reading ELF relocatable objects that may hold any bytes. Only {@link ObjectReader} touches unchecked numbers. */
package dev.banos.loader.elf;
