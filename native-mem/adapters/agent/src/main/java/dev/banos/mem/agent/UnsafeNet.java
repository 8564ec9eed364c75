package dev.banos.mem.agent;

import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.Label;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.util.function.Consumer;

/**
 * The net under the calls that are not moved: reflection, hidden classes, and classes that are excluded. They get their memory
 * from Unsafe; but what they free may have come from us, and must not reach the system's free. So Unsafe's own two methods that
 * take an address begin with
 *
 * <pre>
 *   freeMemory:        if (OWNS.test(address)) { FREE.test(address); return; }
 *   reallocateMemory:  if (bytes &gt;= 0 &amp;&amp; OWNS.test(address)) return REALLOCATE.applyAsLong(address, bytes);
 * </pre>
 */
final class UnsafeNet {
    private static final int ADDRESS = 1;
    private static final int BYTES = 3;

    private UnsafeNet() {
    }

    /**
     * @param unsafe the class file of Unsafe
     * @throws IllegalStateException if it has not both methods: then the net would have a hole
     */
    static byte[] spreadIn(byte[] unsafe) {
        ClassModel model = ClassFile.of().parse(unsafe);
        long found = model.methods().stream().filter(method -> method.code().isPresent())
                .filter(method -> is(method, UnsafeMethod.FREE) || is(method, UnsafeMethod.REALLOCATE)).count();
        if (found != 2) {
            throw new IllegalStateException("no Java code of " + UnsafeMethod.FREE.methodName + " or "
                    + UnsafeMethod.REALLOCATE.methodName);
        }
        return ClassFile.of().transformClass(model, (builder, element) -> {
            if (element instanceof MethodModel method && is(method, UnsafeMethod.FREE)) {
                builder.transformMethod(method, MethodTransform.transformingCode(begin(UnsafeNet::free)));
            } else if (element instanceof MethodModel method && is(method, UnsafeMethod.REALLOCATE)) {
                builder.transformMethod(method, MethodTransform.transformingCode(begin(UnsafeNet::reallocate)));
            } else {
                builder.with(element);
            }
        });
    }

    private static boolean is(MethodModel method, UnsafeMethod wanted) {
        return method.methodName().equalsString(wanted.methodName) && method.methodTypeSymbol().equals(wanted.type);
    }

    private static CodeTransform begin(Consumer<CodeBuilder> beginning) {
        return new CodeTransform() {
            @Override
            public void atStart(CodeBuilder builder) {
                beginning.accept(builder);
            }

            @Override
            public void accept(CodeBuilder builder, CodeElement element) {
                builder.with(element);
            }
        };
    }

    private static void free(CodeBuilder code) {
        Label notOurs = code.newLabel();
        owns(code).ifeq(notOurs);
        GeneratedCalls.ask(code, UnsafeMethod.FREE);
        code.pop().return_().labelBinding(notOurs);
    }

    private static void reallocate(CodeBuilder code) {
        Label notOurs = code.newLabel();
        code.lload(BYTES).lconst_0().lcmp().iflt(notOurs);
        owns(code).ifeq(notOurs);
        GeneratedCalls.ask(code, UnsafeMethod.REALLOCATE);
        code.lreturn().labelBinding(notOurs);
    }

    private static CodeBuilder owns(CodeBuilder code) {
        return code.getstatic(GeneratedCalls.CALLS, GeneratedCalls.OWNS, GeneratedCalls.OWNS_CLASS)
                .lload(ADDRESS)
                .invokeinterface(GeneratedCalls.OWNS_CLASS, UnsafeMethod.FREE.functionMethod, UnsafeMethod.FREE.functionType());
    }
}
