package dev.banos.mem.agent;

import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_Throwable;
import static java.lang.constant.ConstantDescs.CD_void;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.classfile.Attributes;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassFile.StackMapsOption;
import java.lang.classfile.ClassHierarchyResolver.ClassHierarchyInfo;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeModel;
import java.lang.classfile.Instruction;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.classfile.attribute.SourceFileAttribute;
import java.lang.classfile.attribute.StackMapFrameInfo;
import java.lang.classfile.instruction.ConstantInstruction.LoadConstantInstruction;
import java.lang.classfile.instruction.DiscontinuedInstruction.JsrInstruction;
import java.lang.classfile.instruction.DiscontinuedInstruction.RetInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.classfile.instruction.SwitchCase;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.constant.DynamicConstantDesc;
import java.lang.constant.MethodHandleDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.instrument.Instrumentation;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;

/** One class file in, one out. The JDK's own verifier is the oracle: a class that was right stays right. */
class CallSitesTest {
    private static final ClassDesc TYPE = ClassDesc.of("some.Program");
    private static final ClassDesc UNSAFE = UnsafeMethod.UNSAFE;
    private static final MethodTypeDesc LONG_TO_LONG = MethodTypeDesc.of(CD_long, CD_long);
    private static final MethodTypeDesc TAKES_UNSAFE = MethodTypeDesc.of(CD_long, UNSAFE, CD_long);
    private static final DirectMethodHandleDesc HANDLE = MethodHandleDesc.ofMethod(DirectMethodHandleDesc.Kind.VIRTUAL, UNSAFE,
            "allocateMemory", LONG_TO_LONG);

    /** What no rewriter could know: the classes whose package is {@code gone}. */
    private static final ClassFile HIERARCHY = ClassFile.of(ClassHierarchyResolverOption.of(type ->
            ClassHierarchyInfo.ofClass(type.displayName().equals("Problem") ? CD_Throwable : CD_Object)));

    @Test
    void everyMethodIsMovedAndNothingElse() {
        byte[] moved = moved(69, code -> code.aload(0).lload(1).invokevirtual(UNSAFE, "allocateMemory", LONG_TO_LONG)
                .lstore(1).aload(0).lload(1).lload(1).invokevirtual(UNSAFE, "reallocateMemory", UnsafeMethod.REALLOCATE.type)
                .lstore(1).aload(0).lload(1).invokevirtual(UNSAFE, "freeMemory", UnsafeMethod.FREE.type)
                .aload(0).lload(1).invokevirtual(UNSAFE, "getLong", LONG_TO_LONG).lreturn(), 3);
        assertThat(calls(moved)).containsExactly(
                "INVOKESTATIC sun/misc/BanosCalls.allocateMemory(Lsun/misc/Unsafe;J)J",
                "INVOKESTATIC sun/misc/BanosCalls.reallocateMemory(Lsun/misc/Unsafe;JJ)J",
                "INVOKESTATIC sun/misc/BanosCalls.freeMemory(Lsun/misc/Unsafe;J)V",
                "INVOKEVIRTUAL sun/misc/Unsafe.getLong(J)J");
    }

    @Test
    void othersOfThatNameStayAsTheyAre() {
        ClassDesc other = ClassDesc.of("some.Unsafe");
        byte[] classFile = program(69, code -> code.aload(0).lload(1).invokevirtual(UNSAFE, "allocateMemory",
                MethodTypeDesc.of(CD_int, CD_long)).pop().aconst_null().checkcast(other).lload(1)
                .invokevirtual(other, "allocateMemory", LONG_TO_LONG).lreturn());
        assertThat(new CallSites(classFile).moved()).isNull();
    }

    /** The hierarchy of the classes in the frames is known to nobody here: frames can only have been kept. */
    @Test
    void framesAreKeptThoughTheirClassesAreUnknown() {
        byte[] classFile = program(69, CallSitesTest::branches);
        byte[] moved = moved(classFile, 2);
        assertThat(frames(moved)).hasSizeGreaterThanOrEqualTo(3).isEqualTo(frames(classFile));
        assertThat(HIERARCHY.verify(moved)).isEmpty();
    }

