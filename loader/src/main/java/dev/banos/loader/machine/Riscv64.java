package dev.banos.loader.machine;

import static dev.banos.loader.machine.FixupKind.*;

import dev.banos.loader.elf.ElfObject;

/**
 * RISC-V ELF psABI, section "Relocations". {@code RELAX} marks what another linker may shorten, and nothing is shortened here; the
 * four instructions of a descriptor, which would call the dynamic linker, become {@code nop}, {@code nop}, {@code lui} and
 * {@code addi} in place. {@link RiscvObject} has honoured {@code ALIGN} and paired each low part with its high part before fixups are
 * looked up.
 */
final class Riscv64 extends Architecture {
    private static final String[] NAMES = {
        "NONE", "32", "64", "RELATIVE", "COPY", "JUMP_SLOT", "TLS_DTPMOD32", "TLS_DTPMOD64", "TLS_DTPREL32", "TLS_DTPREL64",
        "TLS_TPREL32", "TLS_TPREL64", "TLSDESC", "13", "14", "15", "BRANCH", "JAL", "CALL", "CALL_PLT", "GOT_HI20",
        "TLS_GOT_HI20", "TLS_GD_HI20", "PCREL_HI20", "PCREL_LO12_I", "PCREL_LO12_S", "HI20", "LO12_I", "LO12_S", "TPREL_HI20",
        "TPREL_LO12_I", "TPREL_LO12_S", "TPREL_ADD", "ADD8", "ADD16", "ADD32", "ADD64", "SUB8", "SUB16", "SUB32", "SUB64",
        "GOT32_PCREL", "42", "ALIGN", "RVC_BRANCH", "RVC_JUMP", "RVC_LUI", "47", "48", "49", "50", "RELAX", "SUB6", "SET6",
        "SET8", "SET16", "SET32", "32_PCREL", "IRELATIVE", "PLT32", "SET_ULEB128", "SUB_ULEB128", "TLSDESC_HI20",
        "TLSDESC_LOAD_LO12", "TLSDESC_ADD_LO12", "TLSDESC_CALL"};

    static final int GOT_HI20 = 20;
    static final int TLS_GOT_HI20 = 21;
    static final int TLS_GD_HI20 = 22;
    static final int PCREL_HI20 = 23;
    static final int PCREL_LO12_I = 24;
    static final int PCREL_LO12_S = 25;
    static final int ALIGN = 43;
    static final int SET_ULEB128_TYPE = 60;
    static final int SUB_ULEB128_TYPE = 61;
    static final int TLSDESC_HI20 = 62;
    static final int TLSDESC_CALL = 65;

    /** Numbers of our own, which no file may use: a low part whose high part is of another kind than PCREL_HI20. */
    static final int FIRST_PAIRED = NAMES.length;
    private static final int PAIRED = 2 * (PCREL_HI20 - GOT_HI20);

    private static final int STUB_BYTES = 16;
    private static final int AUIPC_T3 = 0x00000e17;
    private static final int LD_T3_T3 = 0x000e3e03;
    private static final int JR_T3 = 0x000e0067;
    private static final int EBREAK = 0x00100073;
    /** What {@code __tls_get_addr} adds, so that a signed 12-bit offset reaches all of the first 4 KiB. */
    private static final int TLS_PAIR_BIAS = 0x800;

    /** After the constants above, which the constructor uses. Of the general type: see {@link Architecture#of}. */
    static final Architecture INSTANCE = new Riscv64();

    private Riscv64() {
        super(kindsByNumber());
    }

