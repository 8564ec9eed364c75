package dev.banos.loader.link;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.loader.CCompiler;
import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.ObjectReader;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.machine.Architecture;
import dev.banos.loader.machine.FixupKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Every relocation type at values around every power of two, with odd addends, in fields that are the last bytes of their section:
 * what we write is what lld writes, the bits around the field too, and what does not fit is refused by both.
 */
class FieldLimitsTest {
    private static final long BASE = 0x40_0000_0000L;
    private static final int STEP = 16;
    private static final long BLOCK_BYTES = 1L << 29;
    private static final byte[] MOVZ_X0 = {0, 0, (byte) 0x80, (byte) 0xd2};
    private static final byte[] MOVK_X0 = {0, 0, (byte) 0x80, (byte) 0xf2};
    /** RISC-V ELF psABI, table of relocation types. */
    private static final int HIGH = 23;
    private static final int LOW_I = 24;
    private static final int LOW_S = 25;
    private static final int SET_ULEB128 = 60;
    private static final int SUB_ULEB128 = 61;
    /** The last instructions of a descriptor; what follows is in no file. */
    private static final int FIRST_LOW_OF_DESCRIPTOR = 63;
    private static final Pattern COMPLAINT = Pattern.compile("\\(\\.text\\+0x([0-9a-f]+)\\)");

    @TempDir
    Path folder;
    private final Random random = new Random(20);
    private int machine;
    private Architecture architecture;

    /** How a value comes about. */
    private enum Meaning {
        ADDRESS, DISTANCE, PAGES, FROM_THREAD_POINTER, IN_BLOCK, SIZE;

        static Meaning of(int machine, int type) {
            String name = Architecture.of(machine).kind(type).name();
            if (isLocalDynamic(machine, type)) {
                return IN_BLOCK;
            }
            if (name.contains("TLS")) {
                return FROM_THREAD_POINTER;
            }
            return name.contains("SIZE") ? SIZE : name.contains("PAGE") ? PAGES
                    : name.matches(".*(DELTA|BRANCH|JUMP|CALL).*") ? DISTANCE : ADDRESS;
        }
    }

    /** What makes a program of the object, as far as it goes, and says what it refuses. */
    private interface OtherLinker {
        String link(byte[] object, Path output) throws IOException;
    }

    private record Field(int offset, long symbolValue, long addend, long value) {
    }

    /** lld cuts R_RISCV_32 off without a word and refuses R_RISCV_SET32 above 2 GiB, and takes sizes for signed. */
    private boolean isOwn(int type, long value) {
        boolean signed = value >= 0 && value >>> 31 == 0;
        return machine == Elf.EM_RISCV && (type == 1 || type == 56) || machine == Elf.EM_X86_64 && type == 32 && !signed;
    }

    /** GNU ld lets some offsets pass that have bits above those of the field, which the ABI has checked. */
    private boolean isTooLarge(int type, long value) {
        return isOfGnuLd(type, architecture.kind(type)) && value >>> largestBits(type) != 0;
    }

    /** Of an offset, in fields that must hold all of it. */
    private int largestBits(int type) {
        return switch (architecture.kind(type)) {
            case A64_MOVE_0 -> 16;
            case A64_TLS_OFFSET_HIGH12 -> 24;
            default -> architecture.kind(type).name().contains("ALL12") ? 12 : Long.SIZE - 1;
        };
    }

    @ParameterizedTest
    @ValueSource(ints = {Elf.EM_X86_64, Elf.EM_AARCH64, Elf.EM_RISCV})
    void areThoseOfLld(int ofMachine) throws Exception {
        machine = ofMachine;
        architecture = Architecture.of(machine);
        LldOracle oracle = new LldOracle(folder);
        int types = 0;
        for (int type = 1; type < architecture.kinds().length; type++) {
            FixupKind kind = architecture.kind(type);
            if (kind != null && isSimple(type, kind)) {
                types += compare(type, kind, (object, output) -> oracle.link(object, output, BASE)) >= 100 ? 1 : 0;
            }
        }
        assertThat(types).isGreaterThanOrEqualTo(machine == Elf.EM_X86_64 ? 13 : 25);
    }

