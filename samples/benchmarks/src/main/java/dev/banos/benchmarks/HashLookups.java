package dev.banos.benchmarks;

import dev.banos.libc.hash.LongHashMap;
import it.unimi.dsi.fastutil.longs.Long2LongOpenHashMap;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * One look-up of a random key that is there (hit) or is not (miss), in a map from long to long that grew as it was filled. The
 * sequence of keys is so long that no branch predictor learns it.
 */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class HashLookups {
    private static final int SEQUENCE = 1 << 20;
    private static final long NONE = -1;

    @Param({"1000", "1000000"})
    int size;

    private final LongHashMap banos = new LongHashMap();
    private final Long2LongOpenHashMap fastutil = new Long2LongOpenHashMap();
    private final Map<Long, Long> jdk = new HashMap<>();
    private final long[] present = new long[SEQUENCE];
    private final long[] absent = new long[SEQUENCE];
    private int at;

    @Setup
    public void fill() {
        SplittableRandom random = new SplittableRandom(1);
        long[] keys = random.longs(size).toArray();
        long[] others = random.longs(size).toArray();
        fastutil.defaultReturnValue(NONE);
        for (int i = 0; i < size; i++) {
            banos.insertOrAssign(keys[i], i);
            fastutil.put(keys[i], i);
            jdk.put(keys[i], (long) i);
        }
        for (int i = 0; i < SEQUENCE; i++) {
            present[i] = keys[random.nextInt(size)];
            absent[i] = others[random.nextInt(size)];
        }
    }

    @TearDown
    public void close() {
        banos.close();
    }

    private long next(long[] keys) {
        at = at + 1 & SEQUENCE - 1;
        return keys[at];
    }

    @Benchmark
    public long hitBanos() {
        return banos.get(next(present), NONE);
    }

    @Benchmark
    public long hitFastutil() {
        return fastutil.get(next(present));
    }

    @Benchmark
    public @Nullable Long hitJdk() {
        return jdk.get(next(present));
    }

    @Benchmark
    public long missBanos() {
        return banos.get(next(absent), NONE);
    }

    @Benchmark
    public long missFastutil() {
        return fastutil.get(next(absent));
    }

    @Benchmark
    public @Nullable Long missJdk() {
        return jdk.get(next(absent));
    }
}
