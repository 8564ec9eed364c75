package dev.banos.loader.machine;

import static dev.banos.loader.machine.FixupKind.*;

import dev.banos.loader.elf.ElfObject;

/** System V psABI for x86-64, table 4.9 (relocation types) and appendix B.2 (optimised GOT loads). */
final class X8664 extends Architecture {
    private static final String[] NAMES = {
        "NONE", "64", "PC32", "GOT32", "PLT32", "COPY", "GLOB_DAT", "JUMP_SLOT", "RELATIVE", "GOTPCREL", "32", "32S", "16",
        "PC16", "8", "PC8", "DTPMOD64", "DTPOFF64", "TPOFF64", "TLSGD", "TLSLD", "DTPOFF32", "GOTTPOFF", "TPOFF32", "PC64",
        "GOTOFF64", "GOTPC32", "GOT64", "GOTPCREL64", "GOTPC64", "GOTPLT64", "PLTOFF64", "SIZE32", "SIZE64",
        "GOTPC32_TLSDESC", "TLSDESC_CALL", "TLSDESC", "IRELATIVE", "RELATIVE64", "39", "40", "GOTPCRELX", "REX_GOTPCRELX",
        "CODE_4_GOTPCRELX", "CODE_4_GOTTPOFF", "CODE_4_GOTPC32_TLSDESC"};

    private static final int STUB_BYTES = 8;
    private static final int MOV_FROM_MEMORY = 0x8b;
    private static final int LEA = 0x8d;
    private static final int TEST = 0x85;
    private static final int TEST_IMMEDIATE = 0xf7;
    private static final int ARITHMETIC_FROM_MEMORY = 0x03;
    private static final int ARITHMETIC_IMMEDIATE = 0x81;
    private static final int OPERATION = 0x38;
    private static final int MOD_REGISTER = 0xc0;
    private static final int REX_R = 4;
    private static final int GROUP_5 = 0xff;
    private static final int CALL_RIP_RELATIVE = 0x15;
    private static final int JMP_RIP_RELATIVE = 0x25;
    private static final int ADDR32_PREFIX = 0x67;
    private static final int CALL = 0xe8;
    private static final int JMP = 0xe9;
    private static final int NOP = 0x90;
    /** INT3, twice, behind six bytes. */
    private static final long TRAPS = 0xccccL << 6 * Byte.SIZE;
    /** The processor counts a displacement from the end of its 4-byte field, the last of the instruction. */
    private static final int FIELD_BYTES = 4;

    /** After the constants above, which the constructor uses. Of the general type: see {@link Architecture#of}. */
    static final Architecture INSTANCE = new X8664();

    private X8664() {
        super(kindsByNumber());
    }

    private static FixupKind[] kindsByNumber() {
        FixupKind[] kinds = new FixupKind[NAMES.length];
        kinds[0] = NONE;
        kinds[1] = ABS64;
        kinds[2] = DELTA32;
        kinds[3] = GOT_OFFSET32;
        kinds[4] = BRANCH32;
        kinds[9] = GOT_DELTA32;
        kinds[10] = ABS32;
        kinds[11] = ABS32S;
        kinds[12] = ABS16;
        kinds[13] = DELTA16;
        kinds[14] = ABS8;
        kinds[15] = DELTA8;
        kinds[17] = TLS_OFFSET64;
        kinds[18] = TLS_DISTANCE64;
        kinds[19] = TLS_PAIR_DELTA32;
        kinds[20] = TLS_MODULE_PAIR_DELTA32;
        kinds[21] = TLS_OFFSET32;
        kinds[22] = TLS_DISTANCE_GOT_DELTA32;
        kinds[23] = TLS_DISTANCE32;
        kinds[24] = DELTA64;
        kinds[25] = FROM_GOT64;
        kinds[26] = GOT_BASE_DELTA32;
        kinds[27] = GOT_OFFSET64;
        kinds[28] = GOT_DELTA64;
        kinds[29] = GOT_BASE_DELTA64;
        kinds[30] = GOT_OFFSET64; // GOTPLT64: our GOT entries of functions are ordinary ones
        kinds[31] = STUB_FROM_GOT64;
        kinds[32] = SIZE32;
        kinds[33] = SIZE64;
        kinds[41] = GOT_DELTA32_RELAXABLE;
        kinds[42] = GOT_DELTA32_REX_RELAXABLE;
        kinds[43] = GOT_DELTA32;
        kinds[44] = TLS_DISTANCE_GOT_DELTA32;
        return kinds;
    }

