/** How figures, numbers of things and stacks are put into words. Exported to nobody. */
package dev.banos.mem.text;