    /** A loop, a switch, a handler, and a merge of two classes that do not exist. */
    private static void branches(CodeBuilder code) {
        Label loop = code.newLabel();
        Label end = code.newLabel();
        int merged = code.allocateLocal(TypeKind.REFERENCE);
        code.aconst_null().astore(merged).labelBinding(loop)
                .lload(1).lconst_0().lcmp().ifeq(end)
                .trying(block -> block.aload(0).lload(1).invokevirtual(UNSAFE, "allocateMemory", LONG_TO_LONG).lstore(1),
                        handler -> handler.catching(ClassDesc.of("gone.Problem"), inside -> inside.astore(merged)))
                .lload(1).l2i().ifThenElse(then -> then.new_(ClassDesc.of("gone.A")).astore(merged),
                        otherwise -> otherwise.new_(ClassDesc.of("gone.B")).astore(merged))
                .lload(1).l2i();
        Label one = code.newLabel();
        code.tableswitch(1, 2, loop, List.of(SwitchCase.of(1, one),
                        SwitchCase.of(2, end)))
                .labelBinding(one).aload(0).lload(1).invokevirtual(UNSAFE, "freeMemory", UnsafeMethod.FREE.type).goto_(loop)
                .labelBinding(end).lload(1).lreturn();
    }

    @Test
    void classFilesOfEachVersion() throws ClassNotFoundException {
        for (int version = 45; version <= 69; version++) {
            byte[] moved = moved(version, CallSitesTest::straight, 1);
            assertThat(ClassFile.of().parse(moved).majorVersion()).isEqualTo(version);
            assertThat(linked(moved)).as("version %d", version).isTrue();
        }
    }

    private static void straight(CodeBuilder code) {
        code.aload(0).lload(1).invokevirtual(UNSAFE, "allocateMemory", LONG_TO_LONG).lreturn();
    }

    /** What compilers of 2001 made of {@code finally}. */
    @Test
    void subroutinesOfOldClassFiles() throws ClassNotFoundException {
        byte[] moved = moved(48, code -> {
            Label subroutine = code.newLabel();
            Label end = code.newLabel();
            int back = code.allocateLocal(TypeKind.REFERENCE);
            code.with(JsrInstruction.of(subroutine)).goto_(end)
                    .labelBinding(subroutine).astore(back).aload(0).lload(1).invokevirtual(UNSAFE, "allocateMemory", LONG_TO_LONG)
                    .lstore(1).with(RetInstruction.of(back))
                    .labelBinding(end).lload(1).lreturn();
        }, 1);
        assertThat(calls(moved)).containsExactly("INVOKESTATIC sun/misc/BanosCalls.allocateMemory(Lsun/misc/Unsafe;J)J");
        assertThat(linked(moved)).isTrue();
    }

    /** The new constant has an index above 255, so that the instruction grows, and the offsets after it change. */
    @Test
    void aHandleThatMovesToTheFarEndOfTheConstantPool() {
        byte[] classFile = program(69, code -> {
            code.ldc(HANDLE).pop();
            for (int i = 0; i < 300; i++) {
                code.ldc("constant " + i).pop();
            }
            branches(code);
        });
        byte[] moved = moved(classFile, 3);
        assertThat(frames(moved)).hasSameSizeAs(frames(classFile));
        assertThat(HIERARCHY.verify(moved)).isEmpty();
        LoadConstantInstruction load = (LoadConstantInstruction) instructions(moved).getFirst();
        assertThat(load.opcode()).isEqualTo(Opcode.LDC_W);
        assertThat(load.constantValue()).isEqualTo(MethodHandleDesc.ofMethod(DirectMethodHandleDesc.Kind.STATIC, GeneratedCalls.CALLS,
                "allocateMemory", TAKES_UNSAFE));
    }

    @Test
    void aHandleInsideADynamicConstantInsideAnother() {
        DirectMethodHandleDesc bootstrap = ConstantDescs.ofConstantBootstrap(TYPE, "make", CD_Object, CD_Object);
        var inner = DynamicConstantDesc.ofNamed(bootstrap, "inner", CD_Object, HANDLE);
        var outer = DynamicConstantDesc.ofNamed(bootstrap, "outer", CD_Object, inner);
        byte[] moved = moved(69, code -> code.ldc(outer).pop().lload(1).lreturn(), 1);
        assertThat(((LoadConstantInstruction) instructions(moved).getFirst()).constantValue().toString())
                .contains("BanosCalls").doesNotContain("REF_invokeVirtual");
    }

    @Test
    void everythingElseOfAClassStaysAsItIs() {
        byte[] classFile = ClassFile.of().build(TYPE, type -> {
            type.with(SourceFileAttribute.of("Program.java"));
            type.withField("field", CD_long, 0);
            method(type, "before", CodeBuilder::return_);
            type.withMethodBody("program", TAKES_UNSAFE, ClassFile.ACC_STATIC, code -> {
                code.lineNumber(7);
                straight(code);
            });
            method(type, "after", code -> code.lineNumber(9).ifThenElse(Opcode.IFNULL, CodeBuilder::nop, CodeBuilder::nop).return_());
        });
        ClassModel moved = ClassFile.of().parse(moved(classFile, 1));
        assertThat(moved.methods().stream().map(method -> method.methodName().stringValue())).containsExactly("before", "program", "after");
        assertThat(moved.findAttribute(Attributes.sourceFile()).orElseThrow().sourceFile().stringValue()).isEqualTo("Program.java");
        CodeModel program = moved.methods().get(1).code().orElseThrow();
        assertThat(program.findAttribute(Attributes.lineNumberTable()).orElseThrow().lineNumbers().getFirst().lineNumber()).isEqualTo(7);
        assertThat(moved.methods().get(2).code().orElseThrow().findAttribute(Attributes.stackMapTable())).isPresent();
    }

