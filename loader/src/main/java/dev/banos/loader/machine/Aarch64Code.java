package dev.banos.loader.machine;

import java.util.ArrayList;
import java.util.List;

/**
 * Procedure Call Standard for the Arm 64-bit Architecture: arguments in x0 to x7, in x8 where a large result goes; x16 and x17 are free
 * between a call and the function; the thread pointer is in tpidr_el0. All that is read lies within a mebibyte of the code.
 */
final class Aarch64Code extends OwnCode {
    private static final int ADR_PREL_PG_HI21 = 275;
    private static final int ADD_ABS_LO12_NC = 277;
    private static final int JUMP26 = 282;

    private static final int LDR_X0 = 0x58000000;
    private static final int LDR_X16 = 0x58000010;
    private static final int LDR_X17 = 0x58000011;
    private static final int ADR_X0 = 0x10000000;
    private static final int ADR_X17 = 0x10000011;
    private static final int ADRP = 0x90000000;
    private static final int ADD_TO_SAME = 0x91000000;
    private static final int SOURCE_AT = 5;
    private static final int MRS_X16_TPIDR = 0xd53bd050;
    private static final int MOV_X1_0 = 0xd2800001;
    private static final int B = 0x14000000;
    private static final int BR_X16 = 0xd61f0200;
    private static final int BLR_X16 = 0xd63f0200;
    private static final int RET = 0xd65f03c0;

    @Override
    public void gate(Image image, int at, GateFields fields) {
        MachineCode code = new MachineCode(image, at);
        code.words(MRS_X16_TPIDR).nearby(LDR_X17, fields.exiting());                   // 00
        code.words(0xf9400231, 0xeb11021f, 0x54000300);                                // 08 ldr x17, [x17]; cmp x16, x17; b.eq 70
        code.nearby(LDR_X16, fields.createdVms()).words(0xb4000290);                   // 14 cbz x16, 68
        code.words(0xa9b97bfd, 0x910003fd);                                            // 1c stp x29, x30, [sp, #-112]!; mov x29, sp
        code.words(0xa90107e0, 0xa9020fe2, 0xa90317e4, 0xa9041fe6, 0xf9002be8);        // 24 store x0 to x8 from [sp, #16] on
        code.words(0xd2800000, MOV_X1_0, 0x910183e2, BLR_X16);                         // 38 mov x0, #0; add x2, sp, #96
        code.words(0xb94063f0);                                                        // 48 ldr w16, [sp, #96]
        code.words(0xa94107e0, 0xa9420fe2, 0xa94317e4, 0xa9441fe6, 0xf9402be8);        // 4c load x0 to x8
        code.words(0xa8c77bfd, 0x34000070);                                            // 60 ldp x29, x30, [sp], #112; cbz w16, 70
        code.nearby(LDR_X16, fields.function()).words(BR_X16);                         // 68
        code.nearby(LDR_X0, fields.afterwards()).words(RET);                           // 70
    }

    @Override
    public void note(Image image, int at, int forgotten, int exiting) {
        MachineCode code = new MachineCode(image, at);
        code.nearby(LDR_X16, forgotten).words(0xeb10001f, 0x54000080);                 // cmp x0, x16; b.eq the end
        code.words(MRS_X16_TPIDR).nearby(ADR_X17, exiting).words(0xf9000230, RET);     // str x16, [x17]
    }

    @Override
    public void atexit(Image image, int at, int register, int note) {
        MachineCode code = new MachineCode(image, at);
        code.words(0xa9be7bfd, 0x910003fd, 0xf9000be2);                                // stp x29, x30, [sp, #-32]!; mov x29, sp; str x2, [sp, #16]
        code.nearby(LDR_X16, register).words(BLR_X16);
        code.words(0xb9001be0, 0xf9400be2, 0x91000442, 0xaa0203e1);                    // str w0, [sp, #24]; ldr x2, [sp, #16]; add x2, x2, #1; mov x1, x2
        code.nearby(ADR_X0, note).nearby(LDR_X16, register).words(BLR_X16);
        code.words(0xb9401be0, 0xa8c27bfd, RET);                                       // ldr w0, [sp, #24]; ldp x29, x30, [sp], #32
    }

    @Override
    public byte[] nothing() {
        Image image = Image.inHeap(Integer.BYTES, 0);
        new MachineCode(image, 0).words(RET);
        return image.bytes();
    }

    /** {@code adrp x, handle; add x, x, :lo12:handle; mov x1, #0; b function}. */
    @Override
    public Unlinked withHandle(int argument, boolean clearsSecond) {
        Image image = Image.inHeap(4 * Integer.BYTES, 0);
        MachineCode code = new MachineCode(image, 0).words(ADRP | argument, ADD_TO_SAME | argument << SOURCE_AT | argument);
        List<Field> fields = new ArrayList<>();
        fields.add(new Field(0, ADR_PREL_PG_HI21, true, 0));
        fields.add(new Field(Integer.BYTES, ADD_ABS_LO12_NC, true, 0));
        if (clearsSecond) {
            code.words(MOV_X1_0);
        }
        fields.add(new Field((clearsSecond ? 3 : 2) * Integer.BYTES, JUMP26, false, 0));
        code.words(B);
        return new Unlinked(image.bytes(), fields);
    }
}
