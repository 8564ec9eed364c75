package dev.banos.loader;

import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/**
 * What one driver uses of others: found by its imports, its {@code init} and its own declaration.
 *
 * @param drivers they cannot be uninstalled before it
 * @param imports theirs that its code names, by the names
 * @param variables theirs whose addresses its code holds for good
 */
record Uses(Set<Driver> drivers, Map<String, Export> imports, Set<Export> variables) {
    Uses() {
        this(new LinkedHashSet<>(), new LinkedHashMap<>(), new LinkedHashSet<>());
    }

    void add(Export export) {
        drivers.add(export.driver());
        if (!export.isFunction()) {
            variables.add(export);
        }
    }

    void addImport(String name, Export export) {
        imports.put(name, export);
        add(export);
    }
}
