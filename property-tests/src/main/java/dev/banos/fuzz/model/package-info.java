/**
 * What memory must look like while a program runs: the live blocks, their contents, and what lies around them. Sees programs and
 * asks the kernel; which law a deviation breaks is for others to say.
 */
package dev.banos.fuzz.model;
