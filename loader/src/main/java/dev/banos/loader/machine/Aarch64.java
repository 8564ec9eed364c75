package dev.banos.loader.machine;

import static dev.banos.loader.machine.FixupKind.*;

import dev.banos.loader.elf.ElfObject;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/** ELF for the Arm 64-bit Architecture, section "Relocation": the static relocations that compilers emit in all code models. */
final class Aarch64 extends Architecture {
    private static final int STUB_BYTES = 16;
    private static final int ADRP_X16 = 0x90000010;
    private static final int LDR_X16_X16 = 0xf9400210;
    private static final int BR_X16 = 0xd61f0200;
    private static final int BRK = 0xd4200000;
    /** Thread-local variables by way of {@code __tls_get_addr}: TLSGD, then TLSLD, of which two more came later. */
    private static final int FIRST_OF_PAIRS = 512;
    private static final int FIRST_OF_INITIAL_EXEC = 539;

    private static final Map<Integer, String> NAMES = names();
    /** After the constants above, which the constructor uses. Of the general type: see {@link Architecture#of}. */
    static final Architecture INSTANCE = new Aarch64();

    private Aarch64() {
        super(kindsByNumber());
    }

    private static FixupKind[] kindsByNumber() {
        FixupKind[] kinds = new FixupKind[600];
        kinds[0] = NONE;
        kinds[256] = NONE;
        kinds[257] = ABS64;
        kinds[258] = ABS32_EITHER;
        kinds[259] = ABS16;
        kinds[260] = DELTA64;
        kinds[261] = DELTA32_EITHER;
        kinds[262] = DELTA16_EITHER;
        kinds[263] = A64_MOVE_0;
        kinds[264] = A64_MOVE_0_PART;
        kinds[265] = A64_MOVE_1;
        kinds[266] = A64_MOVE_1_PART;
        kinds[267] = A64_MOVE_2;
        kinds[268] = A64_MOVE_2_PART;
        kinds[269] = A64_MOVE_3;
        consecutive(kinds, 270, A64_SIGNED_MOVE_0, A64_SIGNED_MOVE_1, A64_SIGNED_MOVE_2);
        consecutive(kinds, 287, A64_DELTA_MOVE_0, A64_DELTA_MOVE_0_PART, A64_DELTA_MOVE_1, A64_DELTA_MOVE_1_PART,
                A64_DELTA_MOVE_2, A64_DELTA_MOVE_2_PART, A64_DELTA_MOVE_3);
        kinds[273] = A64_DELTA19;
        kinds[274] = A64_DELTA21;
        kinds[275] = A64_PAGE21;
        kinds[276] = A64_PAGE21_PART;
        kinds[277] = A64_LOW12;
        kinds[278] = A64_LOW12;
        kinds[279] = A64_DELTA14;
        kinds[280] = A64_DELTA19;
        kinds[282] = A64_BRANCH26;
        kinds[283] = A64_BRANCH26;
        kinds[284] = A64_LOW12_OF_2;
        kinds[285] = A64_LOW12_OF_4;
        kinds[286] = A64_LOW12_OF_8;
        kinds[299] = A64_LOW12_OF_16;
        kinds[309] = A64_GOT_DELTA19;
        kinds[311] = A64_GOT_PAGE21;
        kinds[312] = A64_GOT_LOW12;
        kinds[313] = A64_GOT_PAGE_LOW15;
        kinds[314] = BRANCH32;
        threadLocals(kinds);
        return kinds;
    }

    private static void threadLocals(FixupKind[] kinds) {
        kinds[541] = A64_TLS_GOT_PAGE21;
        kinds[542] = A64_TLS_GOT_LOW12;
        consecutive(kinds, 544, A64_TLS_MOVE_2, A64_TLS_MOVE_1, A64_TLS_MOVE_1_PART, A64_TLS_MOVE_0, A64_TLS_MOVE_0_PART,
                A64_TLS_HIGH12, A64_TLS_ALL12, A64_TLS_LOW12, A64_TLS_ALL12, A64_TLS_LOW12, A64_TLS_ALL12_OF_2, A64_TLS_LOW12_OF_2,
                A64_TLS_ALL12_OF_4, A64_TLS_LOW12_OF_4, A64_TLS_ALL12_OF_8, A64_TLS_LOW12_OF_8);
        consecutive(kinds, 570, A64_TLS_ALL12_OF_16, A64_TLS_LOW12_OF_16);
        // Of an offset in the block, the part that a field holds is that of any other value.
        consecutive(kinds, 523, A64_MOVE_2, A64_MOVE_1, A64_MOVE_1_PART, A64_MOVE_0, A64_MOVE_0_PART, A64_TLS_OFFSET_HIGH12,
                A64_TLS_OFFSET_ALL12, A64_LOW12, A64_TLS_OFFSET_ALL12, A64_LOW12, A64_TLS_OFFSET_ALL12_OF_2, A64_LOW12_OF_2,
                A64_TLS_OFFSET_ALL12_OF_4, A64_LOW12_OF_4, A64_TLS_OFFSET_ALL12_OF_8, A64_LOW12_OF_8);
        consecutive(kinds, 572, A64_TLS_OFFSET_ALL12_OF_16, A64_LOW12_OF_16);
    }

