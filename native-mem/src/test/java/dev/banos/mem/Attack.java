package dev.banos.mem;

import dev.banos.bindings.Native;
import dev.banos.mem.mappings.MappingRegistry;
import dev.banos.mem.slots.RunTable;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;

/**
 * Mistakes with memory, as the security cases of mimalloc-bench and the tests of hardened_malloc list them, made anew on a
 * heap. A case that would end the JVM looks at the page's protection instead of touching it.
 */
enum Attack {
    OVERFLOW_BY_1("a write 1 byte past the end, then free", "yes", "") {
        @Override
        Outcome commit(Heap heap, long size) {
            return writeAt(heap, size, size);
        }
    },
    OVERFLOW_BY_8("a write 8 bytes past the end, then free", "yes", "") {
        @Override
        Outcome commit(Heap heap, long size) {
            return writeAt(heap, size, size + 7);
        }
    },
    OVERFLOW_BY_32("a write 32 bytes past the end, then free", "", "") {
        @Override
        Outcome commit(Heap heap, long size) {
            return writeAt(heap, size, size + 31);
        }
    },
    UNDERFLOW_BY_1("a write 1 byte in front, then free", "yes", "") {
        @Override
        Outcome commit(Heap heap, long size) {
            return writeAt(heap, size, -1);
        }
    },
    UNDERFLOW_BY_32("a write 32 bytes in front, then free", "", "") {
        @Override
        Outcome commit(Heap heap, long size) {
            return writeAt(heap, size, -32);
        }
    },
    COPY_THROUGH_A_SEGMENT("a copy past the end, through the block's segment", "", "") {
        @Override
        Outcome commit(Heap heap, long size) {
            MemorySegment block = heap.allocate(size);
            try {
                MemorySegment.copy(MemorySegment.ofArray(new byte[(int) size + 1]), 0, block, 0, size + 1);
                return Outcome.NOT;
            } catch (IndexOutOfBoundsException caught) {
                return Outcome.CAUGHT;
            }
        }
    },
    DOUBLE_FREE("double free", "yes", "yes") {
        @Override
        Outcome commit(Heap heap, long size) {
            long block = heap.malloc(size);
            heap.free(block);
            heap.free(block);
            return Outcome.NOT;
        }
    },
    DOUBLE_FREE_INTERLEAVED("double free, another block's between", "yes", "yes") {
        @Override
        Outcome commit(Heap heap, long size) {
            long block = heap.malloc(size);
            long other = heap.malloc(size);
            heap.free(block);
            heap.free(other);
            heap.free(block);
            return Outcome.NOT;
        }
    },
    DOUBLE_FREE_DELAYED("double free, a thousand blocks later", "yes", "yes") {
        @Override
        Outcome commit(Heap heap, long size) {
            long block = heap.malloc(size);
            heap.free(block);
            for (int i = 0; i < 1000; i++) {
                heap.free(heap.malloc(size));
            }
            heap.free(block);
            return Outcome.NOT;
        }
    },
    DOUBLE_FREE_REUSED("double free, after the next malloc", "", "") {
        @Override
        Outcome commit(Heap heap, long size) {
            long block = heap.malloc(size);
            heap.free(block);
            heap.malloc(size);
            heap.free(block);
            return Outcome.NOT;
        }
    },
    FREE_UNALIGNED("free of an address 1 byte inside a block", "yes", "") {
        @Override
        Outcome commit(Heap heap, long size) {
            heap.free(heap.malloc(size) + 1);
            return Outcome.NOT;
        }
    },
    FREE_INSIDE("free of an address 8 bytes inside a block", "yes", "") {
        @Override
        Outcome commit(Heap heap, long size) {
            heap.free(heap.malloc(size) + 8);
            return Outcome.NOT;
        }
    },
    FREE_CLOSE("free of an address 16 KiB further", "yes", "") {
        @Override
        Outcome commit(Heap heap, long size) {
            heap.free(heap.malloc(size) + (16 << 10));
            return Outcome.NOT;
        }
    },
    FREE_FAR("free of an address 1 GiB further", "yes", "") {
        @Override
        Outcome commit(Heap heap, long size) {
            heap.free(heap.malloc(size) + (1 << 30));
            return Outcome.NOT;
        }
    },
    FREE_OF_ONE(false, "free of the address 1", "yes", "") {
        @Override
        Outcome commit(Heap heap, long size) {
            heap.free(1);
            return Outcome.NOT;
        }
    },
    FREE_OF_FOREIGN_MEMORY(false, "free of memory that is not malloc's", "yes", "") {
        @Override
        Outcome commit(Heap heap, long size) {
            try (Arena scope = Arena.ofConfined()) {
                heap.free(scope.allocate(64, 64));
            }
            return Outcome.NOT;
        }
    },
    REALLOC_OF_ONE(false, "realloc of the address 1", "", "") {
        @Override
        Outcome commit(Heap heap, long size) {
            heap.realloc(1, 16);
            return Outcome.NOT;
        }
    },
    USABLE_SIZE_OF_A_FREED_BLOCK("usable size of a freed block", "", "") {
        @Override
        Outcome commit(Heap heap, long size) {
            long block = heap.malloc(size);
            heap.free(block);
            heap.usableSize(block);
            return Outcome.NOT;
        }
    },
    USABLE_SIZE_INSIDE("usable size of an address 1 byte inside a block", "", "") {
        @Override
        Outcome commit(Heap heap, long size) {
            heap.usableSize(heap.malloc(size) + 1);
            return Outcome.NOT;
        }
    },
    USABLE_SIZE_OF_ONE(false, "usable size of the address 1", "", "") {
        @Override
        Outcome commit(Heap heap, long size) {
            heap.usableSize(1);
            return Outcome.NOT;
        }
    },
    WRITE_AFTER_FREE("a write after the free, many blocks, then `verify()`", "yes", "") {
        @Override
        Outcome commit(Heap heap, long size) {
            long block = heap.malloc(size);
            heap.free(block);
            if (!isOurs(block)) {
                return Outcome.FAULT;
            }
            flip(block + size / 2);
            for (int i = 0; i < 1000; i++) {
                heap.free(heap.malloc(size));
            }
            heap.verify();
            return Outcome.NOT;
        }
    },
    WRITE_AFTER_REUSE("a write after the free and the next malloc, many blocks, then `verify()`", "yes", "") {
        @Override
        Outcome commit(Heap heap, long size) {
            long block = heap.malloc(size);
            heap.free(block);
            long next = heap.malloc(size);
            if (!isOurs(block)) {
                return Outcome.FAULT;
            }
            flip(block + size / 2);
            heap.free(next);
            for (int i = 0; i < 1000; i++) {
                heap.free(heap.malloc(size));
            }
            heap.verify();
            return Outcome.NOT;
        }
    },
    READ_AFTER_FREE("what was in a block can be read after its free", "yes", "") {
        @Override
        Outcome commit(Heap heap, long size) {
            long block = heap.malloc(size);
            Native.segment(block, size).fill((byte) 'A');
            heap.free(block);
            return isOurs(block) ? contentOf(block, size) : Outcome.FAULT;
        }
    },
    READ_UNINITIALIZED("what was in a block can be read in the next", "yes", "") {
        @Override
        Outcome commit(Heap heap, long size) {
            long[] blocks = new long[size < 16 ? 5000 : size < 5000 ? 500 : 50]; // more than a run has slots
            for (int i = 0; i < blocks.length; i++) {
                blocks[i] = heap.malloc(size);
                Native.segment(blocks[i], Math.min(size, 4096)).fill((byte) 'A');
            }
            for (long block : blocks) {
                heap.free(block);
            }
            for (int i = 0; i < blocks.length; i++) {
                if (contentOf(heap.malloc(size), size) == Outcome.NOT) {
                    return Outcome.NOT;
                }
            }
            return Outcome.CAUGHT;
        }
    },
    IMMEDIATE_REUSE("the next block is at the same address", "yes", "") {
        @Override
        Outcome commit(Heap heap, long size) {
            long block = heap.malloc(size);
            heap.free(block);
            return isOneOf(block, heap, size) ? Outcome.NOT : Outcome.CAUGHT;
        }
    },
    REUSE_BY_A_SMALLER_ONE("the next block, of half the size, is at the same address", "", "") {
        @Override
        Outcome commit(Heap heap, long size) {
            long block = heap.malloc(size);
            heap.free(block);
            return isOneOf(block, heap, size / 2) ? Outcome.NOT : Outcome.CAUGHT;
        }
    },
    REALLOC_IN_PLACE(false, "a block that grew from 8 to 1,024 bytes leaves its old address usable", "", "") {
        @Override
        Outcome commit(Heap heap, long size) {
            long block = heap.malloc(8);
            heap.realloc(block, 1024);
            heap.free(block);
            return Outcome.NOT;
        }
    },
    WRITE_TO_SIZE_0(false, "a write to a block of size 0", "yes", "") {
        @Override
        Outcome commit(Heap heap, long size) {
            return writeAt(heap, 0, 0);
        }
    },
    READ_OF_SIZE_0(false, "a read of a block of size 0, live or freed", "yes", "") {
        @Override
        Outcome commit(Heap heap, long size) {
            long block = heap.malloc(0);
            boolean read = ProcSelf.access(block).startsWith("r");
            heap.free(block);
            return read || ProcSelf.access(block).startsWith("r") ? Outcome.NOT : Outcome.FAULT;
        }
    },
    IMPOSSIBLE_SIZE(false, "malloc of 2^64 - 2 bytes is met", "", "") {
        @Override
        Outcome commit(Heap heap, long size) {
            return heap.malloc(-2) == 0 && heap.calloc(1L << 33, 1L << 33) == 0 ? Outcome.CAUGHT : Outcome.NOT;
        }
    },
    EXECUTABLE("code in a block can be run", "", "") {
        @Override
        Outcome commit(Heap heap, long size) {
            return ProcSelf.access(heap.malloc(size)).contains("x") ? Outcome.NOT : Outcome.FAULT;
        }
    };

