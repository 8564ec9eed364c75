package dev.banos.benchmarks;

import dev.banos.loader.InstallPolicy;
import dev.banos.loader.LinkedLibrary;
import dev.banos.loader.ObjectLinker;
import dev.banos.loader.OfflineLinker;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.SegmentAllocator;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/**
 * A large object, from its bytes in the Java heap to code that can be called, and back ("live"); to an image in the heap
 * ("offline"), which spares the mapping; and to one in memory that held the one before ("offlineAgain"), which spares the memory. The object is given: {@code ld -r --whole-archive libsqlite3.a -o sqlite3.o} makes one
 * of 24,028 relocations from Debian 12's package libsqlite3-dev.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class LinkObjects {
    @Param("sqlite3.o")
    String file;

    private byte[] bytes;
    private SegmentAllocator again;

    @Setup
    public void read() throws IOException {
        bytes = Files.readAllBytes(Path.of(file));
        long size = OfflineLinker.at(0x1000_0000L).phonyImports().link(bytes, file).size();
        again = SegmentAllocator.prefixAllocator(Arena.global().allocate(size));
    }

    @Benchmark
    public long live() {
        try (LinkedLibrary library = ObjectLinker.create(InstallPolicy.anyUser()).add(bytes, file).link()) {
            return library.base();
        }
    }

    @Benchmark
    public long offline() {
        return OfflineLinker.at(0x1000_0000L).phonyImports().link(bytes, file).size();
    }

    @Benchmark
    public long offlineAgain() {
        return OfflineLinker.at(0x1000_0000L).phonyImports().link(bytes, file, again).size();
    }
}
