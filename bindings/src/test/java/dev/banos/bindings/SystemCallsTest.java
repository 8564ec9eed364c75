package dev.banos.bindings;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.bindings.generated.Dl_info;
import dev.banos.bindings.generated.Linux;
import dev.banos.bindings.generated.pollfd;
import dev.banos.bindings.generated.rlimit;
import java.io.IOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each call: its value, or -errno with errno in the state; and a success leaves errno as it was. */
class SystemCallsTest {
    private static final int UNTOUCHED = 77;
    private static final int BAD_FD = -1;
    private static final long PAGE = 4096;
    private static final int READ_WRITE = Linux.PROT_READ() | Linux.PROT_WRITE();
    private static final int ANONYMOUS = Linux.MAP_PRIVATE() | Linux.MAP_ANONYMOUS();

    private final Arena scope = Arena.ofConfined();
    private final MemorySegment state = scope.allocate(SystemCalls.STATE);
    private final List<Runnable> cleanUp = new ArrayList<>();

    @TempDir
    Path folder;

    @AfterEach
    void release() {
        cleanUp.reversed().forEach(Runnable::run);
        scope.close();
    }

    /** Each argument in a register of its own, which is a long's, and no more of them than are passed. */
    @Test
    void whatSharesAShapeFitsIt() {
        for (FunctionDescriptor each : List.of(Linux.mmap$descriptor(), Linux.munmap$descriptor(), Linux.mprotect$descriptor(),
                Linux.madvise$descriptor(), Linux.geteuid$descriptor())) {
            List<MemoryLayout> layouts = new ArrayList<>(each.argumentLayouts());
            assertThat(layouts).hasSizeLessThanOrEqualTo(SystemCalls.SHARED.argumentLayouts().size());
            layouts.add(each.returnLayout().orElseThrow());
            assertThat(layouts).allMatch(layout -> layout instanceof AddressLayout || layout instanceof ValueLayout.OfLong
                    || layout instanceof ValueLayout.OfInt);
        }
    }

    /** Those that are given here so that nobody needs to touch the generated class for them. */
    @Test
    void numbersAreTheGeneratedOnes() {
        assertThat(SystemCalls.PROT_NONE).isEqualTo(Linux.PROT_NONE());
        assertThat(SystemCalls.PROT_READ).isEqualTo(Linux.PROT_READ());
        assertThat(SystemCalls.PROT_WRITE).isEqualTo(Linux.PROT_WRITE());
        assertThat(SystemCalls.PROT_EXEC).isEqualTo(Linux.PROT_EXEC());
        assertThat(SystemCalls.MAP_PRIVATE).isEqualTo(Linux.MAP_PRIVATE());
        assertThat(SystemCalls.MAP_ANONYMOUS).isEqualTo(Linux.MAP_ANONYMOUS());
        assertThat(SystemCalls.MAP_POPULATE).isEqualTo(Linux.MAP_POPULATE());
        assertThat(SystemCalls.MAP_NORESERVE).isEqualTo(Linux.MAP_NORESERVE());
        assertThat(SystemCalls.MAP_FIXED_NOREPLACE).isEqualTo(Linux.MAP_FIXED_NOREPLACE());
        assertThat(SystemCalls.MREMAP_MAYMOVE).isEqualTo(Linux.MREMAP_MAYMOVE());
        assertThat(SystemCalls.MREMAP_FIXED).isEqualTo(Linux.MREMAP_FIXED());
        assertThat(SystemCalls.MADV_DONTNEED).isEqualTo(Linux.MADV_DONTNEED());
        assertThat(SystemCalls.MADV_HUGEPAGE).isEqualTo(Linux.MADV_HUGEPAGE());
        assertThat(SystemCalls.MADV_POPULATE_WRITE).isEqualTo(Linux.MADV_POPULATE_WRITE());
        assertThat(SystemCalls.ENOMEM).isEqualTo(Linux.ENOMEM());
        assertThat(SystemCalls.EINVAL).isEqualTo(Linux.EINVAL());
    }

