package dev.banos.bindings;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.banos.bindings.generated.Linux;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/**
 * System calls with their errno; those on files are in {@link FileCalls}. The functions' addresses are those of the generated bindings.
 * Added are {@link Linker.Option#captureCallState}, which jextract cannot express, and for mappings, pointers as {@code long}.
 *
 * <p>The first parameter of each method, {@code state}, is a segment of {@link #STATE} that receives errno: usually the
 * calling thread's control block. Each returns what the function returns, or {@code -errno}: a result from -4095 to -1 is
 * an error, the range that the kernel itself reserves. A call that succeeds leaves errno as it was.
 */
public final class SystemCalls {
    static {
        NativeAccessError.requireSupportedHost();
    }

    /** What a downcall writes behind its back; its only field here is {@code errno}. */
    public static final StructLayout STATE = Linker.Option.captureStateLayout();

    /**
     * An offset for a buffer, and found without a path: the first path or accessor of a segment costs a JVM that has just started ten
     * milliseconds. Later on the buffer costs what the accessor does.
     */
    private static final int ERRNO = (int) Native.offset(STATE, "errno");
    static final Linker.Option CAPTURE = Linker.Option.captureCallState("errno");
    private static final long LARGEST_ERRNO = 4095;

    private SystemCalls() {
    }

    /**
     * {@return the errno that was captured last}
     *
     * @param state a segment of {@link #STATE}
     */
    public static int errno(MemorySegment state) {
        return errno(buffer(state));
    }

    static int errno(ByteBuffer captured) {
        return captured.getInt(ERRNO);
    }

    /**
     * Sets what was captured.
     *
     * @param state a segment of {@link #STATE}
     * @param errno a number of {@code errno.h}, or 0
     */
    public static void setErrno(MemorySegment state, int errno) {
        buffer(state).putInt(ERRNO, errno);
    }

    /** What was captured. To be asked for before a call: it may take memory of Java's heap, for which the result would be lost. */
    static ByteBuffer buffer(MemorySegment state) {
        return state.asByteBuffer().order(ByteOrder.nativeOrder());
    }

    /**
     * {@return whether what a call returned is {@code -errno}}
     *
     * @param result what it returned, an address also
     */
    public static boolean isError(long result) {
        return result < 0 && result >= -LARGEST_ERRNO;
    }

    // The numbers that every program needs at once. They are the generated class's, whose initialiser they spare: to ask for its
    // symbols costs a JVM that has just started ten milliseconds. A test compares them.

    /** Of {@code protection}: no access. */
    public static final int PROT_NONE = 0;
    /** Of {@code protection}: pages can be read. */
    public static final int PROT_READ = 1;
    /** Of {@code protection}: pages can be written. */
    public static final int PROT_WRITE = 2;
    /** Of {@code protection}: code can run. */
    public static final int PROT_EXEC = 4;
    /** Of {@code flags}: what is written is seen by nobody else. */
    public static final int MAP_PRIVATE = 2;
    /** Of {@code flags}: zeroed memory, and no file. */
    public static final int MAP_ANONYMOUS = 32;
    /** Of {@code flags}: no memory is set aside for the pages before they are written. */
    public static final int MAP_NORESERVE = 0x4000;
    /** Of {@code flags}: the pages are found at once. */
    public static final int MAP_POPULATE = 0x8000;
    /** Of {@code flags}: at that address, if nothing is mapped there. */
    public static final int MAP_FIXED_NOREPLACE = 0x10_0000;
    /** Of {@link #mremap}'s flags: the block may be elsewhere afterwards. */
    public static final int MREMAP_MAYMOVE = 1;
    /** Of {@link #mremap}'s flags: the block is at the target afterwards. */
    public static final int MREMAP_FIXED = 2;
    /** Of {@link #madvise}: what is in a file or swapped out is wanted soon. */
    public static final int MADV_WILLNEED = 3;
    /** Of {@link #madvise}: the memory goes back, and the pages read as zero. */
    public static final int MADV_DONTNEED = 4;
    /** Of {@link #madvise}: large pages are welcome. */
    public static final int MADV_HUGEPAGE = 14;
    /** Of {@link #madvise}: the pages are found at once, writable. */
    public static final int MADV_POPULATE_WRITE = 23;
    /** Of {@link #madvise}: as {@link #MADV_DONTNEED}, also of pages that are locked in memory; since Linux 5.18. */
    public static final int MADV_DONTNEED_LOCKED = 24;
    /** Not enough memory, or too many mappings. */
    public static final int ENOMEM = 12;
    /** An argument that the call has no use for, as it stands or for what it is about. */
    public static final int EINVAL = 22;

