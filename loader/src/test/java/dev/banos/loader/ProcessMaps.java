package dev.banos.loader;

import dev.banos.bindings.SystemCalls;
import dev.banos.thread.Tcb;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** What the kernel says of this process's memory. */
final class ProcessMaps {
    /** Of madvise: a child of fork finds zeros there. (The kernel's include/uapi/asm-generic/mman-common.h.) */
    private static final int MADV_WIPEONFORK = 18;
    private static final long PAGE_BYTES = 4096;
    private static final Set<Long> MARKED = ConcurrentHashMap.newKeySet();

    private ProcessMaps() {
    }

    /**
     * Marks the page at the base of what is loaded, so that {@link #isStillMapped} knows it again: as soon as it is unmapped another thread
     * of the JVM may have something else there.
     *
     * @return the base
     */
    static long mark(long base) {
        int refused = SystemCalls.madvise(Tcb.current().segment(), base, PAGE_BYTES, MADV_WIPEONFORK);
        if (SystemCalls.isError(refused)) {
            throw new AssertionError(Long.toHexString(base) + " cannot be marked: errno " + -refused);
        }
        MARKED.add(base);
        return base;
    }

    /** Whether what was {@linkplain #mark marked} is there, and not what has come to its place. */
    static boolean isStillMapped(long base) {
        if (!MARKED.contains(base)) {
            throw new IllegalArgumentException(Long.toHexString(base) + " was not marked");
        }
        try {
            String begin = String.format("%08x-", base);
            return Files.readAllLines(Path.of("/proc/self/smaps")).stream().dropWhile(line -> !line.startsWith(begin))
                    .filter(line -> line.startsWith("VmFlags:")).findFirst().filter(flags -> (flags + " ").contains(" wf ")).isPresent();
        } catch (IOException failed) {
            throw new AssertionError(failed);
        }
    }
}
