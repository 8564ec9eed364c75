package dev.banos.loader.machine;

/**
 * What a relocation does, whatever number an architecture gives it. In the formulas, as the psABI writes them: S is the symbol,
 * A the addend, P the place; G is the GOT entry of the symbol, GOT the table's start, L the symbol's stub, Z its size.
 */
public enum FixupKind {
    /** Nothing; some relocations only mark an instruction. */
    NONE(0, 0),
    /** S + A, 64 bits. */
    ABS64(8, 0),
    /** S + A, unsigned 32 bits. */
    ABS32(4, Need.LOW),
    /** S + A, signed 32 bits. */
    ABS32S(4, Need.LOW),
    /** S + A, 16 bits of either sign. */
    ABS16(2, 0),
    /** S + A, 8 bits of either sign. */
    ABS8(1, 0),
    /** S + A - P, 64 bits. */
    DELTA64(8, 0),
    /** S + A - P, signed 32 bits. */
    DELTA32(4, 0),
    /** S + A - P, signed 16 bits. */
    DELTA16(2, 0),
    /** S + A - P, signed 8 bits. */
    DELTA8(1, 0),
    /** S + A - P, signed 32 bits, in a call or jump: L stands for S where S is too far, if the call leads to S itself. */
    BRANCH32(4, Need.STUB),
    /** G + A - P, signed 32 bits. */
    GOT_DELTA32(4, Need.GOT),
    /** As GOT_DELTA32; the instruction before it may become one that needs no GOT entry. */
    GOT_DELTA32_RELAXABLE(4, Need.GOT),
    /** As GOT_DELTA32_RELAXABLE, and the instruction has a REX prefix. */
    GOT_DELTA32_REX_RELAXABLE(4, Need.GOT),
    /** G + A - P, 64 bits. */
    GOT_DELTA64(8, Need.GOT),
    /** G + A - GOT, signed 32 bits. */
    GOT_OFFSET32(4, Need.GOT),
    /** G + A - GOT, 64 bits. */
    GOT_OFFSET64(8, Need.GOT),
    /** GOT + A - P, signed 32 bits. */
    GOT_BASE_DELTA32(4, 0),
    /** GOT + A - P, 64 bits. */
    GOT_BASE_DELTA64(8, 0),
    /** S + A - GOT, 64 bits. */
    FROM_GOT64(8, 0),
    /** L + A - GOT, 64 bits. */
    STUB_FROM_GOT64(8, Need.STUB),
    /** Z + A, unsigned 32 bits. */
    SIZE32(4, 0),
    /** Z + A, 64 bits. */
    SIZE64(8, 0),
    /** S + A from the thread pointer, signed 32 bits. Here and below, S counts from the start of the module's block. */
    TLS_DISTANCE32(4, Need.TLS_DISTANCE),
    /** S + A from the thread pointer, 64 bits. */
    TLS_DISTANCE64(8, Need.TLS_DISTANCE),
    /** As GOT_DELTA32, of the entry that holds the symbol's distance from the thread pointer. */
    TLS_DISTANCE_GOT_DELTA32(4, Need.TLS_DISTANCE | Need.TLS_DISTANCE_GOT),
    /** As GOT_DELTA32, of the pair of entries for {@code __tls_get_addr}: the module's number and S. */
    TLS_PAIR_DELTA32(4, Need.TLS_PAIR),
    /** As TLS_PAIR_DELTA32, with 0 in the place of S. */
    TLS_MODULE_PAIR_DELTA32(4, Need.TLS_MODULE_PAIR),
    /** S + A in the module's block, signed 32 bits. */
    TLS_OFFSET32(4, 0),
    /** S + A in the module's block, 64 bits. */
    TLS_OFFSET64(8, 0),

    /** S + A, 32 bits of either sign. */
    ABS32_EITHER(4, 0),
    /** S + A - P, 32 bits of either sign. */
    DELTA32_EITHER(4, 0),
    /** S + A - P, 16 bits of either sign. */
    DELTA16_EITHER(2, 0),

    // Fields of A64 instructions. Page(x) is x without its lowest 12 bits. Of an entry in the GOT, A is 0: the ABI means by another
    // A an entry that holds S + A.

