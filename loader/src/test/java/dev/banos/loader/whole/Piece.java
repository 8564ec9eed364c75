package dev.banos.loader.whole;

import java.util.Arrays;
import java.util.List;

/**
 * How an object uses or defines a name. In the code, {@code NAME} is the name, {@code VALUE} a number that no other object has for it,
 * {@code COUNT} a number of elements, {@code ALIGN} an alignment, {@code SEEN} the attribute of a visibility, {@code DOT_SEEN} the same for
 * the assembler, and {@code MODEL} the attribute of a model of thread-local variables.
 */
enum Piece {
    VARIABLE_USE(Subject.VARIABLE, Strength.USE, "extern int NAME[] SEEN;"),
    VARIABLE_WEAK_USE(Subject.VARIABLE, Strength.WEAK_USE, "extern int NAME[] __attribute__((weak)) SEEN;"),
    VARIABLE_STRONG(Subject.VARIABLE, Strength.STRONG, "int NAME[COUNT] SEEN = { VALUE, [COUNT - 1] = VALUE };"),
    VARIABLE_WEAK(Subject.VARIABLE, Strength.WEAK, "int NAME[COUNT] __attribute__((weak)) SEEN = { VALUE, [COUNT - 1] = VALUE };"),
    VARIABLE_ALIAS(Subject.VARIABLE, Strength.WEAK, "static int own_NAME[COUNT] = { VALUE, [COUNT - 1] = VALUE };"
            + " extern int NAME[COUNT] __attribute__((weak, alias(\"own_NAME\"))) SEEN;"),
    VARIABLE_COMMON(Subject.VARIABLE, Strength.WEAK, "int NAME[COUNT] __attribute__((common, aligned(ALIGN)));"),
    VARIABLE_COMMON_SEEN(Subject.VARIABLE, Strength.WEAK, """
            extern int NAME[];
            __asm__(".comm NAME, 4 * COUNT, ALIGN
            DOT_SEEN");"""),
    VARIABLE_GROUP(Subject.VARIABLE, Strength.GROUP, """
            extern int NAME[];
            __asm__(".pushsection .data.NAME,\\"awG\\",@progbits,NAME,comdat
            .weak NAME
            DOT_SEEN
            .type NAME,@object
            .size NAME,4
            NAME: .long VALUE
            .popsection");"""),
    VARIABLE_GROUP_STRONG(Subject.VARIABLE, Strength.GROUP, """
            extern int NAME[];
            __asm__(".pushsection .data.s.NAME,\\"awG\\",@progbits,NAME,comdat
            .globl NAME
            DOT_SEEN
            .type NAME,@object
            .size NAME,4
            NAME: .long VALUE
            .popsection");"""),
    VARIABLE_UNIQUE_GROUP(Subject.VARIABLE, Strength.GROUP, """
            extern int NAME[];
            __asm__(".pushsection .data.u.NAME,\\"awG\\",@progbits,NAME,comdat
            .globl NAME
            .type NAME,@gnu_unique_object
            .size NAME,4
            NAME: .long VALUE
            .popsection");"""),
    VARIABLE_UNIQUE(Subject.VARIABLE, Strength.STRONG, """
            extern int NAME[];
            __asm__(".pushsection .data
            .globl NAME
            .type NAME,@gnu_unique_object
            .size NAME,4
            .balign 4
            NAME: .long VALUE
            .popsection");"""),
    VARIABLE_OWN(Subject.VARIABLE, Strength.LOCAL, "static int NAME[COUNT] = { VALUE, [COUNT - 1] = VALUE };"),
    VARIABLE_MENTION(Subject.VARIABLE, Strength.USE, "extern int NAME[]; __asm__(\".globl NAME\");"),
    VARIABLE_REFERENCE(Subject.VARIABLE, Strength.WEAK_USE, """
            static int other_NAME[4] __attribute__((weakref("NAME")));
            #define NAME other_NAME"""),
    VARIABLE_LINKED_ONCE(Subject.VARIABLE, Strength.GROUP, """
            extern int NAME[];
            __asm__(".pushsection .gnu.linkonce.d.NAME,\\"aw\\",@progbits
            .weak NAME
            .type NAME,@object
            .size NAME,4
            NAME: .long VALUE
            .popsection");"""),

