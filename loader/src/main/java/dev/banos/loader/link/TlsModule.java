package dev.banos.loader.link;

import dev.banos.loader.elf.Refusal;

/**
 * A module's thread-local variables. Only the dynamic linker can give every thread, also those that run already, a block of its
 * own; so it gets a {@link TinyLibrary} that is nothing but such a block. Where the code asks for the block's distance from the
 * thread pointer, it must lie in the room that glibc keeps for late comers, about 1.5 KiB in all.
 */
final class TlsModule {
    private final TinyLibrary library;
    private final long number;
    private final long distance;

    private TlsModule(TinyLibrary library, long number, long distance) {
        this.library = library;
        this.number = number;
        this.distance = distance;
    }

    /** What the dynamic linker calls the module in {@code __tls_get_addr}. */
    long number() {
        return number;
    }

    /** From the thread pointer to the block, the same in every thread; 0 where nobody asked for it. */
    long distance() {
        return distance;
    }

    void close() {
        library.close();
    }

    /**
     * @param initial  the initial values; what follows them up to {@code size} is zero
     * @param distance whether the block's distance from the thread pointer is needed
     * @throws Refusal if the dynamic linker has no room for it
     */
    static TlsModule open(String file, byte[] initial, long size, long alignment, boolean distance) {
        TinyLibrary library = new TinyLibrary().block(initial, size, alignment);
        int number = library.ask(TinyLibrary.OWN, TinyLibrary.MODULE_NUMBER);
        int away = distance ? library.ask(TinyLibrary.OWN, TinyLibrary.DISTANCE) : -1;
        String cause = library.open();
        if (cause != null) {
            throw new Refusal(Refusal.ENOMEM, file, null, -1, "no room for " + size + " bytes of thread-local variables: " + cause,
                    "compile with -fPIC, which lets them lie anywhere, or start the JVM with"
                    + " GLIBC_TUNABLES=glibc.rtld.optional_static_tls=16384 in its environment");
        }
        return new TlsModule(library, library.answer(number), distance ? library.answer(away) : 0);
    }
}
