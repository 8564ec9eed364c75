package dev.banos.samples.tidy;

import java.lang.classfile.ClassModel;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The direction between modules: down the list in {@link Checkout#MODULES}, never up. An adapter stands behind its module. */
final class ModuleOrder {
    private ModuleOrder() {
    }

    /** Each class that uses one of a module further down the list. */
    static List<String> uphill(Map<String, List<ClassModel>> classesByModule) {
        Map<String, String> moduleOf = new HashMap<>();
        classesByModule.forEach((module, types) -> types.forEach(type -> moduleOf.put(type.thisClass().asInternalName(), module)));
        List<String> places = new ArrayList<>();
        classesByModule.forEach((module, types) -> types.forEach(type -> {
            for (String used : PackageGraph.references(type)) {
                String owner = moduleOf.getOrDefault(used, module);
                if (place(owner) > place(module) || place(owner) == place(module) && !owner.equals(module)) {
                    places.add(type.thisClass().asInternalName() + " of " + module + " uses " + used + " of " + owner);
                }
            }
        }));
        return places;
    }

    private static int place(String module) {
        int parent = module.indexOf('/');
        return parent < 0 ? 2 * Checkout.MODULES.indexOf(module) : 2 * Checkout.MODULES.indexOf(module.substring(0, parent)) + 1;
    }
}