    /** aarch64: offsets in a block of thread-local variables, and distances of twelve bits that must be all of them. */
    @Test
    void whatLldDoesNotKnowIsThatOfGnuLd() throws Exception {
        CCompiler.requireProgram("aarch64-linux-gnu-ld");
        machine = Elf.EM_AARCH64;
        architecture = Architecture.of(machine);
        int types = 0;
        for (int type = 1; type < architecture.kinds().length; type++) {
            FixupKind kind = architecture.kind(type);
            if (kind != null && isOfGnuLd(type, kind)) {
                assertThat(compare(type, kind, this::gnuLd)).as("values of %s", architecture.relocationName(type)).isGreaterThan(100);
                types++;
            }
        }
        assertThat(types).isEqualTo(21);
    }

    private String gnuLd(byte[] object, Path output) throws IOException {
        Files.deleteIfExists(output);
        Path script = Files.writeString(folder.resolve("fields.ld"), String.format("SECTIONS { .text 0x%x : { *(.text) } .tbss : { *(.tbss) } }",
                BASE));
        return CCompiler.run(List.of("aarch64-linux-gnu-ld", "-static", "--noinhibit-exec", "-e", "0", "-T", script.toString(), "-o", output.toString(),
                Files.write(folder.resolve("fields.o"), object).toString()));
    }

    private static boolean isLocalDynamic(int machine, int type) {
        return machine == Elf.EM_AARCH64 && (type >= 523 && type <= 538 || type == 572 || type == 573);
    }

    private boolean isOfGnuLd(int type, FixupKind kind) {
        return isBeyondLld(type, kind) && type < 570; // LDST128 no linker at hand knows
    }

    private boolean isBeyondLld(int type, FixupKind kind) {
        return isLocalDynamic(machine, type) || kind.name().startsWith("A64_TLS_ALL12");
    }

    /** Entries of tables and pairs have tests of their own. */
    private boolean isSimple(int type, FixupKind kind) {
        return kind != FixupKind.NONE && !isBeyondLld(type, kind) && !kind.name().matches(".*(GOT|PAIR|ULEB128|TLS_OFFSET).*")
                && !(machine == Elf.EM_RISCV && (type == LOW_I || type == LOW_S || type >= FIRST_LOW_OF_DESCRIPTOR));
    }

    private int compare(int type, FixupKind kind, OtherLinker linker) throws IOException {
        List<Field> fields = fields(type, kind);
        byte[] text = new byte[STEP * fields.size()];
        random.nextBytes(text);
        for (int at = 0; at < text.length; at += STEP) {
            if (kind == FixupKind.A64_BRANCH26) {
                text[at + 3] = (byte) (type == 282 ? 0x14 : 0x94); // lld writes the whole instruction
            } else if (kind.name().matches("A64_(TLS|SIGNED|DELTA)_MOVE.*") || kind.name().startsWith("A64_MOVE") && isLocalDynamic(machine, type)) {
                byte[] move = kind.name().endsWith("PART") ? MOVK_X0 : MOVZ_X0; // others look which of them it is
                System.arraycopy(move, 0, text, at, move.length);
            }
        }
        boolean low = machine == Elf.EM_RISCV && type == HIGH;
        Path output = folder.resolve("output.elf");
        String complaints = linker.link(object(type, text, fields), output);
        BitSet refused = new BitSet();
        for (Matcher matcher = COMPLAINT.matcher(complaints); matcher.find();) {
            refused.set(Integer.parseInt(matcher.group(1), 16));
        }
        assertThat(output).as("%s: %s", architecture.relocationName(type), complaints).exists();
        LinkedProgram program = LinkedProgram.read(Files.readAllBytes(output));
        int start = program.section(".text").offset();
        int compared = 0;
        for (Field field : fields) {
            boolean viaStub = (kind.needs & FixupKind.Need.STUB) != 0 && refused.get(field.offset());
            if (!viaStub && !isOwn(type, field.value())) {
                int end = field.offset() + (low ? 3 * Integer.BYTES : kind.width);
                String theirs = refused.get(field.offset()) || isTooLarge(type, field.value()) ? "refused"
                        : HexFormat.of().formatHex(program.bytes(), start + field.offset(), start + end);
                assertThat(ours(type, Arrays.copyOf(text, end), field)).as("%s of 0x%x, addend %d",
                        architecture.relocationName(type), field.value(), field.addend()).isEqualTo(theirs);
                compared++;
            }
        }
        return compared;
    }

    private String ours(int type, byte[] text, Field field) {
        try {
            byte[] object = object(type, text, List.of(field));
            OfflineLink link = OfflineLink.link(ObjectReader.read(object, "field.o"), BASE, name -> 0, false);
            return HexFormat.of().formatHex(link.bytes(), field.offset(), text.length);
        } catch (Refusal refusal) {
            assertThat(refusal.errno()).isEqualTo(Refusal.ERANGE);
            return "refused";
        }
    }