    @Test
    void callsAnyFunctionOfIntegersAndPointers() {
        MemorySegment memcmp = SystemCalls.symbol("memcmp");
        MemorySegment less = scope.allocateFrom("abc");
        MemorySegment more = scope.allocateFrom("abd");

        assertThat((int) SystemCalls.call(memcmp, less.address(), more.address(), 2)).isZero();
        assertThat((int) SystemCalls.call(memcmp, less.address(), more.address(), 3)).isNegative();
        assertThat(SystemCalls.call(SystemCalls.symbol("labs"), -0x1_0000_0005L, 0, 0)).isEqualTo(0x1_0000_0005L);
        assertThat(SystemCalls.geteuid()).isEqualTo(Linux.geteuid());
    }

    @Test
    void mmapReturnsMemoryThatCanBeWritten() {
        long address = map(PAGE);

        Native.EVERYTHING.set(JAVA_LONG, address, 42);
        assertThat(Native.EVERYTHING.get(JAVA_LONG, address)).isEqualTo(42);
        assertThat(address % PAGE).isZero();
    }

    @Test
    void mmapOfNothingIsEinval() {
        assertFails(Linux.EINVAL(), () -> SystemCalls.mmap(state, 0, 0, READ_WRITE, ANONYMOUS, BAD_FD, 0));
    }

    @Test
    void mmapOfMoreThanTheAddressSpaceIsEnomem() {
        assertFails(Linux.ENOMEM(), () -> SystemCalls.mmap(state, 0, Long.MAX_VALUE - PAGE, READ_WRITE, ANONYMOUS, BAD_FD, 0));
    }

    @Test
    void mmapOfABadDescriptorIsEbadf() {
        assertFails(Linux.EBADF(), () -> SystemCalls.mmap(state, 0, PAGE, READ_WRITE, Linux.MAP_PRIVATE(), BAD_FD, 0));
    }

    @Test
    void mmapNeverReplacesWhatIsThereWhenAskedNotTo() {
        long taken = map(PAGE);
        assertFails(Linux.EEXIST(), () ->
                SystemCalls.mmap(state, taken, PAGE, READ_WRITE, ANONYMOUS | Linux.MAP_FIXED_NOREPLACE(), BAD_FD, 0));
    }

    @Test
    void munmapEndsAMapping() throws IOException {
        long address = succeed(() -> SystemCalls.mmap(state, 0, PAGE, READ_WRITE, ANONYMOUS, BAD_FD, 0));
        succeed(() -> SystemCalls.munmap(state, address, PAGE));
        assertThat(Files.readString(Path.of("/proc/self/maps")).lines())
                .noneMatch(line -> line.startsWith(Long.toHexString(address) + "-"));
    }

    @Test
    void munmapOfAMisalignedAddressIsEinval() {
        assertFails(Linux.EINVAL(), () -> SystemCalls.munmap(state, 1, PAGE));
    }

    @Test
    void mprotectChangesTheProtection() throws IOException {
        long address = map(PAGE);
        succeed(() -> SystemCalls.mprotect(state, address, PAGE, Linux.PROT_NONE()));
        assertThat(Files.readString(Path.of("/proc/self/maps")).lines())
                .anyMatch(line -> covers(line, address) && line.contains(" ---p "));
    }

    @Test
    void mprotectOfAHoleIsEnomem() {
        assertFails(Linux.ENOMEM(), () -> SystemCalls.mprotect(state, hole(), PAGE, Linux.PROT_READ()));
    }

    @Test
    void mremapMovesTheContentsToTheFixedTarget() {
        long source = succeed(() -> SystemCalls.mmap(state, 0, PAGE, READ_WRITE, ANONYMOUS, BAD_FD, 0));
        long target = map(2 * PAGE);
        Native.EVERYTHING.set(JAVA_LONG, source, 4711);

        long moved = succeed(() -> SystemCalls.mremap(state, source, PAGE, 2 * PAGE,
                Linux.MREMAP_MAYMOVE() | Linux.MREMAP_FIXED(), target)); // only the fifth argument says where

        assertThat(moved).isEqualTo(target);
        assertThat(Native.EVERYTHING.get(JAVA_LONG, target)).isEqualTo(4711);
        assertThat(Native.EVERYTHING.get(JAVA_LONG, target + PAGE)).isZero();
    }