    private static void consecutive(FixupKind[] kinds, int first, FixupKind... inOrder) {
        System.arraycopy(inOrder, 0, kinds, first, inOrder.length);
    }

    private static Map<Integer, String> names() {
        Map<Integer, String> names = new TreeMap<>(Map.of(0, "NONE", 257, "ABS64", 258, "ABS32", 259, "ABS16", 260, "PREL64",
                261, "PREL32", 262, "PREL16", 273, "LD_PREL_LO19", 274, "ADR_PREL_LO21", 275, "ADR_PREL_PG_HI21"));
        names.putAll(Map.of(276, "ADR_PREL_PG_HI21_NC", 277, "ADD_ABS_LO12_NC", 278, "LDST8_ABS_LO12_NC", 279, "TSTBR14",
                280, "CONDBR19", 282, "JUMP26", 283, "CALL26", 284, "LDST16_ABS_LO12_NC", 285, "LDST32_ABS_LO12_NC",
                286, "LDST64_ABS_LO12_NC"));
        names.putAll(Map.of(299, "LDST128_ABS_LO12_NC", 311, "ADR_GOT_PAGE", 312, "LD64_GOT_LO12_NC", 314, "PLT32",
                541, "TLSIE_ADR_GOTTPREL_PAGE21", 542, "TLSIE_LD64_GOTTPREL_LO12_NC", 549, "TLSLE_ADD_TPREL_HI12",
                551, "TLSLE_ADD_TPREL_LO12_NC"));
        names.putAll(Map.of(263, "MOVW_UABS_G0", 264, "MOVW_UABS_G0_NC", 265, "MOVW_UABS_G1", 266, "MOVW_UABS_G1_NC",
                267, "MOVW_UABS_G2", 268, "MOVW_UABS_G2_NC", 269, "MOVW_UABS_G3", 309, "GOT_LD_PREL19"));
        names.putAll(Map.of(313, "LD64_GOTPAGE_LO15", 544, "TLSLE_MOVW_TPREL_G2", 545, "TLSLE_MOVW_TPREL_G1",
                546, "TLSLE_MOVW_TPREL_G1_NC", 547, "TLSLE_MOVW_TPREL_G0", 548, "TLSLE_MOVW_TPREL_G0_NC",
                553, "TLSLE_LDST8_TPREL_LO12_NC", 555, "TLSLE_LDST16_TPREL_LO12_NC", 557, "TLSLE_LDST32_TPREL_LO12_NC",
                559, "TLSLE_LDST64_TPREL_LO12_NC"));
        consecutive(names, 270, "MOVW_SABS_G0", "MOVW_SABS_G1", "MOVW_SABS_G2");
        consecutive(names, 287, "MOVW_PREL_G0", "MOVW_PREL_G0_NC", "MOVW_PREL_G1", "MOVW_PREL_G1_NC", "MOVW_PREL_G2",
                "MOVW_PREL_G2_NC", "MOVW_PREL_G3");
        refused(names);
        names.putAll(Map.of(571, "TLSLE_LDST128_TPREL_LO12_NC", 550, "TLSLE_ADD_TPREL_LO12", 562, "TLSDESC_ADR_PAGE21", 563, "TLSDESC_LD64_LO12",
                564, "TLSDESC_ADD_LO12", 569, "TLSDESC_CALL"));
        return names;
    }

