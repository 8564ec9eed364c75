package dev.banos.mem.agent;

import static java.lang.classfile.ClassFile.ACC_FINAL;
import static java.lang.classfile.ClassFile.ACC_PUBLIC;
import static java.lang.classfile.ClassFile.ACC_STATIC;
import static java.lang.classfile.ClassFile.ACC_SYNTHETIC;
import static java.lang.classfile.ClassFile.ACC_VOLATILE;

import java.lang.classfile.Annotation;
import java.lang.classfile.ClassBuilder;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.classfile.attribute.RuntimeVisibleAnnotationsAttribute;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandles;
import java.lang.reflect.Field;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.LongPredicate;

/**
 * The class that the program's calls go to. It is generated, because it calls Unsafe, which nothing in this project does; and
 * it is made a neighbour of Unsafe, in its package, module and loader: so whichever class finds the one finds the other. Its
 * package is open to everyone, so that no other door need be opened for this. In Java it would be
 *
 * <pre>
 *   final class BanosFunctions {                                // written before the other is initialised
 *       static final AtomicBoolean TAKEN = new AtomicBoolean();                   // by a start of the agent
 *       static volatile LongUnaryOperator ALLOCATE; ...
 *   }
 *   public final class BanosCalls {
 *       static final LongUnaryOperator ALLOCATE = BanosFunctions.ALLOCATE; ...     // constants to the compiler
 *
 *       public static long allocateMemory(Unsafe unsafe, long bytes) {
 *           Objects.requireNonNull(unsafe);
 *           long address = ALLOCATE.applyAsLong(bytes);
 *           return address == PASSED_ON ? unsafe.allocateMemory(bytes) : address;
 *       }
 *       public static long reallocateMemory(Unsafe unsafe, long address, long bytes) ...     likewise
 *       public static void freeMemory(Unsafe unsafe, long address) {
 *           Objects.requireNonNull(unsafe);
 *           if (!FREE.test(address)) {
 *               unsafe.freeMemory(address);
 *           }
 *       }
 *   }
 * </pre>
 */
final class GeneratedCalls {
    static final ClassDesc CALLS = ClassDesc.ofInternalName("sun/misc/BanosCalls");
    /** Beside those of the methods, which are called as they are: whether an address is one of ours. */
    static final String OWNS = "OWNS";
    static final ClassDesc OWNS_CLASS = UnsafeMethod.FREE.functionClass();

    private static final ClassDesc FUNCTIONS = ClassDesc.ofInternalName("sun/misc/BanosFunctions");
    private static final String TAKEN = "TAKEN";
    private static final ClassDesc ATOMIC_BOOLEAN = ClassDesc.of(AtomicBoolean.class.getName());
    private static final ClassDesc OBJECTS = ClassDesc.of("java.util.Objects");
    private static final MethodTypeDesc OBJECT_TO_OBJECT =
            MethodTypeDesc.of(ConstantDescs.CD_Object, ConstantDescs.CD_Object);
    /** The JVM heeds them in classes of its own loader: no frame of this class in stack traces, and no call where it is compiled. */
    private static final RuntimeVisibleAnnotationsAttribute HIDDEN_AND_INLINED = RuntimeVisibleAnnotationsAttribute.of(
            Annotation.of(ClassDesc.of("jdk.internal.vm.annotation.Hidden")),
            Annotation.of(ClassDesc.of("jdk.internal.vm.annotation.ForceInline")));

    private GeneratedCalls() {
    }

    /**
     * For a start of the agent, before it does anything.
     *
     * @throws IllegalStateException if another start has it
     */
    static void take(Class<?> unsafe) throws ReflectiveOperationException {
        if (!taken(functions(neighbour(unsafe))).compareAndSet(false, true)) {
            throw new IllegalStateException("the agent runs already: it is to be given once");
        }
    }

    /** For a start that was refused before anything called the class: so that the next one may have it. */
    static void leave(Class<?> unsafe) throws ReflectiveOperationException {
        taken(functions(neighbour(unsafe))).set(false);
    }

    /**
     * Defines it, or finds what a start that was refused has left: no class goes away again, but this one is initialised by its
     * first call, and nothing calls it before Unsafe is rewritten. Of the start that has {@linkplain #take taken} it.
     *
     * @param functions what each method asks
     * @param owns says whether an address is ours
     */
    static Class<?> define(Class<?> unsafe, Map<UnsafeMethod, Object> functions, LongPredicate owns)
            throws ReflectiveOperationException {
        MethodHandles.Lookup neighbour = neighbour(unsafe);
        Class<?> written = functions(neighbour);
        for (UnsafeMethod method : UnsafeMethod.values()) {
            set(written, method.name(), Objects.requireNonNull(functions.get(method), method.methodName));
        }
        set(written, OWNS, owns);
        return findOrDefine(neighbour, CALLS, callsClass());
    }

    /**
     * Of a start that cannot be refused any more: where the program's first call found Java's heap full, or the stack at its end, the JVM
     * would give the class up for good.
     */
    static void initialise(Class<?> calls) {
        try {
            Class<?> ignored = Class.forName(calls.getName(), true, calls.getClassLoader());
        } catch (ClassNotFoundException impossible) {
            throw new IllegalStateException(impossible);
        }
    }

    private static MethodHandles.Lookup neighbour(Class<?> unsafe) throws ReflectiveOperationException {
        GeneratedCalls.class.getModule().addReads(unsafe.getModule());
        return MethodHandles.privateLookupIn(unsafe, MethodHandles.lookup());
    }

