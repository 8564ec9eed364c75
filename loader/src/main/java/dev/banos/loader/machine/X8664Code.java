package dev.banos.loader.machine;

import java.util.List;

/** System V psABI for x86-64, section 3.2: arguments in rdi, rsi, rdx, rcx, r8, r9; rax and r11 are free; the thread pointer is at fs:0. */
final class X8664Code extends OwnCode {
    private static final int PC32 = 2;
    private static final int PLT32 = 4;
    private static final int FIELD_BYTES = 4;
    private static final int RET = 0xc3;
    private static final int JMP = 0xe9;
    private static final int TRAP = 0xcc;
    private static final int[] CLEAR_SECOND = {0x31, 0xf6};
    /** Of {@code lea handle(%rip)}, into the register of each argument. */
    private static final int[] REGISTERS = {0x3d, 0x35, 0x15, 0x0d};

    @Override
    public void gate(Image image, int at, GateFields fields) {
        MachineCode code = new MachineCode(image, at);
        code.bytes(0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0);              // 00 mov %fs:0,%rax
        code.bytes(0x4c, 0x8b, 0x1d).distance(fields.exiting());           // 09 mov exiting(%rip),%r11
        code.bytes(0x49, 0x39, 0x03, 0x74, 0x3d);                          // 10 cmp %rax,(%r11); je 52
        code.bytes(0x48, 0x8b, 0x05).distance(fields.createdVms());        // 15 mov created(%rip),%rax
        code.bytes(0x48, 0x85, 0xc0, 0x74, 0x2b);                          // 1c test %rax,%rax; je 4c
        code.bytes(0x57, 0x56, 0x52, 0x51, 0x41, 0x50, 0x41, 0x51);        // 21 push what holds arguments
        code.bytes(0x48, 0x83, 0xec, 0x18, 0x31, 0xff, 0x31, 0xf6);        // 29 sub $24,%rsp; xor %edi,%edi; xor %esi,%esi
        code.bytes(0x48, 0x8d, 0x54, 0x24, 0x08, 0xff, 0xd0);              // 31 lea 8(%rsp),%rdx; call *%rax
        code.bytes(0x8b, 0x44, 0x24, 0x08, 0x48, 0x83, 0xc4, 0x18);        // 38 mov 8(%rsp),%eax; add $24,%rsp
        code.bytes(0x41, 0x59, 0x41, 0x58, 0x59, 0x5a, 0x5e, 0x5f);        // 40 pop them
        code.bytes(0x85, 0xc0, 0x74, 0x06);                                // 48 test %eax,%eax; je 52
        code.bytes(0xff, 0x25).distance(fields.function());                // 4c jmp *function(%rip)
        code.bytes(0x48, 0x8b, 0x05).distance(fields.afterwards());        // 52 mov afterwards(%rip),%rax
        code.bytes(RET);                                                   // 59
    }

    @Override
    public void note(Image image, int at, int forgotten, int exiting) {
        MachineCode code = new MachineCode(image, at);
        code.bytes(0x48, 0x39, 0x3d).distance(forgotten).bytes(0x74, 0x10); // cmp %rdi,forgotten(%rip); je the end
        code.bytes(0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0);               // mov %fs:0,%rax
        code.bytes(0x48, 0x89, 0x05).distance(exiting);                     // mov %rax,exiting(%rip)
        code.bytes(RET);
    }

    @Override
    public void atexit(Image image, int at, int register, int note) {
        MachineCode code = new MachineCode(image, at);
        code.bytes(0x52, 0x48, 0x83, 0xec, 0x10);                           // push %rdx; sub $16,%rsp
        code.bytes(0xff, 0x15).distance(register);                          // call *register(%rip)
        code.bytes(0x89, 0x44, 0x24, 0x08, 0x48, 0x8b, 0x54, 0x24, 0x10);   // mov %eax,8(%rsp); mov 16(%rsp),%rdx
        code.bytes(0x48, 0xff, 0xc2, 0x48, 0x89, 0xd6);                     // inc %rdx; mov %rdx,%rsi
        code.bytes(0x48, 0x8d, 0x3d).distance(note);                        // lea note(%rip),%rdi
        code.bytes(0xff, 0x15).distance(register);                          // call *register(%rip)
        code.bytes(0x8b, 0x44, 0x24, 0x08, 0x48, 0x83, 0xc4, 0x18, RET);    // mov 8(%rsp),%eax; add $24,%rsp; ret
    }

    @Override
    public byte[] nothing() {
        return new byte[] {(byte) RET};
    }

    /** {@code lea handle(%rip),%register; xor %esi,%esi; jmp function}. */
    @Override
    public Unlinked withHandle(int argument, boolean clearsSecond) {
        Image image = Image.inHeap(16, 0);
        MachineCode code = new MachineCode(image, 0).bytes(0x48, 0x8d, REGISTERS[argument], 0, 0, 0, 0);
        int jump = 7;
        if (clearsSecond) {
            code.bytes(CLEAR_SECOND);
            jump += CLEAR_SECOND.length;
        }
        code.bytes(JMP, 0, 0, 0, 0).bytes(TRAP);
        return new Unlinked(image.bytes(),
                List.of(new Field(3, PC32, true, -FIELD_BYTES), new Field(jump + 1, PLT32, false, -FIELD_BYTES)));
    }
}
