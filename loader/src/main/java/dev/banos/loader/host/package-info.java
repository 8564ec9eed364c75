/** What the host exports to drivers: its own functions, the allocator, threads, and what the application adds. */
package dev.banos.loader.host;
