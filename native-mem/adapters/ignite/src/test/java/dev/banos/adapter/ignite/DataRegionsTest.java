package dev.banos.adapter.ignite;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.mem.InvalidBlockException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import javax.cache.CacheException;
import org.apache.ignite.Ignite;
import org.apache.ignite.IgniteCache;
import org.apache.ignite.Ignition;
import org.apache.ignite.configuration.DataRegionConfiguration;
import org.apache.ignite.configuration.DataStorageConfiguration;
import org.apache.ignite.configuration.IgniteConfiguration;
import org.apache.ignite.failure.NoOpFailureHandler;
import org.apache.ignite.logger.NullLogger;
import org.apache.ignite.spi.discovery.tcp.TcpDiscoverySpi;
import org.apache.ignite.spi.discovery.tcp.ipfinder.vm.TcpDiscoveryVmIpFinder;
import org.assertj.core.api.InstanceOfAssertFactories;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A real node, whose regions are counted by the heap that they come from. */
class DataRegionsTest {
    private static final long MEBIBYTE = 1 << 20;

    @TempDir
    Path folder;

    private IgniteConfiguration node(String name, BanosMemoryAllocator allocator) {
        DataRegionConfiguration region = new DataRegionConfiguration().setName("default")
                .setInitialSize(16 * MEBIBYTE).setMaxSize(64 * MEBIBYTE).setMemoryAllocator(allocator);
        DataStorageConfiguration storage = new DataStorageConfiguration().setMemoryAllocator(allocator)
                .setDefaultDataRegionConfiguration(region);
        TcpDiscoverySpi alone = new TcpDiscoverySpi().setIpFinder(new TcpDiscoveryVmIpFinder(true))
                .setLocalAddress("127.0.0.1").setLocalPort(48_500).setLocalPortRange(100);
        return new IgniteConfiguration().setIgniteInstanceName(name).setGridLogger(new NullLogger())
                .setWorkDirectory(folder.toString()).setDiscoverySpi(alone).setLocalHost("127.0.0.1")
                .setDataStorageConfiguration(storage);
    }

    @Test
    @Timeout(90)
    void aNodeLivesInTheHeapAndGivesItBack() {
        BanosMemoryAllocator allocator = new BanosMemoryAllocator("ignite", 512 * MEBIBYTE);
        assertThat(allocator.budget().usedBytes()).isZero();
        try (Ignite node = Ignition.start(node("in-heap", allocator))) {
            assertThat(allocator.budget().usedBytes()).as("the regions of the system and of caches").isGreaterThan(16 * MEBIBYTE);
            IgniteCache<Integer, byte[]> cache = node.getOrCreateCache("cache");
            for (int i = 0; i < 20_000; i++) {
                cache.put(i, new byte[1000 + i % 100]);
            }
            long used = allocator.budget().usedBytes();
            assertThat(used).as("the cache has grown beyond the first chunk").isGreaterThan(32 * MEBIBYTE);
            for (int i = 0; i < 20_000; i += 97) {
                assertThat(cache.get(i)).hasSize(1000 + i % 100);
            }
        }
        assertThat(allocator.budget().usedBytes()).isZero();
        assertThat(allocator.budget().peakBytes()).isLessThanOrEqualTo(512 * MEBIBYTE);
    }

    /** Ignite's own message sends its reader to the region's size, which is not what was met. */
    @Test
    @Timeout(90)
    void aRegionThatMeetsTheLimitIsToldOnceWhichLimitThatWas() {
        List<LogRecord> warnings = new ArrayList<>();
        Handler handler = new Handler() {
            @Override
            public void publish(LogRecord record) {
                warnings.add(record);
            }

            @Override
            public void flush() {
            }

            @Override
            public void close() {
            }
        };
        Logger logger = Logger.getLogger(BanosMemoryAllocator.class.getName());
        logger.addHandler(handler);
        BanosMemoryAllocator allocator = new BanosMemoryAllocator("tight", 40 * MEBIBYTE);
        IgniteConfiguration configuration = node("tight", allocator).setFailureHandler(new NoOpFailureHandler());
        configuration.getDataStorageConfiguration().setMemoryAllocator(new BanosMemoryAllocator("system"));
        try (Ignite node = Ignition.start(configuration)) {
            IgniteCache<Integer, byte[]> cache = node.getOrCreateCache("cache");
            assertThatThrownBy(() -> {
                for (int i = 0; i < 60_000; i++) {
                    cache.put(i, new byte[1000]);
                }
            }).hasStackTraceContaining("IgniteOutOfMemoryException");
            assertThatThrownBy(() -> cache.put(-1, new byte[100_000])).isInstanceOf(CacheException.class);
        } finally {
            logger.removeHandler(handler);
        }
        assertThat(allocator.budget().refusals()).isGreaterThan(1);
        assertThat(warnings).singleElement().extracting(LogRecord::getMessage, InstanceOfAssertFactories.STRING)
                .contains("heap tight: limit 41,943,040 bytes", "BanosMemoryAllocator");
    }

    @Test
    void aConfigurationCanBeSentWithoutTheHeap() throws IOException, ClassNotFoundException {
        BanosMemoryAllocator allocator = new BanosMemoryAllocator("sent", MEBIBYTE);
        long block = allocator.allocateMemory(100_000);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
            out.writeObject(allocator);
        }
        BanosMemoryAllocator received;
        try (ObjectInputStream in = new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
            received = (BanosMemoryAllocator) in.readObject();
        }
        assertThat(received.budget().usedBytes()).isZero();
        assertThat(received.budget().limitBytes()).isEqualTo(MEBIBYTE);
        assertThatThrownBy(() -> received.freeMemory(block)).isInstanceOf(InvalidBlockException.class);
        allocator.freeMemory(block);
        assertThat(allocator.budget().usedBytes()).isZero();
    }

    @Test
    void beyondTheLimitThereIsNoMemory() {
        BanosMemoryAllocator allocator = new BanosMemoryAllocator("small", MEBIBYTE);
        assertThat(allocator.allocateMemory(2 * MEBIBYTE)).isZero();
        assertThat(allocator.budget().refusals()).isPositive();
        assertThatThrownBy(() -> new BanosMemoryAllocator("none", -1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessage("limit=-1");
    }
}
