package dev.banos.bindings;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.StructLayout;
import java.lang.invoke.MethodHandle;
import java.nio.ByteOrder;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The restricted methods of {@code java.lang.foreign}, in one place. To audit what Banos can do to the process, read this class,
 * {@link SystemCalls} and {@link FileCalls}. Callers are responsible for the addresses that they pass.
 *
 * <p>Use one of these classes before the first constant of the generated class. That class's initialiser is jextract's, and would
 * give the JVM's own message instead of {@link NativeAccessError}'s.
 */
public final class Native {
    static {
        NativeAccessError.requireSupportedHost();
    }

    /**
     * The whole address space as one segment at address 0, so that an offset is an address. As a constant it costs no
     * bounds check that the compiler does not remove; a bounded segment costs about a quarter more an access.
     */
    public static final MemorySegment EVERYTHING = everything();

    private Native() {
    }

    @SuppressWarnings("restricted")
    private static MemorySegment everything() {
        return MemorySegment.NULL.reinterpret(Long.MAX_VALUE);
    }

    /**
     * The {@code bytes} bytes at {@code address}, alive as long as the process.
     *
     * @param address where they begin
     * @param bytes how many
     * @return a segment that any thread may use
     */
    @SuppressWarnings("restricted")
    public static MemorySegment segment(long address, long bytes) {
        return MemorySegment.ofAddress(address).reinterpret(bytes);
    }

    /**
     * The {@code bytes} bytes at {@code address}, alive as long as {@code scope}; {@code cleanup}, if not null, runs at its
     * close.
     *
     * @param address where they begin
     * @param bytes how many
     * @param scope whose threads may use the segment
     * @param cleanup gets the segment without a scope
     * @return the segment
     */
    @SuppressWarnings("restricted")
    public static MemorySegment segment(long address, long bytes, Arena scope, @Nullable Consumer<MemorySegment> cleanup) {
        return MemorySegment.ofAddress(address).reinterpret(bytes, scope, cleanup);
    }

    /**
     * One long of memory, read without an accessor of a segment: the first of these costs a JVM that has just started ten milliseconds.
     *
     * @param address of the long, alive and readable
     * @return what is there
     */
    public static long readLong(long address) {
        return segment(address, Long.BYTES).asByteBuffer().order(ByteOrder.nativeOrder()).getLong(0);
    }

    /**
     * As {@link StructLayout#byteOffset} of a path that names the member; the first path costs what an accessor does.
     *
     * @param struct a layout
     * @param member a name in it
     * @return how many bytes lie before the member
     */
    public static long offset(StructLayout struct, String member) {
        long offset = 0;
        for (MemoryLayout each : struct.memberLayouts()) {
            if (each.name().equals(Optional.of(member))) {
                return offset;
            }
            offset += each.byteSize();
        }
        throw new IllegalArgumentException("member=" + member + " is not in " + struct);
    }

    /**
     * A handle that calls the function at {@code address}; one is worth keeping, it costs tens of microseconds.
     *
     * @param address of a C function
     * @param descriptor its type
     * @param options the linker's
     * @return the handle
     */
    @SuppressWarnings("restricted")
    public static MethodHandle downcall(long address, FunctionDescriptor descriptor, Linker.Option... options) {
        return Linker.nativeLinker().downcallHandle(MemorySegment.ofAddress(address), descriptor, options);
    }

    /**
     * A handle whose first argument is the address (a {@link MemorySegment}) of the function to call.
     *
     * @param descriptor the function's type
     * @param options the linker's
     * @return the handle
     */
    @SuppressWarnings("restricted")
    public static MethodHandle downcall(FunctionDescriptor descriptor, Linker.Option... options) {
        return Linker.nativeLinker().downcallHandle(descriptor, options);
    }

    /**
     * A C function pointer that calls {@code target}, valid until {@code scope} closes.
     *
     * @param target must throw nothing: that would end the process
     * @param descriptor its type in C
     * @param scope until when C may call
     * @return the pointer
     */
    @SuppressWarnings("restricted")
    public static MemorySegment upcall(MethodHandle target, FunctionDescriptor descriptor, Arena scope) {
        return Linker.nativeLinker().upcallStub(target, descriptor, scope);
    }
}
