package dev.banos.mem.agent;

import java.util.List;

/** Which of the program's classes are rewritten: those in the packages that are included, if any are named, and not excluded. */
record Selection(List<String> included, List<String> excluded) {
    /** Ours: what the allocator does must not come back to it. */
    private static final String ALLOCATOR = "dev.banos.mem";

    Selection {
        included = List.copyOf(included);
        excluded = List.copyOf(excluded);
    }

    /** @param internalName as class files have it, with slashes */
    boolean takes(String internalName) {
        String name = internalName.replace('/', '.');
        boolean wanted = included.isEmpty() || included.stream().anyMatch(prefix -> isWithin(name, prefix));
        return wanted && !isWithin(name, ALLOCATOR) && excluded.stream().noneMatch(prefix -> isWithin(name, prefix));
    }

    /** The class of that name, those nested in it, and all below the package of that name. */
    private static boolean isWithin(String name, String prefix) {
        return name.startsWith(prefix)
                && (name.length() == prefix.length() || name.charAt(prefix.length()) == '.' || name.charAt(prefix.length()) == '$'
                || prefix.endsWith("."));
    }
}
