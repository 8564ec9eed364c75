package dev.banos.mem;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.bindings.Native;
import dev.banos.bindings.SystemCalls;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.zip.Inflater;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Libraries of the system that are given the allocator's functions. */
class LibrariesOnMallocTest {
    private static final int RTLD_NOW = 2;

    private final Arena scope = Arena.ofShared();
    private final Heap heap = Heap.create(HeapOptions.shared().named("library"));
    private final List<Throwable> reports = new ArrayList<>();
    private final MallocPointers pointers = MallocPointers.of(heap, scope).reportingTo(reports::add);

    @AfterEach
    void nothingIsLeftAndNothingWasWrong() {
        assertThat(reports).isEmpty();
        assertThat(heap.statistics().liveBlocks()).isZero();
        heap.close();
        scope.close();
    }

    private MemorySegment open(String library) {
        MemorySegment handle = SystemCalls.dlopen(scope.allocateFrom(library), RTLD_NOW);
        assumeTrue(handle.address() != 0, () -> library + " is not installed");
        return handle;
    }

    private MethodHandle function(MemorySegment library, String name, FunctionDescriptor descriptor, Linker.Option... options) {
        return Native.downcall(SystemCalls.dlsym(library, scope.allocateFrom(name)), descriptor, options);
    }

    /** {@code z_stream} of zlib.h. */
    private static final StructLayout STREAM = MemoryLayout.structLayout(
            ADDRESS.withName("next_in"), JAVA_INT.withName("avail_in"), MemoryLayout.paddingLayout(4), JAVA_LONG.withName("total_in"),
            ADDRESS.withName("next_out"), JAVA_INT.withName("avail_out"), MemoryLayout.paddingLayout(4), JAVA_LONG.withName("total_out"),
            ADDRESS.withName("msg"), ADDRESS.withName("state"),
            ADDRESS.withName("zalloc"), ADDRESS.withName("zfree"), ADDRESS.withName("opaque"),
            JAVA_INT.withName("data_type"), MemoryLayout.paddingLayout(4), JAVA_LONG.withName("adler"), JAVA_LONG.withName("reserved"));

    private static long offset(StructLayout layout, String field) {
        return layout.byteOffset(groupElement(field));
    }

