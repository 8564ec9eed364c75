package dev.banos.loader.call;

import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.DirectMethodHandleDesc;
import java.lang.constant.DynamicConstantDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.invoke.MethodType;
import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The hidden class behind a bound interface. Each of its methods is a constant handle and one {@code invokeExact}: the constant is
 * dynamic, so that the handle is made at the first call, and the compiler inlines it like any other constant.
 *
 * <pre>
 *     int add(int a, int b) { return ((MethodHandle) CONSTANT_0).invokeExact(a, b); }
 * </pre>
 */
public final class BoundClass {
    private static final MethodHandle HANDLE = handleOf();
    private static final DirectMethodHandleDesc CLASS_DATA_AT = ConstantDescs.ofConstantBootstrap(
            ConstantDescs.CD_MethodHandles, "classDataAt", ConstantDescs.CD_Object, ConstantDescs.CD_int);
    private static final DirectMethodHandleDesc INVOKE = ConstantDescs.ofConstantBootstrap(
            ClassDesc.of("java.lang.invoke.ConstantBootstraps"), "invoke", ConstantDescs.CD_Object,
            ConstantDescs.CD_MethodHandle, ConstantDescs.CD_Object.arrayType());

    private BoundClass() {
    }

    /** @param label what {@code toString} says */
    public static Object instance(Lookup lookup, Class<?> type, Map<Method, BoundMethod> methods, String label) {
        List<MethodHandle> makers = new ArrayList<>();
        byte[] bytes = ClassFile.of().build(ClassDesc.of(type.getPackageName().isEmpty() ? "Bound" : type.getPackageName() + ".Bound"),
                builder -> {
                    builder.withFlags(ClassFile.ACC_FINAL | ClassFile.ACC_SYNTHETIC | ClassFile.ACC_SUPER)
                            .withInterfaceSymbols(descriptor(type));
                    constructor(builder);
                    toText(builder, label);
                    methods.forEach((method, bound) -> {
                        method(builder, method.getName(), bound.type(), makers.size());
                        makers.add(HANDLE.bindTo(bound));
                    });
                });
        try {
            Lookup hidden = lookup.defineHiddenClassWithClassData(bytes, List.copyOf(makers), true);
            MethodHandle make = hidden.findConstructor(hidden.lookupClass(), MethodType.methodType(void.class));
            return make.asType(MethodType.methodType(Object.class)).invokeExact();
        } catch (RuntimeException | Error failed) {
            throw failed;
        } catch (Throwable failed) {
            throw new AssertionError("a class of ours does not load", failed);
        }
    }

    private static void constructor(ClassBuilder builder) {
        builder.withMethodBody(ConstantDescs.INIT_NAME, ConstantDescs.MTD_void, ClassFile.ACC_PUBLIC, code -> code
                .aload(0).invokespecial(ConstantDescs.CD_Object, ConstantDescs.INIT_NAME, ConstantDescs.MTD_void).return_());
    }

    private static void toText(ClassBuilder builder, String label) {
        builder.withMethodBody("toString", MethodTypeDesc.of(ConstantDescs.CD_String), ClassFile.ACC_PUBLIC,
                code -> code.loadConstant(label).areturn());
    }

    private static void method(ClassBuilder builder, String name, MethodType type, int index) {
        MethodTypeDesc descriptor = type.describeConstable().orElseThrow();
        builder.withMethodBody(name, descriptor, ClassFile.ACC_PUBLIC, code -> body(code, type, descriptor, index));
    }

    private static void body(CodeBuilder code, MethodType type, MethodTypeDesc descriptor, int index) {
        DynamicConstantDesc<MethodHandle> maker = DynamicConstantDesc.ofNamed(CLASS_DATA_AT, ConstantDescs.DEFAULT_NAME,
                ConstantDescs.CD_MethodHandle, index);
        code.ldc(DynamicConstantDesc.ofNamed(INVOKE, "handle", ConstantDescs.CD_MethodHandle, maker));
        for (int i = 0; i < type.parameterCount(); i++) {
            code.loadLocal(TypeKind.from(type.parameterType(i)), code.parameterSlot(i));
        }
        code.invokevirtual(ConstantDescs.CD_MethodHandle, "invokeExact", descriptor);
        code.return_(TypeKind.from(type.returnType()));
    }

    private static ClassDesc descriptor(Class<?> type) {
        return type.describeConstable().orElseThrow(() -> new IllegalArgumentException("type=" + type + " is a hidden class"));
    }

    private static MethodHandle handleOf() {
        try {
            return MethodHandles.lookup().findVirtual(BoundMethod.class, "handle", MethodType.methodType(MethodHandle.class));
        } catch (ReflectiveOperationException missing) {
            throw new AssertionError(missing);
        }
    }
}
