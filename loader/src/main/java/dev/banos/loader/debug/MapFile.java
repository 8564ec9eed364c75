package dev.banos.loader.debug;

import dev.banos.bindings.FileTrouble;
import dev.banos.loader.link.ExportStubs;
import dev.banos.loader.link.LinkedModule;
import dev.banos.loader.link.ModuleSymbol;
import dev.banos.loader.text.Printable;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Text files that name addresses for whoever looks at this process from outside, or at what it left behind. Each line is on the
 * disk before anything of its module runs; a file is appended to, because others may write to it too.
 *
 * <pre>
 *     banos.loader.map=FILE      0000700000001000 0000700000004000 loaded 2026-01-01T00:00:00Z driver ring (ring.o)
 *                                0000700000001010 000070000000104f ring_put
 *                                0000700000001000 0000700000004000 unloaded 2026-01-01T00:00:05Z driver ring (ring.o)
 *     banos.loader.perf=true     700000001010 3f ring_put
 * </pre>
 * A file that cannot be written is reported once and then left alone: drivers work without it.
 */
final class MapFile {
    private static final String MODULES = System.getProperty("banos.loader.map");
    private static final boolean PERF = Boolean.getBoolean("banos.loader.perf");
    /** Where perf looks for the names of code that is in no file; the folder is fixed in its source. */
    private static final Path PERF_FOLDER = Path.of("/tmp");

    private static final Set<Path> FAILED = new HashSet<>();

    private MapFile() {
    }

    static void loaded(LinkedModule module, String label) {
        if (isWanted()) {
            loaded(module.base(), module.size(), module.name(), label, module.symbols());
        }
    }

    /** Others call these in the place of the functions, so a profile or a crash may show them. */
    static void loaded(ExportStubs stubs, String label) {
        if (isWanted()) {
            loaded(stubs.base(), stubs.size(), stubs.name(), label, stubs.symbols());
        }
    }

    private static boolean isWanted() {
        return MODULES != null || PERF;
    }

    private static void loaded(long base, long size, String file, String label, List<ModuleSymbol> symbols) {
        StringBuilder map = new StringBuilder(line(base, size, file, "loaded", label));
        StringBuilder perf = new StringBuilder();
        for (ModuleSymbol symbol : symbols) {
            map.append(range(symbol.address(), symbol.size())).append(Printable.of(symbol.name())).append('\n');
            if (symbol.function()) {
                perf.append(Long.toHexString(symbol.address())).append(' ').append(Long.toHexString(symbol.size())).append(' ')
                        .append(Printable.of(symbol.name())).append('\n');
            }
        }
        if (MODULES != null) {
            append(Path.of(MODULES), map);
        }
        if (PERF) {
            append(PERF_FOLDER.resolve("perf-" + ProcessHandle.current().pid() + ".map"), perf);
        }
    }

    static void unloaded(LinkedModule module, String label) {
        unloaded(module.base(), module.size(), module.name(), label);
    }

    static void unloaded(ExportStubs stubs, String label) {
        unloaded(stubs.base(), stubs.size(), stubs.name(), label);
    }

    private static void unloaded(long base, long size, String file, String label) {
        if (MODULES != null) {
            append(Path.of(MODULES), line(base, size, file, "unloaded", label));
        }
    }

    private static String line(long base, long size, String file, String what, String label) {
        return range(base, size) + what + " " + Instant.now() + " " + Printable.of(label) + " (" + Printable.of(file) + ")\n";
    }

    /** All addresses have one width, so that they compare as text. */
    private static String range(long start, long size) {
        return String.format("%016x %016x ", start, start + size);
    }

    private static void append(Path file, CharSequence text) {
        if (FAILED.contains(file)) {
            return;
        }
        // A name that can be guessed, in a folder that all may write to: a link there would be another's.
        try (OutputStream output = Files.newOutputStream(file, StandardOpenOption.CREATE, StandardOpenOption.APPEND,
                LinkOption.NOFOLLOW_LINKS)) {
            output.write(text.toString().getBytes(StandardCharsets.UTF_8));
        } catch (IOException refused) {
            FAILED.add(file);
            System.err.println("banos: the map of modules " + file + " cannot be written: " + FileTrouble.cause(refused));
        }
    }
}