    private static void method(ClassBuilder type, String name, Consumer<CodeBuilder> body) {
        type.withMethodBody(name, MethodTypeDesc.of(CD_void, CD_Object), ClassFile.ACC_STATIC, code -> {
            if (name.equals("after")) {
                code.aload(0);
            }
            body.accept(code);
        });
    }

    /** Whatever the bytes: a class comes out, or nothing, or an exception that the rewriter reports; never a loop or an error. */
    @Test
    void brokenClassFilesAreRefused() {
        byte[] classFile = program(69, CallSitesTest::branches);
        SplittableRandom random = new SplittableRandom(42);
        Rewriter rewriter = new Rewriter(new Selection(List.of(), List.of()), Object.class);
        rewriter.start(jvmWithNothingLoaded(), Object.class);
        for (int i = 0; i < 3000; i++) {
            byte[] broken = classFile.clone();
            for (int changes = random.nextInt(1, 4); changes > 0; changes--) {
                broken[random.nextInt(10, broken.length)] = (byte) random.nextInt();
            }
            byte[] cut = random.nextInt(4) == 0 ? Arrays.copyOf(broken, random.nextInt(broken.length)) : broken;
            rewriter.transform(null, CallSitesTest.class.getClassLoader(), "some/Program", null, null, cut);
        }
        assertThat(rewriter.toString()).doesNotContain("classes not rewritten: 0");
        assertThatThrownBy(() -> new CallSites(new byte[20]).moved()).isInstanceOf(IllegalArgumentException.class);
    }

    private static Instrumentation jvmWithNothingLoaded() {
        return (Instrumentation) Proxy.newProxyInstance(CallSitesTest.class.getClassLoader(), new Class<?>[] {Instrumentation.class},
                (proxy, method, arguments) -> method.getName().equals("getAllLoadedClasses") ? new Class<?>[0] : null);
    }

    private static byte[] moved(int version, Consumer<CodeBuilder> body, int sites) {
        return moved(program(version, body), sites);
    }

    private static byte[] moved(byte[] classFile, int sites) {
        CallSites calls = new CallSites(classFile);
        byte[] moved = calls.moved();
        assertThat(calls.count()).isEqualTo(sites);
        return moved;
    }

    /** A class with one method {@code static long program(Unsafe, long)}. */
    private static byte[] program(int version, Consumer<CodeBuilder> body) {
        ClassFile builder = version < 50 ? ClassFile.of(StackMapsOption.DROP_STACK_MAPS) : HIERARCHY;
        return builder.build(TYPE, type -> type.withVersion(version, 0)
                .withMethodBody("program", TAKES_UNSAFE, ClassFile.ACC_STATIC, body));
    }

    /** The JVM's own verifier, which for old class files is another. */
    private static boolean linked(byte[] classFile) throws ClassNotFoundException {
        ClassLoader loader = new ClassLoader() {
            @Override
            protected Class<?> findClass(String name) {
                return defineClass(name, classFile, 0, classFile.length);
            }
        };
        return Class.forName(TYPE.packageName() + "." + TYPE.displayName(), true, loader).getClassLoader() == loader;
    }

    private static List<Instruction> instructions(byte[] classFile) {
        return code(classFile).elementStream().filter(Instruction.class::isInstance).map(Instruction.class::cast).toList();
    }

    private static List<String> calls(byte[] classFile) {
        return instructions(classFile).stream().filter(InvokeInstruction.class::isInstance).map(InvokeInstruction.class::cast)
                .map(call -> call.opcode() + " " + call.owner().asInternalName() + "." + call.name() + call.type()).toList();
    }

    private static List<String> frames(byte[] classFile) {
        CodeModel code = code(classFile);
        var attribute = (CodeAttribute) code;
        return code.findAttribute(Attributes.stackMapTable()).orElseThrow().entries().stream()
                .map(frame -> attribute.labelToBci(frame.target()) + types(frame)).toList();
    }

    private static String types(StackMapFrameInfo frame) {
        return frame.locals().toString() + frame.stack().toString();
    }

    private static CodeModel code(byte[] classFile) {
        return ClassFile.of().parse(classFile).methods().stream().filter(method -> method.methodName().equalsString("program"))
                .findFirst().flatMap(MethodModel::code).orElseThrow();
    }
}