    @Test
    void mremapOfAHoleIsEfault() {
        assertFails(Linux.EFAULT(), () -> SystemCalls.mremap(state, hole(), PAGE, 2 * PAGE, Linux.MREMAP_MAYMOVE(), 0));
    }

    @Test
    void madviseDropsThePages() {
        long address = map(PAGE);
        Native.EVERYTHING.set(JAVA_LONG, address, 1);
        succeed(() -> SystemCalls.madvise(state, address, PAGE, Linux.MADV_DONTNEED()));
        assertThat(Native.EVERYTHING.get(JAVA_LONG, address)).isZero();
    }

    @Test
    void madviseOfAnUnknownAdviceIsEinval() {
        long address = map(PAGE);
        assertFails(Linux.EINVAL(), () -> SystemCalls.madvise(state, address, PAGE, 12345));
    }

    @Test
    void mincoreTellsTouchedPagesFromOthers() {
        long address = map(2 * PAGE);
        Native.EVERYTHING.set(JAVA_BYTE, address, (byte) 1);
        MemorySegment vector = scope.allocate(2);

        succeed(() -> SystemCalls.mincore(state, address, 2 * PAGE, vector));

        assertThat(vector.get(JAVA_BYTE, 0) & 1).isEqualTo(1);
        assertThat(vector.get(JAVA_BYTE, 1) & 1).isZero();
    }

    @Test
    void mincoreOfAHoleIsEnomem() {
        MemorySegment vector = scope.allocate(1);
        assertFails(Linux.ENOMEM(), () -> SystemCalls.mincore(state, hole(), PAGE, vector));
    }

    @Test
    void aMemfdHoldsWhatWasWrittenToIt() {
        int fd = closing(succeed(() -> FileCalls.memfd_create(state, scope.allocateFrom("banos"), Linux.MFD_CLOEXEC())));
        MemorySegment text = scope.allocateFrom("text");
        succeed(() -> FileCalls.ftruncate(state, fd, PAGE));

        assertThat(succeed(() -> FileCalls.write(state, fd, text))).isEqualTo(text.byteSize());

        long address = succeed(() -> SystemCalls.mmap(state, 0, PAGE, READ_WRITE, Linux.MAP_SHARED(), fd, 0));
        cleanUp.add(() -> SystemCalls.munmap(state, address, PAGE));
        assertThat(Native.segment(address, PAGE).getString(0)).isEqualTo("text");
    }

    @Test
    void memfdCreateWithUnknownFlagsIsEinval() {
        MemorySegment name = scope.allocateFrom("banos");
        assertFails(Linux.EINVAL(), () -> FileCalls.memfd_create(state, name, 1 << 20));
    }

    @Test
    void ftruncateOfABadDescriptorIsEbadf() {
        assertFails(Linux.EBADF(), () -> FileCalls.ftruncate(state, BAD_FD, 0));
    }