    /** S + A - P, in instructions, signed 26 bits: L stands for S where S is too far. */
    A64_BRANCH26(4, Need.STUB),
    /** S + A - P, in instructions, signed 19 bits. */
    A64_DELTA19(4, 0),
    /** S + A - P, in instructions, signed 14 bits. */
    A64_DELTA14(4, 0),
    /** S + A - P, signed 21 bits. */
    A64_DELTA21(4, 0),
    /** Page(S + A) - Page(P), in pages, signed 21 bits. */
    A64_PAGE21(4, 0),
    /** As A64_PAGE21, of any size. */
    A64_PAGE21_PART(4, 0),
    /** The lowest 12 bits of S + A. */
    A64_LOW12(4, 0),
    /** The lowest 12 bits of S + A, in units of 2 bytes. */
    A64_LOW12_OF_2(4, 0),
    /** The lowest 12 bits of S + A, in units of 4 bytes. */
    A64_LOW12_OF_4(4, 0),
    /** The lowest 12 bits of S + A, in units of 8 bytes. */
    A64_LOW12_OF_8(4, 0),
    /** The lowest 12 bits of S + A, in units of 16 bytes. */
    A64_LOW12_OF_16(4, 0),
    /** S + A, its bits 0 to 15 and no others. */
    A64_MOVE_0(4, 0),
    /** Bits 0 to 15 of S + A. */
    A64_MOVE_0_PART(4, 0),
    /** Bits 16 to 31 of S + A, which has none above. */
    A64_MOVE_1(4, 0),
    /** Bits 16 to 31 of S + A. */
    A64_MOVE_1_PART(4, 0),
    /** Bits 32 to 47 of S + A, which has none above. */
    A64_MOVE_2(4, 0),
    /** Bits 32 to 47 of S + A. */
    A64_MOVE_2_PART(4, 0),
    /** Bits 48 to 63 of S + A. */
    A64_MOVE_3(4, 0),
    /** S + A, signed 17 bits, in a move that becomes one of the complement where it is negative. */
    A64_SIGNED_MOVE_0(4, 0),
    /** S + A from its bit 16 on, signed 17 bits; so in the others from 32 and 48 on. */
    A64_SIGNED_MOVE_1(4, 0),
    A64_SIGNED_MOVE_2(4, 0),
    /** As A64_SIGNED_MOVE_0 and so on, of S + A - P; a PART may have any above. */
    A64_DELTA_MOVE_0(4, 0),
    A64_DELTA_MOVE_0_PART(4, 0),
    A64_DELTA_MOVE_1(4, 0),
    A64_DELTA_MOVE_1_PART(4, 0),
    A64_DELTA_MOVE_2(4, 0),
    A64_DELTA_MOVE_2_PART(4, 0),
    A64_DELTA_MOVE_3(4, 0),
    /** As A64_DELTA19, of G. */
    A64_GOT_DELTA19(4, Need.GOT),
    /** As A64_PAGE21, of G. */
    A64_GOT_PAGE21(4, Need.GOT),
    /** As A64_LOW12_OF_8, of G. */
    A64_GOT_LOW12(4, Need.GOT),
    /** G - Page(GOT), 15 bits, in units of 8 bytes. */
    A64_GOT_PAGE_LOW15(4, Need.GOT),
    /** As A64_PAGE21, of the entry that holds the symbol's distance from the thread pointer. */
    A64_TLS_GOT_PAGE21(4, Need.TLS_DISTANCE | Need.TLS_DISTANCE_GOT),
    /** As A64_LOW12_OF_8, of that entry. */
    A64_TLS_GOT_LOW12(4, Need.TLS_DISTANCE | Need.TLS_DISTANCE_GOT),
    /** Bits 12 to 23 of S + A from the thread pointer, which has none above. */
    A64_TLS_HIGH12(4, Need.TLS_DISTANCE),
    /** The lowest 12 bits of S + A from the thread pointer. */
    A64_TLS_LOW12(4, Need.TLS_DISTANCE),
    /** S + A from the thread pointer, 12 bits, which has none above. */
    A64_TLS_ALL12(4, Need.TLS_DISTANCE),
    A64_TLS_LOW12_OF_2(4, Need.TLS_DISTANCE),
    A64_TLS_LOW12_OF_4(4, Need.TLS_DISTANCE),
    A64_TLS_LOW12_OF_8(4, Need.TLS_DISTANCE),
    A64_TLS_LOW12_OF_16(4, Need.TLS_DISTANCE),
    /** As A64_TLS_ALL12, in units of 2 bytes and so on. */
    A64_TLS_ALL12_OF_2(4, Need.TLS_DISTANCE),
    A64_TLS_ALL12_OF_4(4, Need.TLS_DISTANCE),
    A64_TLS_ALL12_OF_8(4, Need.TLS_DISTANCE),
    A64_TLS_ALL12_OF_16(4, Need.TLS_DISTANCE),
    /** Bits 12 to 23 of S + A in the module's block, which has none above. */
    A64_TLS_OFFSET_HIGH12(4, 0),
    /** S + A in the module's block, 12 bits, which has none above; then in units of 2 bytes and so on. */
    A64_TLS_OFFSET_ALL12(4, 0),
    A64_TLS_OFFSET_ALL12_OF_2(4, 0),
    A64_TLS_OFFSET_ALL12_OF_4(4, 0),
    A64_TLS_OFFSET_ALL12_OF_8(4, 0),
    A64_TLS_OFFSET_ALL12_OF_16(4, 0),
    /** As A64_MOVE_0 and so on, of S + A from the thread pointer. */
    A64_TLS_MOVE_0(4, Need.TLS_DISTANCE),
    A64_TLS_MOVE_0_PART(4, Need.TLS_DISTANCE),
    A64_TLS_MOVE_1(4, Need.TLS_DISTANCE),
    A64_TLS_MOVE_1_PART(4, Need.TLS_DISTANCE),
    A64_TLS_MOVE_2(4, Need.TLS_DISTANCE),