    /** Those that a refusal has to name. */
    private static void refused(Map<Integer, String> names) {
        consecutive(names, 300, "MOVW_GOTOFF_G0", "MOVW_GOTOFF_G0_NC", "MOVW_GOTOFF_G1", "MOVW_GOTOFF_G1_NC", "MOVW_GOTOFF_G2",
                "MOVW_GOTOFF_G2_NC", "MOVW_GOTOFF_G3", "GOTREL64", "GOTREL32");
        consecutive(names, 310, "LD64_GOTOFF_LO15");
        consecutive(names, 315, "GOTPCREL32");
        consecutive(names, 512, "TLSGD_ADR_PREL21", "TLSGD_ADR_PAGE21", "TLSGD_ADD_LO12_NC", "TLSGD_MOVW_G1", "TLSGD_MOVW_G0_NC",
                "TLSLD_ADR_PREL21", "TLSLD_ADR_PAGE21", "TLSLD_ADD_LO12_NC", "TLSLD_MOVW_G1", "TLSLD_MOVW_G0_NC", "TLSLD_LD_PREL19",
                "TLSLD_MOVW_DTPREL_G2", "TLSLD_MOVW_DTPREL_G1", "TLSLD_MOVW_DTPREL_G1_NC", "TLSLD_MOVW_DTPREL_G0",
                "TLSLD_MOVW_DTPREL_G0_NC", "TLSLD_ADD_DTPREL_HI12", "TLSLD_ADD_DTPREL_LO12", "TLSLD_ADD_DTPREL_LO12_NC",
                "TLSLD_LDST8_DTPREL_LO12", "TLSLD_LDST8_DTPREL_LO12_NC", "TLSLD_LDST16_DTPREL_LO12", "TLSLD_LDST16_DTPREL_LO12_NC",
                "TLSLD_LDST32_DTPREL_LO12", "TLSLD_LDST32_DTPREL_LO12_NC", "TLSLD_LDST64_DTPREL_LO12",
                "TLSLD_LDST64_DTPREL_LO12_NC", "TLSIE_MOVW_GOTTPREL_G1", "TLSIE_MOVW_GOTTPREL_G0_NC");
        consecutive(names, 543, "TLSIE_LD_GOTTPREL_PREL19");
        for (int scale = 0; scale < 4; scale++) {
            names.put(552 + 2 * scale, "TLSLE_LDST" + (8 << scale) + "_TPREL_LO12");
        }
        consecutive(names, 560, "TLSDESC_LD_PREL19", "TLSDESC_ADR_PREL21");
        consecutive(names, 565, "TLSDESC_OFF_G1", "TLSDESC_OFF_G0_NC", "TLSDESC_LDR", "TLSDESC_ADD");
        consecutive(names, 570, "TLSLE_LDST128_TPREL_LO12");
        consecutive(names, 580, "AUTH_ABS64"); // -fptrauth-calls: signed by whoever loads it, with keys of the process
        consecutive(names, 572, "TLSLD_LDST128_DTPREL_LO12", "TLSLD_LDST128_DTPREL_LO12_NC");
    }

    private static void consecutive(Map<Integer, String> names, int first, String... inOrder) {
        for (int i = 0; i < inOrder.length; i++) {
            names.put(first + i, inOrder[i]);
        }
    }

    @Override
    public String relocationName(int type) {
        return "R_AARCH64_" + NAMES.getOrDefault(type, Integer.toUnsignedString(type));
    }

    @Override
    public @Nullable String remedy(int type) {
        boolean traditional = type >= FIRST_OF_PAIRS && type < FIRST_OF_INITIAL_EXEC || type == 572 || type == 573;
        return traditional ? "compile with -mtls-dialect=desc, the compilers' default, or -ftls-model=initial-exec" : null;
    }

    @Override
    public ElfObject prepared(ElfObject object, boolean program) {
        return Aarch64Tls.relaxed(object, program);
    }

    @Override
    public int stubBytes() {
        return STUB_BYTES;
    }

    /** {@code adrp x16, entry; ldr x16, [x16, entry's low bits]; br x16}, filled up with a trap. */
    @Override
    public void writeStub(Image image, int at, long delta) {
        long entry = image.address(at) + delta;
        image.put32(at, ADRP_X16);
        A64Fields.page21(image, at, entry, true);
        image.put32(at + 4, LDR_X16_X16);
        A64Fields.low12(image, at + 4, entry, 3);
        image.put32(at + 8, BR_X16);
        image.put32(at + 12, BRK);
    }

    /** The block begins behind two words of the thread's own, aligned as the block wants. */
    @Override
    public long tlsDistance(int size, int alignment) {
        return Math.max(2L * Long.BYTES, alignment);
    }

    @Override
    public boolean relax(Image image, int first, int at, long target, boolean rex) {
        return false;
    }
}
