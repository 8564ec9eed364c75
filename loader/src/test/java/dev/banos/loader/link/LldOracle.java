package dev.banos.loader.link;

import static org.assertj.core.api.Assumptions.assumeThat;

import dev.banos.loader.CCompiler;
import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.ObjectReader;
import dev.banos.loader.elf.SectionTable;
import dev.banos.loader.machine.Architecture;
import dev.banos.testing.ChildProcess;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Lets lld link the same object with the same sections at the same addresses, and says which bytes differ. Each linker has its
 * own GOT: of the fields that lead to it, what must agree is what they find there ({@link GotFields}).
 *
 * <p>A linker script places sections by name, and linkers treat some names their own way. So lld gets the object with names
 * that are all different and mean nothing.
 */
final class LldOracle {
    static final long BASE = 0x1000_0000L;
    private static final long GAP = 1L << 16;
    private static final int SECTION_HEADER_BYTES = 64;
    private static final int LARGEST_MESSAGE_COUNT = 5;

    private final Path folder;
    private final String program;
    private long comparedBytes;
    private long comparedSlots;
    private int setAside;

    /** Of the versions of lld that are installed, the newest; 14 cannot align RISC-V code. */
    LldOracle(Path folder) {
        this.folder = folder;
        this.program = Stream.of("ld.lld-21", "ld.lld-20", "ld.lld-19", "ld.lld-16", "ld.lld").filter(ChildProcess::isInstalled)
                .findFirst().orElse("");
        assumeThat(program).as("skipped: ld.lld is not installed").isNotEmpty();
    }

    void requireRiscv() {
        assumeThat(program).as("skipped: this lld cannot align RISC-V code").isNotEqualTo("ld.lld");
    }

    long comparedBytes() {
        return comparedBytes;
    }

    /** GOT entries whose contents were compared. */
    long comparedSlots() {
        return comparedSlots;
    }

    /** How many fields of the last object were not compared: those that lead to what each linker makes its own way. */
    int setAside() {
        return setAside;
    }

    /** The first few differences. */
    List<String> differences(byte[] bytes, String name) throws IOException {
        ElfObject parsed = ObjectReader.read(bytes, name);
        setAside = 0;
        OfflineLink ours = OfflineLink.link(parsed, BASE, symbol -> 0, true);
        ElfObject object = Architecture.of(parsed.machine()).prepared(parsed, true);
        LinkedProgram theirs = LinkedProgram.read(lld(parsed, renamed(parsed), ours));
        return compare(object, ours, theirs);
    }

    private static boolean isExcluded(SectionTable sections, int section) {
        return (sections.flags(section) & 0x8000_0000L) != 0; // SHF_EXCLUDE: other linkers drop such sections
    }

    /** Sections that programs walk by name keep it. */
    private static String nameOf(ElfObject object, int section) {
        String name = object.sections().name(section);
        return name.matches("[A-Za-z_][A-Za-z_0-9]*") ? name : ".banos." + section;
    }

    private static byte[] renamed(ElfObject object) {
        byte[] file = object.bytes();
        ByteBuffer headers = ByteBuffer.wrap(file.clone()).order(ByteOrder.LITTLE_ENDIAN);
        long table = headers.getLong(40);
        int names = headers.getShort(62) & 0xffff;
        if (names == Elf.SHN_XINDEX) {
            names = headers.getInt((int) table + 40);
        }
        StringBuilder added = new StringBuilder();
        int oldSize = (int) object.sections().size(names);
        for (int section = 1; section < object.sections().count(); section++) {
            if (object.sections().isAllocated(section)) {
                headers.putInt((int) table + section * SECTION_HEADER_BYTES, oldSize + added.length());
                added.append(nameOf(object, section)).append('\0');
            }
        }
        byte[] more = added.toString().getBytes(StandardCharsets.UTF_8);
        headers.putLong((int) table + names * SECTION_HEADER_BYTES + 24, file.length);
        headers.putLong((int) table + names * SECTION_HEADER_BYTES + 32, oldSize + (long) more.length);
        ByteBuffer result = ByteBuffer.allocate(file.length + oldSize + more.length);
        result.put(headers.array()).put(file, object.start(names), oldSize).put(more);
        return result.array();
    }

