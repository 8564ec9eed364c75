package dev.banos.loader.types;

import static dev.banos.loader.types.Dwarf.*;

import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.SectionTable;
import dev.banos.loader.types.DwarfUnit.Abbreviations;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the types and functions of DWARF, versions 2 to 5, 32 and 64 bits, from a relocatable object. The entries of a section
 * are walked once, front to back, with the open ones on a stack of our own; what a function's body holds is skipped or passed
 * over. {@link DwarfTypes} then makes types of what was kept.
 */
final class DwarfReader {
    static final String SECTION = ".debug_info";
    /** More than the largest programs have in one object. */
    private static final int MOST_ENTRIES = 1 << 21;
    private static final DwarfEntry IGNORED = new DwarfEntry(0, 0);

    private final ElfObject object;
    private final DwarfSections sections;
    private final DwarfStrings strings;
    private final DwarfLocations locations;
    private final Map<Long, Abbreviations> known = new HashMap<>();
    private final TypeTable table;
    private final DwarfUnit.Value value = new DwarfUnit.Value();
    private int entries;
    /** The bytes of the sections before: a place is that in all sections of the name, laid end to end. */
    private long base;

    private DwarfReader(ElfObject object, TypeTable table) {
        this.object = object;
        this.table = table;
        this.sections = new DwarfSections(object);
        this.strings = new DwarfStrings(sections);
        this.locations = new DwarfLocations(sections, object.machine());
    }

    static TypeTable read(ElfObject object) {
        TypeTable table = new TypeTable(object.file());
        new DwarfReader(object, table).read();
        table.indexNames();
        return table;
    }

    private void read() {
        SectionTable all = object.sections();
        Bytes abbreviations = sections.first(".debug_abbrev");
        DwarfTypes types = new DwarfTypes(table);
        for (int section = 1; section < all.count(); section++) {
            if (all.name(section).equals(SECTION) && all.hasBytes(section) && abbreviations != null) {
                section(sections.view(section), abbreviations, types);
            }
        }
        types.make();
    }

    private void section(Bytes bytes, Bytes abbreviations, DwarfTypes types) {
        while (bytes.hasMore()) {
            DwarfUnit unit = new DwarfUnit(bytes, base, strings);
            if (unit.isTypeUnit()) {
                types.signature(unit.signature(), unit.typeOffset());
            }
            unit(unit, abbreviations, types);
        }
        base += bytes.end();
    }

    private void unit(DwarfUnit unit, Bytes abbreviations, DwarfTypes types) {
        new Walk(unit, known.computeIfAbsent(unit.abbreviations(),
                offset -> new Abbreviations(abbreviations.range(offset, abbreviations.end()), sections.budget())), types).run();
    }

    /** The entries of one unit, front to back. */
    private final class Walk {
        private final DwarfUnit unit;
        private final Bytes bytes;
        private final Abbreviations codes;
        private final DwarfTypes types;
        private final Deque<DwarfEntry> open = new ArrayDeque<>();
        private final List<DwarfEntry> functions = new ArrayList<>();
        private boolean isC;
        private boolean toldByPlace;
        private boolean isRust;
        private boolean isAssembly;
        private boolean hasTypes;

        Walk(DwarfUnit unit, Abbreviations codes, DwarfTypes types) {
            this.unit = unit;
            this.bytes = unit.bytes();
            this.codes = codes;
            this.types = types;
        }

        void run() {
            while (bytes.hasMore()) {
                long offset = base + bytes.at();
                long code = bytes.uleb();
                if (code == 0) {
                    open.poll(); // none is open in the zeroes that may fill up a unit
                } else {
                    entry(offset, form(code));
                }
            }
            for (DwarfEntry function : functions) {
                function.amongTypes = hasTypes;
            }
        }

        private Abbreviations.Entry form(long code) {
            Abbreviations.Entry form = codes.entry(code);
            if (form == null) {
                throw bytes.malformed("an entry of abbreviation " + Long.toUnsignedString(code) + ", which is not defined");
            }
            return form;
        }

        private void entry(long offset, Abbreviations.Entry form) {
            DwarfEntry parent = open.peek();
            DwarfEntry entry = isKept(form.tag(), parent) ? kept(form.tag(), offset, bytes) : IGNORED;
            entry.toldByPlace = toldByPlace && entry != IGNORED;
            attributes(unit, form, entry);
            if (parent != null && form.tag() == DW_TAG_subprogram) {
                parent.hasFunctions = parent != IGNORED;
            }
            if (parent == null) {
                isC = isC(entry.language);
                toldByPlace = isToldByPlace(entry.language);
                isRust = entry.language == DW_LANG_Rust;
                isAssembly = entry.language == DW_LANG_Assembly || entry.language == DW_LANG_Mips_Assembler;
            }
            if (entry != IGNORED) {
                keep(form.tag(), entry, parent);
            }
            if (parent != null && entry == IGNORED && parent.tag == DW_TAG_subprogram && parent.sibling - base > bytes.at()) {
                bytes.moveTo(parent.sibling - base); // the rest is the function's body
                open.pop();
            } else if (form.children()) {
                open.push(entry);
            }
        }

