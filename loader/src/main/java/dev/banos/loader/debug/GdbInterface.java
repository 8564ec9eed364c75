package dev.banos.loader.debug;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.banos.bindings.Native;
import dev.banos.loader.link.LinkedModule;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Tells GDB, and debuggers that know its interface, of linked objects, so that they see functions, lines and variables
 * ("Debugging with GDB", chapter "JIT Compilation Interface"). The debugger finds the descriptor by its name in a library of
 * the process, walks its list, and sets a breakpoint on the function that is called after each change.
 *
 * <pre>
 *     __jit_debug_descriptor                            jit_code_entry, one an object
 *     0         4        8                16            0      8      16              24
 *     | version | action | relevant_entry | first ────► | next | prev | symbol file ─► | its size |
 * </pre>
 * Each object costs a copy of its file as long as it is loaded, and the handles of these structs some milliseconds, so this class
 * is not touched unless {@code banos.loader.gdb} is set.
 */
final class GdbInterface {
    private static final int VERSION = 1;
    private static final int REGISTER = 1;
    private static final int UNREGISTER = 2;

    private static final StructLayout DESCRIPTOR = MemoryLayout.structLayout(JAVA_INT.withName("version"),
            JAVA_INT.withName("action"), ADDRESS.withName("relevant"), ADDRESS.withName("first"));
    static final long DESCRIPTOR_BYTES = DESCRIPTOR.byteSize();
    private static final StructLayout ENTRY = MemoryLayout.structLayout(ADDRESS.withName("next"), ADDRESS.withName("previous"),
            ADDRESS.withName("file"), JAVA_LONG.withName("size"));

    private static final VarHandle DESCRIPTOR_VERSION = handle(DESCRIPTOR, "version");
    private static final VarHandle ACTION = handle(DESCRIPTOR, "action");
    private static final VarHandle RELEVANT = handle(DESCRIPTOR, "relevant");
    private static final VarHandle FIRST = handle(DESCRIPTOR, "first");
    private static final VarHandle NEXT = handle(ENTRY, "next");
    private static final VarHandle PREVIOUS = handle(ENTRY, "previous");
    private static final VarHandle FILE = handle(ENTRY, "file");
    private static final VarHandle SIZE = handle(ENTRY, "size");

    private static final Map<LinkedModule, Registration> REGISTERED = new IdentityHashMap<>();

    private record Registration(Arena scope, List<MemorySegment> entries) {
    }

    /** Null until the first module comes, and where the library could not be had: then drivers do without. */
    private static @Nullable Anchor anchor;
    private static boolean isAbsent;

    /** What debuggers look up by name: the descriptor, and the function that is called after each change. */
    private record Anchor(MemorySegment descriptor, MethodHandle changed) {
        static Anchor of(DebuggerLibrary library) {
            MemorySegment descriptor = Native.segment(library.descriptor(), DESCRIPTOR_BYTES);
            DESCRIPTOR_VERSION.set(descriptor, 0L, VERSION);
            return new Anchor(descriptor, Native.downcall(library.function(), FunctionDescriptor.ofVoid()));
        }
    }

    private GdbInterface() {
    }

    static void loaded(LinkedModule module) {
        Anchor known = anchor();
        if (known == null) {
            return;
        }
        Registration registration = new Registration(Arena.ofShared(), new ArrayList<>());
        REGISTERED.put(module, registration); // first: what fails is undone by the module's unloading
        for (byte[] file : module.symbolFiles()) {
            MemorySegment entry = registration.scope().allocate(ENTRY);
            FILE.set(entry, 0L, registration.scope().allocateFrom(JAVA_BYTE, file));
            SIZE.set(entry, 0L, (long) file.length);
            registration.entries().add(entry);
            link(known, entry);
            tell(known, REGISTER, entry);
        }
    }

    static void unloading(LinkedModule module) {
        Registration registration = REGISTERED.remove(module);
        Anchor known = anchor;
        if (registration == null || known == null) {
            return;
        }
        for (MemorySegment entry : registration.entries()) {
            unlink(known, entry);
            tell(known, UNREGISTER, entry);
        }
        registration.scope().close();
    }

    private static @Nullable Anchor anchor() {
        if (anchor == null && !isAbsent) {
            DebuggerLibrary library = DebuggerLibrary.open();
            isAbsent = library == null;
            anchor = library == null ? null : Anchor.of(library);
        }
        return anchor;
    }

    /** At the head of the list. */
    private static void link(Anchor known, MemorySegment entry) {
        MemorySegment first = (MemorySegment) FIRST.get(known.descriptor(), 0L);
        NEXT.set(entry, 0L, first);
        if (first.address() != 0) {
            PREVIOUS.set(entryAt(first), 0L, entry);
        }
        FIRST.set(known.descriptor(), 0L, entry);
    }

    private static void unlink(Anchor known, MemorySegment entry) {
        MemorySegment next = (MemorySegment) NEXT.get(entry, 0L);
        MemorySegment previous = (MemorySegment) PREVIOUS.get(entry, 0L);
        if (previous.address() == 0) {
            FIRST.set(known.descriptor(), 0L, next);
        } else {
            NEXT.set(entryAt(previous), 0L, next);
        }
        if (next.address() != 0) {
            PREVIOUS.set(entryAt(next), 0L, previous);
        }
    }

    /** A debugger stops at this call, reads what is new, and goes on; without one the function returns at once. */
    private static void tell(Anchor known, int action, MemorySegment entry) {
        ACTION.set(known.descriptor(), 0L, action);
        RELEVANT.set(known.descriptor(), 0L, entry);
        try {
            known.changed().invokeExact();
        } catch (Throwable thrown) {
            throw new AssertionError("a downcall throws nothing", thrown);
        }
    }

    private static MemorySegment entryAt(MemorySegment pointer) {
        return Native.segment(pointer.address(), ENTRY.byteSize());
    }

    private static VarHandle handle(StructLayout layout, String field) {
        return layout.varHandle(PathElement.groupElement(field)).withInvokeExactBehavior();
    }
}
