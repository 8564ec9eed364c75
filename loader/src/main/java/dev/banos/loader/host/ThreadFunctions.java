package dev.banos.loader.host;

import dev.banos.bindings.Native;
import dev.banos.libc.pthread.DriverExports;
import dev.banos.loader.call.UpcallEdge;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/** Threads, cancellation and what waits, as drivers import them by {@code <banos/thread.h>}. */
final class ThreadFunctions {
    static final String ERRNO_LOCATION = "banos_errno_location";
    private static final Map<String, DriverExports.Export> BY_NAME = byName();

    private ThreadFunctions() {
    }

    static boolean has(String name) {
        return BY_NAME.containsKey(name);
    }

    static Set<String> names() {
        return BY_NAME.keySet();
    }

    static MemorySegment upcall(String name, Arena scope) {
        DriverExports.Export export = Objects.requireNonNull(BY_NAME.get(name), name);
        return UpcallEdge.stub(name, export.target(), export.descriptor(), scope);
    }

    private static Map<String, DriverExports.Export> byName() {
        Map<String, DriverExports.Export> byName = new LinkedHashMap<>();
        DriverExports.all().forEach(export -> byName.put(export.name(), export));
        return byName;
    }
}
