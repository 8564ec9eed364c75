package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.bindings.Native;
import dev.banos.testing.RunsObjects;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.VarHandle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Who is in code, or holds something of it, while instances are replaced, and what must stay for that long. */
@RunsObjects
class ReplacedLifetimesTest {
    private static final VarHandle FLAG = ValueLayout.JAVA_INT.varHandle();
    private static final FunctionDescriptor INT_OF_POINTER = FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.ADDRESS);
    private static final FunctionDescriptor INT = FunctionDescriptor.of(ValueLayout.JAVA_INT);
    /** Waits in its own code, and calls the driver below when it may go on. */
    private static final String WAITS = """
            #include <unistd.h>
            extern int BELOW(void);
            int NAME(void) { return BELOW() + 10; }
            int NAME_waits(volatile int *flags) { flags[0] = 1; while (!flags[1]) { usleep(500); } return NAME(); }
            BANOS_EXPORT(NAME); BANOS_EXPORT(NAME_waits);
            """;
    private static final String CALLBACKS = """
            #include <unistd.h>
            static int (*kept)(int);
            int keep(int (*f)(int)) { kept = f; return f(1); }
            int fire(int (*before)(int)) { before(0); return kept(2); }
            int callbacks_waits(volatile int *flags) { flags[0] = 1; while (!flags[1]) { usleep(500); } return kept(2); }
            BANOS_EXPORT(keep); BANOS_EXPORT(fire); BANOS_EXPORT(callbacks_waits);
            """;

    @TempDir
    Path folder;
    private final List<Throwable> thrown = Collections.synchronizedList(new ArrayList<>());
    /** What calls of pointers that are lent to nobody say. */
    private final List<Throwable> stale = Collections.synchronizedList(new ArrayList<>());
    @AutoClose
    private final Arena memory = Arena.ofShared();
    @AutoClose
    private final Loader loader = Loader.create(InstallPolicy.anyUser(), line -> { }).replaceable();

    private Path base(int version) {
        return InstallManyTest.driver(folder, "base", "int base(void) { return VERSION; } BANOS_EXPORT(base);"
                .replace("VERSION", Integer.toString(version)));
    }

    private Driver install(String name, String below) {
        return loader.install(InstallManyTest.driver(folder, name, WAITS.replace("NAME", name).replace("BELOW", below)));
    }

    /** A call of a function that waits, in a thread of its own. */
    private final class Call {
        private final MemorySegment flags = memory.allocate(ValueLayout.JAVA_INT, 2);
        private final AtomicInteger result = new AtomicInteger();
        private final Thread thread;

        Call(Driver driver, String kind) {
            this(driver.handle(driver.name() + "_waits", INT_OF_POINTER), kind);
        }

        Call(MethodHandle waits, String kind) {
            Runnable call = () -> {
                try {
                    result.set((int) waits.invokeExact(flags));
                } catch (Throwable refused) {
                    thrown.add(refused);
                }
            };
            thread = kind.equals("virtual") ? Thread.ofVirtual().start(call) : Thread.ofPlatform().start(call);
            while ((int) FLAG.getVolatile(flags, 0L) == 0) {
                Thread.onSpinWait();
            }
        }

        int result() throws InterruptedException {
            FLAG.setVolatile(flags, 4L, 1);
            thread.join();
            assertThat(thrown).isEmpty();
            return result.get();
        }
    }

    /** The call counts in a lifetime that ended with the first replacement; its code is the driver's all the same. */
    @ParameterizedTest
    @CsvSource({"platform, 1, uninstall", "virtual, 1, uninstall", "platform, 3, close", "virtual, 3, close"})
    void aDriverWithACallUnderWayStaysAlsoWhereItsDependencyWasReplaced(String kind, int times, String how) throws Throwable {
        loader.install(base(0));
        Driver user = install("user", "base");
        Call call = new Call(user, kind);
        for (int i = 1; i <= times; i++) {
            loader.find("base").replaceWith(base(i));
        }
        refusesToGo(user, how);
        assertThat((int) user.handle("user", INT).invokeExact()).as("a new call").isEqualTo(10 + times);
        refusesToGo(user, how);
        assertThat(loader.drivers()).extracting(Driver::name).containsExactly("base", "user");
        assertThat(call.result()).isEqualTo(10 + times);
        assertThat(loader.replaced()).isEmpty();
        user.uninstall();
        loader.close();
    }

    private void refusesToGo(Driver driver, String how) {
        assertThatThrownBy(how.equals("close") ? loader::close : driver::uninstall).isInstanceOf(LinkException.class)
                .hasMessageContaining("driver " + driver.name() + " has a call under way");
        assertThat(driver.isInstalled()).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"platform", "virtual"})
    void soDoesOneThatIsTwoStepsAway(String kind) throws Throwable {
        loader.install(base(0));
        Driver middle = install("middle", "base");
        Driver top = install("top", "middle");
        Call call = new Call(top, kind);
        loader.find("base").replaceWith(base(1));
        refusesToGo(top, "uninstall");
        refusesToGo(top, "close");
        assertThat(call.result()).isEqualTo(21);
        top.uninstall();
        assertThat(middle.references()).isZero();
        middle.uninstall();
        assertThat(loader.replaced()).as("nothing waits for what has been closed before").isEmpty();
    }

    /** It is in the old instance of the one in the middle, which needs the base. */
    @Test
    void whatAnInstanceThatWaitsNeedsStays() throws Throwable {
        Driver base = loader.install(base(0));
        Driver middle = install("middle", "base");
        Call call = new Call(middle, "platform");
        Driver next = middle.replaceWith(folder.resolve("middle.o"));
        next.uninstall();
        assertThatThrownBy(base::uninstall).isInstanceOf(LinkException.class)
                .hasMessageContaining("driver base is needed by what was replaced and is there still: middle");
        Driver newer = base.replaceWith(base(1));
        assertThat(loader.replaced()).containsExactly(middle, base);
        assertThatThrownBy(newer::uninstall).isInstanceOf(LinkException.class).hasMessageContaining("is there still: middle");
        assertThatThrownBy(base::uninstall).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("driver=base was replaced; loader.find(\"base\") is the one in its place");
        assertThatThrownBy(() -> middle.replaceWith(folder.resolve("middle.o"))).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("driver=middle was replaced, and the one in its place is uninstalled");
        assertThatThrownBy(loader::close).isInstanceOf(LinkException.class);
        assertThat(call.result()).isEqualTo(11);
        newer.uninstall();
    }

    /** A critical call lets nobody see its thread's stack, so who uninstalls waits for it. */
    @Test
    void criticalCallsEndBeforeTheirCodeGoes() throws Throwable {
        Path user = InstallManyTest.driver(folder, "user", "extern int base(void); int use(int n) { int sum = 0;"
                + " for (volatile int i = 0; i < n; i++) { sum += base(); } return sum; } BANOS_EXPORT(use);");
        for (int round = 0; round < 10; round++) {
            loader.install(base(1));
            Driver driver = loader.install(user);
            Critically calls = driver.bind(Critically.class);
            CountDownLatch begun = new CountDownLatch(1);
            Thread caller = Thread.ofPlatform().start(() -> {
                try {
                    while (true) {
                        if (calls.use(100_000) != 100_000) {
                            thrown.add(new AssertionError("the sum"));
                        }
                        begun.countDown();
                    }
                } catch (IllegalStateException gone) {
                    assertThat(gone).hasMessage("driver=user is uninstalled");
                }
            });
            begun.await();
            loader.find("base").replaceWith(base(1));
            untilItGoes(driver::uninstall);
            caller.join();
            loader.find("base").uninstall();
            assertThat(loader.replaced()).isEmpty();
            assertThat(thrown).isEmpty();
        }
    }

    interface Critically {
        @Critical
        @Declaration("int use(int)")
        int use(int n);
    }

    private static void untilItGoes(Runnable uninstall) {
        for (boolean gone = false; !gone; ) {
            try {
                uninstall.run();
                gone = true;
            } catch (LinkException busy) {
                assertThat(busy).hasMessageContaining("has a call under way");
            }
        }
    }

    /** The pointer was handed out before the replacement. */
    @Test
    void aPointerThatACallWasGivenKeepsItsDriver() throws Throwable {
        loader.install(base(0));
        Driver user = loader.install(InstallManyTest.driver(folder, "user",
                "extern int base(void); int flags[2]; int use(void) { return base(); } BANOS_EXPORT(use); BANOS_EXPORT(flags);"));
        MemorySegment flags = user.export("flags").address();
        try (Loader another = Loader.create(InstallPolicy.anyUser(), line -> { })) {
            another.install(base(0));
            Driver waiter = another.install(InstallManyTest.driver(folder, "waiter",
                    WAITS.replace("NAME", "waiter").replace("BELOW", "base")));
            MethodHandle waits = waiter.handle("waiter_waits", INT_OF_POINTER);
            Thread caller = Thread.ofPlatform().start(() -> {
                try {
                    assertThat((int) waits.invokeExact(flags)).isEqualTo(10);
                } catch (Throwable refused) {
                    thrown.add(refused);
                }
            });
            MemorySegment anyTime = Native.segment(flags.address(), 8);
            while ((int) FLAG.getVolatile(anyTime, 0L) == 0) {
                Thread.onSpinWait();
            }
            loader.find("base").replaceWith(base(1));
            refusesToGo(user, "uninstall");
            FLAG.setVolatile(anyTime, 4L, 1);
            caller.join();
            user.uninstall();
        }
        assertThat(thrown).isEmpty();
    }

    interface OfInt {
        int call(int x);
    }

    interface Callbacks {
        int keep(OfInt function);

        int fire(OfInt before);
    }

    /** C keeps a pointer that was lent for one call; as long as that instance is there, calling it is reported and no crash. */
    @ParameterizedTest
    @CsvSource({"1, uninstall", "1, close", "3, uninstall", "3, close"})
    void pointersThatWereLentStayAsLongAsTheOldestInstance(int times, String how) throws Throwable {
        Path file = InstallManyTest.driver(folder, "callbacks", CALLBACKS, "-g");
        Driver driver = loader.install(file);
        Callbacks bound = driver.bind(Callbacks.class);
        bound.keep(x -> x + 40);
        driver.uncaught(stale::add);
        Call call = new Call(driver, "platform");
        replaceAndRemove(bound, file, times, how);
        assertThat(call.result()).isZero();
        assertThat(stale).singleElement().asString().contains("C called a callback after the call that it was given to had returned");
        assertThat(loader.replaced()).isEmpty();
        loader.close();
    }

    @ParameterizedTest
    @CsvSource({"1, uninstall", "1, close", "3, uninstall", "3, close"})
    void soDoThoseThatACallUnderWayHas(int times, String how) throws Throwable {
        Path file = InstallManyTest.driver(folder, "callbacks", CALLBACKS, "-g");
        Callbacks bound = loader.install(file).bind(Callbacks.class);
        bound.keep(x -> x + 40);
        CountDownLatch inside = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        Thread caller = Thread.ofPlatform().start(() -> {
            try {
                bound.fire(x -> {
                    inside.countDown();
                    await(go);
                    return 0;
                });
            } catch (IllegalStateException late) {
                stale.add(late);
            }
        });
        inside.await();
        replaceAndRemove(bound, file, times, how);
        go.countDown();
        caller.join();
        assertThat(stale).singleElement().asString().contains("C called a callback after the call that it was given to had returned");
        assertThat(loader.replaced()).isEmpty();
        loader.close();
    }

    private void replaceAndRemove(Callbacks bound, Path file, int times, String how) {
        for (int i = 0; i < times; i++) {
            loader.find("callbacks").replaceWith(file);
            assertThat(bound.keep(x -> x + 50)).isEqualTo(51);
        }
        if (how.equals("close")) {
            assertThatThrownBy(loader::close).isInstanceOf(LinkException.class)
                    .hasMessageContaining("driver callbacks was replaced, and has a call under way");
        } else {
            loader.find("callbacks").uninstall();
        }
        assertThat(loader.drivers()).isEmpty();
        assertThat(loader.replaced()).as("later ones wait for the oldest").hasSize(times);
        assertThatThrownBy(() -> bound.keep(x -> x)).isInstanceOf(IllegalStateException.class);
    }

    private static void await(CountDownLatch latch) {
        try {
            latch.await();
        } catch (InterruptedException interrupted) {
            throw new AssertionError(interrupted);
        }
    }

    /** The lambda of a call in the old instance takes the new one out. */
    @Test
    void aCallbackUnderWayUninstallsTheNewInstance() {
        Path file = InstallManyTest.driver(folder, "callbacks", CALLBACKS, "-g");
        Driver old = loader.install(file);
        Callbacks bound = old.bind(Callbacks.class);
        assertThat(bound.keep(x -> {
            Driver next = old.replaceWith(file);
            next.uninstall();
            assertThat(loader.drivers()).isEmpty();
            assertThat(loader.replaced()).containsExactly(old);
            assertThatThrownBy(next::uninstall).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(loader::close).isInstanceOf(LinkException.class).hasMessageContaining("has a call under way");
            return x + 5;
        })).isEqualTo(6);
        assertThat(loader.replaced()).isEmpty();
        loader.close();
    }

    /** The driver is gone but for what its thread has to destroy, which calls the pointer that was lent. */
    @ParameterizedTest
    @CsvSource({"0", "1"})
    void aDestructorOfAThreadCallsAPointerThatWasLent(int replacements) throws Throwable {
        Path file = InstallManyTest.driver(folder, "late", """
                extern void *__dso_handle;
                int __cxa_thread_atexit_impl(void (*)(void *), void *, void *);
                static int (*kept)(int);
                static void gone(void *nothing) { (void)nothing; kept(3); }
                int keep(int (*f)(int)) { kept = f; __cxa_thread_atexit_impl(gone, 0, &__dso_handle); return f(1); }
                int fire(int (*f)(int)) { return f(2); }
                BANOS_EXPORT(keep); BANOS_EXPORT(fire);
                """, "-g");
        Driver driver = loader.install(file);
        Callbacks bound = driver.bind(Callbacks.class);
        driver.uncaught(stale::add);
        CountDownLatch kept = new CountDownLatch(1);
        CountDownLatch go = new CountDownLatch(1);
        Thread thread = Thread.ofPlatform().start(() -> {
            bound.keep(x -> x);
            kept.countDown();
            await(go);
        });
        kept.await();
        for (int i = 0; i < replacements; i++) {
            loader.find("late").replaceWith(file);
        }
        loader.find("late").uninstall();
        assertThat(loader.replaced()).isEmpty();
        loader.close();
        go.countDown();
        thread.join();
        while (stale.isEmpty()) { // C's part of the thread's end comes after Java's
            Thread.onSpinWait();
        }
        assertThat(stale).singleElement().asString().contains("C called a callback after");
    }

    /** A table of functions in memory, as drivers hand them to each other. */
    @Test
    void handlesOfAddressesEndAsPointersDo() throws Throwable {
        Driver base = loader.install(base(3));
        Driver user = loader.install(InstallManyTest.driver(folder, "user", """
                #include <unistd.h>
                extern int base(void);
                static int twice(int x) { return 2 * x; }
                static int below(void) { return base(); }
                static int waits(volatile int *flags) { flags[0] = 1; while (!flags[1]) { usleep(500); } return base(); }
                struct { int (*twice)(int); int (*below)(void); int (*waits)(volatile int *); } const api = { twice, below, waits };
                BANOS_EXPORT_SYMBOL(api, "api@1", &api);
                """));
        MemorySegment api = Native.segment(user.export("api@1").address().address(), 24);
        MethodHandle twice = user.handle(api.get(ValueLayout.JAVA_LONG, 0), FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        assertThat((int) twice.invokeExact(21)).isEqualTo(42);
        MethodHandle below = user.handle(api.get(ValueLayout.JAVA_LONG, 8), INT);
        assertThat((int) below.invokeExact()).isEqualTo(3);
        assertThatThrownBy(() -> user.handle(0, INT)).isInstanceOf(IllegalArgumentException.class).hasMessage("address=0: C's NULL is no function");
        assertThatThrownBy(() -> user.handle(api.address(), INT)).isInstanceOf(LinkException.class).hasMessageContaining("is no function of driver user");
        Call call = new Call(user.handle(api.get(ValueLayout.JAVA_LONG, 16), INT_OF_POINTER), "platform");
        refusesToGo(user, "uninstall");
        base.replaceWith(base(4));
        refusesToGo(user, "uninstall");
        assertThat(call.result()).isEqualTo(4);
        assertThatThrownBy(() -> { int result = (int) below.invokeExact(); }).isInstanceOf(IllegalStateException.class)
                .hasMessage("driver=user, or a driver that it depends on, was replaced; ask it for a new handle")
                .asString().startsWith("java.lang.IllegalStateException: ");
        MethodHandle anew = user.handle(api.get(ValueLayout.JAVA_LONG, 8), INT);
        assertThat((int) anew.invokeExact()).isEqualTo(4);
        user.uninstall();
        assertThatThrownBy(() -> { int result = (int) anew.invokeExact(); }).isInstanceOf(IllegalStateException.class)
                .hasMessage("driver=user is uninstalled");
        assertThatThrownBy(() -> user.handle(1, INT)).isInstanceOf(IllegalStateException.class).hasMessage("driver=user is uninstalled");
    }

    @Test
    void anUninitThatRefusesIsNamedWithItsError() throws Throwable {
        String code = """
                #undef INIT
                #include <banos/driver.h>
                #include <banos/export.h>
                static int stays = 1;
                int *may_go(void) { return &stays; }
                BANOS_EXPORT(may_go);
                static int init(struct Banos_Driver *d) { (void)d; return 0; }
                static int uninit(struct Banos_Driver *d) { (void)d; return stays ? -16 : 0; }
                BANOS_DRIVER_API struct Banos_Driver driver = { .driver_size = sizeof(struct Banos_Driver),
                    .minimal_banos_version = BANOS_VERSION_CURRENT, .name = "stays", .init = init, .uninit = uninit };
                """;
        Driver old = loader.install(CCompiler.text(folder, "stays", code));
        MethodHandle mayGo = old.handle("may_go", FunctionDescriptor.of(ValueLayout.ADDRESS));
        MemorySegment first = (MemorySegment) mayGo.invokeExact();
        Driver next = old.replaceWith(CCompiler.text(folder, "stays2", code.replace("stays = 1", "stays = 0")));
        assertThat(loader.replaced()).containsExactly(old);
        next.uninstall();
        for (int i = 0; i < 2; i++) {
            assertThatThrownBy(loader::close).isInstanceOf(LinkException.class)
                    .hasMessageContaining("uninit of driver stays returned -16 (EBUSY); it was replaced, and is asked again")
                    .satisfies(refused -> assertThat(((LinkException) refused).errno()).isEqualTo(16));
        }
        FLAG.setVolatile(Native.segment(first.address(), 4), 0L, 0);
        assertThat(loader.replaced()).isEmpty();
    }

    /** Functions that were registered with atexit run after uninit, and may call what the driver depends on. */
    @Test
    void whatLastCodeCallsIsStillThere() {
        List<String> lines = Collections.synchronizedList(new ArrayList<>());
        List<Loader> itself = new ArrayList<>();
        try (Loader curious = Loader.create(InstallPolicy.anyUser(), line -> {
            lines.add(line);
            if (line.equals("last")) {
                try {
                    itself.getFirst().find("base").uninstall();
                } catch (LinkException refused) {
                    thrown.add(refused);
                }
            }
        })) {
            itself.add(curious);
            curious.install(base(5));
            Driver user = curious.install(InstallManyTest.driver(folder, "user", """
                    #include <stdlib.h>
                    extern int base(void);
                    static void last(void) { banos_dprintln("last"); banos_dprintln(base() == 5 ? "five" : "other"); }
                    __attribute__((constructor)) static void begin(void) { atexit(last); }
                    """));
            user.uninstall();
            assertThat(thrown).singleElement().asString().contains("driver base is needed by user");
            assertThat(lines).endsWith("bye", "last", "five");
        }
    }
}
