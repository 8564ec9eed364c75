package dev.banos.mem.agent;

import java.lang.classfile.Attributes;
import java.lang.classfile.BootstrapMethodEntry;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.StackMapsOption;
import java.lang.classfile.ClassModel;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.CodeModel;
import java.lang.classfile.CodeTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.lang.classfile.Opcode;
import java.lang.classfile.constantpool.ConstantDynamicEntry;
import java.lang.classfile.constantpool.ConstantPoolBuilder;
import java.lang.classfile.constantpool.InvokeDynamicEntry;
import java.lang.classfile.constantpool.LoadableConstantEntry;
import java.lang.classfile.constantpool.MethodHandleEntry;
import java.lang.classfile.instruction.ConstantInstruction.LoadConstantInstruction;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.DirectMethodHandleDesc;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Moves the call sites of one class: {@code invokevirtual Unsafe.freeMemory(long)} becomes {@code invokestatic
 * BanosCalls.freeMemory(Unsafe, long)}, and so does a method handle constant, which is what a method reference is compiled to.
 *
 * <p>An instruction of three bytes takes the place of another, with the same effect on the stack: so each frame of the stack
 * map stays true, and is kept. To compute the frames anew would mean to know the program's class hierarchy, some of which is not
 * loaded yet.
 */
final class CallSites {
    private static final ClassFile CLASS_FILE = ClassFile.of(StackMapsOption.DROP_STACK_MAPS);

    private final ClassModel original;
    private int count;

    CallSites(byte[] classFile) {
        original = CLASS_FILE.parse(classFile);
    }

    /** The class with its calls moved; null if it has none. */
    byte @Nullable [] moved() {
        byte[] moved = CLASS_FILE.transformClass(original, transform());
        return count == 0 ? null : moved;
    }

    /** How many were moved. */
    int count() {
        return count;
    }

    private ClassTransform transform() {
        return (builder, element) -> {
            if (element instanceof MethodModel method && method.code().isPresent() && hasSites(method.code().get())) {
                builder.transformMethod(method, MethodTransform.transformingCode(new Moves(method.code().get())));
            } else {
                builder.with(element);
            }
        };
    }

    private boolean hasSites(CodeModel code) {
        for (CodeElement element : code) {
            boolean isSite = switch (element) {
                case InvokeInstruction call -> isSite(call);
                case InvokeDynamicInstruction call -> hasHandle(call.invokedynamic().bootstrap());
                case LoadConstantInstruction load -> hasHandle(load.constantEntry());
                default -> false;
            };
            if (isSite) {
                return true;
            }
        }
        return false;
    }

    private static boolean isSite(InvokeInstruction call) {
        return call.opcode() == Opcode.INVOKEVIRTUAL && UnsafeMethod.of(call.method()) != null;
    }

    private static boolean hasHandle(BootstrapMethodEntry bootstrap) {
        return bootstrap.arguments().stream().anyMatch(CallSites::hasHandle);
    }

    private static boolean hasHandle(LoadableConstantEntry constant) {
        return switch (constant) {
            case MethodHandleEntry handle -> methodOf(handle) != null;
            case ConstantDynamicEntry dynamic -> hasHandle(dynamic.bootstrap());
            default -> false;
        };
    }

    private static @Nullable UnsafeMethod methodOf(MethodHandleEntry handle) {
        return handle.kind() == DirectMethodHandleDesc.Kind.VIRTUAL.refKind ? UnsafeMethod.of(handle.reference()) : null;
    }

    private final class Moves implements CodeTransform {
        private final CodeModel code;

        private Moves(CodeModel code) {
            this.code = code;
        }

        @Override
        public void accept(CodeBuilder builder, CodeElement element) {
            switch (element) {
                case InvokeInstruction call when isSite(call) -> {
                    UnsafeMethod method = Objects.requireNonNull(UnsafeMethod.of(call.method()));
                    count++;
                    builder.invokestatic(GeneratedCalls.CALLS, method.methodName, method.staticType());
                }
                case InvokeDynamicInstruction call when hasHandle(call.invokedynamic().bootstrap()) ->
                        builder.invokedynamic(moved(builder.constantPool(), call.invokedynamic()));
                case LoadConstantInstruction load when hasHandle(load.constantEntry()) ->
                        builder.ldc(moved(builder.constantPool(), load.constantEntry()));
                default -> builder.with(element);
            }
        }

        @Override
        public void atEnd(CodeBuilder builder) {
            code.findAttribute(Attributes.stackMapTable()).ifPresent(builder::with);
        }
    }

    private InvokeDynamicEntry moved(ConstantPoolBuilder pool, InvokeDynamicEntry call) {
        return pool.invokeDynamicEntry(moved(pool, call.bootstrap()), call.nameAndType());
    }

    private BootstrapMethodEntry moved(ConstantPoolBuilder pool, BootstrapMethodEntry bootstrap) {
        List<LoadableConstantEntry> arguments = bootstrap.arguments().stream().map(each -> moved(pool, each)).toList();
        return pool.bsmEntry(bootstrap.bootstrapMethod(), arguments);
    }

    private LoadableConstantEntry moved(ConstantPoolBuilder pool, LoadableConstantEntry constant) {
        return switch (constant) {
            case MethodHandleEntry handle when methodOf(handle) != null -> moved(pool, Objects.requireNonNull(methodOf(handle)));
            case ConstantDynamicEntry dynamic when hasHandle(dynamic) ->
                    pool.constantDynamicEntry(moved(pool, dynamic.bootstrap()), dynamic.nameAndType());
            default -> constant;
        };
    }

    private MethodHandleEntry moved(ConstantPoolBuilder pool, UnsafeMethod method) {
        count++;
        return pool.methodHandleEntry(DirectMethodHandleDesc.Kind.STATIC.refKind, pool.methodRefEntry(pool.classEntry(GeneratedCalls.CALLS),
                pool.nameAndTypeEntry(method.methodName, method.staticType())));
    }
}
