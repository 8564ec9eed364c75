package dev.banos.samples.gunzip;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** The ends of names by which gzip knows what it made, in any case of their letters; that of {@code --suffix} stands in front of its own. */
record Suffixes(String first) {
    static final Suffixes OF_GZIP = new Suffixes(".gz");

    private static final List<String> KNOWN = List.of(".gz", ".z", ".taz", ".tgz", "-gz", "-z", "_z");
    private static final List<String> ADDED = List.of(".gz", ".z", "-z", ".Z");
    private static final List<String> OF_ARCHIVES = List.of(".taz", ".tgz");
    private static final String ARCHIVE = ".tar";

    /** The name of what was compressed; null if {@code name} has none of the suffixes, or nothing but one. */
    @Nullable String taken(String name) {
        for (String suffix : (Iterable<String>) Stream.concat(Stream.of(first), KNOWN.stream())::iterator) {
            int end = name.length() - suffix.length();
            if (end > 0 && name.charAt(end - 1) != '/' && name.regionMatches(true, end, suffix, 0, suffix.length())) {
                boolean archive = OF_ARCHIVES.contains(suffix.toLowerCase(Locale.ROOT));
                return name.substring(0, end) + (archive ? ARCHIVE : "");
            }
        }
        return null;
    }

    /** The names to try, in this order, where there is no file of {@code name}. */
    List<String> added(String name) {
        return Stream.concat(Stream.of(first), ADDED.stream()).map(suffix -> name + suffix).toList();
    }
}