    private List<Field> fields(int type, FixupKind kind) {
        TreeSet<Long> values = new TreeSet<>();
        for (int bit = 0; bit < 64; bit++) {
            for (int away : new int[] {-0x801, -0x800, -4096, -16, -8, -4, -2, -1, 0, 1, 2, 4, 8, 0x7ff, 0x800}) {
                values.add((1L << bit) + away);
                values.add(-(1L << bit) + away);
            }
        }
        Meaning meaning = Meaning.of(machine, type);
        boolean threadLocal = meaning == Meaning.FROM_THREAD_POINTER || meaning == Meaning.IN_BLOCK;
        long distance = meaning == Meaning.IN_BLOCK ? 0 : architecture.tlsDistance((int) BLOCK_BYTES, 16);
        List<Field> fields = new ArrayList<>();
        for (long value : values) {
            long offset = value - distance;
            boolean outside = threadLocal && (offset < 0 || offset >= BLOCK_BYTES)
                    || kind == FixupKind.A64_BRANCH26 && !fits(value, 28) // from there on, lld inserts code
                    || machine == Elf.EM_AARCH64 && kind == FixupKind.BRANCH32 && !fits(value, 31);
            if (!outside && (value & unit(kind) - 1) == 0) {
                int at = STEP * fields.size();
                boolean mayBeOdd = !threadLocal && (kind.needs & FixupKind.Need.STUB) == 0;
                long addend = mayBeOdd && random.nextInt(4) == 0 ? random.nextInt(2001) - 1000 : 0;
                long target = switch (meaning) {
                    case DISTANCE -> BASE + at + value;
                    case PAGES -> (BASE + at & -4096) + value;
                    case FROM_THREAD_POINTER, IN_BLOCK -> offset;
                    default -> value;
                };
                fields.add(new Field(at, target - addend, addend, value));
            }
        }
        return fields;
    }

    private static boolean fits(long value, int bits) {
        return value << 64 - bits >> 64 - bits == value;
    }

    /** lld makes no program at all where an instruction cannot express the value's lowest bits: that is a test of its own. */
    private static int unit(FixupKind kind) {
        Matcher counted = Pattern.compile("12_OF_(\\d+)").matcher(kind.name());
        if (counted.find()) {
            return Integer.parseInt(counted.group(1));
        }
        return switch (kind) {
            case A64_BRANCH26, A64_DELTA19, A64_DELTA14 -> 4;
            case RV_BRANCH12, RV_JUMP20, RV_SHORT_BRANCH8, RV_SHORT_JUMP11 -> 2;
            default -> 1;
        };
    }

    private byte[] object(int type, byte[] text, List<Field> fields) {
        FieldObject object = new FieldObject(machine, text);
        Meaning meaning = Meaning.of(machine, type);
        for (Field field : fields) {
            int symbol = switch (meaning) {
                case FROM_THREAD_POINTER, IN_BLOCK -> object.threadLocal(field.symbolValue(), BLOCK_BYTES);
                case SIZE -> object.absolute(0, field.symbolValue());
                default -> object.absolute(field.symbolValue(), 0);
            };
            object.relocation(field.offset(), symbol, type, field.addend());
            if (machine == Elf.EM_RISCV && type == HIGH) {
                int label = object.label(field.offset());
                object.relocation(field.offset() + 4L, label, LOW_I, 0).relocation(field.offset() + 8L, label, LOW_S, 0);
            }
        }
        return object.bytes();
    }

    private String refusal(int ofMachine, int type, long target, long addend) {
        FieldObject object = new FieldObject(ofMachine, new byte[8]);
        byte[] bytes = object.relocation(0, object.absolute(target, 0), type, addend).bytes();
        try {
            OfflineLink.link(ObjectReader.read(bytes, "field.o"), BASE, name -> 0, false);
            return "linked";
        } catch (Refusal refusal) {
            assertThat(refusal.errno()).isEqualTo(Refusal.ERANGE);
            return refusal.why() + "; " + refusal.remedy();
        }
    }

