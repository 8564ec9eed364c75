package dev.banos.interleave;

import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.CodeElement;
import java.lang.classfile.instruction.FieldInstruction;
import java.lang.classfile.instruction.InvokeInstruction;
import java.lang.constant.ClassDesc;
import java.lang.constant.ConstantDescs;
import java.lang.constant.MethodTypeDesc;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Loads the allocator once more, its real code, with a call of {@link Interleavings#step} in front of each access to what
 * threads share: every use of a VarHandle, and the fields below. Waiting for a lock becomes {@link Interleavings#waits}.
 */
final class SteppingLoader extends ClassLoader {
    private static final Set<String> LOADED_AGAIN = Set.of("dev.banos.mem.", "dev.banos.lock.", "dev.banos.thread.");
    /** Where accesses are steps. What the other classes share is behind the locks of these. */
    private static final Set<String> STEPPING = Set.of("dev/banos/mem/slots/Run", "dev/banos/mem/system/Words",
            "dev/banos/mem/slots/SlotPool", "dev/banos/mem/Heap", "dev/banos/mem/slots/TrackedPool", "dev/banos/mem/slots/FreePages",
            "dev/banos/mem/slots/ThreadPools", "dev/banos/mem/slots/Hazards", "dev/banos/lock/SpinLock");
    private static final Set<String> SHARED_FIELDS = Set.of("limit", "retired", "threadId", "closed", "first", "before", "behind");
    private static final ClassDesc INTERLEAVINGS = ClassDesc.of(Interleavings.class.getName());
    private static final MethodTypeDesc NOTHING = MethodTypeDesc.of(ConstantDescs.CD_void);

    private final Set<String> alsoStepping;

    /** @param alsoStepping where accesses are steps as well, for scenarios whose other classes do little */
    SteppingLoader(ClassLoader parent, Set<String> alsoStepping) {
        super(parent);
        this.alsoStepping = alsoStepping;
    }

    @Override
    protected Class<?> loadClass(String name, boolean resolve) throws ClassNotFoundException {
        if (LOADED_AGAIN.stream().noneMatch(name::startsWith)) {
            return super.loadClass(name, resolve);
        }
        synchronized (getClassLoadingLock(name)) {
            Class<?> loaded = findLoadedClass(name);
            return loaded != null ? loaded : define(name);
        }
    }

    private Class<?> define(String name) throws ClassNotFoundException {
        try (InputStream file = getResourceAsStream(name.replace('.', '/') + ".class")) {
            if (file == null) {
                throw new ClassNotFoundException(name);
            }
            String internal = name.replace('.', '/');
            byte[] stepping = stepping(file.readAllBytes(), STEPPING.contains(internal) || alsoStepping.contains(internal));
            return defineClass(name, stepping, 0, stepping.length);
        } catch (IOException unreadable) {
            throw new ClassNotFoundException(name, unreadable);
        }
    }

    private static byte[] stepping(byte[] original, boolean steps) {
        ClassFile format = ClassFile.of();
        return format.transformClass(format.parse(original), ClassTransform.transformingMethodBodies(
                (code, element) -> rewrite(code, element, steps)));
    }

    private static void rewrite(CodeBuilder code, CodeElement element, boolean steps) {
        if (isCall(element, "dev/banos/mem/slots/Purger", "wake")) {
            code.invokestatic(ClassDesc.of("dev.banos.mem.slots.Protocols"), "woken", NOTHING);
            return;
        }
        if (isCall(element, "java/util/concurrent/locks/ReentrantLock", "lock")) {
            code.invokestatic(INTERLEAVINGS, "lock", MethodTypeDesc.of(ConstantDescs.CD_void, ClassDesc.of(ReentrantLock.class.getName())));
            return;
        }
        if (isCall(element, "dev/banos/lock/SpinLock", "pause")) {
            code.invokestatic(INTERLEAVINGS, "waits", NOTHING);
        } else if (steps && isShared(element)) {
            code.invokestatic(INTERLEAVINGS, "step", NOTHING);
        }
        code.with(element);
    }

    private static boolean isCall(CodeElement element, String owner, String name) {
        return element instanceof InvokeInstruction call && call.owner().asInternalName().equals(owner)
                && call.name().equalsString(name);
    }

    private static boolean isShared(CodeElement element) {
        return element instanceof InvokeInstruction call && call.owner().asInternalName().equals("java/lang/invoke/VarHandle")
                || element instanceof FieldInstruction field && SHARED_FIELDS.contains(field.name().stringValue());
    }
}