    private byte[] lld(ElfObject object, byte[] input, OfflineLink ours) throws IOException {
        StringBuilder script = new StringBuilder("SECTIONS {\n");
        List<OfflineLink.Part> parts = new ArrayList<>(ours.sections());
        // What the script does not place, lld puts where it likes, also across other sections.
        long threadLocals = BASE + (ours.size() + 2 * GAP & -GAP);
        long end = threadLocals;
        for (OfflineLink.Part part : ours.threadLocals()) {
            end = Math.max(end, threadLocals + part.address() + part.size());
        }
        parts.sort(Comparator.comparingLong(OfflineLink.Part::address).thenComparingLong(OfflineLink.Part::size));
        Set<String> placed = new HashSet<>();
        for (OfflineLink.Part part : parts) {
            String name = nameOf(object, part.index());
            if (placed.add(name)) { // others of this name follow it
                script.append(String.format("%s 0x%x : { *(%s) }%n", name, part.address(), name));
            }
        }
        // lld gives thread-local zeroes the address where it stands, whatever the script wants for them.
        script.append(String.format(". = 0x%x;%n", threadLocals));
        ours.threadLocals().stream().sorted(Comparator.comparingLong(OfflineLink.Part::address))
                .forEach(part -> script.append(String.format("%s : { *(%1$s) }%n", nameOf(object, part.index()))));
        script.append(".banos.tls : { *(.banos.tls) }\n");
        script.append(String.format(".got 0x%x : { *(.got) *(.got.plt) }%n}%n", end + 2 * GAP & -GAP));
        ours.imports().forEach((symbol, address) -> script.append(String.format("\"%s\" = %d;%n", symbol, address)));
        if (object.machine() == Elf.EM_RISCV) { // in programs, lld defines it; where it is weak, others have none
            for (int symbol : object.symbols().undefined()) {
                if (object.symbols().isWeak(symbol) && object.symbols().isNamed(symbol, "__global_pointer$")) {
                    script.append("\"__global_pointer$\" = 0;\n");
                }
            }
        }
        ours.commons().forEach(common -> script.append(String.format("\"%s\" = %d;%n", common.name(), common.address())));
        Path output = folder.resolve("output.elf");
        Files.deleteIfExists(output);
        List<String> command = new ArrayList<>(List.of(program, "-O0", "-static", "--no-gc-sections", "-z", "norelro",
                object.machine() == Elf.EM_X86_64 ? "--relax" : "--no-relax", "--no-check-sections",
                "--unresolved-symbols=ignore-all", "--no-dependent-libraries", "-e", "0",
                "-T", Files.writeString(folder.resolve("script.ld"), script).toString(),
                "-o", output.toString(), Files.write(folder.resolve("input.obj"), input).toString()));
        if (!ours.threadLocalImports().isEmpty()) {
            command.add(threadLocals(object.machine(), ours.threadLocalImports()).toString());
        }
        CCompiler.run(command);
        return Files.readAllBytes(output);
    }

    /** An object that defines the thread-local variables which ours has made up, in the same order and distances. */
    private Path threadLocals(int machine, Map<String, Long> names) throws IOException {
        StringBuilder source = new StringBuilder(".section .banos.tls,\"awT\",@nobits\n.balign 16\n");
        names.keySet().forEach(name -> source.append(String.format(".globl \"%s\"%n\"%1$s\": .zero 16%n", name)));
        Path file = Files.writeString(folder.resolve("threadlocals.s"), source);
        Path output = folder.resolve("threadlocals.o");
        CCompiler.requireProgram("clang");
        CCompiler.run(List.of("clang", "--target=" + switch (machine) {
            case Elf.EM_AARCH64 -> "aarch64-linux-gnu";
            case Elf.EM_RISCV -> "riscv64-linux-gnu";
            default -> "x86_64-linux-gnu";
        }, "-c", "-o", output.toString(), file.toString()));
        return output;
    }

    /**
     * Lets lld go on behind what it refuses.
     *
     * @param base of the section .text
     * @return what it says
     */
    String link(byte[] object, Path output, long base) throws IOException {
        Files.deleteIfExists(output);
        Path script = Files.writeString(folder.resolve("fields.ld"),
                String.format("SECTIONS { .text 0x%x : { *(.text) } . = 0x%x; .tbss : { *(.tbss) } }", base, base + (1 << 24)));
        return CCompiler.run(List.of(program, "-static", "--noinhibit-exec", "--error-limit=0", "--no-relax", "--no-check-sections",
                "-z", "norelro", "-e", "0", "-T", script.toString(), "-o", output.toString(),
                Files.write(folder.resolve("fields.o"), object).toString()));
    }

    private List<String> compare(ElfObject object, OfflineLink ours, LinkedProgram theirs) {
        List<String> differences = new ArrayList<>();
        Map<OfflineLink.Part, GotFields> fields = new LinkedHashMap<>();
        Map<Long, long[]> highs = new HashMap<>();
        byte[] bytes = ours.bytes(); // a copy
        for (OfflineLink.Part part : ours.sections()) {
            if (part.size() == 0 || !object.sections().hasBytes(part.index()) || isExcluded(object.sections(), part.index())) {
                continue;
            }
            LinkedProgram.Section section = theirs.section(nameOf(object, part.index()));
            if (section == null || section.address() > part.address()
                    || section.address() + section.size() < part.address() + part.size()) {
                differences.add(part.name() + " is at " + section + " in lld's program, not at " + part);
                continue;
            }
            int start = section.offset() + (int) (part.address() - section.address());
            GotFields got = new GotFields(object, part, bytes, theirs, start, highs);
            got.follow(true);
            fields.put(part, got);
        }
        fields.forEach((part, got) -> {
            got.follow(false);
            differences.addAll(got.differences());
            comparedSlots += got.compared();
            setAside += got.setAside();
            comparedBytes += part.size();
            bytes(part, bytes, theirs.bytes(), got, differences);
        });
        return differences.subList(0, Math.min(LARGEST_MESSAGE_COUNT, differences.size()));
    }

    private static void bytes(OfflineLink.Part part, byte[] ours, byte[] theirs, GotFields got, List<String> differences) {
        int start = (int) (part.address() - BASE);
        for (int i = 0; i < part.size() && differences.size() < LARGEST_MESSAGE_COUNT; i++) {
            byte other = theirs[got.start() + i];
            if (ours[start + i] != other && !got.isOwn(i)) {
                differences.add(String.format("%s+0x%x: %02x, lld %02x", part.name(), i, ours[start + i], other));
            }
        }
    }
}
