/** What the allocator tells of itself: flight recorder events, tracked blocks, leak reports and heap profiles. */
package dev.banos.mem.insight;
