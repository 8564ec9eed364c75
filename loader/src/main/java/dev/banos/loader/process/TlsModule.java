package dev.banos.loader.process;

import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.machine.Architecture;

/**
 * A module's thread-local variables. Only the dynamic linker can give every thread, also those that run already, a block of its
 * own; so it gets a {@link TinyLibrary} that is nothing but such a block. Where the code asks for the block's distance from the
 * thread pointer, it must lie in the room that glibc keeps for late comers, about 1.5 KiB in all.
 */
public final class TlsModule {
    private static final int NONE = -1;
    private static final int SOME_ROOM = 1 << 14;
    /** That of glibc's own thread control block: what is aligned further has a place only where the program itself has such variables. */
    private static final int ROOM_ALIGNMENT = 64;

    private final TinyLibrary library;
    private final int number;
    private final int distance;

    private TlsModule(byte[] initial, long size, long alignment, boolean hasDistance) {
        library = new TinyLibrary().block(initial, size, alignment);
        number = library.ask(TinyLibrary.OWN, TinyLibrary.MODULE_NUMBER);
        distance = hasDistance ? library.ask(TinyLibrary.OWN, TinyLibrary.DISTANCE) : NONE;
    }

    /** What the dynamic linker calls the module in {@code __tls_get_addr}. */
    public long number() {
        return library.answer(number);
    }

    /** From the thread pointer to the block, the same in every thread; 0 where it has none. */
    public long distance() {
        return distance == NONE ? 0 : library.answer(distance);
    }

    /** A variable in the block. */
    public ThreadLocalPlace place(String owner, long offset) {
        return new ThreadLocalPlace(owner, number(), offset, distance == NONE ? ThreadLocalPlace.NO_DISTANCE : distance() + offset);
    }

    public void close() {
        library.close();
    }

    private static String remedy(long bytes, long alignment) {
        String other = Architecture.hostMachine() == Elf.EM_X86_64 ? "compile with -fPIC and without -ftls-model, which lets them lie anywhere"
                : "keep large ones in memory that each thread allocates";
        if (alignment > ROOM_ALIGNMENT) {
            return other + ", or align them to " + ROOM_ALIGNMENT + " bytes at most, as glibc aligns the room for them";
        }
        // Each thread's stack holds the room; with more, the JVM's own small stacks overflow, that of Process.waitFor among them.
        return other + (bytes > SOME_ROOM ? ""
                : ", or start the JVM with GLIBC_TUNABLES=glibc.rtld.optional_static_tls=" + SOME_ROOM + " in its environment");
    }

    /**
     * @param initial  the initial values; what follows them up to {@code size} is zero
     * @param distance whether the block's distance from the thread pointer is needed
     * @throws Refusal if the dynamic linker has no room for it
     */
    public static TlsModule open(String file, byte[] initial, long size, long alignment, boolean distance) {
        TlsModule module = new TlsModule(initial, size, alignment, distance);
        String cause = module.library.open();
        if (cause != null) {
            boolean full = cause.contains("static TLS block");
            throw new Refusal(Refusal.ENOMEM, file, null, -1, "no " + (full ? "room" : "memory") + " for " + size
                    + " bytes of thread-local variables: " + cause, full ? remedy(size + alignment, alignment) : null);
        }
        return module;
    }
}