    /** What comes of a mistake. */
    enum Outcome {
        CAUGHT("yes"),
        /** The access would end the process at that instruction. */
        FAULT("fault"),
        NOT("no");

        final String word;

        Outcome(String word) {
            this.word = word;
        }
    }

    private final boolean sized;
    private final String title;
    private final String hardenedMalloc;
    private final String mimalloc;

    Attack(String title, String hardenedMalloc, String mimalloc) {
        this(true, title, hardenedMalloc, mimalloc);
    }

    /** The last two say what those allocators' own documents promise: empty for nothing about this. */
    Attack(boolean sized, String title, String hardenedMalloc, String mimalloc) {
        this.sized = sized;
        this.title = title;
        this.hardenedMalloc = hardenedMalloc;
        this.mimalloc = mimalloc;
    }

    /** @throws InvalidBlockException where the heap catches it itself */
    abstract Outcome commit(Heap heap, long size);

    boolean isSized() {
        return sized;
    }

    String title() {
        return title;
    }

    List<String> others() {
        return List.of(hardenedMalloc, mimalloc);
    }

    /** In a heap that is in use: what lies next to a block depends on that. */
    private static Outcome writeAt(Heap heap, long size, long offset) {
        long[] blocks = new long[100];
        for (int i = 0; i < blocks.length; i++) {
            blocks[i] = heap.malloc(size);
        }
        long block = blocks[blocks.length / 2];
        if (!isOurs(block + offset)) {
            boolean guarded = MemoryInsight.explain(block + offset).contains("live block");
            return guarded && ProcSelf.access(block + offset).startsWith("---") ? Outcome.FAULT : Outcome.NOT;
        }
        flip(block + offset);
        heap.free(block);
        return Outcome.NOT;
    }

    /** Whether a byte can be changed without harm to anyone but the allocator. */
    private static boolean isOurs(long address) {
        return (RunTable.at(address) != null || MappingRegistry.containing(address) != null)
                && ProcSelf.access(address).startsWith("rw");
    }

    private static void flip(long address) {
        byte was = Native.EVERYTHING.get(ValueLayout.JAVA_BYTE, address);
        Native.EVERYTHING.set(ValueLayout.JAVA_BYTE, address, (byte) (was ^ 'A'));
    }

    private static Outcome contentOf(long block, long size) {
        MemorySegment content = Native.segment(block, Math.min(size, 4096));
        for (long i = 0; i < content.byteSize(); i++) {
            if (content.get(ValueLayout.JAVA_BYTE, i) != 0) {
                return Outcome.NOT;
            }
        }
        return Outcome.CAUGHT;
    }

    /** Whether one of the next few blocks is there. */
    private static boolean isOneOf(long address, Heap heap, long size) {
        for (int i = 0; i < 70; i++) {
            if (heap.malloc(size) == address) {
                return true;
            }
        }
        return false;
    }
}