    /** The field plus S + A, modulo its width. */
    ADD8(1, 0),
    ADD16(2, 0),
    ADD32(4, 0),
    ADD64(8, 0),
    /** The field less S + A, modulo its width; of SUB6, the lowest six bits. */
    SUB6(1, 0),
    SUB8(1, 0),
    SUB16(2, 0),
    SUB32(4, 0),
    SUB64(8, 0),
    /** S + A, modulo the width. */
    SET6(1, 0),
    SET8(1, 0),
    SET16(2, 0),
    SET32(4, 0),
    /** The minuend S + A of the SUB_ULEB128 that follows; nothing by itself. */
    SET_ULEB128(1, 0),
    /** The minuend less S + A, in as many bytes as are there. */
    SUB_ULEB128(1, 0),

    // Fields of RISC-V instructions. High20(x) is x + 0x800 without its lowest 12 bits; Low12(x), which is signed, is the rest.

    /** High20(S + A). */
    RV_HIGH20(4, 0),
    /** Low12(S + A), in an instruction that loads or adds. */
    RV_LOW12_I(4, 0),
    /** Low12(S + A), in an instruction that stores. */
    RV_LOW12_S(4, 0),
    /** High20(S + A - P). Of a LOW12 that belongs to it, S and A are those of this one, and A makes up for the distance. */
    RV_DELTA_HIGH20(4, 0),
    RV_DELTA_LOW12_I(4, 0),
    RV_DELTA_LOW12_S(4, 0),
    /** High20(G + A - P). */
    RV_GOT_HIGH20(4, Need.GOT),
    RV_GOT_LOW12_I(4, Need.GOT),
    RV_GOT_LOW12_S(4, Need.GOT),
    /** As RV_GOT_HIGH20, of the entry that holds the symbol's distance from the thread pointer. */
    RV_TLS_GOT_HIGH20(4, Need.TLS_DISTANCE | Need.TLS_DISTANCE_GOT),
    RV_TLS_GOT_LOW12_I(4, Need.TLS_DISTANCE | Need.TLS_DISTANCE_GOT),
    RV_TLS_GOT_LOW12_S(4, Need.TLS_DISTANCE | Need.TLS_DISTANCE_GOT),
    /** As RV_GOT_HIGH20, of the pair of entries for {@code __tls_get_addr}. */
    RV_TLS_PAIR_HIGH20(4, Need.TLS_PAIR),
    RV_TLS_PAIR_LOW12_I(4, Need.TLS_PAIR),
    RV_TLS_PAIR_LOW12_S(4, Need.TLS_PAIR),
    /** High20 of S + A from the thread pointer. */
    RV_TLS_HIGH20(4, Need.TLS_DISTANCE),
    RV_TLS_LOW12_I(4, Need.TLS_DISTANCE),
    RV_TLS_LOW12_S(4, Need.TLS_DISTANCE),
    /** {@code nop}: an instruction that a shorter way to a thread-local variable needs no more. */
    RV_NOP(4, Need.TLS_DISTANCE),
    /** {@code lui a0} of High20 of S + A from the thread pointer, or {@code nop} where that is zero. */
    RV_TLS_DESCRIPTOR_HIGH20(4, Need.TLS_DISTANCE),
    /** {@code addi a0} of Low12 of S + A from the thread pointer, to what the instruction before left, or to zero. */
    RV_TLS_DESCRIPTOR_LOW12(4, Need.TLS_DISTANCE),
    /** S + A - P, in two instructions: High20 and Low12. L stands for S where S is too far. */
    RV_CALL(8, Need.STUB),
    /** S + A - P, in units of 2 bytes, signed 12 bits. */
    RV_BRANCH12(4, 0),
    /** S + A - P, in units of 2 bytes, signed 20 bits. */
    RV_JUMP20(4, 0),
    /** S + A - P, in units of 2 bytes, signed 8 bits. */
    RV_SHORT_BRANCH8(2, 0),
    /** S + A - P, in units of 2 bytes, signed 11 bits. */
    RV_SHORT_JUMP11(2, 0),
    /** High20(S + A), of which six bits may differ from its sign. */
    RV_SHORT_HIGH6(2, 0);

    /** What a fixup asks of its symbol or its module before addresses are known. */
    public static final class Need {
        public static final int GOT = 1;
        public static final int STUB = 2;
        /** The module must lie in the lowest 2 GiB. */
        public static final int LOW = 4;
        /** The module's block of thread-local variables must lie at one distance from every thread pointer. */
        public static final int TLS_DISTANCE = 8;
        public static final int TLS_DISTANCE_GOT = 16;
        public static final int TLS_PAIR = 32;
        public static final int TLS_MODULE_PAIR = 64;
        /** All that take room among the GOT entries beside GOT itself. */
        public static final int TLS_ENTRIES = TLS_DISTANCE_GOT | TLS_PAIR | TLS_MODULE_PAIR;

        private Need() {
        }
    }

    /** Bytes of the field. */
    public final int width;
    public final int needs;

    FixupKind(int width, int needs) {
        this.width = width;
        this.needs = needs;
    }
}
