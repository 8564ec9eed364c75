package dev.banos.loader;

import dev.banos.loader.link.LinkedModule;
import dev.banos.loader.link.ModuleFigures;
import dev.banos.loader.link.PhaseClock;
import dev.banos.loader.text.Printable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * How long each phase of a load took, and what it worked on.
 *
 * @param file that the module is named for
 * @param base the address where its memory begins
 * @param objects number of objects in the module: the driver's own, and archive members
 * @param fileBytes size of those objects
 * @param sections number of sections of the objects, mapped or not
 * @param symbols number of entries in the objects' symbol tables
 * @param relocations number of relocations that were applied
 * @param imports number of names that came from outside the module
 * @param gotEntries number of addresses in the global offset table
 * @param stubs number of jumps through such an address
 * @param codeBytes size of the sections with code; as the next two, in whole pages
 * @param constantBytes size of the sections that are only read
 * @param dataBytes size of the sections that are written to
 * @param phases in the order in which they ran
 */
public record LoadReport(String file, long base, int objects, long fileBytes, int sections, int symbols, long relocations,
        int imports, int gotEntries, int stubs, long codeBytes, long constantBytes, long dataBytes, List<Phase> phases) {
    /** Of a column. */
    private static final int WIDTH = 9;

    /**
     * How long one phase took.
     *
     * @param name in lower case: read, parse and so on
     * @param nanos nanoseconds; 0 if the load had no such phase: one of bytes in memory reads no file
     */
    public record Phase(String name, long nanos) {
        static Phase of(PhaseClock.Phase phase, long nanos) {
            return new Phase(phase.name().toLowerCase(Locale.ROOT), nanos);
        }
    }

    static LoadReport of(LinkedModule module) {
        ModuleFigures figures = module.figures();
        List<Phase> phases = new ArrayList<>();
        for (PhaseClock.Phase phase : PhaseClock.Phase.values()) {
            phases.add(Phase.of(phase, module.clock().nanos(phase)));
        }
        return new LoadReport(module.name(), module.base(), figures.objects(), figures.fileBytes(), figures.sections(),
                figures.symbols(), figures.relocations(), figures.imports(), figures.gotEntries(), figures.stubs(),
                figures.codeBytes(), figures.constantBytes(), figures.dataBytes(), List.copyOf(phases));
    }

    /** {@return one line for each phase: its name, milliseconds, and what it worked on} */
    public String toText() {
        StringBuilder text = new StringBuilder(Printable.of(file)).append('\n');
        for (Phase phase : phases) {
            String took = milliseconds(phase.nanos());
            text.append("  ").append(phase.name()).repeat(' ', Math.max(0, WIDTH - phase.name().length()) + 1)
                    .repeat(' ', Math.max(0, WIDTH - took.length())).append(took).append(" ms  ").append(subject(phase.name()))
                    .append('\n');
        }
        return text.toString();
    }

    /** {@return one line: the module, what it is made of, and how long the whole load and each phase took} */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder();
        long all = 0;
        for (Phase phase : phases) {
            all += phase.nanos();
            text.append(text.isEmpty() ? " (" : ", ").append(phase.name()).append(' ').append(milliseconds(phase.nanos()));
        }
        return Printable.of(file) + " at 0x" + Long.toHexString(base) + ": " + counted(objects, "object") + ", " + counted(relocations, "relocation")
                + ", " + counted(imports, "import") + ", " + milliseconds(all) + " ms" + text.append(text.isEmpty() ? "" : ")");
    }

    /** By hand: a format costs a JVM that has just started as much as the load that it tells of. */
    private static String milliseconds(long nanos) {
        long micros = (nanos + 500) / 1000;
        String fraction = String.valueOf(1000 + micros % 1000);
        return micros / 1000 + "." + fraction.substring(1);
    }

    private String subject(String phase) {
        return switch (phase) {
            case "read" -> fileBytes + " bytes";
            case "parse" -> counted(objects, "object") + ", " + counted(sections, "section") + ", " + counted(symbols, "symbol");
            case "check" -> counted(relocations, "relocation");
            case "place" -> codeBytes / 1024 + " KiB code, " + constantBytes / 1024 + " KiB constants, " + dataBytes / 1024
                    + " KiB data";
            case "resolve" -> counted(imports, "import");
            case "relocate" -> counted(relocations, "relocation") + ", " + gotEntries + " in the GOT, " + counted(stubs, "stub");
            case "seal" -> "at 0x" + Long.toHexString(base);
            default -> "constructors, init";
        };
    }

    private static String counted(long count, String noun) {
        return count + " " + noun + (count == 1 ? "" : "s");
    }
}
