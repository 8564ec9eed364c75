/**
 * What Java starts: outside the agent's modules, which it makes a layer of. Compiled for 17, and uses nothing of the modules
 * but by name.
 */
package dev.banos.mem.agent.boot;
