package dev.banos.benchmarks;

import dev.banos.libc.hash.LongHashMap;
import it.unimi.dsi.fastutil.longs.Long2LongOpenHashMap;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** A new map from long to long, filled with random keys; it grows on the way. The time is for the whole map. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
public class HashFilling {
    @Param({"1000", "1000000"})
    int size;

    private long[] keys;

    @Setup
    public void choose() {
        keys = new SplittableRandom(1).longs(size).toArray();
    }

    @Benchmark
    public long fillBanos() {
        try (LongHashMap map = new LongHashMap()) {
            for (long key : keys) {
                map.insertOrAssign(key, key);
            }
            return map.size();
        }
    }

    @Benchmark
    public Long2LongOpenHashMap fillFastutil() {
        Long2LongOpenHashMap map = new Long2LongOpenHashMap();
        for (long key : keys) {
            map.put(key, key);
        }
        return map;
    }

    @Benchmark
    public Map<Long, Long> fillJdk() {
        Map<Long, Long> map = new HashMap<>();
        for (long key : keys) {
            map.put(key, key);
        }
        return map;
    }
}