    @Test
    void openCreatesTheFileWithTheModeThatIsPassedAsVariadic() throws IOException {
        Path file = folder.resolve("created");
        MemorySegment path = scope.allocateFrom(file.toString());

        closing(succeed(() -> FileCalls.open(state, path, Linux.O_CREAT() | Linux.O_WRONLY() | Linux.O_CLOEXEC(), 0400)));

        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file))).isEqualTo("r--------");
    }

    @Test
    void openOfAMissingFileIsEnoent() {
        MemorySegment path = scope.allocateFrom(folder.resolve("missing").toString());
        assertFails(Linux.ENOENT(), () -> FileCalls.open(state, path, Linux.O_RDONLY(), 0));
    }

    @Test
    void readReturnsTheBytesAndThenZero() throws IOException {
        MemorySegment path = scope.allocateFrom(Files.writeString(folder.resolve("f"), "abc").toString());
        int fd = closing(succeed(() -> FileCalls.open(state, path, Linux.O_RDONLY(), 0)));
        MemorySegment into = scope.allocate(16);

        assertThat(succeed(() -> FileCalls.read(state, fd, into))).isEqualTo(3);
        assertThat(into.getString(0)).isEqualTo("abc");
        assertThat(succeed(() -> FileCalls.read(state, fd, into))).isZero();
    }

    @Test
    void readAndWriteAndCloseOfABadDescriptorAreEbadf() {
        MemorySegment buffer = scope.allocate(1);
        assertFails(Linux.EBADF(), () -> FileCalls.read(state, BAD_FD, buffer));
        assertFails(Linux.EBADF(), () -> FileCalls.write(state, BAD_FD, buffer));
        assertFails(Linux.EBADF(), () -> FileCalls.close(state, BAD_FD));
    }

    @Test
    void pollCountsTheReadyDescriptors() throws IOException {
        MemorySegment path = scope.allocateFrom(Files.writeString(folder.resolve("f"), "abc").toString());
        int fd = closing(succeed(() -> FileCalls.open(state, path, Linux.O_RDONLY(), 0)));
        MemorySegment fds = scope.allocate(pollfd.layout());
        pollfd.fd(fds, fd);
        pollfd.events(fds, (short) Linux.POLLIN());

        assertThat(succeed(() -> FileCalls.poll(state, fds, 1, 0))).isEqualTo(1);
        assertThat(pollfd.revents(fds)).isEqualTo((short) Linux.POLLIN());
        assertThat(succeed(() -> FileCalls.poll(state, fds, 0, 0))).isZero();
    }

    @Test
    void pollOfMoreDescriptorsThanAllowedIsEinval() {
        assertFails(Linux.EINVAL(), () -> FileCalls.poll(state, MemorySegment.NULL, 0xFFFF_FFFFL, 0));
    }

    @Test
    void aPipeCarriesBytesFromOneEndToTheOther() {
        MemorySegment ends = scope.allocate(JAVA_INT, 2);
        succeed(() -> FileCalls.pipe2(state, ends, Linux.O_CLOEXEC()));
        int reading = closing(ends.getAtIndex(JAVA_INT, 0));
        int writing = closing(ends.getAtIndex(JAVA_INT, 1));
        MemorySegment into = scope.allocate(8);

        assertThat(succeed(() -> FileCalls.write(state, writing, scope.allocateFrom("pipe")))).isEqualTo(5);
        assertThat(succeed(() -> FileCalls.read(state, reading, into))).isEqualTo(5);
        assertThat(into.getString(0)).isEqualTo("pipe");
        assertFails(Linux.EINVAL(), () -> FileCalls.pipe2(state, ends, -1));
    }

    @Test
    void aDescriptorTellsWhatItWasOpenedFor() {
        MemorySegment ends = scope.allocate(JAVA_INT, 2);
        succeed(() -> FileCalls.pipe2(state, ends, Linux.O_CLOEXEC()));
        int reading = closing(ends.getAtIndex(JAVA_INT, 0));
        int writing = closing(ends.getAtIndex(JAVA_INT, 1));
        int counter = closing(succeed(() -> FileCalls.eventfd(state, 0, Linux.O_CLOEXEC())));

        assertThat(succeed(() -> FileCalls.accessMode(state, reading))).isEqualTo(Linux.O_RDONLY());
        assertThat(succeed(() -> FileCalls.accessMode(state, writing))).isEqualTo(Linux.O_WRONLY());
        assertThat(succeed(() -> FileCalls.accessMode(state, counter))).isEqualTo(Linux.O_RDWR());
        assertFails(Linux.EBADF(), () -> FileCalls.accessMode(state, -1));
    }

    @Test
    void anEventfdCounts() {
        int fd = closing(succeed(() -> FileCalls.eventfd(state, 3, Linux.O_CLOEXEC())));
        MemorySegment count = scope.allocate(JAVA_LONG);
        succeed(() -> FileCalls.write(state, fd, scope.allocateFrom(JAVA_LONG, 4)));

        assertThat(succeed(() -> FileCalls.read(state, fd, count))).isEqualTo(8);
        assertThat(count.get(JAVA_LONG, 0)).isEqualTo(7);
        assertFails(Linux.EINVAL(), () -> FileCalls.eventfd(state, 0, -1));
    }

    @Test
    void aFileIsNoTerminal() throws IOException {
        MemorySegment path = scope.allocateFrom(Files.createFile(folder.resolve("f")).toString());
        int fd = closing(succeed(() -> FileCalls.open(state, path, Linux.O_RDONLY(), 0)));
        assertThat(FileCalls.isatty(state, fd)).isFalse();
        assertThat(SystemCalls.errno(state)).isEqualTo(Linux.ENOTTY());
    }

    @Test
    void aPseudoTerminalIsATerminal() {
        MemorySegment path = scope.allocateFrom("/dev/ptmx");
        int opened = FileCalls.open(state, path, Linux.O_RDWR(), 0);
        assumeTrue(opened >= 0, "no pseudo-terminals here");
        int fd = closing(opened);
        assertThat(succeed(() -> FileCalls.isatty(state, fd) ? 1 : 0)).isEqualTo(1);
    }

    @Test
    void sysconfKnowsThePageSize() {
        assertThat(succeed(() -> SystemCalls.sysconf(state, Linux._SC_PAGESIZE()))).isPositive().isEqualTo(PAGE);
        assertThat(succeed(() -> SystemCalls.sysconf(state, Linux._SC_NPROCESSORS_ONLN()))).isPositive();
    }

    @Test
    void sysconfOfAnUnknownNameIsEinval() {
        assertFails(Linux.EINVAL(), () -> SystemCalls.sysconf(state, 123456));
    }

    @Test
    void rlimitsAreReadAndWritten() {
        MemorySegment limit = scope.allocate(rlimit.layout());
        succeed(() -> SystemCalls.getrlimit(state, Linux.RLIMIT_AS(), limit));
        succeed(() -> SystemCalls.setrlimit(state, Linux.RLIMIT_AS(), limit));
        assertThat(rlimit.rlim_max(limit)).isNotZero();
    }

    @Test
    void rlimitsOfAnUnknownResourceAreEinval() {
        MemorySegment limit = scope.allocate(rlimit.layout());
        assertFails(Linux.EINVAL(), () -> SystemCalls.getrlimit(state, 12345, limit));
        assertFails(Linux.EINVAL(), () -> SystemCalls.setrlimit(state, 12345, limit));
    }

    @Test
    void identitiesAreThoseThatProcReports() throws IOException {
        List<String> status = Files.readAllLines(Path.of("/proc/thread-self/status"));
        assertThat(status).contains("Tgid:\t" + SystemCalls.getpid(), "Pid:\t" + SystemCalls.gettid());
        assertThat(status).anyMatch(line ->
                line.startsWith("Uid:\t" + SystemCalls.getuid() + "\t" + SystemCalls.geteuid() + "\t"));
        assertThat((long) SystemCalls.getpid()).isEqualTo(ProcessHandle.current().pid());
    }

    @Test
    void theProcessorIsOneOfTheMachines() {
        assertThat(SystemCalls.sched_getcpu()).isBetween(0, 1 << 16);
    }

    @Test
    void aLoadedLibraryAnswersForItsSymbols() {
        MemorySegment libm = SystemCalls.dlopen(scope.allocateFrom("libm.so.6"), Linux.RTLD_NOW());
        long cosine = SystemCalls.dlsym(libm, scope.allocateFrom("cos"));
        MemorySegment info = scope.allocate(Dl_info.layout());

        assertThat(cosine).isNotZero();
        assertThat(SystemCalls.dladdr(cosine, info)).isTrue();
        assertThat(Native.segment(Dl_info.dli_fname(info).address(), PAGE).getString(0)).contains("libm.so.6");
        assertThat(SystemCalls.dladdr(scope.allocate(1).address(), info)).isFalse();
        assertThat(SystemCalls.dlclose(libm)).isZero();
    }

    @Test
    void dlerrorNamesTheLibraryThatIsMissingAndForgetsIt() {
        assertThat(SystemCalls.dlopen(scope.allocateFrom("libmissing.so"), Linux.RTLD_NOW())).isEqualTo(MemorySegment.NULL);
        assertThat(SystemCalls.dlerror()).contains("libmissing.so");
        assertThat(SystemCalls.dlerror()).isEqualTo("no error");
    }

    @Test
    void dlerrorNamesTheSymbolThatIsMissing() {
        MemorySegment process = SystemCalls.dlopen(MemorySegment.NULL, Linux.RTLD_NOW());
        assertThat(SystemCalls.dlsym(process, scope.allocateFrom("no_such_symbol"))).isZero();
        assertThat(SystemCalls.dlerror()).contains("no_such_symbol");
    }

    @Test
    void memoryThatTheCallMayNotTouchIsRefusedBeforeIt() {
        MemorySegment closed;
        try (Arena ended = Arena.ofConfined()) {
            closed = ended.allocate(8);
        }
        assertThatThrownBy(() -> FileCalls.read(state, BAD_FD, closed)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> FileCalls.write(state, BAD_FD, MemorySegment.ofArray(new byte[8])))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> FileCalls.read(state, BAD_FD, scope.allocate(8).asReadOnly()))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("read-only");
        assertFails(Linux.EBADF(), () -> FileCalls.write(state, BAD_FD, scope.allocate(8).asReadOnly()));
    }

    @Test
    void onlyTheKernelsRangeIsAnError() {
        assertThat(SystemCalls.isError(-1)).isTrue();
        assertThat(SystemCalls.isError(-4095)).isTrue();
        assertThat(SystemCalls.isError(-4096)).isFalse();
        assertThat(SystemCalls.isError(0)).isFalse();
        assertThat(SystemCalls.isError(Long.MIN_VALUE)).isFalse();
    }

    private void assertFails(int errno, LongSupplier call) {
        SystemCalls.setErrno(state, UNTOUCHED);
        assertThat(call.getAsLong()).isEqualTo(-errno);
        assertThat(SystemCalls.errno(state)).isEqualTo(errno);
    }

    /** The C library's own errno is made another one first: a copy of it, after a success, would show. */
    private long succeed(LongSupplier call) {
        FileCalls.close(state, BAD_FD);
        SystemCalls.setErrno(state, UNTOUCHED);
        long result = call.getAsLong();
        assertThat(SystemCalls.isError(result)).describedAs("result %d", result).isFalse();
        assertThat(SystemCalls.errno(state)).describedAs("errno after a success").isEqualTo(UNTOUCHED);
        return result;
    }

    private long map(long bytes) {
        long address = succeed(() -> SystemCalls.mmap(state, 0, bytes, READ_WRITE, ANONYMOUS, BAD_FD, 0));
        cleanUp.add(() -> SystemCalls.munmap(state, address, bytes));
        return address;
    }

    /** The second page of the address space, which the kernel lets nobody map. */
    private static long hole() {
        return PAGE;
    }

    private int closing(long fd) {
        cleanUp.add(() -> FileCalls.close(state, (int) fd));
        return (int) fd;
    }

    private static boolean covers(String line, long address) {
        String[] range = line.split(" ", 2)[0].split("-");
        return Long.compareUnsigned(Long.parseUnsignedLong(range[0], 16), address) <= 0
                && Long.compareUnsigned(address, Long.parseUnsignedLong(range[1], 16)) < 0;
    }
}
