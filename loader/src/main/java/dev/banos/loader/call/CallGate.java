package dev.banos.loader.call;

import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodType;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

/**
 * The class of a gate. All that a call does beside the downcall itself is two loads and two branches:
 *
 * <pre>
 *     static R call(MemorySegment function, A... a) {
 *         if (SHUT.get() || Thread.currentThread().isVirtual()) {
 *             return slow(function, a...);
 *         }
 *         return (R) HANDLE.invokeExact(function, a...);
 *     }
 *
 *     private static R slow(MemorySegment function, A... a) {
 *         ENTER.run();
 *         try {
 *             return (R) HANDLE.invokeExact(function, a...);
 *         } finally {
 *             LEAVE.run();
 *         }
 *     }
 * </pre>
 * Types that calls have in common are built once; the copies differ in the digits of their names.
 */
final class CallGate {
    /** What the names of all gates begin with. */
    static final String NAME = "dev.banos.call.Gate";
    static final String CALL = "call";
    private static final String SLOW = "slow";

    private static final ClassDesc SUPPLIER = desc(Supplier.class);
    private static final ClassDesc FLAG = desc(AtomicBoolean.class);
    private static final ClassDesc RUNNABLE = desc(Runnable.class);
    private static final ClassDesc LOADER = desc(ClassLoader.class);
    private static final ClassDesc THREAD = desc(Thread.class);

    private record Field(String name, ClassDesc type) {
    }

    private static final Field SHUT = new Field("SHUT", FLAG);
    private static final Field ENTER = new Field("ENTER", RUNNABLE);
    private static final Field LEAVE = new Field("LEAVE", RUNNABLE);
    private static final Field HANDLE = new Field("HANDLE", ConstantDescs.CD_MethodHandle);
    private static final List<Field> FIELDS = List.of(SHUT, ENTER, LEAVE, HANDLE);

    private static final int DIGITS = 8;
    private static final String UNNAMED = NAME + "0".repeat(2 * DIGITS);
    private static final Map<MethodType, byte[]> TEMPLATES = new ConcurrentHashMap<>();

    private final ClassDesc self = ClassDesc.of(UNNAMED);
    private final MethodTypeDesc type;
    private final TypeKind result;

    private CallGate(MethodType type) {
        this.type = type.describeConstable().orElseThrow();
        this.result = TypeKind.from(type.returnType());
    }

    /** @param prefix {@link #NAME} and {@link #DIGITS} digits */
    static byte[] named(MethodType type, String prefix, int index) {
        byte[] bytes = TEMPLATES.computeIfAbsent(type, shape -> new CallGate(shape).build()).clone();
        byte[] name = (prefix + HexFormat.of().toHexDigits(index)).replace('.', '/').getBytes(StandardCharsets.US_ASCII);
        byte[] unnamed = UNNAMED.replace('.', '/').getBytes(StandardCharsets.US_ASCII);
        System.arraycopy(name, 0, bytes, find(unnamed, bytes), unnamed.length);
        return bytes;
    }

    private static int find(byte[] wanted, byte[] bytes) {
        int at = 0;
        while (!Arrays.equals(wanted, 0, wanted.length, bytes, at, at + wanted.length)) {
            at++;
        }
        return at;
    }

    private byte[] build() {
        return ClassFile.of().build(self, builder -> {
            builder.withFlags(ClassFile.ACC_PUBLIC | ClassFile.ACC_FINAL | ClassFile.ACC_SYNTHETIC | ClassFile.ACC_SUPER);
            for (Field field : FIELDS) {
                builder.withField(field.name(), field.type(), ClassFile.ACC_PRIVATE | ClassFile.ACC_STATIC | ClassFile.ACC_FINAL);
            }
            initialiser(builder);
            builder.withMethodBody(CALL, type, ClassFile.ACC_PUBLIC | ClassFile.ACC_STATIC, this::call);
            builder.withMethodBody(SLOW, type, ClassFile.ACC_PRIVATE | ClassFile.ACC_STATIC, this::slow);
        });
    }

    private void initialiser(ClassBuilder builder) {
        builder.withMethodBody(ConstantDescs.CLASS_INIT_NAME, ConstantDescs.MTD_void, ClassFile.ACC_STATIC, code -> {
            int constants = code.allocateLocal(TypeKind.REFERENCE);
            code.ldc(self).invokevirtual(ConstantDescs.CD_Class, "getClassLoader", MethodTypeDesc.of(LOADER)).checkcast(SUPPLIER)
                    .invokeinterface(SUPPLIER, "get", MethodTypeDesc.of(ConstantDescs.CD_Object))
                    .checkcast(ConstantDescs.CD_Object.arrayType()).astore(constants);
            for (int i = 0; i < FIELDS.size(); i++) {
                Field field = FIELDS.get(i);
                code.aload(constants).loadConstant(i).aaload().checkcast(field.type()).putstatic(self, field.name(), field.type());
            }
            code.return_();
        });
    }

    private void call(CodeBuilder code) {
        var slowly = code.newLabel();
        get(code, SHUT).invokevirtual(FLAG, "get", MethodTypeDesc.of(ConstantDescs.CD_boolean)).ifne(slowly)
                .invokestatic(THREAD, "currentThread", MethodTypeDesc.of(THREAD))
                .invokevirtual(THREAD, "isVirtual", MethodTypeDesc.of(ConstantDescs.CD_boolean)).ifne(slowly);
        invokeHandle(code).return_(result).labelBinding(slowly);
        arguments(code).invokestatic(self, SLOW, type).return_(result);
    }

    private void slow(CodeBuilder code) {
        run(code, ENTER);
        int value = result == TypeKind.VOID ? 0 : code.allocateLocal(result);
        code.trying(attempt -> {
            invokeHandle(attempt);
            if (result != TypeKind.VOID) {
                attempt.storeLocal(result, value);
            }
        }, failed -> failed.catchingAll(handler -> {
            run(handler, LEAVE);
            handler.athrow();
        }));
        run(code, LEAVE);
        if (result != TypeKind.VOID) {
            code.loadLocal(result, value);
        }
        code.return_(result);
    }

    private CodeBuilder invokeHandle(CodeBuilder code) {
        get(code, HANDLE);
        return arguments(code).invokevirtual(ConstantDescs.CD_MethodHandle, "invokeExact", type);
    }

    private CodeBuilder arguments(CodeBuilder code) {
        for (int i = 0; i < type.parameterCount(); i++) {
            code.loadLocal(TypeKind.from(type.parameterType(i)), code.parameterSlot(i));
        }
        return code;
    }

    private void run(CodeBuilder code, Field runnable) {
        get(code, runnable).invokeinterface(RUNNABLE, "run", ConstantDescs.MTD_void);
    }

    private CodeBuilder get(CodeBuilder code, Field field) {
        return code.getstatic(self, field.name(), field.type());
    }

    private static ClassDesc desc(Class<?> type) {
        return type.describeConstable().orElseThrow();
    }
}
