package dev.banos.bindings;

import static dev.banos.bindings.SystemCalls.CAPTURE;
import static dev.banos.bindings.SystemCalls.buffer;
import static dev.banos.bindings.SystemCalls.errno;
import static dev.banos.bindings.SystemCalls.impossible;
import static dev.banos.bindings.SystemCalls.link;
import static dev.banos.bindings.SystemCalls.linkSegments;
import static dev.banos.bindings.SystemCalls.settle;
import static dev.banos.bindings.SystemCalls.symbol;
import static dev.banos.bindings.SystemCalls.writable;
import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.banos.bindings.generated.Linux;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.ByteBuffer;

/** System calls on file descriptors; {@code state} and what is returned are as in {@link SystemCalls}. */
public final class FileCalls {
    static {
        NativeAccessError.requireSupportedHost();
    }

    private FileCalls() {
    }

    private static final class MemfdCreate {
        private static final MethodHandle HANDLE = linkSegments(Linux.memfd_create$address(), Linux.memfd_create$descriptor());
    }

    /**
     * As memfd_create(2).
     *
     * @param state receives errno
     * @param name a C string, which {@code /proc/self/fd} shows
     * @param flags {@code MFD_} bits
     * @return a file descriptor, or -errno
     */
    public static int memfd_create(MemorySegment state, MemorySegment name, int flags) {
        ByteBuffer captured = buffer(state);
        int errnoBefore = errno(captured);
        try {
            return settle(captured, errnoBefore, (int) MemfdCreate.HANDLE.invokeExact(state, name, flags));
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    private static final class Ftruncate {
        private static final MethodHandle HANDLE = link(Linux.ftruncate$address(), Linux.ftruncate$descriptor());
    }

    /**
     * As ftruncate(2).
     *
     * @param state receives errno
     * @param fd a file
     * @param length in bytes
     * @return 0, or -errno
     */
    public static int ftruncate(MemorySegment state, int fd, long length) {
        ByteBuffer captured = buffer(state);
        int errnoBefore = errno(captured);
        try {
            return settle(captured, errnoBefore, (int) Ftruncate.HANDLE.invokeExact(state, fd, length));
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    private static final class Open {
        private static final MethodHandle HANDLE = Native.downcall(symbol("open").address(),
                FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT, JAVA_INT), CAPTURE, Linker.Option.firstVariadicArg(2));
    }

    /**
     * As open(2).
     *
     * @param state receives errno
     * @param path a C string
     * @param flags {@code O_} bits
     * @param mode of a file that is made
     * @return a file descriptor, or -errno
     */
    public static int open(MemorySegment state, MemorySegment path, int flags, int mode) {
        ByteBuffer captured = buffer(state);
        int errnoBefore = errno(captured);
        try {
            return settle(captured, errnoBefore, (int) Open.HANDLE.invokeExact(state, path, flags, mode));
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    private static final class Close {
        private static final MethodHandle HANDLE = link(Linux.close$address(), Linux.close$descriptor());
    }

    /**
     * As close(2).
     *
     * @param state receives errno
     * @param fd a file descriptor
     * @return 0, or -errno
     */
    public static int close(MemorySegment state, int fd) {
        ByteBuffer captured = buffer(state);
        int errnoBefore = errno(captured);
        try {
            return settle(captured, errnoBefore, (int) Close.HANDLE.invokeExact(state, fd));
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    private static final class Read {
        private static final MethodHandle HANDLE = linkSegments(Linux.read$address(), Linux.read$descriptor());
    }

    /**
     * As read(2).
     *
     * @param state receives errno
     * @param fd a file descriptor
     * @param into where the bytes go; as many as fit are asked for
     * @return bytes read (0 at the end), or -errno
     */
    public static long read(MemorySegment state, int fd, MemorySegment into) {
        ByteBuffer captured = buffer(state);
        int errnoBefore = errno(captured);
        try {
            return settle(captured, errnoBefore, (long) Read.HANDLE.invokeExact(state, fd, writable(into), into.byteSize()));
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    private static final class Write {
        private static final MethodHandle HANDLE = linkSegments(Linux.write$address(), Linux.write$descriptor());
    }

    /**
     * As write(2).
     *
     * @param state receives errno
     * @param fd a file descriptor
     * @param from the bytes, all of them offered
     * @return bytes written, which may be fewer than offered, or -errno
     */
    public static long write(MemorySegment state, int fd, MemorySegment from) {
        ByteBuffer captured = buffer(state);
        int errnoBefore = errno(captured);
        try {
            return settle(captured, errnoBefore, (long) Write.HANDLE.invokeExact(state, fd, from, from.byteSize()));
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    private static final class Poll {
        private static final MethodHandle HANDLE = linkSegments(Linux.poll$address(), Linux.poll$descriptor());
    }

    /**
     * As poll(2).
     *
     * @param state receives errno
     * @param fds an array of {@code struct pollfd}
     * @param count how many of these are looked at
     * @param timeoutMillis milliseconds; negative waits for ever
     * @return how many descriptors are ready (0 after the time-out), or -errno
     */
    public static int poll(MemorySegment state, MemorySegment fds, long count, int timeoutMillis) {
        ByteBuffer captured = buffer(state);
        int errnoBefore = errno(captured);
        try {
            return settle(captured, errnoBefore, (int) Poll.HANDLE.invokeExact(state, writable(fds), count, timeoutMillis));
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    private static final class Eventfd {
        private static final MethodHandle HANDLE = link(symbol("eventfd"), FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    }

    /**
     * As eventfd(2).
     *
     * @param state receives errno
     * @param initial what the counter starts at
     * @param flags 0 or O_CLOEXEC, which is EFD_CLOEXEC
     * @return a file descriptor of the counter, or -errno
     */
    public static int eventfd(MemorySegment state, int initial, int flags) {
        ByteBuffer captured = buffer(state);
        int errnoBefore = errno(captured);
        try {
            return settle(captured, errnoBefore, (int) Eventfd.HANDLE.invokeExact(state, initial, flags));
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    private static final class Fcntl {
        private static final int GETFL = 3; // of fcntl.h, as is the mask
        private static final int ACCMODE = 3;
        /** With two arguments only, so nothing variadic is passed. */
        private static final MethodHandle HANDLE = link(symbol("fcntl"), FunctionDescriptor.of(JAVA_INT, JAVA_INT, JAVA_INT));
    }

    /**
     * What a descriptor was opened for, as fcntl(2) with F_GETFL tells.
     *
     * @param state receives errno
     * @param fd a file descriptor
     * @return O_RDONLY, O_WRONLY or O_RDWR, or -errno
     */
    public static int accessMode(MemorySegment state, int fd) {
        ByteBuffer captured = buffer(state);
        int errnoBefore = errno(captured);
        try {
            int flags = settle(captured, errnoBefore, (int) Fcntl.HANDLE.invokeExact(state, fd, Fcntl.GETFL));
            return SystemCalls.isError(flags) ? flags : flags & Fcntl.ACCMODE;
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    private static final class Pipe2 {
        private static final MethodHandle HANDLE = linkSegments(symbol("pipe2"), FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
    }

    /**
     * As pipe2(2).
     *
     * @param state receives errno
     * @param ends two ints, filled in: the end to read from and the end to write to
     * @param flags 0 or O_CLOEXEC, O_NONBLOCK
     * @return 0, or -errno
     */
    public static int pipe2(MemorySegment state, MemorySegment ends, int flags) {
        ByteBuffer captured = buffer(state);
        int errnoBefore = errno(captured);
        try {
            return settle(captured, errnoBefore, (int) Pipe2.HANDLE.invokeExact(state, writable(ends), flags));
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }

    private static final class Isatty {
        private static final MethodHandle HANDLE = link(Linux.isatty$address(), Linux.isatty$descriptor());
    }

    /**
     * {@return whether {@code fd} is a terminal; where it is not, errno says why (ENOTTY, EBADF)}
     *
     * @param state receives errno
     * @param fd a file descriptor
     */
    public static boolean isatty(MemorySegment state, int fd) {
        ByteBuffer captured = buffer(state);
        int errnoBefore = errno(captured);
        try {
            boolean terminal = (int) Isatty.HANDLE.invokeExact(state, fd) == 1;
            settle(captured, errnoBefore, terminal ? 0 : -1);
            return terminal;
        } catch (Throwable thrown) {
            throw impossible(thrown);
        }
    }
}
