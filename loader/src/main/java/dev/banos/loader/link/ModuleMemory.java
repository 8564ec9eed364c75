package dev.banos.loader.link;

import dev.banos.loader.process.AddressSpace;
import dev.banos.loader.process.TlsModule;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What of a module must stay while its code may still run, and must end with it. It knows nothing of the objects, whose files may be of
 * megabytes: a module that is left to a thread for days holds no more of Java's heap than this.
 */
final class ModuleMemory extends Remains {
    private final AddressSpace space;
    private final long base;
    private final long size;
    private final StartStop startStop;
    /** Null where the module has no thread-local variables. */
    private final @Nullable TlsModule tls;
    private final TlsImports tlsImports;
    /** Null where its code registers none. */
    private final @Nullable ThreadDestructors threadDestructors;
    private List<? extends Remains> uses = List.of();

    ModuleMemory(AddressSpace space, long base, long size, StartStop startStop, @Nullable TlsModule tls, TlsImports tlsImports,
            @Nullable ThreadDestructors threadDestructors) {
        this.space = space;
        this.base = base;
        this.size = size;
        this.startStop = startStop;
        this.tls = tls;
        this.tlsImports = tlsImports;
        this.threadDestructors = threadDestructors;
    }

    /** What its code may call outside of it, which stays as long as it does. */
    void uses(List<? extends Remains> used) {
        uses = used;
    }

    void unmap() {
        leave(uses);
    }

    @Override
    protected boolean mayBeAwaited() {
        return threadDestructors != null;
    }

    @Override
    protected void taken() {
        if (threadDestructors != null) {
            threadDestructors.close();
        }
    }

    @Override
    protected boolean isAwaited() {
        return threadDestructors != null && threadDestructors.areLeft();
    }

    @Override
    protected void end() {
        startStop.forget();
        if (tls != null) {
            tls.close();
        }
        tlsImports.close();
        space.unmap(base, size);
    }
}
