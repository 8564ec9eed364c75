package dev.banos.mem.fault;

import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The switch that makes the allocator's system calls fail by schedule. While a schedule is installed, each call of the
 * allocator to the kernel, from any thread, asks it first. At most one schedule is installed at a time.
 */
public final class SystemCallFaults {
    /** The calls that the allocator makes. */
    public enum Call { MMAP, MUNMAP, MREMAP, MPROTECT, MADVISE }

    /** Decides which calls fail. Called concurrently. */
    @FunctionalInterface
    public interface Schedule {
        /**
         * @param ordinal how many calls of any kind were made since the schedule was installed, from 0
         * @return the errno to fail with, without asking the kernel; 0 lets the call through
         */
        int errnoFor(Call call, long ordinal);
    }

    private record Installed(Schedule schedule, AtomicLong calls) {
    }

    private static volatile Installed installed;

    private SystemCallFaults() {
    }

    /** Installs a schedule in place of the one before; null lets all calls through again. */
    public static void install(Schedule schedule) {
        installed = schedule == null ? null : new Installed(schedule, new AtomicLong());
    }

    /** Installs a schedule, runs {@code work}, and lets all calls through again, whatever happens. */
    public static void during(Schedule schedule, Runnable work) {
        install(Objects.requireNonNull(schedule, "schedule"));
        try {
            work.run();
        } finally {
            install(null);
        }
    }

    /** Asked by the allocator before each call: the errno to fail with, or 0. */
    public static int errnoFor(Call call) {
        Installed now = installed;
        return now == null ? 0 : now.schedule.errnoFor(call, now.calls.getAndIncrement());
    }
}
