package dev.banos.mem;

import dev.banos.mem.insight.AllocatorMXBean;
import dev.banos.mem.insight.Footprint;
import dev.banos.mem.insight.HeapFigures;
import dev.banos.mem.insight.LeakTracking;
import dev.banos.mem.mappings.MappingCache;
import dev.banos.mem.mappings.MappingRegistry;
import dev.banos.mem.slots.Spans;
import dev.banos.mem.text.JsonObject;
import java.lang.management.ManagementFactory;
import java.util.Arrays;
import java.util.List;
import javax.management.InstanceAlreadyExistsException;
import javax.management.InstanceNotFoundException;
import javax.management.JMException;
import javax.management.MBeanServer;
import javax.management.ObjectName;
import org.jspecify.annotations.Nullable;

/** The allocator's figures: by a call, in a management console, and in flight recordings. */
public final class MemoryInsight {
    /** The name under which {@link #register} puts an {@link AllocatorMXBean} into the platform's MBean server, if it is free. */
    public static final String MXBEAN_NAME = "dev.banos.mem:type=Allocator";

    /** Null while not {@link #register registered}. */
    private static @Nullable ObjectName registered;
    /** What then ends the periodic events; null before. */
    private static @Nullable Runnable recording;

    private MemoryInsight() {
    }

    /**
     * What the allocator holds of the system's memory, for all heaps: exact, except for what other threads do meanwhile.
     *
     * @return the figures, in bytes where their names say so
     */
    public static Footprint footprint() {
        MappingRegistry.Sum mappings = MappingRegistry.sum();
        return new Footprint(Spans.committed(), Spans.usedBytes(), Spans.dirtyBytes(), mappings.bytes(), mappings.count(),
                MappingCache.allBytes(), mappings.hugeBytes());
    }

    /**
     * {@return what each heap holds that holds anything, most reserved bytes first} It stops no thread, and is exact except for what
     * other threads do meanwhile.
     */
    public static List<HeapFigures> heaps() {
        return HeapCensus.now();
    }

    /**
     * {@return the footprint and all heaps as one JSON object (RFC 8259) without line ends, for a page of metrics} Its members are
     * {@code footprint}, which is {@link Footprint#toJson}, and {@code heaps}, an array of {@link HeapFigures#toJson}. Any thread may
     * ask, and none is stopped.
     */
    public static String toJson() {
        return new JsonObject().putObject("footprint", footprint().toJson())
                .put("heaps", heaps().stream().map(HeapFigures::toJson)).toString();
    }

    /**
     * Says what an address is: a block, how far inside or past it, its size class and its heap. It reads nothing at the address
     * itself, so an address from a message or a core dump will do.
     *
     * @param address any number
     * @return a sentence, which begins with the address in hexadecimal
     */
    public static String explain(long address) {
        return "0x" + Long.toHexString(address) + ": " + Diagnosis.describe(address);
    }

    /**
     * Shows the allocator in the platform's MBean server, and its footprint and heaps in flight recordings. A second call does
     * nothing. If another copy of Banos in this JVM, the agent's or one in another class loader, already has the name, this bean's
     * name has {@code ,copy=2} behind it, or the next number that is free. {@code dev.banos.mem:type=Allocator,*} finds all.
     *
     * @see #unregister
     * @throws IllegalStateException when the server refuses the bean
     */
    public static synchronized void register() {
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        if (registered != null && server.isRegistered(registered)) {
            return;
        }
        try {
            registered = register(server, new DescribedBean(new Bean(), AllocatorMXBean.class));
        } catch (JMException refused) {
            throw new IllegalStateException("cannot register " + MXBEAN_NAME, refused);
        }
        if (recording == null) {
            Runnable footprints = Footprint.recordPeriodically(MemoryInsight::footprint);
            Runnable heaps = HeapFigures.recordPeriodically(MemoryInsight::heaps);
            recording = () -> {
                footprints.run();
                heaps.run();
            };
        }
    }

    /**
     * Takes back what {@link #register} has done, and the {@link LeakTracking#cancelReportAtExit report at exit}. The JVM then has
     * nothing of this copy of Banos that would keep its class loader from being collected. Call it at the end of an application that
     * brought a copy of its own, as in a container, when its blocks and heaps are freed. It does nothing if nothing was registered,
     * and another {@link #register} may follow.
     *
     * @throws IllegalStateException when the server refuses
     */
    public static synchronized void unregister() {
        LeakTracking.cancelReportAtExit();
        if (recording != null) {
            recording.run();
            recording = null;
        }
        ObjectName name = registered;
        registered = null;
        MBeanServer server = ManagementFactory.getPlatformMBeanServer();
        try {
            if (name != null && server.isRegistered(name)) {
                server.unregisterMBean(name);
            }
        } catch (InstanceNotFoundException goneMeanwhile) {
            return;
        } catch (JMException refused) {
            throw new IllegalStateException("cannot unregister " + name, refused);
        }
    }

    /** @return the name that was free */
    private static ObjectName register(MBeanServer server, DescribedBean bean) throws JMException {
        for (int copy = 1;; copy++) {
            ObjectName name = new ObjectName(copy == 1 ? MXBEAN_NAME : MXBEAN_NAME + ",copy=" + copy);
            try {
                server.registerMBean(bean, name);
                return name;
            } catch (InstanceAlreadyExistsException takenByAnotherCopy) {
                continue;
            }
        }
    }

    private static final class Bean implements AllocatorMXBean {
        @Override
        public long getFootprintBytes() {
            return footprint().bytes();
        }

        @Override
        public int getArenas() {
            return footprint().arenas();
        }

        @Override
        public long getUsedBytes() {
            return footprint().usedBytes();
        }

        @Override
        public long getKeptBytes() {
            return footprint().keptBytes();
        }

        @Override
        public long getMappedBytes() {
            return footprint().mappedBytes();
        }

        @Override
        public long getMappings() {
            return footprint().mappings();
        }

        @Override
        public long getCachedBytes() {
            return footprint().cachedBytes();
        }

        @Override
        public long getHugeBytes() {
            return footprint().hugeBytes();
        }

        @Override
        public List<HeapFigures> getHeaps() {
            return heaps();
        }

        @Override
        public String getLeakLevel() {
            return LeakTracking.level().name();
        }

        @Override
        public void setLeakLevel(String level) {
            LeakTracking.level(Arrays.stream(LeakTracking.Level.values())
                    .filter(each -> level != null && each.name().equalsIgnoreCase(level.strip())).findFirst()
                    .orElseThrow(() -> new IllegalArgumentException("LeakLevel=" + level + ": the words are "
                            + Arrays.toString(LeakTracking.Level.values()))));
        }

        @Override
        public int getTrackedBlocks() {
            return LeakTracking.count();
        }

        @Override
        public String leakReport() {
            String off = LeakTracking.level() != LeakTracking.Level.OFF ? ""
                    : """
                    LeakLevel is OFF, and may be set to SAMPLED or FULL:
                    until then only heaps with a level of their own are in this
                    """;
            return LeakTracking.report() + off;
        }

        @Override
        public String heapProfile() {
            return LeakTracking.report().toFoldedStacks();
        }

        @Override
        public void trim() {
            Malloc.trim();
        }
    }
}
