package dev.banos.loader;

import dev.banos.loader.debug.Sighting;
import dev.banos.loader.link.Whereabouts;
import dev.banos.loader.text.Printable;
import java.time.Instant;
import java.util.HexFormat;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What an address is, or was. It leads from a crash report, a debugger or a pointer in a log back to the object file.
 *
 * @param address what was asked about
 * @param module {@code driver ring}, or {@code objects} for a library of an {@link ObjectLinker}
 * @param file the file that the module is named for
 * @param base the address where the module's memory begins
 * @param unloaded when the module was unmapped, empty while it is loaded
 * @param object the object inside the module: a file, or an archive's member; empty in padding, and for a module that was
 *     unloaded so long ago that only its extent is known
 * @param kind what the address is part of; empty if object is, except in padding
 * @param section the object's section; empty for what the linker makes itself
 * @param sectionOffset bytes from the start of the section, or of the entry, stub or common symbol
 * @param symbol the function or variable that the address is in, or that the entry or stub is for
 * @param symbolOffset bytes from the symbol
 * @param relocation what wrote to that place when the module was linked
 */
public record Explanation(long address, String module, String file, long base, Optional<Instant> unloaded,
        Optional<String> object, Optional<Kind> kind, Optional<String> section, long sectionOffset, Optional<String> symbol,
        long symbolOffset, Optional<Relocation> relocation) {

    /** What a module is made of. */
    public enum Kind {
        /** A section of an object. */
        SECTION,
        /**
         * A common symbol: a variable in C without a value, in objects of {@code -fcommon}; or a copy of {@code stdout} and the like
         * in a module of code that lies low.
         */
        COMMON,
        /** An entry of the global offset table: the address of a symbol. */
        GOT_ENTRY,
        /** A jump through such an entry, for a call that does not reach its target. */
        STUB,
        /** Nothing: between two of the others, or behind the last. */
        PADDING
    }

    /**
     * What the linker wrote to a place.
     *
     * @param type the psABI's name
     * @param symbol its name; empty for one without
     * @param addend what is added to the symbol's address, as the psABI has it
     * @param symbolAddress what the symbol was resolved to, 0 for a weak one that was found nowhere
     * @param place the address of the first byte that it wrote
     * @param bytes what is there now; empty once the module is unloaded
     */
    public record Relocation(String type, String symbol, long addend, long symbolAddress, long place, byte[] bytes) {
    }

    static Explanation of(long address, Sighting sighting) {
        Whereabouts where = sighting.whereabouts();
        Optional<Instant> unloaded = Optional.ofNullable(sighting.unloaded());
        if (where == null) {
            return new Explanation(address, sighting.label(), sighting.file(), sighting.base(), unloaded, Optional.empty(),
                    Optional.empty(), Optional.empty(), 0, Optional.empty(), 0, Optional.empty());
        }
        return new Explanation(address, sighting.label(), sighting.file(), sighting.base(), unloaded,
                Optional.ofNullable(where.object()), Optional.of(Kind.valueOf(where.kind().name())),
                Optional.ofNullable(where.section()), where.sectionOffset(), Optional.ofNullable(where.symbol()),
                where.symbolOffset(), relocation(where.written(), sighting.field()));
    }

    private static Optional<Relocation> relocation(Whereabouts.@Nullable Written written, byte @Nullable [] field) {
        return written == null ? Optional.empty()
                : Optional.of(new Relocation(written.type(), written.symbol(), written.addend(), written.symbolAddress(),
                        written.place(), field == null ? new byte[0] : field));
    }

    /** {@return one line for people} */
    public String toText() {
        StringBuilder text = new StringBuilder(hex(address)).append(unloaded.isPresent() ? " was in " : " is in ").append(module)
                .append(" (").append(object.orElse(file)).append(")");
        unloaded.ifPresent(when -> text.append(", unloaded at ").append(when));
        kind.ifPresent(what -> text.append(": ").append(place(what)));
        relocation.filter(written -> !written.type().isEmpty()).ifPresent(written -> text.append(", written by ").append(written.type())
                .append(" against ").append(written.symbol()).append(signed(written.addend())).append(", which is ")
                .append(hex(written.symbolAddress() + written.addend()))
                .append(written.bytes().length == 0 ? "" : ": " + hex(written.place()) + " holds "
                        + HexFormat.ofDelimiter(" ").formatHex(written.bytes())));
        return Printable.of(text.toString());
    }

    /** {@return what {@link #toText} returns} */
    @Override
    public String toString() {
        return toText();
    }

    private String place(Kind what) {
        String name = symbol.orElse("no symbol");
        return switch (what) {
            case SECTION -> section.orElse("") + "+" + hex(sectionOffset) + symbol.map(s -> ", " + s + "+" + hex(symbolOffset)).orElse("");
            case COMMON -> "common symbol " + name + "+" + hex(sectionOffset);
            case GOT_ENTRY -> "the GOT entry of " + name + target();
            case STUB -> "the stub of " + name + target();
            case PADDING -> "padding between sections";
        };
    }

    private String target() {
        return relocation.map(entry -> ", which is " + hex(entry.symbolAddress())).orElse("");
    }

    private static String signed(long addend) {
        return addend == 0 ? "" : (addend < 0 ? "-" : "+") + Long.toUnsignedString(Math.abs(addend));
    }

    private static String hex(long value) {
        return "0x" + Long.toHexString(value);
    }
}