    // One holder class a function: none is linked before its first use, which keeps the start of the JVM short. For those that every
    // program needs at once, not even the generated class is touched: it would link the function a second time.

    /**
     * What mmap, munmap, mprotect, mremap and madvise are called as, and whatever else the first load of an object calls: each shape
     * of its own would cost a JVM that has just started ten milliseconds more. On both ABIs a pointer and any integer travel as a
     * long does, an int in its lower half; further arguments lie in registers that a function does not look at; and of an int
     * result the upper half means nothing.
     */
    static final FunctionDescriptor SHARED =
            FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG, JAVA_LONG);

    /** The function is an argument: a handle that is bound to one would be another type, with classes of its own. */
    private static final class Shared {
        private static final MethodHandle HANDLE = Native.downcall(SHARED, CAPTURE);
        /** For calls whose errno nobody reads, and all threads may write it. */
        private static final MemorySegment IGNORED = Arena.global().allocate(STATE);
    }

    private static final class Mmap {
        private static final MemorySegment FUNCTION = symbol("mmap");
    }

    /**
     * As mmap(2).
     *
     * @param state receives errno
     * @param address where the mapping shall be; 0 for anywhere
     * @param length in bytes
     * @param protection {@code PROT_} bits
     * @param flags {@code MAP_} bits
     * @param fd a file, or -1
     * @param offset in the file, in bytes
     * @return the address, or -errno
     */
    public static long mmap(MemorySegment state, long address, long length, int protection, int flags, int fd, long offset) {
        ByteBuffer captured = buffer(state);
        int errnoBefore = errno(captured);
        try {
            return settle(captured, errnoBefore, (long) Shared.HANDLE.invokeExact(Mmap.FUNCTION, state, address, length,
                    (long) protection, (long) flags, (long) fd, offset));
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    private static final class Munmap {
        private static final MemorySegment FUNCTION = symbol("munmap");
    }

    /**
     * As munmap(2).
     *
     * @param state receives errno
     * @param address where a page begins
     * @param length in bytes
     * @return 0, or -errno
     */
    public static int munmap(MemorySegment state, long address, long length) {
        ByteBuffer captured = buffer(state);
        int errnoBefore = errno(captured);
        try {
            return settle(captured, errnoBefore, (int) (long) Shared.HANDLE.invokeExact(Munmap.FUNCTION, state, address, length,
                    0L, 0L, 0L, 0L));
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    private static final class Mprotect {
        private static final MemorySegment FUNCTION = symbol("mprotect");
    }

    /**
     * As mprotect(2).
     *
     * @param state receives errno
     * @param address where a page begins
     * @param length in bytes
     * @param protection {@code PROT_} bits
     * @return 0, or -errno
     */
    public static int mprotect(MemorySegment state, long address, long length, int protection) {
        ByteBuffer captured = buffer(state);
        int errnoBefore = errno(captured);
        try {
            return settle(captured, errnoBefore, (int) (long) Shared.HANDLE.invokeExact(Mprotect.FUNCTION, state, address, length,
                    (long) protection, 0L, 0L, 0L));
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    private static final class Mremap {
        /** C declares the fifth parameter as variadic; the five-argument form is what the kernel takes and costs half. */
        private static final MemorySegment FUNCTION = symbol("mremap");
    }

    /**
     * As mremap(2).
     *
     * @param state receives errno
     * @param address where a mapping begins
     * @param oldLength in bytes
     * @param newLength in bytes
     * @param flags {@code MREMAP_} bits
     * @param target where the block shall be, if {@code flags} has MREMAP_FIXED; otherwise 0
     * @return the address, or -errno
     */
    public static long mremap(MemorySegment state, long address, long oldLength, long newLength, int flags, long target) {
        ByteBuffer captured = buffer(state);
        int errnoBefore = errno(captured);
        try {
            return settle(captured, errnoBefore, (long) Shared.HANDLE.invokeExact(Mremap.FUNCTION, state, address, oldLength,
                    newLength, (long) flags, target, 0L));
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    private static final class Madvise {
        private static final MemorySegment FUNCTION = symbol("madvise");
    }

    /**
     * As madvise(2).
     *
     * @param state receives errno
     * @param address where a page begins
     * @param length in bytes
     * @param advice an {@code MADV_} number
     * @return 0, or -errno
     */
    public static int madvise(MemorySegment state, long address, long length, int advice) {
        ByteBuffer captured = buffer(state);
        int errnoBefore = errno(captured);
        try {
            return settle(captured, errnoBefore, (int) (long) Shared.HANDLE.invokeExact(Madvise.FUNCTION, state, address, length,
                    (long) advice, 0L, 0L, 0L));
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    private static final class Mincore {
        private static final MethodHandle HANDLE = linkSegments(Linux.mincore$address(),
                FunctionDescriptor.of(JAVA_INT, JAVA_LONG, JAVA_LONG, ADDRESS)); // the range is an address, the vector Java's
    }

    /**
     * As mincore(2).
     *
     * @param state receives errno
     * @param address where a page begins
     * @param length in bytes
     * @param vector one byte a page, written here: bit 0 says whether the page is resident
     * @return 0, or -errno (ENOMEM where the range holds a page that is not mapped)
     */
    public static int mincore(MemorySegment state, long address, long length, MemorySegment vector) {
        ByteBuffer captured = buffer(state);
        int errnoBefore = errno(captured);
        try {
            return settle(captured, errnoBefore, (int) Mincore.HANDLE.invokeExact(state, address, length, writable(vector)));
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    private static final class Sysconf {
        private static final MethodHandle HANDLE = link(Linux.sysconf$address(), Linux.sysconf$descriptor());
    }

    /**
     * As sysconf(3).
     *
     * @param state receives errno
     * @param name one of the {@code _SC_} constants that always have a value, as all do that are bound here
     * @return the value, or -errno (EINVAL where {@code name} is unknown)
     */
    public static long sysconf(MemorySegment state, int name) {
        ByteBuffer captured = buffer(state);
        int errnoBefore = errno(captured);
        try {
            return settle(captured, errnoBefore, (long) Sysconf.HANDLE.invokeExact(state, name));
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    private static final class Getrlimit {
        private static final MethodHandle HANDLE = linkSegments(Linux.getrlimit$address(), Linux.getrlimit$descriptor());
    }

    /**
     * As getrlimit(2).
     *
     * @param state receives errno
     * @param resource an {@code RLIMIT_} number
     * @param rlimit a {@code struct rlimit}, filled in
     * @return 0, or -errno
     */
    public static int getrlimit(MemorySegment state, int resource, MemorySegment rlimit) {
        ByteBuffer captured = buffer(state);
        int errnoBefore = errno(captured);
        try {
            return settle(captured, errnoBefore, (int) Getrlimit.HANDLE.invokeExact(state, resource, writable(rlimit)));
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    private static final class Setrlimit {
        private static final MethodHandle HANDLE = linkSegments(Linux.setrlimit$address(), Linux.setrlimit$descriptor());
    }

    /**
     * As setrlimit(2).
     *
     * @param state receives errno
     * @param resource an {@code RLIMIT_} number
     * @param rlimit a {@code struct rlimit}
     * @return 0, or -errno
     */
    public static int setrlimit(MemorySegment state, int resource, MemorySegment rlimit) {
        ByteBuffer captured = buffer(state);
        int errnoBefore = errno(captured);
        try {
            return settle(captured, errnoBefore, (int) Setrlimit.HANDLE.invokeExact(state, resource, rlimit));
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    // Calls that cannot fail need no state.

    /** {@return the number of this process} */
    public static int getpid() {
        return Linux.getpid();
    }

    /** {@return the kernel's number of the calling thread; of a virtual thread, its carrier's} */
    public static int gettid() {
        return Linux.gettid();
    }

    /** {@return the number of the user who started the process} */
    public static int getuid() {
        return Linux.getuid();
    }

    private static final class Geteuid {
        private static final MemorySegment FUNCTION = symbol("geteuid");
    }

    /** {@return the number of the user with whose rights the process runs; 0 is the superuser} */
    public static int geteuid() {
        return (int) call(Geteuid.FUNCTION, 0, 0, 0);
    }

    /**
     * Calls a C function that takes up to three integers or pointers, by the shape that system calls have: one of its own would cost a
     * JVM that has just started ten milliseconds more.
     *
     * @param function points to it
     * @param first its first argument
     * @param second its second one, if it has any
     * @param third its third one, if it has any
     * @return what it returns, an int in the lower half; nothing where it returns nothing
     */
    public static long call(MemorySegment function, long first, long second, long third) {
        try {
            return (long) Shared.HANDLE.invokeExact(function, Shared.IGNORED, first, second, third, 0L, 0L, 0L);
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    private static final class SchedGetcpu {
        /** Through the vDSO this takes nanoseconds; a critical call spares the change of thread state. */
        private static final @Nullable MethodHandle HANDLE = linkIfPossible("sched_getcpu", FunctionDescriptor.of(JAVA_INT));
    }

    /** {@return the processor that the calling thread was on a moment ago; 0 where the function could not be linked} */
    public static int sched_getcpu() {
        try {
            MethodHandle handle = SchedGetcpu.HANDLE;
            return handle == null ? 0 : (int) handle.invokeExact();
        } catch (NoClassDefFoundError notLinked) {
            return 0;
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    /** For what one can do without, by a critical call: where Java's heap or the stack has no room for it, the JVM does not try again. */
    private static @Nullable MethodHandle linkIfPossible(String name, FunctionDescriptor descriptor) {
        try {
            return Native.downcall(symbol(name).address(), descriptor, Linker.Option.critical(false));
        } catch (OutOfMemoryError | StackOverflowError | LinkageError tooLittleLeft) {
            return null;
        }
    }

    private static final class Memset {
        private static final @Nullable MethodHandle HANDLE =
                linkIfPossible("memset", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, JAVA_INT, JAVA_LONG));
    }

    /**
     * C's memset, by a critical call: while it lasts no garbage collection begins, so {@code bytes} are to be few. Where it could not be
     * linked Java writes them, which takes longer.
     *
     * @param address where the bytes begin
     * @param value its low byte is written
     * @param bytes how many
     */
    public static void memset(long address, int value, long bytes) {
        try {
            MethodHandle handle = Memset.HANDLE;
            long ignored = handle == null ? fill(address, value, bytes) : (long) handle.invokeExact(address, value, bytes);
        } catch (OutOfMemoryError | StackOverflowError | NoClassDefFoundError tooLittleLeft) {
            long ignored = fill(address, value, bytes);
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    private static long fill(long address, int value, long bytes) {
        for (ByteBuffer filled = Native.segment(address, bytes).asByteBuffer(); filled.hasRemaining();) {
            filled.put((byte) value);
        }
        return address;
    }

    // The dynamic linker reports by text, not by errno.

    /**
     * The dynamic linker forgets its text at the next call of any of its functions, and the JVM calls them whenever it links
     * a function. So all of them are linked, and {@code dlerror} has run once, before the first can fail.
     */
    private static final class DynamicLinker {
        private static final MethodHandle OPEN = Linux.dlopen$handle();
        private static final MethodHandle SYM = Linux.dlsym$handle();
        private static final MethodHandle CLOSE = Linux.dlclose$handle();

        static {
            Linux.dlerror();
        }
    }

    /**
     * As dlopen(3).
     *
     * @param path a C string
     * @param flags {@code RTLD_} bits
     * @return a handle, or NULL: then {@link #dlerror} says why
     */
    public static MemorySegment dlopen(MemorySegment path, int flags) {
        try {
            return (MemorySegment) DynamicLinker.OPEN.invokeExact(path, flags);
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    /**
     * As dlsym(3).
     *
     * @param handle what {@link #dlopen} returned
     * @param name a C string
     * @return the symbol's address, or 0: then {@link #dlerror} says why, or "no error" where 0 is the address
     */
    public static long dlsym(MemorySegment handle, MemorySegment name) {
        try {
            return ((MemorySegment) DynamicLinker.SYM.invokeExact(handle, name)).address();
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    /**
     * As dlclose(3).
     *
     * @param handle what {@link #dlopen} returned
     * @return 0, or another number: then {@link #dlerror} says why
     */
    public static int dlclose(MemorySegment handle) {
        try {
            return (int) DynamicLinker.CLOSE.invokeExact(handle);
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    /**
     * {@return the text of this thread's last failure of the dynamic linker, which it forgets; "no error" where there was none}
     */
    public static String dlerror() {
        MemorySegment text = Linux.dlerror();
        return text.equals(MemorySegment.NULL) ? "no error" : text.getString(0, StandardCharsets.UTF_8);
    }

    /**
     * As dladdr(3).
     *
     * @param address any number
     * @param info a {@code Dl_info}, filled in
     * @return whether the address lies in a loaded library
     */
    public static boolean dladdr(long address, MemorySegment info) {
        return Linux.dladdr(MemorySegment.ofAddress(address), info) != 0;
    }

    static MethodHandle link(MemorySegment function, FunctionDescriptor descriptor) {
        return Native.downcall(function.address(), pointersAsLongs(descriptor), CAPTURE);
    }

    /** For calls on memory that Java owns: the JVM keeps a segment alive during the call and refuses one that is closed. */
    static MethodHandle linkSegments(MemorySegment function, FunctionDescriptor descriptor) {
        return Native.downcall(function.address(), descriptor, CAPTURE);
    }

    static MemorySegment writable(MemorySegment segment) {
        if (segment.isReadOnly()) {
            throw new IllegalArgumentException("segment=" + segment + " is read-only, and the call writes to it");
        }
        return segment;
    }

    static MemorySegment symbol(String name) {
        return Linker.nativeLinker().defaultLookup().findOrThrow(name);
    }

    /** A pointer and a {@code long} travel in the same registers on every ABI that we run on. */
    static FunctionDescriptor pointersAsLongs(FunctionDescriptor descriptor) {
        MemoryLayout[] arguments = descriptor.argumentLayouts().stream()
                .map(SystemCalls::pointerAsLong).toArray(MemoryLayout[]::new);
        return FunctionDescriptor.of(pointerAsLong(descriptor.returnLayout().orElseThrow()), arguments);
    }

    private static MemoryLayout pointerAsLong(MemoryLayout layout) {
        if (layout instanceof AddressLayout) {
            assert ADDRESS.byteSize() == JAVA_LONG.byteSize();
            return JAVA_LONG;
        }
        return layout;
    }

    /**
     * The capture copies the C library's errno whether the call failed or not; after a success that is what some other code
     * of this thread, the JVM's included, left there. POSIX: no function sets errno to 0, and a success says nothing by it.
     */
    static long settle(ByteBuffer captured, int errnoBefore, long result) {
        if (result == -1) {
            return -errno(captured);
        }
        captured.putInt(ERRNO, errnoBefore);
        return result;
    }

    static int settle(ByteBuffer captured, int errnoBefore, int result) {
        return (int) settle(captured, errnoBefore, (long) result);
    }

    /** A downcall throws nothing of its own; what arrives here is a bug of ours or the JVM's own error. */
    static RuntimeException impossible(Throwable thrown) {
        if (thrown instanceof Error error) {
            throw error;
        }
        if (thrown instanceof RuntimeException unchecked) {
            throw unchecked;
        }
        throw new AssertionError(thrown);
    }
}
