package dev.banos.loader.abi;

import static java.lang.foreign.ValueLayout.ADDRESS;

import dev.banos.bindings.Native;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.StructLayout;

/**
 * {@code struct Banos_Thread_Local}, of which a driver's section {@code .banos-export-tls} is an array. A thread-local variable has
 * no address that a {@link BanosSymbol} could hold; so its symbol is named, and a function tells where it lies for its caller.
 *
 * <pre>
 *     0                  8                    16                       24
 *     +------------------+--------------------+------------------------+
 *     | const char *name | const char *symbol | void *(*address)(void) |
 *     +------------------+--------------------+------------------------+
 * </pre>
 */
final class BanosThreadLocal {
    static final String SECTION = ".banos-export-tls";

    static final StructLayout LAYOUT = MemoryLayout.structLayout(ADDRESS.withName("name"), ADDRESS.withName("symbol"),
            ADDRESS.withName("address")).withName("Banos_Thread_Local");
    static final long BYTES = LAYOUT.byteSize();
    static final long NAME = offset("name");
    static final long SYMBOL = offset("symbol");
    static final long ADDRESS_FUNCTION = offset("address");

    private BanosThreadLocal() {
    }

    private static long offset(String field) {
        return Native.offset(LAYOUT, field);
    }
}
