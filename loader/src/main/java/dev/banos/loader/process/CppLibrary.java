package dev.banos.loader.process;

import org.jspecify.annotations.Nullable;

/** C++'s runtime library in this process, libstdc++. */
final class CppLibrary {
    private static final String NAME = "libstdc++";
    /** Of {@code std::call_once}, whose code is in those who use it. */
    private static final String THREAD_LOCAL = "_ZSt15__once_callable";

    /** Null until its thread-local variables lie near. */
    private static @Nullable TinyLibrary asked;

    private CppLibrary() {
    }

    /**
     * Has its thread-local variables lie at one distance from all thread pointers, where code that was compiled without {@code -fPIC}
     * looks for them. Debian's static libraries are. Once the library has used them itself, the dynamic linker would no longer
     * do it; so this is called for each library that was loaded. Where it is too late, the link of such code says so.
     */
    static synchronized void keepNear(String loaded) {
        boolean isIt = loaded.startsWith(NAME, loaded.lastIndexOf('/') + 1);
        if (!isIt || asked != null) {
            return;
        }
        TinyLibrary library = new TinyLibrary();
        library.ask(library.symbol(THREAD_LOCAL), TinyLibrary.DISTANCE);
        asked = library.open() == null ? library : null;
    }
}
