package dev.banos.mem.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.instrument.Instrumentation;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * In which order a JVM that runs comes to have the agent: Unsafe first. A block of ours that a class not yet rewritten frees
 * would otherwise come to the system's free, which ends the process.
 */
class RewriterTest {
    private static final byte[] PROGRAM = ClassFile.of().build(ClassDesc.of("some.Program"), type -> type.withMethodBody("free",
            MethodTypeDesc.of(ConstantDescs.CD_void, UnsafeMethod.UNSAFE, ConstantDescs.CD_long), ClassFile.ACC_STATIC, code -> code
                    .aload(0).lload(1).invokevirtual(UnsafeMethod.UNSAFE, "freeMemory", UnsafeMethod.FREE.type).return_()));
    private static final byte[] UNSAFE = ClassFile.of().build(UnsafeMethod.UNSAFE, type -> {
        type.withMethodBody("freeMemory", UnsafeMethod.FREE.type, ClassFile.ACC_PUBLIC, code -> code.return_());
        type.withMethodBody("reallocateMemory", UnsafeMethod.REALLOCATE.type, ClassFile.ACC_PUBLIC,
                code -> code.lload(1).lreturn());
    });

    private final List<String> steps = new ArrayList<>();
    private final Rewriter rewriter = new Rewriter(new Selection(List.of(), List.of()), RewriterTest.class);

    /** A JVM that meanwhile loads a class of the program, at each step. */
    private Instrumentation jvm(byte[] unsafe) {
        return (Instrumentation) Proxy.newProxyInstance(RewriterTest.class.getClassLoader(), new Class<?>[] {Instrumentation.class},
                (proxy, method, arguments) -> {
                    switch (method.getName()) {
                        case "getAllLoadedClasses" -> {
                            return new Class<?>[] {Object.class, RewriterTest.class, Test.class};
                        }
                        case "isModifiableClass" -> {
                            return true;
                        }
                        case "retransformClasses" -> {
                            Class<?> first = ((Class<?>[]) arguments[0])[0];
                            boolean isUnsafe = first == Object.class; // stands for it
                            boolean given = isUnsafe && transform(null, UnsafeMethod.OWNER, unsafe) != null;
                            steps.add((isUnsafe ? "unsafe " + given : first.getSimpleName()) + ", program " + isProgramRewritten());
                        }
                        default -> steps.add(method.getName() + ", program " + isProgramRewritten());
                    }
                    return method.getName().equals("removeTransformer") ? true : null;
                });
    }

    private boolean isProgramRewritten() {
        return transform(RewriterTest.class.getClassLoader(), "some/Program", PROGRAM) != null;
    }

    private byte[] transform(ClassLoader loader, String name, byte[] classFile) {
        return rewriter.transform(Object.class.getModule(), loader, name, null, null, classFile);
    }

    @Test
    void noCallIsMovedBeforeUnsafeKnowsOurBlocks() {
        rewriter.start(jvm(UNSAFE), Object.class);
        assertThat(steps).containsExactly("addTransformer, program false", "unsafe true, program false",
                "Test, program true");
    }

    @Test
    void whereUnsafeCannotBeRewrittenNothingIs() {
        byte[] without = ClassFile.of().build(UnsafeMethod.UNSAFE, type -> type.withMethodBody("freeMemory",
                UnsafeMethod.FREE.type, ClassFile.ACC_PUBLIC, code -> code.return_()));
        assertThatThrownBy(() -> rewriter.start(jvm(without), Object.class)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("Unsafe").hasMessageContaining(Runtime.version().toString());
        assertThat(steps).containsExactly("addTransformer, program false", "unsafe false, program false",
                "removeTransformer, program false");
    }
}
