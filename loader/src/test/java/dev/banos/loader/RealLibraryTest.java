package dev.banos.loader;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.bindings.Native;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32;
import java.util.zip.Inflater;
import org.junit.jupiter.api.Test;

/** Static libraries of Debian's -dev packages, linked as objects and run. A library that is not installed is skipped. */
class RealLibraryTest {
    private static final Path FOLDER = CCompiler.LIBRARIES;

    private static Path archive(String name, String debianPackage) {
        Path file = FOLDER.resolve(name);
        assumeTrue(Files.exists(file), () -> "skipped: " + name + " is not installed (apt-get install " + debianPackage + ")");
        return file;
    }

    private static ObjectLinker linker() {
        return ObjectLinker.create(InstallPolicy.anyUser());
    }

    private static byte[] sample() {
        byte[] bytes = new byte[100_000];
        Random random = new Random(5);
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) (random.nextInt(8) == 0 ? random.nextInt() : i / 100);
        }
        return bytes;
    }

    @Test
    void zlibComputesWhatJavaComputes() throws Throwable {
        Path file = archive("libz.a", "zlib1g-dev");
        byte[] bytes = sample();
        try (Arena scope = Arena.ofConfined(); LinkedLibrary zlib = linker().add(file).link()) {
            MethodHandle crc = zlib.handle("crc32", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_INT));
            MemorySegment input = scope.allocateFrom(JAVA_BYTE, bytes);
            CRC32 expected = new CRC32();
            expected.update(bytes);
            assertThat((long) crc.invokeExact(0L, input, bytes.length)).isEqualTo(expected.getValue());

            MethodHandle compress = zlib.handle("compress", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG));
            MemorySegment output = scope.allocate(bytes.length + 1000);
            MemorySegment length = scope.allocateFrom(JAVA_LONG, output.byteSize());
            assertThat((int) compress.invokeExact(output, length, input, (long) bytes.length)).isZero();
            Inflater inflater = new Inflater();
            inflater.setInput(output.asSlice(0, length.get(JAVA_LONG, 0)).toArray(JAVA_BYTE));
            byte[] inflated = new byte[bytes.length];
            assertThat(inflater.inflate(inflated)).isEqualTo(bytes.length);
            inflater.end();
            assertThat(inflated).isEqualTo(bytes);
        }
    }

    @Test
    void zstdRoundTrips() throws Throwable {
        Path file = archive("libzstd.a", "libzstd-dev");
        roundTrip(file, "ZSTD_compress", FunctionDescriptor.of(JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_INT), "ZSTD_decompress");
    }

    private static void roundTrip(Path file, String compressor, FunctionDescriptor descriptor, String decompressor) throws Throwable {
        byte[] bytes = sample();
        try (Arena scope = Arena.ofConfined(); LinkedLibrary library = linker().add(file).require(compressor, decompressor).link()) {
            MemorySegment input = scope.allocateFrom(JAVA_BYTE, bytes);
            MemorySegment packed = scope.allocate(2 * bytes.length);
            MethodHandle compress = library.handle(compressor, descriptor);
            long size = (long) compress.invokeExact(packed, packed.byteSize(), input, (long) bytes.length, 3);
            assertThat(size).isBetween(1L, (long) bytes.length);
            MemorySegment unpacked = scope.allocate(bytes.length);
            MethodHandle decompress = library.handle(decompressor,
                    FunctionDescriptor.of(JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG));
            assertThat((long) decompress.invokeExact(unpacked, (long) bytes.length, packed, size)).isEqualTo(bytes.length);
            assertThat(unpacked.mismatch(input)).isEqualTo(-1);
        }
    }

    @Test
    void sqliteAnswersWithMemoryOfTheRuntime() throws Throwable {
        Path file = archive("libsqlite3.a", "libsqlite3-dev");
        try (Arena scope = Arena.ofConfined(); Loader host = Loader.create(InstallPolicy.anyUser())) {
            ObjectLinker linker = linker().add(file);
            for (String name : List.of("malloc", "realloc", "free")) {
                linker.define(name, host.hostSymbols().get("banos_" + name));
            }
            try (LinkedLibrary sqlite = linker.define("malloc_usable_size", size(scope)).link()) {
                assertThat(query(sqlite, scope, """
                        CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT);
                        WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n WHERE x < 5000)
                            INSERT INTO t SELECT x, printf('row %d', x) FROM n;
                        CREATE INDEX i ON t(b);
                        """, "SELECT count(*) || ' ' || sum(length(b)) || ' ' || max(b) || ' ' || round(sin(1.0), 6) FROM t"))
                        .isEqualTo("5000 38893 row 999 0.841471");
            }
        }
    }

    private static MemorySegment size(Arena scope) throws ReflectiveOperationException {
        MethodHandle target = java.lang.invoke.MethodHandles.lookup().findStatic(dev.banos.mem.Malloc.class, "usableSize",
                java.lang.invoke.MethodType.methodType(long.class, long.class));
        return Native.upcall(target, FunctionDescriptor.of(JAVA_LONG, JAVA_LONG), scope);
    }

    private static String query(LinkedLibrary sqlite, Arena scope, String script, String question) throws Throwable {
        MemorySegment pointer = scope.allocate(ADDRESS);
        MethodHandle open = sqlite.handle("sqlite3_open", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
        assertThat((int) open.invokeExact(scope.allocateFrom(":memory:"), pointer)).isZero();
        MemorySegment database = pointer.get(ADDRESS, 0);
        MethodHandle exec = sqlite.handle("sqlite3_exec", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, ADDRESS, ADDRESS));
        assertThat((int) exec.invokeExact(database, scope.allocateFrom(script), MemorySegment.NULL, MemorySegment.NULL,
                MemorySegment.NULL)).isZero();
        MethodHandle prepare = sqlite.handle("sqlite3_prepare_v2",
                FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, ADDRESS, ADDRESS));
        assertThat((int) prepare.invokeExact(database, scope.allocateFrom(question), -1, pointer, MemorySegment.NULL)).isZero();
        MemorySegment statement = pointer.get(ADDRESS, 0);
        MethodHandle step = sqlite.handle("sqlite3_step", FunctionDescriptor.of(JAVA_INT, ADDRESS));
        assertThat((int) step.invokeExact(statement)).isEqualTo(100);
        MethodHandle column = sqlite.handle("sqlite3_column_text", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT));
        MemorySegment text = (MemorySegment) column.invokeExact(statement, 0);
        String answer = Native.EVERYTHING.getString(text.address(), StandardCharsets.UTF_8);
        assertThat((int) sqlite.handle("sqlite3_finalize", FunctionDescriptor.of(JAVA_INT, ADDRESS)).invokeExact(statement)).isZero();
        assertThat((int) sqlite.handle("sqlite3_close", FunctionDescriptor.of(JAVA_INT, ADDRESS)).invokeExact(database)).isZero();
        return answer;
    }

    @Test
    void expatParses() throws Throwable {
        Path file = archive("libexpat.a", "libexpat1-dev");
        try (Arena scope = Arena.ofConfined(); LinkedLibrary expat = linker().add(file).link()) {
            MethodHandle create = expat.handle("XML_ParserCreate", FunctionDescriptor.of(ADDRESS, ADDRESS));
            MemorySegment parser = (MemorySegment) create.invokeExact(MemorySegment.NULL);
            MethodHandle parse = expat.handle("XML_Parse", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, JAVA_INT));
            String text = "<a><b c='d'>text</b><e/></a>";
            assertThat((int) parse.invokeExact(parser, scope.allocateFrom(text), text.length(), 1)).isEqualTo(1);
            expat.handle("XML_ParserFree", FunctionDescriptor.ofVoid(ADDRESS)).invokeExact(parser);
        }
    }

    @Test
    void luaRuns() throws Throwable {
        Path file = archive("liblua5.4.a", "liblua5.4-dev");
        try (Arena scope = Arena.ofConfined(); LinkedLibrary lua = linker().add(file).link()) {
            MemorySegment state = (MemorySegment) lua.handle("luaL_newstate", FunctionDescriptor.of(ADDRESS)).invokeExact();
            lua.handle("luaL_openlibs", FunctionDescriptor.ofVoid(ADDRESS)).invokeExact(state);
            MethodHandle load = lua.handle("luaL_loadstring", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
            String program = "local t = {} for i = 1, 1000 do t[i] = i * i end table.sort(t, function(a, b) return a > b end)"
                    + " return string.format('%d %s', t[1], select(2, pcall(error, 'raised')))";
            assertThat((int) load.invokeExact(state, scope.allocateFrom(program))).isZero();
            MethodHandle call = lua.handle("lua_pcallk",
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT, JAVA_LONG, ADDRESS));
            assertThat((int) call.invokeExact(state, 0, 1, 0, 0L, MemorySegment.NULL)).isZero();
            MethodHandle text = lua.handle("lua_tolstring", FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_INT, ADDRESS));
            MemorySegment answer = (MemorySegment) text.invokeExact(state, -1, MemorySegment.NULL);
            assertThat(Native.EVERYTHING.getString(answer.address())).isEqualTo("1000000 raised");
            lua.handle("lua_close", FunctionDescriptor.ofVoid(ADDRESS)).invokeExact(state);
        }
    }
}
