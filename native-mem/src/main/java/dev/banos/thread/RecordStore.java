package dev.banos.thread;

import dev.banos.bindings.Native;
import dev.banos.lock.SpinLock;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/**
 * Off-heap records of one size, recycled: what is taken is zero, and as many records exist as were ever in use at once.
 * A control block cannot come from malloc, because malloc reports its errors in one.
 */
final class RecordStore {
    private static final int RECORDS_A_CHUNK = 64;
    /** A cache line: two threads never write to the same one. */
    private static final long ALIGNMENT = 64;

    private final SpinLock lock = new SpinLock();
    private final long recordBytes;
    private long[] idle = new long[RECORDS_A_CHUNK];
    private int idleCount;
    private int created;

    RecordStore(long bytes) {
        recordBytes = (bytes + ALIGNMENT - 1) & -ALIGNMENT;
    }

    long take() {
        lock.lock();
        try {
            if (idleCount == 0) {
                addChunk();
            }
            return idle[--idleCount];
        } finally {
            lock.unlock();
        }
    }

    void giveBack(long address) {
        Native.segment(address, recordBytes).fill((byte) 0);
        lock.lock();
        try {
            push(address);
        } finally {
            lock.unlock();
        }
    }

    int inUse() {
        lock.lock();
        try {
            return created - idleCount;
        } finally {
            lock.unlock();
        }
    }

    int created() {
        lock.lock();
        try {
            return created;
        } finally {
            lock.unlock();
        }
    }

    private void addChunk() {
        MemorySegment chunk = Arena.global().allocate(recordBytes * RECORDS_A_CHUNK, ALIGNMENT);
        for (int i = 0; i < RECORDS_A_CHUNK; i++) {
            push(chunk.address() + i * recordBytes);
        }
        created += RECORDS_A_CHUNK;
    }

    private void push(long address) {
        if (idleCount == idle.length) {
            idle = Arrays.copyOf(idle, idle.length * 2);
        }
        idle[idleCount++] = address;
    }
}
