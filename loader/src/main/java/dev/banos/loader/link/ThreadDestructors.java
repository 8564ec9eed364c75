package dev.banos.loader.link;

import dev.banos.loader.elf.Refusal;
import dev.banos.loader.elf.SymbolTable;
import dev.banos.loader.machine.Architecture;
import dev.banos.loader.process.AddressSpace;
import dev.banos.loader.process.TinyLibrary;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Destructors of thread-local objects run when their threads end, perhaps long after the module was unloaded. glibc counts them by
 * library, {@code __dso_handle} being an address in it, and keeps a library that was closed until none is left. So a module that
 * registers such destructors has a {@link TinyLibrary} for its handle, and stays mapped as long as glibc keeps that.
 */
final class ThreadDestructors {
    private static final String[] REGISTER = {"__cxa_thread_atexit", "__cxa_thread_atexit_impl"};

    private final TinyLibrary library = new TinyLibrary();

    private ThreadDestructors() {
    }

    /**
     * Null for a module that registers none.
     *
     * @param low whether the module's code can hold addresses below 2 GiB only; other code reaches what is near, the handle among it
     * @throws Refusal if the dynamic linker does not load the library
     */
    static @Nullable ThreadDestructors of(String file, List<LinkedObject> objects, boolean low) {
        for (LinkedObject object : objects) {
            if (registers(object.elf.symbols())) {
                ThreadDestructors destructors = new ThreadDestructors();
                AddressSpace space = low ? AddressSpace.low() : AddressSpace.near();
                destructors.library.at(space.gap(file, Architecture.PAGE_BYTES));
                String cause = destructors.library.open();
                if (cause != null) {
                    throw new Refusal(Refusal.ENOMEM, file, null, -1,
                            "no handle for destructors of thread-local objects: " + cause, null);
                }
                return destructors;
            }
        }
        return null;
    }

    private static boolean registers(SymbolTable symbols) {
        for (int symbol : symbols.undefined()) {
            for (String name : REGISTER) {
                if (symbols.isNamed(symbol, name)) {
                    return true;
                }
            }
        }
        return false;
    }

    /** The module's {@code __dso_handle}. */
    long handle() {
        return library.base();
    }

    void close() {
        library.close();
    }

    /** Whether threads have some to run; after {@link #close}. */
    boolean areLeft() {
        return library.isLoaded();
    }
}