    @Test
    void zlibCompresses() throws Throwable {
        MemorySegment library = open("libz.so.1");
        MethodHandle init = function(library, "deflateInit_", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, ADDRESS, JAVA_INT));
        MethodHandle deflate = function(library, "deflate", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
        MethodHandle end = function(library, "deflateEnd", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        byte[] text = new byte[100_000];
        SplittableRandom random = new SplittableRandom(5);
        for (int i = 0; i < text.length; i++) {
            text[i] = (byte) random.nextInt('a', 'e');
        }
        MemorySegment in = scope.allocateFrom(JAVA_BYTE, text);
        MemorySegment out = scope.allocate(text.length);
        MemorySegment stream = scope.allocate(STREAM);
        stream.set(ADDRESS, offset(STREAM, "zalloc"), pointers.withContext().withIntSizes().mallocArray());
        stream.set(ADDRESS, offset(STREAM, "zfree"), pointers.withContext().free());
        assertThat((int) init.invokeExact(stream, 6, scope.allocateFrom("1.2.11"), (int) STREAM.byteSize())).isZero();
        assertThat(heap.statistics().liveBlocks()).as("state, window, hash chains and buffers").isGreaterThanOrEqualTo(5);
        stream.set(ADDRESS, offset(STREAM, "next_in"), in);
        stream.set(JAVA_INT, offset(STREAM, "avail_in"), text.length);
        stream.set(ADDRESS, offset(STREAM, "next_out"), out);
        stream.set(JAVA_INT, offset(STREAM, "avail_out"), text.length);
        assertThat((int) deflate.invokeExact(stream, 4)).as("Z_FINISH gives Z_STREAM_END").isEqualTo(1);
        int length = (int) stream.get(JAVA_LONG, offset(STREAM, "total_out"));
        assertThat((int) end.invokeExact(stream)).isZero();
        assertThat(heap.statistics().liveBlocks()).isZero();

        byte[] expanded = new byte[text.length];
        try (Inflater inflater = new Inflater()) {
            inflater.setInput(out.asSlice(0, length).toArray(JAVA_BYTE));
            assertThat(inflater.inflate(expanded)).isEqualTo(text.length);
        }
        assertThat(expanded).isEqualTo(text);
    }

    /** {@code sqlite3_mem_methods} of sqlite3.h. */
    private static final StructLayout MEMORY_METHODS = MemoryLayout.structLayout(
            ADDRESS.withName("xMalloc"), ADDRESS.withName("xFree"), ADDRESS.withName("xRealloc"), ADDRESS.withName("xSize"),
            ADDRESS.withName("xRoundup"), ADDRESS.withName("xInit"), ADDRESS.withName("xShutdown"), ADDRESS.withName("pAppData"));
    private static final int SQLITE_CONFIG_MALLOC = 4;
    private static final int SQLITE_CONFIG_GETMALLOC = 5;

    /** SQLite gives {@code xInit} and {@code xShutdown} the null of pAppData: of it the usable size is 0, and its free is nothing. */
    private MemorySegment memoryMethods() {
        MallocPointers ints = pointers.withIntSizes();
        MemorySegment methods = scope.allocate(MEMORY_METHODS);
        methods.set(ADDRESS, offset(MEMORY_METHODS, "xMalloc"), ints.malloc());
        methods.set(ADDRESS, offset(MEMORY_METHODS, "xFree"), ints.free());
        methods.set(ADDRESS, offset(MEMORY_METHODS, "xRealloc"), ints.realloc());
        methods.set(ADDRESS, offset(MEMORY_METHODS, "xSize"), ints.usableSize());
        methods.set(ADDRESS, offset(MEMORY_METHODS, "xRoundup"), ints.goodSize());
        methods.set(ADDRESS, offset(MEMORY_METHODS, "xInit"), ints.usableSize());
        methods.set(ADDRESS, offset(MEMORY_METHODS, "xShutdown"), ints.free());
        return methods;
    }

    @Test
    void sqliteLivesInAHeap() throws Throwable {
        MemorySegment library = open("libsqlite3.so.0");
        MethodHandle config = function(library, "sqlite3_config", FunctionDescriptor.of(JAVA_INT, JAVA_INT, ADDRESS),
                Linker.Option.firstVariadicArg(1));
        MethodHandle shutdown = function(library, "sqlite3_shutdown", FunctionDescriptor.of(JAVA_INT));
        assertThat((int) shutdown.invokeExact()).isZero();
        MemorySegment before = scope.allocate(MEMORY_METHODS);
        assertThat((int) config.invokeExact(SQLITE_CONFIG_GETMALLOC, before)).isZero();
        assertThat((int) config.invokeExact(SQLITE_CONFIG_MALLOC, memoryMethods())).isZero();
        useDatabase(library);
        assertThat((int) shutdown.invokeExact()).isZero();
        assertThat(heap.statistics().liveBlocks()).as("SQLite gave everything back").isZero();
        assertThat((int) config.invokeExact(SQLITE_CONFIG_MALLOC, before)).isZero();
    }

    private void useDatabase(MemorySegment library) throws Throwable {
        MethodHandle open = function(library, "sqlite3_open", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
        MethodHandle execute = function(library, "sqlite3_exec",
                FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, ADDRESS, ADDRESS, ADDRESS));
        MethodHandle close = function(library, "sqlite3_close", FunctionDescriptor.of(JAVA_INT, JAVA_LONG));
        MethodHandle used = function(library, "sqlite3_memory_used", FunctionDescriptor.of(JAVA_LONG));
        MemorySegment database = scope.allocate(JAVA_LONG);
        assertThat((int) open.invokeExact(scope.allocateFrom(":memory:"), database)).isZero();
        long handle = database.get(JAVA_LONG, 0);
        for (String sql : List.of("create table t(a integer primary key, b text)",
                "with recursive n(i) as (select 1 union all select i + 1 from n where i < 5000)"
                        + " insert into t select i, printf('row %d', i) from n",
                "create index by_b on t(b)", "delete from t where a % 3 = 0")) {
            assertThat((int) execute.invokeExact(handle, scope.allocateFrom(sql), MemorySegment.NULL, MemorySegment.NULL,
                    MemorySegment.NULL)).as(sql).isZero();
        }
        assertThat(query(library, handle, "select count(*) || ' ' || sum(a) from t where b like 'row %'")).isEqualTo("3334 8336667");
        assertThat((long) used.invokeExact()).as("SQLite counts by our usable sizes").isEqualTo(heap.statistics().liveBytes())
                .isGreaterThan(100_000);
        assertThat((int) close.invokeExact(handle)).isZero();
    }

    private String query(MemorySegment library, long handle, String sql) throws Throwable {
        MethodHandle prepare = function(library, "sqlite3_prepare_v2",
                FunctionDescriptor.of(JAVA_INT, JAVA_LONG, ADDRESS, JAVA_INT, ADDRESS, ADDRESS));
        MethodHandle step = function(library, "sqlite3_step", FunctionDescriptor.of(JAVA_INT, JAVA_LONG));
        MethodHandle column = function(library, "sqlite3_column_text", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT));
        MethodHandle end = function(library, "sqlite3_finalize", FunctionDescriptor.of(JAVA_INT, JAVA_LONG));
        MemorySegment statement = scope.allocate(JAVA_LONG);
        assertThat((int) prepare.invokeExact(handle, scope.allocateFrom(sql), -1, statement, MemorySegment.NULL)).isZero();
        long prepared = statement.get(JAVA_LONG, 0);
        assertThat((int) step.invokeExact(prepared)).as("SQLITE_ROW").isEqualTo(100);
        String text = Native.EVERYTHING.asSlice((long) column.invokeExact(prepared, 0)).getString(0);
        assertThat((int) end.invokeExact(prepared)).isZero();
        return text;
    }
}