    private static Class<?> functions(MethodHandles.Lookup neighbour) throws ReflectiveOperationException {
        return findOrDefine(neighbour, FUNCTIONS, functionsClass());
    }

    private static Class<?> findOrDefine(MethodHandles.Lookup neighbour, ClassDesc name, byte[] classFile)
            throws ReflectiveOperationException {
        try {
            return neighbour.defineClass(classFile);
        } catch (LinkageError isThere) {
            return neighbour.findClass(nameOf(name));
        }
    }

    private static String nameOf(ClassDesc type) {
        return type.packageName() + "." + type.displayName();
    }

    private static AtomicBoolean taken(Class<?> written) throws ReflectiveOperationException {
        Field field = written.getDeclaredField(TAKEN);
        field.setAccessible(true);
        return (AtomicBoolean) field.get(null);
    }

    private static void set(Class<?> written, String name, Object function) throws ReflectiveOperationException {
        Field field = written.getDeclaredField(name);
        field.setAccessible(true);
        field.set(null, function);
    }

    private static byte[] functionsClass() {
        return ClassFile.of().build(FUNCTIONS, type -> {
            type.withFlags(ACC_FINAL | ACC_SYNTHETIC);
            type.withField(TAKEN, ATOMIC_BOOLEAN, ACC_STATIC | ACC_FINAL);
            fields(type, ACC_STATIC | ACC_VOLATILE);
            type.withMethodBody(ConstantDescs.CLASS_INIT_NAME, ConstantDescs.MTD_void, ACC_STATIC, code -> code
                    .new_(ATOMIC_BOOLEAN).dup()
                    .invokespecial(ATOMIC_BOOLEAN, ConstantDescs.INIT_NAME, ConstantDescs.MTD_void)
                    .putstatic(FUNCTIONS, TAKEN, ATOMIC_BOOLEAN)
                    .return_());
        });
    }

    private static byte[] callsClass() {
        return ClassFile.of().build(CALLS, type -> {
            type.withFlags(ACC_PUBLIC | ACC_FINAL | ACC_SYNTHETIC);
            fields(type, ACC_STATIC | ACC_FINAL);
            type.withMethodBody(ConstantDescs.CLASS_INIT_NAME, ConstantDescs.MTD_void, ACC_STATIC, GeneratedCalls::copyFunctions);
            method(type, UnsafeMethod.ALLOCATE, code -> addressOr(code, UnsafeMethod.ALLOCATE));
            method(type, UnsafeMethod.REALLOCATE, code -> addressOr(code, UnsafeMethod.REALLOCATE));
            method(type, UnsafeMethod.FREE, GeneratedCalls::free);
        });
    }

    private static void fields(ClassBuilder type, int flags) {
        for (UnsafeMethod method : UnsafeMethod.values()) {
            type.withField(method.name(), method.functionClass(), flags);
        }
        type.withField(OWNS, OWNS_CLASS, flags);
    }

    private static void copyFunctions(CodeBuilder code) {
        for (UnsafeMethod method : UnsafeMethod.values()) {
            copy(code, method.name(), method.functionClass());
        }
        copy(code, OWNS, OWNS_CLASS);
        code.return_();
    }

    private static void copy(CodeBuilder code, String field, ClassDesc type) {
        code.getstatic(FUNCTIONS, field, type).putstatic(CALLS, field, type);
    }

    private static void method(ClassBuilder type, UnsafeMethod method, Consumer<CodeBuilder> body) {
        type.withMethod(method.methodName, method.staticType(), ACC_PUBLIC | ACC_STATIC, builder -> builder
                .with(HIDDEN_AND_INLINED)
                .withCode(code -> {
                    code.aload(0).invokestatic(OBJECTS, "requireNonNull", OBJECT_TO_OBJECT).pop();
                    body.accept(code);
                }));
    }

    private static void addressOr(CodeBuilder code, UnsafeMethod method) {
        int address = code.allocateLocal(TypeKind.LONG);
        Label passedOn = code.newLabel();
        ask(code, method);
        code.dup2().lstore(address)
                .loadConstant(Service.PASSED_ON).lcmp().ifeq(passedOn)
                .lload(address).lreturn()
                .labelBinding(passedOn).aload(0);
        loadArguments(code, method);
        code.invokevirtual(UnsafeMethod.UNSAFE, method.methodName, method.type).lreturn();
    }

    private static void free(CodeBuilder code) {
        Label done = code.newLabel();
        ask(code, UnsafeMethod.FREE);
        code.ifne(done).aload(0);
        loadArguments(code, UnsafeMethod.FREE);
        code.invokevirtual(UnsafeMethod.UNSAFE, UnsafeMethod.FREE.methodName, UnsafeMethod.FREE.type)
                .labelBinding(done).return_();
    }

    /** For a method whose parameters are a receiver and those of {@code method}. */
    static void ask(CodeBuilder code, UnsafeMethod method) {
        code.getstatic(CALLS, method.name(), method.functionClass());
        loadArguments(code, method);
        code.invokeinterface(method.functionClass(), method.functionMethod, method.functionType());
    }

    /** All are longs, and stand behind the receiver. */
    private static void loadArguments(CodeBuilder code, UnsafeMethod method) {
        for (int i = 0; i < method.type.parameterCount(); i++) {
            code.lload(1 + i * TypeKind.LONG.slotSize());
        }
    }
}