    FUNCTION_USE(Subject.FUNCTION, Strength.USE, "extern int NAME(void) SEEN;"),
    FUNCTION_WEAK_USE(Subject.FUNCTION, Strength.WEAK_USE, "extern int NAME(void) __attribute__((weak)) SEEN;"),
    FUNCTION_MENTION(Subject.FUNCTION, Strength.USE, "extern int NAME(void); __asm__(\".globl NAME\");"),
    FUNCTION_REFERENCE(Subject.FUNCTION, Strength.WEAK_USE, """
            static int other_NAME(void) __attribute__((weakref("NAME")));
            #define NAME other_NAME"""),
    FUNCTION_STRONG(Subject.FUNCTION, Strength.STRONG, "__attribute__((noinline)) SEEN int NAME(void) { __asm__ volatile(\"\");"
            + " return VALUE; }"),
    FUNCTION_WEAK(Subject.FUNCTION, Strength.WEAK, "__attribute__((weak)) SEEN int NAME(void) { return VALUE; }"),
    FUNCTION_GROUP(Subject.FUNCTION, Strength.GROUP, """
            extern int NAME(void);
            __asm__(".pushsection .text.NAME,\\"axG\\",@progbits,NAME,comdat
            .weak NAME
            DOT_SEEN
            .type NAME,@function
            NAME: mov $VALUE,%eax
            ret
            .popsection");"""),
    FUNCTION_INDIRECT(Subject.FUNCTION, Strength.STRONG, """
            static int own_NAME(void) { return VALUE; }
            __attribute__((used)) static int (*choose_NAME(void))(void) { return own_NAME; }
            extern int NAME(void);
            __asm__(".globl NAME
            DOT_SEEN
            .type NAME,@gnu_indirect_function
            .set NAME,choose_NAME");"""),
    FUNCTION_INDIRECT_WEAK(Subject.FUNCTION, Strength.WEAK, """
            static int own_NAME(void) { return VALUE; }
            __attribute__((used)) static int (*choose_NAME(void))(void) { return own_NAME; }
            extern int NAME(void);
            __asm__(".weak NAME
            DOT_SEEN
            .type NAME,@gnu_indirect_function
            .set NAME,choose_NAME");"""),
    FUNCTION_INDIRECT_OWN(Subject.FUNCTION, Strength.LOCAL, """
            static int own_NAME(void) { return VALUE; }
            static int (*choose_NAME(void))(void) { return own_NAME; }
            static int NAME(void) __attribute__((ifunc("choose_NAME")));"""),
    FUNCTION_INDIRECT_GROUP(Subject.FUNCTION, Strength.GROUP, """
            extern int NAME(void);
            __asm__(".pushsection .text.i.NAME,\\"axG\\",@progbits,NAME,comdat
            .weak NAME
            DOT_SEEN
            1: mov $VALUE,%eax
            ret
            .type NAME,@gnu_indirect_function
            NAME: lea 1b(%rip),%rax
            ret
            .popsection");"""),

    ABSOLUTE_USE(Subject.ABSOLUTE, Strength.USE, "extern char NAME[] SEEN;"),
    ABSOLUTE_WEAK_USE(Subject.ABSOLUTE, Strength.WEAK_USE, "extern char NAME[] __attribute__((weak)) SEEN;"),
    ABSOLUTE_STRONG(Subject.ABSOLUTE, Strength.STRONG, """
            extern char NAME[];
            __asm__(".globl NAME
            DOT_SEEN
            NAME = 0x1000 + VALUE");"""),
    ABSOLUTE_WEAK(Subject.ABSOLUTE, Strength.WEAK, """
            extern char NAME[];
            __asm__(".weak NAME
            DOT_SEEN
            NAME = 0x1000 + VALUE");"""),
    ABSOLUTE_LARGE(Subject.ABSOLUTE, Strength.STRONG, """
            extern char NAME[];
            __asm__(".globl NAME
            DOT_SEEN
            NAME = 0x123456789ab00000 + VALUE");"""),

    THREAD_USE(Subject.THREAD_LOCAL, Strength.USE, "extern _Thread_local int NAME[] SEEN MODEL;"),
    THREAD_STRONG(Subject.THREAD_LOCAL, Strength.STRONG, "_Thread_local int NAME[COUNT] SEEN MODEL = { VALUE, [COUNT - 1] = VALUE };"),
    THREAD_ALIGNED(Subject.THREAD_LOCAL, Strength.STRONG, "_Thread_local int NAME[COUNT] SEEN MODEL __attribute__((aligned(ALIGN)))"
            + " = { VALUE, [COUNT - 1] = VALUE };"),
    THREAD_ZERO(Subject.THREAD_LOCAL, Strength.STRONG, "_Thread_local int NAME[COUNT] SEEN MODEL __attribute__((aligned(ALIGN)));"),
    THREAD_WEAK(Subject.THREAD_LOCAL, Strength.WEAK, "_Thread_local int NAME[COUNT] __attribute__((weak)) SEEN MODEL = { VALUE };"),
    THREAD_OWN(Subject.THREAD_LOCAL, Strength.LOCAL, "static _Thread_local int NAME[COUNT] MODEL = { VALUE };"),
    THREAD_GROUP(Subject.THREAD_LOCAL, Strength.GROUP, """
            extern _Thread_local int NAME[] MODEL;
            __asm__(".pushsection .tdata.NAME,\\"awTG\\",@progbits,NAME,comdat
            .weak NAME
            .type NAME,@tls_object
            .size NAME,4
            NAME: .long VALUE
            .popsection");""");

    enum Subject {
        VARIABLE, FUNCTION, ABSOLUTE, THREAD_LOCAL
    }

    enum Strength {
        USE, WEAK_USE, WEAK, GROUP, STRONG, LOCAL
    }

    final Subject subject;
    final Strength strength;
    private final String code;

    Piece(Subject subject, Strength strength, String code) {
        this.subject = subject;
        this.strength = strength;
        this.code = code;
    }

    String code() {
        int start = code.indexOf("__asm__(\"");
        int end = code.lastIndexOf("\");");
        boolean several = start >= 0 && code.indexOf('\n', start) >= 0;
        return several ? code.substring(0, start) + code.substring(start, end).replace("\n", "\\n\"\n\"") + code.substring(end) : code;
    }

    /** The name is there without a relocation. */
    boolean mentions() {
        return this == VARIABLE_MENTION || this == FUNCTION_MENTION;
    }

    boolean defines() {
        return strength == Strength.WEAK || strength == Strength.GROUP || strength == Strength.STRONG;
    }

    static List<Piece> of(Subject subject) {
        return Arrays.stream(values()).filter(piece -> piece.subject == subject).toList();
    }
}