    private static FixupKind[] kindsByNumber() {
        FixupKind[] kinds = new FixupKind[NAMES.length + PAIRED];
        kinds[0] = NONE;
        kinds[1] = ABS32_EITHER;
        kinds[2] = ABS64;
        kinds[16] = RV_BRANCH12;
        kinds[17] = RV_JUMP20;
        kinds[18] = RV_CALL;
        kinds[19] = RV_CALL;
        kinds[GOT_HI20] = RV_GOT_HIGH20;
        kinds[TLS_GOT_HI20] = RV_TLS_GOT_HIGH20;
        kinds[TLS_GD_HI20] = RV_TLS_PAIR_HIGH20;
        kinds[PCREL_HI20] = RV_DELTA_HIGH20;
        kinds[PCREL_LO12_I] = RV_DELTA_LOW12_I;
        kinds[PCREL_LO12_S] = RV_DELTA_LOW12_S;
        kinds[26] = RV_HIGH20;
        kinds[27] = RV_LOW12_I;
        kinds[28] = RV_LOW12_S;
        kinds[29] = RV_TLS_HIGH20;
        kinds[30] = RV_TLS_LOW12_I;
        kinds[31] = RV_TLS_LOW12_S;
        kinds[32] = NONE; // TPREL_ADD marks an instruction that could go
        System.arraycopy(new FixupKind[] {ADD8, ADD16, ADD32, ADD64, SUB8, SUB16, SUB32, SUB64, GOT_DELTA32}, 0, kinds, 33, 9);
        kinds[ALIGN] = NONE;
        kinds[44] = RV_SHORT_BRANCH8;
        kinds[45] = RV_SHORT_JUMP11;
        kinds[46] = RV_SHORT_HIGH6;
        kinds[51] = NONE;
        System.arraycopy(new FixupKind[] {SUB6, SET6, SET8, SET16, SET32, DELTA32}, 0, kinds, 52, 6);
        kinds[59] = BRANCH32;
        kinds[SET_ULEB128_TYPE] = SET_ULEB128;
        kinds[SUB_ULEB128_TYPE] = SUB_ULEB128;
        System.arraycopy(new FixupKind[] {RV_NOP, RV_NOP, RV_TLS_DESCRIPTOR_HIGH20, RV_TLS_DESCRIPTOR_LOW12}, 0, kinds,
                TLSDESC_HI20, TLSDESC_CALL - TLSDESC_HI20 + 1);
        kinds[paired(GOT_HI20, PCREL_LO12_I)] = RV_GOT_LOW12_I;
        kinds[paired(GOT_HI20, PCREL_LO12_S)] = RV_GOT_LOW12_S;
        kinds[paired(TLS_GOT_HI20, PCREL_LO12_I)] = RV_TLS_GOT_LOW12_I;
        kinds[paired(TLS_GOT_HI20, PCREL_LO12_S)] = RV_TLS_GOT_LOW12_S;
        kinds[paired(TLS_GD_HI20, PCREL_LO12_I)] = RV_TLS_PAIR_LOW12_I;
        kinds[paired(TLS_GD_HI20, PCREL_LO12_S)] = RV_TLS_PAIR_LOW12_S;
        return kinds;
    }

    /** The number of a low part that belongs to a high part. */
    static int paired(int high, int low) {
        return high == PCREL_HI20 ? low : FIRST_PAIRED + 2 * (high - GOT_HI20) + low - PCREL_LO12_I;
    }

    static boolean isHigh(int type) {
        return type >= GOT_HI20 && type <= PCREL_HI20 || type == TLSDESC_HI20;
    }

    /** Whether the relocation names the label of another, whose symbol it means. */
    static boolean isLow(int type) {
        return type == PCREL_LO12_I || type == PCREL_LO12_S || isOfDescriptor(type);
    }

    /** The other three instructions of a descriptor. */
    static boolean isOfDescriptor(int type) {
        return type > TLSDESC_HI20 && type <= TLSDESC_CALL;
    }

    @Override
    public ElfObject prepared(ElfObject object, boolean program) {
        return RiscvObject.prepare(object);
    }

    @Override
    public String relocationName(int type) {
        if (type >= FIRST_PAIRED && type < FIRST_PAIRED + PAIRED) {
            return relocationName(PCREL_LO12_I + (type - FIRST_PAIRED) % 2);
        }
        return "R_RISCV_" + (type >= 0 && type < NAMES.length ? NAMES[type] : Integer.toUnsignedString(type));
    }

    @Override
    public int stubBytes() {
        return STUB_BYTES;
    }

    /** {@code auipc t3, entry; ld t3, entry's low part(t3); jr t3}, filled up with a trap. */
    @Override
    public void writeStub(Image image, int at, long delta) {
        image.put32(at, AUIPC_T3);
        RvFields.high20(image, at, delta);
        image.put32(at + 4, LD_T3_T3);
        RvFields.low12I(image, at + 4, delta);
        image.put32(at + 8, JR_T3);
        image.put32(at + 12, EBREAK);
    }

    /** The thread pointer points to the block. */
    @Override
    public long tlsDistance(int size, int alignment) {
        return 0;
    }

    @Override
    public int tlsPairBias() {
        return TLS_PAIR_BIAS;
    }

    @Override
    public boolean relax(Image image, int first, int at, long target, boolean rex) {
        return false;
    }
}
