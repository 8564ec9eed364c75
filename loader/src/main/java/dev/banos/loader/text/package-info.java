/** How numbers of errors, text that may hold anything, and JSON are written. Sees no other package of the loader. */
package dev.banos.loader.text;
