package dev.banos.mem.slots;

import dev.banos.bindings.FirstCall;

/**
 * The classes that a first malloc needs once memory can be mapped. A JVM that has just started takes fifty milliseconds to make the call
 * that maps it, and a quarter of one for each of these.
 */
final class NextClasses {
    static final String PREFIX = "dev.banos.";

    static final String[] NAMES = {"thread.RecordStore", "lock.SpinLock", "thread.BanosThread", "thread.TcbTable", "thread.Tcb$Fields",
        "mem.insight.LeakRecords", "mem.mappings.DirectMappings", "mem.slots.Access", "mem.slots.Bin", "mem.slots.Sampler",
        "mem.insight.LeakTracking", "mem.insight.LeakTracking$Level", "mem.system.Words", "mem.slots.SizeClasses", "mem.slots.ThreadPools",
        "mem.SlowMalloc", "mem.event.MemoryEvents", "mem.Heap", "mem.InvalidBlockException", "mem.CorruptBlockException", "mem.Hardening",
        "mem.HeapTree", "mem.FirstUse", "mem.event.Room", "mem.slots.RunTable", "mem.slots.Spans", "mem.slots.Bitmaps", "mem.slots.Hazards",
        "mem.slots.TrackedPool", "mem.slots.Purger", "mem.system.MappingCount", "mem.mappings.MappingRegistry",
        "mem.mappings.MappingCache", "mem.system.Reservation", "mem.fault.SystemCallFaults", "mem.fault.SystemCallFaults$Call",
        "mem.system.Unmapping", "mem.system.MappingTable", "mem.HugePages"};

    private NextClasses() {
    }

    /** Has the call made by another thread, and loads them meanwhile. */
    static void load() {
        FirstCall.begin();
        FirstCall.loadMeanwhile(NextClasses.class.getClassLoader(), PREFIX, NAMES);
    }
}
