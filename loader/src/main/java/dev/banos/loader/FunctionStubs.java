package dev.banos.loader;

import dev.banos.loader.debug.Modules;
import dev.banos.loader.link.ExportStubs;
import dev.banos.loader.link.LinkedModule;
import dev.banos.loader.link.Remains;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * The stubs through which others reach a driver's functions; none where drivers are not replaceable. The instance that takes its place
 * takes them over, and adds stubs for the functions that they do not lead to. Changes under the loader's lock.
 */
final class FunctionStubs {
    private final List<ExportStubs> stubs = new CopyOnWriteArrayList<>();

    /** @param functions the address of each by its name; none of them has a stub yet */
    void add(String file, String label, Map<String, Long> functions) {
        if (!functions.isEmpty()) {
            ExportStubs made = new ExportStubs(file, functions);
            Modules.loaded(made, label);
            stubs.add(made);
        }
    }

    /** From here on, who calls through those of {@code old} comes to these functions, and {@code old} has none. */
    void take(FunctionStubs old, Map<String, Long> functions) {
        ExportStubs.redirect(old.stubs, functions);
        stubs.addAll(old.stubs);
        old.stubs.clear();
    }

    /** @param target what they lead to */
    void unmap(LinkedModule target) {
        stubs.forEach(each -> Modules.unload(each, target));
        stubs.clear();
    }

    /** The stub of the function of that name, or 0. */
    long address(String name) {
        for (ExportStubs known : stubs) {
            long stub = known.address(name);
            if (stub != 0) {
                return stub;
            }
        }
        return 0;
    }

    List<? extends Remains> all() {
        return Collections.unmodifiableList(stubs);
    }
}
