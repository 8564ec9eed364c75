/**
 * The agent. A package below the allocator's: so its reports, which leave out the allocator's own frames, leave out the
 * agent's, too.
 */
package dev.banos.mem.agent;
