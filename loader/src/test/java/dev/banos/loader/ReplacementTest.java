package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.banos.testing.RunsObjects;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Another instance takes a driver's place behind its exports; whatever cannot be done safely is refused and changes nothing. */
@RunsObjects
class ReplacementTest {
    private static final FunctionDescriptor INT_OF_INT = FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT);
    private static final FunctionDescriptor INT = FunctionDescriptor.of(ValueLayout.JAVA_INT);
    private static final String USER = """
            extern int scale(int);
            static int (*kept)(int) = scale;
            int through(int x) { return scale(x); }
            int kept_through(int x) { return kept(x); }
            BANOS_EXPORT(through); BANOS_EXPORT(kept_through);
            """;

    @TempDir
    Path folder;
    private final List<String> console = Collections.synchronizedList(new ArrayList<>());
    @AutoClose
    private final Loader loader = Loader.create(InstallPolicy.anyUser(), console::add).replaceable();

    /** A driver of that name in a folder of its own, so that files differ in nothing but their contents. */
    private Path version(int version, String name, String code) {
        Path place = folder.resolve("v" + version);
        place.toFile().mkdirs();
        return InstallManyTest.driver(place, name, code);
    }

    private Path scale(int factor) {
        return version(factor, "scale", "int scale(int x) { return x * " + factor + "; } BANOS_EXPORT(scale);");
    }

    @Test
    void driversAndHandlesReachTheNewInstance() throws Throwable {
        Driver old = loader.install(scale(2));
        Driver user = loader.install(version(0, "user", USER));
        MethodHandle scale = old.handle("scale", INT_OF_INT);
        MethodHandle through = user.handle("through", INT_OF_INT);
        MethodHandle keptThrough = user.handle("kept_through", INT_OF_INT);
        assertThat((int) scale.invokeExact(10)).isEqualTo(20);
        MemorySegment pointer = old.export("scale").address();
        console.clear();
        Driver next = old.replaceWith(scale(3));
        assertThat((int) scale.invokeExact(10)).isEqualTo(30);
        assertThat((int) through.invokeExact(10)).isEqualTo(30);
        assertThat((int) keptThrough.invokeExact(10)).isEqualTo(30);
        assertThat(console).as("the new one starts before the old one stops").containsExactly("scale", "bye");
        assertThat(pointer.scope().isAlive()).isFalse();
        assertThat(old.isInstalled()).isFalse();
        assertThat(loader.drivers()).containsExactly(next, user);
        assertThat(user.dependencies()).containsExactly(next);
        assertThat(loader.replaced()).isEmpty();
        assertThat(Loader.explain(old.base()).orElseThrow().unloaded()).as("unmapped").isPresent();
        assertThatThrownBy(next::uninstall).hasMessageContaining("is needed by user");
        assertThatThrownBy(old::uninstall).isInstanceOf(IllegalStateException.class);
        assertThat((int) old.export("scale").handle(INT_OF_INT).invokeExact(1)).isEqualTo(3);
        long stub = next.export("scale").importAddress();
        assertThat(Loader.explain(stub + 2).orElseThrow().toText()).contains("the replaceable exports of driver scale")
                .contains("the stub of scale, which is 0x" + Long.toHexString(next.export("scale").address().address()));
        Driver third = next.replaceWith(scale(4));
        assertThat((int) scale.invokeExact(10)).isEqualTo(40);
        user.uninstall();
        third.uninstall();
        // A module that is remembered may have lain there before the stubs.
        assertThat(Loader.explain(stub).filter(found -> found.module().contains("replaceable"))).isEmpty();
        assertThatThrownBy(() -> { int result = (int) scale.invokeExact(10); }).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aCallUnderWayEndsInTheOldInstanceWhichWaitsForIt() throws Throwable {
        String waiting = """
                static volatile int go, inside;
                int enter(void) { inside = 1; while (!go) { } return VERSION; }
                int waiting(void) { return inside; }
                void leave(int *flag) { *flag = 1; }
                int *flag(void) { return (int *)&go; }
                BANOS_EXPORT(enter); BANOS_EXPORT(waiting); BANOS_EXPORT(flag);
                """;
        Driver old = loader.install(version(1, "slow", waiting.replace("VERSION", "1")));
        Driver user = loader.install(version(0, "user", "extern int enter(void); int pass(void) { return enter(); } BANOS_EXPORT(pass);"));
        MethodHandle pass = user.handle("pass", INT);
        MethodHandle isInside = old.handle("waiting", INT);
        long flag = ((MemorySegment) old.handle("flag", FunctionDescriptor.of(ValueLayout.ADDRESS)).invokeExact()).address();
        int[] result = new int[1];
        Thread caller = Thread.ofPlatform().start(() -> {
            try {
                result[0] = (int) pass.invokeExact();
            } catch (Throwable thrown) {
                throw new AssertionError(thrown);
            }
        });
        while ((int) isInside.invokeExact() == 0) {
            Thread.onSpinWait();
        }
        Driver next = old.replaceWith(version(2, "slow", waiting.replace("VERSION", "2")));
        assertThat(loader.replaced()).containsExactly(old);
        assertThat((int) isInside.invokeExact()).as("a new call is in the new instance").isZero();
        assertThat(Loader.explain(flag).orElseThrow().unloaded()).as("still mapped").isEmpty();
        assertThatThrownBy(loader::close).isInstanceOf(LinkException.class);
        dev.banos.bindings.Native.segment(flag, 4).set(ValueLayout.JAVA_INT, 0, 1);
        caller.join();
        assertThat(result[0]).isEqualTo(1);
        assertThat(loader.replaced()).isEmpty();
        assertThat(Loader.explain(flag).orElseThrow().unloaded()).isPresent();
        assertThat(next.isInstalled() || loader.drivers().isEmpty()).isTrue();
    }

    @Test
    void whatDoesNotFitIsRefusedAndTheOldOneStays() throws Throwable {
        Driver old = loader.install(scale(2));
        Driver user = loader.install(version(0, "user", USER + "int count = 1; BANOS_EXPORT(count);"));
        loader.install(version(0, "reader", "extern int count; int *where(void) { return &count; } BANOS_EXPORT(where);"));
        MethodHandle scale = old.handle("scale", INT_OF_INT);
        refused(old, version(5, "other", "int scale(int x) { return x; } BANOS_EXPORT(scale);"), "is driver other");
        refused(old, version(6, "scale", "int scales(int x) { return x; } BANOS_EXPORT(scales);"), "exports no scale");
        refused(old, version(7, "scale", "int scale = 3; BANOS_EXPORT(scale);"), "scale was a function, and is a variable there");
        refused(old, version(8, "scale", "extern int through(int); int scale(int x) { return through(x); } BANOS_EXPORT(scale);"),
                "missing import: through");
        refused(old, version(9, "scale", "extern int nowhere(int); int scale(int x) { return nowhere(x); } BANOS_EXPORT(scale);"),
                "nowhere");
        refused(old, version(10, "scale", "int scale(int x) { return x; } BANOS_EXPORT(scale); /* fails */"), "returned -5");
        refused(old, folder.resolve("absent.o"), "no such file");
        refused(user, version(11, "user", USER + "int count = 1; BANOS_EXPORT(count);"), "its variable count is used by reader");
        assertThat((int) scale.invokeExact(10)).isEqualTo(20);
        assertThat(loader.drivers()).hasSize(3).first().isSameAs(old);
        assertThat(loader.replaced()).isEmpty();
        old.replaceWith(scale(3));
        assertThat((int) scale.invokeExact(10)).isEqualTo(30);
    }

    private static void refused(Driver driver, Path file, String why) {
        LinkException refusal = catchThrowableOfType(LinkException.class, () -> driver.replaceWith(file));
        assertThat(refusal).hasMessageContaining(why);
        assertThat(driver.isInstalled()).isTrue();
    }

    @Test
    void anExportOfAnotherTypeIsRefusedInWords() {
        Path one = CCompiler.text(folder.resolve(".").normalize(), "typed1", typed("int scale(int x) { return x; }"), "-g");
        Path two = CCompiler.text(folder, "typed2", typed("long scale(long x) { return x; }"), "-g");
        Driver old = loader.install(one);
        assertThatThrownBy(() -> old.replaceWith(two)).isInstanceOf(LinkException.class)
                .hasMessageContaining("int scale(int x)").hasMessageContaining("long scale(long x)");
        assertThat(old.replaceWith(one).isInstalled()).isTrue();
    }

    private static String typed(String function) {
        return "#include <banos/driver.h>\n#include <banos/export.h>\n" + function + "\nBANOS_EXPORT(scale);\n"
                + "static int init(struct Banos_Driver *d) { (void)d; return 0; }\n"
                + "BANOS_DRIVER_API struct Banos_Driver driver = { .driver_size = sizeof(struct Banos_Driver),"
                + " .minimal_banos_version = BANOS_VERSION_CURRENT, .name = \"typed\", .init = init };\n";
    }

    interface Scaler {
        @Declaration("int scale(int)")
        int scale(int x);
    }

    interface User {
        @Declaration("int through(int)")
        int through(int x);
    }

    @Test
    void boundInterfacesGoOnToo() {
        Driver old = loader.install(scale(2));
        Scaler scaler = old.bind(Scaler.class);
        User user = loader.install(version(0, "user", USER)).bind(User.class);
        assertThat(scaler.scale(10) + user.through(100)).isEqualTo(220);
        Driver next = old.replaceWith(scale(3));
        assertThat(scaler.scale(10) + user.through(100)).isEqualTo(330);
        next.replaceWith(scale(4));
        assertThat(old.bind(Scaler.class).scale(1)).isEqualTo(4);
    }

    @Test
    void newExportsArePossibleAndStayReachable() throws Throwable {
        Driver next = loader.install(scale(2)).replaceWith(version(3, "scale",
                "int scale(int x) { return x * 3; } int half(int x) { return x / 2; } BANOS_EXPORT(scale); BANOS_EXPORT(half);"));
        loader.install(version(0, "user", "extern int half(int); int get(int x) { return half(x); } BANOS_EXPORT(get);"));
        MethodHandle get = loader.find("user").handle("get", INT_OF_INT);
        assertThat((int) get.invokeExact(10)).isEqualTo(5);
        assertThatThrownBy(() -> next.replaceWith(scale(4))).hasMessageContaining("exports no half");
    }

    @Test
    void onlyALoaderThatWasAskedForItReplaces() {
        try (Loader ordinary = Loader.create(InstallPolicy.anyUser(), line -> { })) {
            Driver driver = ordinary.install(scale(2));
            assertThatThrownBy(() -> driver.replaceWith(scale(3))).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("replaceable=false");
            assertThatThrownBy(ordinary::replaceable).isInstanceOf(IllegalStateException.class);
        }
    }

    /** A chain of three, all called all the time while each is replaced again and again. */
    @Test
    void callsNeverFailWhileDriversAreReplaced() throws Throwable {
        loader.install(scale(1));
        String middle = "extern int scale(int); int middle(int x) { return scale(x) / x; } BANOS_EXPORT(middle);";
        loader.install(version(0, "middle", middle));
        Driver top = loader.install(version(0, "top", "extern int middle(int); int top(int x) { return middle(x); } BANOS_EXPORT(top);"));
        MethodHandle call = top.handle("top", INT_OF_INT);
        AtomicBoolean stop = new AtomicBoolean();
        List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 3; i++) {
            threads.add(Thread.ofPlatform().start(() -> {
                try {
                    while (!stop.get()) {
                        int factor = (int) call.invokeExact(7);
                        if (factor < 1 || factor > 4) {
                            throw new AssertionError("factor " + factor);
                        }
                    }
                } catch (Throwable thrown) {
                    failures.add(thrown);
                }
            }));
        }
        Path[] scales = {scale(1), scale(2), scale(3), scale(4)};
        Path again = version(1, "middle", middle);
        for (int i = 0; i < 200; i++) {
            loader.find("scale").replaceWith(scales[i % 4]);
            if (i % 5 == 0) {
                loader.find("middle").replaceWith(again);
            }
        }
        stop.set(true);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failures).isEmpty();
        assertThat(loader.replaced()).isEmpty();
        assertThat((int) call.invokeExact(7)).isEqualTo(4);
    }

    /** Who asks the instance that stands there may find that two have followed it since. */
    @Test
    void handlesAreMadeWhileDriversAreReplaced() throws Throwable {
        Path[] scales = {scale(1), scale(2)};
        Export first = loader.install(scales[0]).export("scale");
        AtomicBoolean stop = new AtomicBoolean();
        List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < 4; i++) {
            threads.add(Thread.ofPlatform().start(() -> {
                try {
                    while (!stop.get()) {
                        first.binding();
                    }
                } catch (Throwable thrown) {
                    failures.add(thrown);
                }
            }));
        }
        for (int i = 1; i <= 500; i++) {
            loader.find("scale").replaceWith(scales[i % 2]);
        }
        stop.set(true);
        for (Thread thread : threads) {
            thread.join();
        }
        assertThat(failures).isEmpty();
        assertThat((int) first.handle(INT_OF_INT).invokeExact(7)).isEqualTo(7);
    }
}