    @ParameterizedTest
    @CsvSource({
        "AARCH64, 280, 6, 'is no multiple of 4, in which the instruction counts; null'",
        "AARCH64, 280, 0x100000, 'does not fit the instruction; branch to a place in the same section, which goes on from there'",
        "AARCH64, 286, 4, '0x4000000004 is no multiple of 8, in which the instruction counts; align the variable to 8 bytes'",
        "AARCH64, 263, 0, 'value 0x4000000000 does not fit the instruction; null'",
        "RISCV, 16, 3, 'is no multiple of 2, in which the instruction counts; null'",
        "X86_64, 2, 0x80000000, 'does not fit 32 bits; compile with -fPIC, which reaches data through a table of addresses'",
        "X86_64, 15, 0x80, 'distance 128 from 0x4000000000 to 0x4000000080 does not fit 8 bits; null'"})
    void theMessageSaysWhatDoesNotFit(String name, int type, String distance, String end) {
        int ofMachine = "X86_64".equals(name) ? Elf.EM_X86_64 : "RISCV".equals(name) ? Elf.EM_RISCV : Elf.EM_AARCH64;
        assertThat(refusal(ofMachine, type, BASE + Long.decode(distance), 0)).endsWith(end);
    }

    @Test
    void aSizeThatDoesNotFitIsNamedAsOne() {
        FieldObject object = new FieldObject(Elf.EM_X86_64, new byte[8]);
        byte[] bytes = object.relocation(0, object.absolute(7, 1L << 32), 32, 0).bytes();
        assertThatThrownBy(() -> OfflineLink.link(ObjectReader.read(bytes, "field.o"), BASE, name -> 0, false))
                .hasMessageEndingWith("size 4294967296 does not fit 32 bits");
    }

    /** A stub has one way in: whoever calls what lies behind a function's start would land in the middle of it. */
    @ParameterizedTest
    @CsvSource({"62, 4, -4, 1", "183, 283, 0, 8", "183, 282, 0, -4", "243, 19, 0, 4", "243, 18, 0, -2"})
    void aStubIsForCallsOfTheFunctionItself(int ofMachine, int type, long own, long other) {
        long far = BASE + (1L << 40);
        assertThat(refusal(ofMachine, type, far, own)).isEqualTo("linked");
        assertThat(refusal(ofMachine, type, far, other)).contains("is too far, and a stub leads to the function itself");
        assertThat(refusal(ofMachine, type, BASE + 64, other)).isEqualTo("linked");
    }

    /** ELF for the Arm 64-bit Architecture: GDAT(S + A) is an entry that holds S + A, not one A bytes behind that of S. */
    @ParameterizedTest
    @ValueSource(ints = {309, 311, 312, 313})
    void anEntryOfTheTableHoldsTheSymbolItself(int type) {
        assertThat(refusal(Elf.EM_AARCH64, type, 0x12345678, 8))
                .endsWith("addend 8 of an entry in the table of addresses; load the symbol's own address, and add to it");
        assertThat(refusal(Elf.EM_AARCH64, type, 0x12345678, 0)).isEqualTo("linked");
    }

    /** What compilers make with -mtls-dialect=trad, and assemblers from other hands. */
    @ParameterizedTest
    @CsvSource({"513, R_AARCH64_TLSGD_ADR_PAGE21", "518, R_AARCH64_TLSLD_ADR_PAGE21", "522, R_AARCH64_TLSLD_LD_PREL19",
        "300, R_AARCH64_MOVW_GOTOFF_G0", "580, R_AARCH64_AUTH_ABS64", "599, R_AARCH64_599"})
    void whatIsNotSupportedIsRefusedByName(int type, String name) {
        FieldObject object = new FieldObject(Elf.EM_AARCH64, new byte[8]);
        byte[] bytes = object.relocation(0, object.absolute(7, 0), type, 0).bytes();
        assertThatThrownBy(() -> OfflineLink.link(ObjectReader.read(bytes, "field.o"), BASE, symbol -> 0, false))
                .isInstanceOf(Refusal.class).hasMessageContaining("relocation " + name + " against s000001 is not supported");
    }

    /** RISC-V: the bytes of a number that a pair of relocations fills in end in its section. */
    @Test
    void aNumberOfManyBytesEndsInItsSection() {
        byte[] text = new byte[64];
        text[63] = (byte) 0x80;
        FieldObject object = new FieldObject(Elf.EM_RISCV, text);
        byte[] bytes = object.relocation(63, object.absolute(300, 0), SET_ULEB128, 0)
                .relocation(63, object.absolute(1, 0), SUB_ULEB128, 0).bytes();
        assertThatThrownBy(() -> OfflineLink.link(ObjectReader.read(bytes, "field.o"), BASE, name -> 0, false))
                .isInstanceOf(Refusal.class).hasMessageEndingWith("the number at offset 63 does not end in its section");
    }
}
