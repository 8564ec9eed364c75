package dev.banos.samples.replay;

import static dev.banos.bindings.generated.Linux.O_RDONLY;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.banos.bindings.FileCalls;
import dev.banos.thread.Tcb;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;

/**
 * How much memory the process has in RAM, by {@code /proc/self/smaps_rollup} (proc(5)): exact, where {@code statm} is off by
 * what each processor has not yet reported. Reading it leaves nothing on the Java heap, which would show in the figure.
 */
final class ResidentSize implements AutoCloseable {
    private static final String FILE = "/proc/self/smaps_rollup";
    private static final long TEXT_BYTES = 4096; // it has about 700
    private static final byte[] LABEL = "\nRss:".getBytes(StandardCharsets.US_ASCII);

    private final Arena scope = Arena.ofConfined();
    private final MemorySegment path = scope.allocateFrom(FILE);
    private final MemorySegment text = scope.allocate(TEXT_BYTES);

    /** Bytes. */
    long read() {
        MemorySegment state = Tcb.current().segment();
        int file = FileCalls.open(state, path, O_RDONLY(), 0);
        if (file < 0) {
            throw new IllegalStateException(FILE + ": cannot be opened, errno " + -file);
        }
        long length = FileCalls.read(state, file, text);
        FileCalls.close(state, file);
        return kibibytesBehind(find(length)) << 10;
    }

    private long find(long length) {
        for (long at = 0; at + LABEL.length < length; at++) {
            if (isLabel(at)) {
                return at + LABEL.length;
            }
        }
        throw new IllegalStateException(FILE + ": has no line Rss");
    }

    private boolean isLabel(long at) {
        for (int i = 0; i < LABEL.length; i++) {
            if (text.get(JAVA_BYTE, at + i) != LABEL[i]) {
                return false;
            }
        }
        return true;
    }

    private long kibibytesBehind(long at) {
        while (text.get(JAVA_BYTE, at) == ' ') {
            at++;
        }
        long number = 0;
        for (byte digit = text.get(JAVA_BYTE, at); digit >= '0' && digit <= '9'; digit = text.get(JAVA_BYTE, ++at)) {
            number = 10 * number + digit - '0';
        }
        return number;
    }

    @Override
    public void close() {
        scope.close();
    }
}
