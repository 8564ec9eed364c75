package dev.banos.mem.fault;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * The switch that makes the allocator's system calls fail by schedule. While a schedule is installed, each call of the
 * allocator to the kernel, from any thread, asks it first. At most one schedule is installed at a time.
 */
public final class SystemCallFaults {
    /** The calls that the allocator makes. */
    public enum Call {
        /** Memory for arenas, blocks of 64 KiB and more, and tables. */
        MMAP,
        /** Such a block was freed, or what lies beside a mapping with an alignment. */
        MUNMAP,
        /** Such a block is resized. */
        MREMAP,
        /** Arenas become accessible; guard pages, and quarantine. */
        MPROTECT,
        /** Memory goes back, and huge pages are asked for. */
        MADVISE
    }

    /** Decides which calls fail. Called concurrently. */
    @FunctionalInterface
    public interface Schedule {
        /**
         * Decides one call.
         *
         * @param call what the allocator is about to ask of the kernel
         * @param ordinal how many calls of any kind were made since the schedule was installed, from 0
         * @return the errno to fail with, without asking the kernel; 0 lets the call through
         */
        int errnoFor(Call call, long ordinal);
    }

    private record Installed(Schedule schedule, AtomicLong calls) {
    }

    private static volatile @Nullable Installed installed;

    private SystemCallFaults() {
    }

    /**
     * Installs a schedule in place of the one before; null lets all calls through again.
     *
     * @param schedule which calls fail, or null for none
     */
    public static void install(@Nullable Schedule schedule) {
        installed = schedule == null ? null : new Installed(schedule, new AtomicLong());
    }

    /**
     * Installs a schedule, runs {@code work}, and lets all calls through again, whatever happens.
     *
     * @param schedule which calls fail
     * @param work what to do meanwhile, on the calling thread
     */
    public static void during(Schedule schedule, Runnable work) {
        install(Objects.requireNonNull(schedule, "schedule"));
        try {
            work.run();
        } finally {
            install(null);
        }
    }

    /**
     * Asked by the allocator before each call.
     *
     * @param call what it is about to ask of the kernel
     * @return the errno to fail with; 0 when no schedule is installed, or it lets the call through
     */
    public static int errnoFor(Call call) {
        Installed now = installed;
        return now == null ? 0 : now.schedule.errnoFor(call, now.calls.getAndIncrement());
    }
}
