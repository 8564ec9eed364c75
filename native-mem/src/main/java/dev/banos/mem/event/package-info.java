/** What the allocator tells the flight recorder. Exported to nobody: recordings name events, not classes. */
package dev.banos.mem.event;
