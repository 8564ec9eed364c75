/** Blocks that are slots of a run: pools of them, whose they are, and where their memory comes from and goes back to. */
package dev.banos.mem.slots;