        private void keep(int tag, DwarfEntry entry, @Nullable DwarfEntry parent) {
            entry.isC = isC;
            entry.isRust = isRust;
            entry.isAssembly = isAssembly;
            types.add(entry, parent);
            hasTypes |= tag == DW_TAG_base_type || tag == DW_TAG_pointer_type;
            if (tag == DW_TAG_subprogram) {
                functions.add(entry);
            }
        }
    }

    private DwarfEntry kept(int tag, long offset, Bytes bytes) {
        if (++entries > MOST_ENTRIES) {
            throw bytes.unsupported("more than " + MOST_ENTRIES + " types and functions");
        }
        sections.budget().entry();
        return new DwarfEntry(tag, offset);
    }

    private static boolean isKept(int tag, @Nullable DwarfEntry parent) {
        return switch (tag) {
            case DW_TAG_array_type, DW_TAG_class_type, DW_TAG_enumeration_type, DW_TAG_pointer_type, DW_TAG_reference_type,
                    DW_TAG_compile_unit, DW_TAG_structure_type, DW_TAG_subroutine_type, DW_TAG_typedef, DW_TAG_union_type,
                    DW_TAG_ptr_to_member_type, DW_TAG_base_type, DW_TAG_const_type, DW_TAG_volatile_type,
                    DW_TAG_restrict_type, DW_TAG_unspecified_type, DW_TAG_string_type, DW_TAG_partial_unit, DW_TAG_type_unit,
                    DW_TAG_rvalue_reference_type, DW_TAG_atomic_type -> true;
            case DW_TAG_formal_parameter, DW_TAG_unspecified_parameters ->
                    parent != null && (parent.tag == DW_TAG_subprogram || parent.tag == DW_TAG_subroutine_type);
            case DW_TAG_member, DW_TAG_inheritance -> parent != null && parent.isComposite();
            case DW_TAG_subrange_type -> parent != null && parent.tag == DW_TAG_array_type;
            case DW_TAG_subprogram, DW_TAG_variable, DW_TAG_namespace, DW_TAG_module -> parent != null && parent.isOutermost();
            default -> false;
        };
    }

    private void attributes(DwarfUnit unit, Abbreviations.Entry form, DwarfEntry entry) {
        long[] attributes = form.attributes();
        for (int i = 0; i < attributes.length; i += Abbreviations.WIDTH) {
            long name = attributes[i + Abbreviations.NAME];
            boolean wanted = entry != IGNORED && (name == DW_AT_name || name == DW_AT_linkage_name || name == DW_AT_MIPS_linkage_name);
            unit.value((int) attributes[i + Abbreviations.FORM], attributes[i + Abbreviations.CONSTANT],
                    wanted && !entry.isUnit(), value);
            if (entry != IGNORED) {
                entry.attribute((int) name, value);
                if (name == DW_AT_location && entry.toldByPlace && entry.tag == DW_TAG_formal_parameter) {
                    entry.way = locations.way(unit, (int) attributes[i + Abbreviations.FORM], value);
                }
                if (name == DW_AT_str_offsets_base) {
                    unit.stringOffsets(value.number);
                }
            }
        }
    }

    /** Languages whose parameters of one type may be passed by value or by reference. */
    private static boolean isToldByPlace(long language) {
        return switch ((int) language) {
            case DW_LANG_Fortran77, DW_LANG_Fortran90, DW_LANG_Fortran95, DW_LANG_Fortran03, DW_LANG_Fortran08, DW_LANG_Fortran18,
                    DW_LANG_Fortran23, DW_LANG_Ada83, DW_LANG_Ada95, DW_LANG_Ada2005, DW_LANG_Ada2012, DW_LANG_Pascal83,
                    DW_LANG_Modula2, DW_LANG_Modula3, DW_LANG_Cobol74, DW_LANG_Cobol85, DW_LANG_PLI -> true;
            default -> false;
        };
    }

    /** C's own languages, in which a function without a prototype says nothing of its parameters (DWARF 5, 7.12). */
    private static boolean isC(long language) {
        return language == 0x01 || language == 0x02 || language == 0x0c || language == 0x1d || language == 0x2c;
    }
}