    @Override
    public String relocationName(int type) {
        return "R_X86_64_" + (type >= 0 && type < NAMES.length ? NAMES[type] : Integer.toUnsignedString(type));
    }

    @Override
    public ElfObject prepared(ElfObject object, boolean program) {
        return X8664Tls.relaxed(object, program);
    }

    @Override
    public int callAddend() {
        return -FIELD_BYTES;
    }

    @Override
    public int stubBytes() {
        return STUB_BYTES;
    }

    /** {@code jmp *entry(%rip)}, filled up with traps; at one go, since a library has one for each of its functions. */
    @Override
    public void writeStub(Image image, int at, long delta) {
        long field = delta - 2 - FIELD_BYTES & 0xffff_ffffL;
        image.put64(at, TRAPS | field << 2 * Byte.SIZE | JMP_RIP_RELATIVE << Byte.SIZE | GROUP_5);
    }

    /** The block ends at the thread pointer. */
    @Override
    public long tlsDistance(int size, int alignment) {
        return -(size + alignment - 1L & -alignment);
    }

    /** The thread pointer: what is counted from there becomes a distance from it. */
    @Override
    public long tlsBlockSymbol(int size, int alignment) {
        return -tlsDistance(size, alignment);
    }

    @Override
    public boolean relax(Image image, int first, int at, long target, boolean rex) {
        if (at - first < (rex ? 3 : 2)) {
            return false;
        }
        long delta = target - image.address(at) - FIELD_BYTES;
        int opcode = image.get8(at - 2);
        int modRm = image.get8(at - 1);
        if (opcode == MOV_FROM_MEMORY && delta == (int) delta) {
            image.put8(at - 2, LEA);
            image.put32(at, (int) delta);
            return true;
        }
        if (opcode == GROUP_5) {
            return !rex && delta == (int) delta && relaxBranch(image, at, modRm, delta);
        }
        return rex && target == (int) target && opcode != MOV_FROM_MEMORY && relaxOperand(image, at, opcode, modRm, target);
    }

    /** {@code test} and the eight arithmetic operations take a small address as an immediate operand. */
    private static boolean relaxOperand(Image image, int at, int opcode, int modRm, long target) {
        boolean arithmetic = (opcode & ~OPERATION) == ARITHMETIC_FROM_MEMORY;
        if (!arithmetic && opcode != TEST) {
            return false;
        }
        int rex = image.get8(at - 3);
        int register = modRm >> 3 & 7;
        image.put8(at - 3, rex & ~REX_R | (rex & REX_R) >> 2); // the register moves to where a base register stands
        image.put8(at - 2, arithmetic ? ARITHMETIC_IMMEDIATE : TEST_IMMEDIATE);
        image.put8(at - 1, MOD_REGISTER | (arithmetic ? opcode & OPERATION : 0) | register);
        image.put32(at, (int) target);
        return true;
    }

    private static boolean relaxBranch(Image image, int at, int modRm, long delta) {
        if (modRm == CALL_RIP_RELATIVE) {
            image.put8(at - 2, ADDR32_PREFIX);
            image.put8(at - 1, CALL);
            image.put32(at, (int) delta);
            return true;
        }
        if (modRm == JMP_RIP_RELATIVE && delta + 1 == (int) (delta + 1)) {
            // The jump is a byte shorter, so its field begins and ends a byte earlier.
            image.put8(at - 2, JMP);
            image.put32(at - 1, (int) (delta + 1));
            image.put8(at + 3, NOP);
            return true;
        }
        return false;
    }
}
