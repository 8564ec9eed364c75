package dev.banos.loader.debug;

import dev.banos.loader.link.ExportStubs;
import dev.banos.loader.link.LinkedModule;
import java.lang.ref.SoftReference;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The modules of this process, and those that it had: an address that a crashed or confused program holds may be of a module
 * that is long gone.
 *
 * <pre>
 *     loaded ──► live ──► unloaded ──► gone: the last 256; what lay where in the last 16, while the Java heap has room
 *                 └─ a debugger, a profiler, a map, a recording, each only if it was asked for
 * </pre>
 */
public final class Modules {
    private static final boolean FOR_DEBUGGERS = Boolean.getBoolean("banos.loader.gdb");
    private static final int REMEMBERED = 256;
    /** Each holds the bytes of its file. */
    private static final int DETAILED = 16;

    private static final List<Live> LIVE = new ArrayList<>();
    /** The youngest first. */
    private static final Deque<Gone> GONE = new ArrayDeque<>();
    private static final Deque<SoftReference<LinkedModule>> DETAILS = new ArrayDeque<>();

    private static final List<Stubs> STUBS = new ArrayList<>();

    private record Stubs(ExportStubs stubs, String label) {
    }

    private record Live(LinkedModule module, String label, long since) {
    }

    private record Gone(String label, String file, long base, long size, Instant unloaded, SoftReference<LinkedModule> module) {
        boolean contained(long address) {
            return address >= base && address - base < size;
        }
    }

    private Modules() {
    }

    /**
     * Called when a module is linked, before anything of it runs.
     *
     * @param label what people call it: {@code driver ring}
     */
    public static synchronized void loaded(LinkedModule module, String label) {
        LIVE.add(new Live(module, label, System.nanoTime()));
        if (FOR_DEBUGGERS) {
            GdbInterface.loaded(module);
        }
        MapFile.loaded(module, label);
        LoaderEvents.loaded(module, label);
    }

    /** Forgets the module and unmaps it. Nothing of it may run any more. */
    public static synchronized void unload(LinkedModule module) {
        for (int i = LIVE.size() - 1; i >= 0; i--) {
            Live live = LIVE.get(i);
            if (live.module() == module) {
                LIVE.remove(i);
                remember(live);
                if (FOR_DEBUGGERS) {
                    GdbInterface.unloading(module);
                }
                MapFile.unloaded(module, live.label());
                LoaderEvents.unloaded(module, live.label(), System.nanoTime() - live.since());
            }
        }
        module.unmap();
    }

    /** Called when stubs through which others reach a replaceable driver are mapped. */
    public static synchronized void loaded(ExportStubs stubs, String label) {
        STUBS.add(new Stubs(stubs, label));
        MapFile.loaded(stubs, label);
    }

    /** Forgets the stubs and unmaps them; {@code target} is what they lead to. */
    public static synchronized void unload(ExportStubs stubs, LinkedModule target) {
        for (Stubs known : STUBS) {
            if (known.stubs() == stubs) {
                MapFile.unloaded(stubs, known.label());
            }
        }
        STUBS.removeIf(known -> known.stubs() == stubs);
        stubs.unmap(target);
    }

    private static void remember(Live live) {
        LinkedModule module = live.module();
        SoftReference<LinkedModule> details = new SoftReference<>(module);
        GONE.addFirst(new Gone(live.label(), module.name(), module.base(), module.size(), Instant.now(), details));
        DETAILS.addFirst(details);
        if (DETAILS.size() > DETAILED) {
            DETAILS.removeLast().clear();
        }
        if (GONE.size() > REMEMBERED) {
            GONE.removeLast();
        }
    }

    /** What is at the address, otherwise what was there last; null if no module ever was, as far as is remembered. */
    public static synchronized @Nullable Sighting find(long address) {
        for (Live live : LIVE) {
            if (live.module().contains(address)) {
                return Sighting.of(live.module(), live.label(), address);
            }
        }
        for (Stubs known : STUBS) {
            if (known.stubs().contains(address)) {
                ExportStubs stubs = known.stubs();
                return new Sighting(known.label(), stubs.name(), stubs.base(), null, stubs.whereabouts(address), null);
            }
        }
        for (Gone gone : GONE) {
            if (gone.contained(address)) {
                LinkedModule module = gone.module().get();
                return new Sighting(gone.label(), gone.file(), gone.base(), gone.unloaded(),
                        module == null ? null : module.whereabouts(address), null);
            }
        }
        return null;
    }
}
