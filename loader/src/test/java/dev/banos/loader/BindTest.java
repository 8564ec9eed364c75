package dev.banos.loader;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.banos.testing.RunsObjects;
import dev.banos.thread.Tcb;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.function.Consumer;
import java.util.function.IntBinaryOperator;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A bound interface calls what it says, or says every way in which it does not fit. */
@RunsObjects
class BindTest {
    @TempDir
    static Path folder;
    @AutoClose
    private static Loader loader;
    private static Driver driver;

    @BeforeAll
    static void install() {
        loader = Loader.create(InstallPolicy.anyUser());
        driver = loader.install(CCompiler.object(folder, "callbacks.c", "gcc", "-O2", "-gbtf", "-Wall", "-Wextra", "-Werror", "-pedantic"));
    }

    interface Plain {
        long widen(long a, int b);

        @Critical
        @Symbol("widen")
        long widenAtOnce(long a, int b);

        @Symbol("widen")
        void widenForNothing(long a, int b);

        long length(String text);

        @Symbol("length")
        long lengthAt(long pointer);

        @Critical(heap = true)
        @Symbol("length")
        long lengthOfHeap(MemorySegment text);

        String name_of(int which);

        void fill(MemorySegment text, int c);

        @CapturesErrno
        int fails(int code);

        MemorySegment add_points(SegmentAllocator into, MemorySegment a, MemorySegment b);

        long total(int n, long a, long b);

        long total(int n);

        double mean(int n, double a, double b);

        default long twice(long a) {
            return widen(a, (int) a);
        }
    }

    @Test
    void methodsCallTheFunctionsOfTheirNames() {
        Plain plain = driver.bind(Plain.class);
        assertThat(plain.widen(1L << 40, -1)).isEqualTo((1L << 40) + 0xffff_ffffL);
        assertThat(plain.widenAtOnce(40, 2)).isEqualTo(42);
        plain.widenForNothing(1, 2);
        assertThat(plain.twice(21)).isEqualTo(42);
        assertThat(plain.total(2, 5, 1L << 50)).isEqualTo(5 + (1L << 50));
        assertThat(plain.total(0)).isZero();
        assertThat(plain.mean(2, 1, 4)).isEqualTo(2.5);
        assertThat(plain).hasToString("Plain bound to driver callbacks");
        assertThat(plain.hashCode()).isEqualTo(System.identityHashCode(plain));
    }

    interface Widens {
        long widen(long a, int b);
    }

    interface WidensToo {
        long widen(long a, int b);
    }

    interface WidensTwice extends Widens, WidensToo {
    }

    @Test
    void aMethodOfTwoParentsIsBoundOnce() {
        WidensTwice both = driver.bind(WidensTwice.class);
        assertThat(((Widens) both).widen(40, 2)).isEqualTo(42);
        assertThat(((WidensToo) both).widen(40, 2)).isEqualTo(42);
    }

    @Test
    void stringsTravelInUtf8() {
        Plain plain = driver.bind(Plain.class);
        assertThat(plain.length("héllo")).isEqualTo(6);
        assertThat(plain.length("")).isZero();
        assertThatThrownBy(() -> plain.length("cut\0short")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("NUL at index 3 of 9");
        assertThat(plain.length(null)).isEqualTo(99);
        assertThat(plain.lengthAt(0)).isEqualTo(99);
        assertThat(plain.name_of(2)).isEqualTo("héllo");
        assertThat(plain.name_of(0)).isNull();
        assertThat(plain.lengthOfHeap(MemorySegment.ofArray(new byte[] {'a', 'b', 'c', 0}))).isEqualTo(3);
    }

    @Test
    void structsTravelAsSegments() {
        Plain plain = driver.bind(Plain.class);
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment sum = plain.add_points(scope, scope.allocateFrom(JAVA_INT, 1, 2), scope.allocateFrom(JAVA_INT, 30, 40));
            assertThat(sum.toArray(JAVA_INT)).containsExactly(31, 42);
            MemorySegment text = scope.allocateFrom("abc");
            plain.fill(text, 'x');
            assertThat(text.get(JAVA_BYTE, 0)).isEqualTo((byte) 'x');
            assertThatThrownBy(() -> plain.add_points(scope, scope.allocate(4), MemorySegment.NULL))
                    .isInstanceOf(IndexOutOfBoundsException.class);
        }
    }

    @Test
    void errnoIsKeptForTheThread() {
        assertThat(driver.bind(Plain.class).fails(34)).isEqualTo(-1);
        assertThat(Tcb.current().errno()).isEqualTo(34);
    }

    @FunctionalInterface
    interface Compare {
        int compare(MemorySegment a, MemorySegment b);
    }

    @FunctionalInterface
    interface CompareOrMinusOne {
        @OnThrow(-1)
        int compare(long a, long b) throws Exception;
    }

    @FunctionalInterface
    interface Reduce {
        long step(long sum, MemorySegment point);
    }

    interface CallsBack {
        int sort(MemorySegment values, int n, Compare order);

        long fold(MemorySegment points, int n, Reduce step);

        int try_both(CompareOrMinusOne first, CompareOrMinusOne second);

        void keep(Callback<Compare> order);

        @Symbol("keep")
        void keepLent(Compare order);

        int fire();

        int fire_elsewhere();

        long length(String text);
    }

    private static int at(MemorySegment pointer) {
        return dev.banos.bindings.Native.EVERYTHING.get(JAVA_INT, pointer.address());
    }

    @Test
    void aLambdaIsAFunctionPointerForTheCall() {
        CallsBack calls = driver.bind(CallsBack.class);
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment values = scope.allocateFrom(JAVA_INT, 5, 3, 9, 1);
            for (int round = 0; round < 3; round++) {
                assertThat(calls.sort(values, 4, (a, b) -> Integer.compare(at(a), at(b)))).isPositive();
                assertThat(values.toArray(JAVA_INT)).containsExactly(1, 3, 5, 9);
                calls.sort(values, 4, (a, b) -> Integer.compare(at(b), at(a)));
                assertThat(values.toArray(JAVA_INT)).containsExactly(9, 5, 3, 1);
            }
            assertThat(calls.fold(scope.allocateFrom(JAVA_INT, 1, 2, 3, 4), 2,
                    (sum, point) -> sum * 10 + point.get(JAVA_INT, 0) + point.getAtIndex(JAVA_INT, 1))).isEqualTo(37);
        }
    }

    @Test
    void callbacksMayCallAgain() {
        CallsBack calls = driver.bind(CallsBack.class);
        int[] depth = {0};
        CompareOrMinusOne inner = (a, b) -> ++depth[0];
        assertThat(calls.try_both((a, b) -> calls.try_both(inner, inner), (a, b) -> (int) calls.length("four"))).isEqualTo(124);
    }

    @Test
    void whatACallbackThrowsComesOutOfTheCall() {
        CallsBack calls = driver.bind(CallsBack.class);
        IllegalStateException thrown = new IllegalStateException("first");
        int[] second = {0};
        assertThatThrownBy(() -> calls.try_both((a, b) -> {
            throw thrown;
        }, (a, b) -> {
            second[0]++;
            throw new Exception("second");
        })).isSameAs(thrown).satisfies(first -> assertThat(first.getSuppressed()[0]).hasMessage("second"));
        assertThat(second[0]).as("C runs on").isEqualTo(1);
        assertThatThrownBy(() -> calls.try_both((a, b) -> {
            throw new Exception("checked");
        }, (a, b) -> 0)).isInstanceOf(java.lang.reflect.UndeclaredThrowableException.class).hasRootCauseMessage("checked");
        assertThat(calls.try_both((a, b) -> 1, (a, b) -> 2)).as("the next call is as if nothing had been").isEqualTo(12);
    }

    @Test
    void errorsComeOutToo() {
        CallsBack calls = driver.bind(CallsBack.class);
        assertThatThrownBy(() -> calls.try_both((a, b) -> endless(1), (a, b) -> 0)).isInstanceOf(StackOverflowError.class);
        OutOfMemoryError thrown = new OutOfMemoryError("as if");
        assertThatThrownBy(() -> calls.try_both((a, b) -> {
            throw thrown;
        }, (a, b) -> 0)).isSameAs(thrown);
    }

    private static int endless(int depth) {
        return endless(depth + 1) + depth;
    }

    @Test
    void cGetsTheDeclaredValueWhenACallbackThrows() {
        CallsBack calls = driver.bind(CallsBack.class);
        int[] seen = {0};
        try (Arena scope = Arena.ofConfined()) {
            Callback<CompareOrMinusOne> throwing = driver.callback(CompareOrMinusOne.class, (a, b) -> {
                throw new IllegalStateException("no");
            }, scope);
            driver.uncaught(thrown -> seen[0]++);
            assertThat(driver.bind(Raw.class).fireThrough(throwing.pointer())).isZero();
            assertThat(driver.bind(Raw.class).fire()).isEqualTo(-1);
            assertThat(seen[0]).isEqualTo(1);
            assertThatThrownBy(calls::fire).isInstanceOf(IllegalStateException.class).hasMessage("no");
            assertThat(seen[0]).as("a call that can throw it did").isEqualTo(1);
            assertThat(calls.fire_elsewhere()).as("a thread of C's has no such call").isEqualTo(-1);
            assertThat(seen[0]).isEqualTo(2);
        } finally {
            driver.uncaught(null);
            calls.keepLent(null);
        }
    }

    interface Raw {
        @Symbol("keep")
        void keepPointer(MemorySegment order);

        int fire();

        default int fireThrough(MemorySegment pointer) {
            keepPointer(pointer);
            return 0;
        }
    }

    @Test
    void aCallbackIsValidAsLongAsItsScope() {
        CallsBack calls = driver.bind(CallsBack.class);
        try (Arena scope = Arena.ofShared()) {
            calls.keep(driver.callback(Compare.class, (a, b) -> 7, scope));
            assertThat(calls.fire()).isEqualTo(7);
            assertThat(calls.fire_elsewhere()).isEqualTo(7);
            calls.keep(null);
        }
        assertThat(calls.fire()).isEqualTo(-77);
        Callback<Compare> dead;
        try (Arena scope = Arena.ofConfined()) {
            dead = driver.callback(Compare.class, (a, b) -> 7, scope);
        }
        assertThatThrownBy(() -> calls.keep(dead)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aLambdaThatCKeepsTooLongIsReportedAndNoCrash() {
        CallsBack calls = driver.bind(CallsBack.class);
        calls.keepLent((a, b) -> 5);
        assertThatThrownBy(calls::fire).isInstanceOf(IllegalStateException.class).hasMessageContaining("had returned");
        calls.keepLent(null);
    }

    interface Wrong {
        int widen(int a, int b);

        int length(int text);

        String fill(String text, byte c);

        MemorySegment add_points(long a, MemorySegment b);

        int sort(MemorySegment values, int n, IntBinaryOperator order);

        int try_both(Comparator<String> first, Callback<?> second);

        @Critical
        void keep(Compare order);

        double mean(int n, float more);

        int fire(int extra);

        int missing();
    }

    @Test
    void everyDifferenceIsSaidAtOnce() {
        InterfaceMismatchException wrong = catchThrowableOfType(InterfaceMismatchException.class, () -> driver.bind(Wrong.class));
        assertThat(wrong).hasMessageContaining("does not fit driver callbacks");
        assertThat(wrong.differences()).containsExactly(
                "add_points: C returns a struct by value; let the first parameter be a SegmentAllocator",
                "fill: result: C void, Java String; use void",
                "fill: parameter 1: C char *, Java String; use MemorySegment or long",
                "fill: parameter 2: C int, Java byte; use int",
                "fire: C has 0 parameters, Java 1: int fire(void)",
                "keep: a critical function must not call back",
                "length: result: C size_t, Java int; use long",
                "length: parameter 1: C const char *, Java int; use String, MemorySegment or long",
                "mean: parameter 2: float stands for C's three dots; use int, long, double, String or MemorySegment",
                "missing: driver callbacks exports no missing",
                "sort: parameter 3, its parameter 1: C const void *, Java int; use MemorySegment or long",
                "sort: parameter 3, its parameter 2: C const void *, Java int; use MemorySegment or long",
                "try_both: parameter 1, its parameter 1: C const void *, Java Object; use MemorySegment or long",
                "try_both: parameter 1, its parameter 2: C const void *, Java Object; use MemorySegment or long",
                "try_both: parameter 2: Callback needs its interface, Callback<Compare>",
                "widen: result: C unsigned long, Java int; use long",
                "widen: parameter 1: C unsigned long, Java int; use long");
    }

    /** What the JDK refuses without a parameter's name. */
    @Test
    void nullAndSegmentsOfTheHeapAreRefusedWithTheParameter() {
        Plain plain = driver.bind(Plain.class);
        MemorySegment heap = MemorySegment.ofArray(new byte[8]);
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment point = scope.allocate(8);
            assertThatThrownBy(() -> plain.fill(null, 1)).isInstanceOf(NullPointerException.class)
                    .hasMessage("fill: parameter 1 is null; MemorySegment.NULL is C's NULL");
            assertThatThrownBy(() -> plain.add_points(scope, point, null)).isInstanceOf(NullPointerException.class)
                    .hasMessage("add_points: parameter 2 is null; MemorySegment.NULL is C's NULL");
            assertThatThrownBy(() -> plain.add_points(scope, null, point)).isInstanceOf(NullPointerException.class)
                    .hasMessage("add_points: parameter 1 is null; C takes a struct by value");
            assertThatThrownBy(() -> plain.add_points(null, point, point)).isInstanceOf(NullPointerException.class)
                    .hasMessage("add_points: the SegmentAllocator is null");
            assertThatThrownBy(() -> plain.fill(heap, 1)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith("fill: parameter 1 is a segment of Java's heap");
            assertThat(plain.add_points(scope, heap, point).byteSize()).as("a struct by value may lie there").isEqualTo(8);
            assertThat(plain.lengthOfHeap(heap)).isZero();
            assertThatThrownBy(() -> plain.lengthOfHeap(null)).hasMessage("length: parameter 1 is null; MemorySegment.NULL is C's NULL");
            assertThat(plain.length(null)).as("a null String is NULL").isEqualTo(99);
            plain.fill(point, 'x');
            assertThat(point.get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 'x');
        }
    }

    interface Lines {
        void each_line(Consumer<String> line);

        @Symbol("each_line")
        void each(StringTaker line);

        @Declaration("void old(int")
        void old(int a);

        void by_value(Callback<PairTaker> kept);

        long nothing(long a);
    }

    interface StringTaker {
        void take(String line);
    }

    interface PairTaker {
        void take(MemorySegment pair);
    }

    @Test
    void whatIsAdvisedIsPossible() {
        Driver lines = loader.install(InstallManyTest.driver(folder, "lines", """
                struct pair { long a, b; };
                void each_line(void (*line)(const char *)) { line("one"); }
                void by_value(void (*take)(struct pair)) { (void)take; }
                BANOS_EXPORT(each_line); BANOS_EXPORT(by_value);
                """, "-g"));
        InstallManyTest.driver(folder, "untyped", "int old(int a) { return a; } BANOS_EXPORT(old);");
        Driver untyped = loader.install(folder.resolve("untyped.o"));
        InterfaceMismatchException wrong = catchThrowableOfType(InterfaceMismatchException.class, () -> lines.bind(Lines.class));
        assertThat(wrong.differences()).contains(
                "each_line: parameter 1, its parameter 1: C const char *, Java String; use MemorySegment or long",
                "by_value: parameter 1: a Callback cannot take a struct by value; let C pass a pointer to it, or give a lambda where C does"
                        + " not keep it");
        wrong = catchThrowableOfType(InterfaceMismatchException.class, () -> untyped.bind(Lines.class));
        assertThat(wrong.differences()).contains("old: @Declaration: prototype=void old(int has not the form \"int add(int, int)\"",
                "nothing: driver untyped exports no nothing");
        untyped.uninstall();
        lines.uninstall();
    }

    @Test
    void aMissingTypeIsToldFromMissingTypeInformation() {
        assertThat(driver.layout("struct point").byteSize()).isEqualTo(8);
        assertThatThrownBy(() -> driver.layout("point")).hasMessageEndingWith("there is no type information of point; ask for \"struct point\"");
        assertThatThrownBy(() -> driver.layout("struct nope")).isInstanceOf(LinkException.class)
                .hasMessageContaining("there is no type information of struct nope; what the object does not use")
                .hasMessageNotContaining("-gbtf");
        Driver untyped = loader.install(InstallManyTest.driver(folder, "untyped", ""));
        assertThatThrownBy(() -> untyped.layout("struct nope")).hasMessageEndingWith("compile with -gbtf or -g");
        untyped.uninstall();
    }

    interface Waiting {
        int try_both(CompareOrMinusOne first, CompareOrMinusOne second);
    }

    @Test
    void aDriverStaysWhileABoundCallIsUnderWay() {
        Driver second = loader.install(CCompiler.object(folder, "callbacks.c", "gcc", "-O1", "-g"));
        Waiting waiting = second.bind(Waiting.class);
        assertThatThrownBy(() -> waiting.try_both((a, b) -> {
            second.uninstall();
            return 0;
        }, (a, b) -> 0)).isInstanceOf(LinkException.class).hasMessageContaining("call under way");
        assertThat(waiting.try_both((a, b) -> 1, (a, b) -> 2)).isEqualTo(12);
        second.uninstall();
        assertThatThrownBy(() -> waiting.try_both((a, b) -> 1, (a, b) -> 2)).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void aMethodThatIsFirstCalledWhenItsDriverIsGoneSaysSo() {
        Driver second = loader.install(CCompiler.object(folder, "callbacks.c", "gcc", "-O1", "-g"));
        Waiting waiting = second.bind(Waiting.class);
        second.uninstall();
        assertThatThrownBy(() -> waiting.try_both((a, b) -> 1, (a, b) -> 2)).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("callbacks is uninstalled");
    }

    @Test
    void boundMethodsAndTheirCallbacksGoOnWithTheInstanceInTheDriversPlace() {
        Path file = CCompiler.object(folder, "callbacks.c", "gcc", "-O1", "-g");
        try (Loader replaceable = Loader.create(InstallPolicy.anyUser()).replaceable()) {
            Driver first = replaceable.install(file);
            Waiting waiting = first.bind(Waiting.class);
            assertThat(waiting.try_both((a, b) -> 1, (a, b) -> 2)).isEqualTo(12);
            Driver last = first.replaceWith(file).replaceWith(file);
            assertThat(replaceable.replaced()).isEmpty();
            assertThat(waiting.try_both((a, b) -> 3, (a, b) -> 4)).isEqualTo(34);
            last.uninstall();
            assertThatThrownBy(() -> waiting.try_both((a, b) -> 1, (a, b) -> 2)).isInstanceOf(IllegalStateException.class);
        }
    }

    interface Declared {
        @Declaration("int add(int, int)")
        int add(int a, int b);

        @Declaration("size_t length(const char *)")
        long length(String text);
    }

    interface DeclaredWrongly {
        @Declaration("int add(int, int)")
        long add(int a, int b);

        int both(boolean a, boolean b);
    }

    @Test
    void aDeclarationStandsInForTypeInformation() {
        Driver plain = loader.install(CCompiler.object(folder, "calculator.c", "gcc", "-O2"));
        Declared declared = plain.bind(Declared.class);
        assertThat(declared.add(40, 2)).isEqualTo(42);
        assertThat(declared.length("héllo")).isEqualTo(6);
        InterfaceMismatchException wrong = catchThrowableOfType(InterfaceMismatchException.class, () -> plain.bind(DeclaredWrongly.class));
        assertThat(wrong.differences()).hasSize(2).first().isEqualTo("add: result: C int, Java long; use int");
        assertThat(wrong.differences().get(1)).startsWith("both: no type information").contains("@Declaration");
        plain.uninstall();
        assertThatThrownBy(() -> declared.add(1, 2)).isInstanceOf(IllegalStateException.class);
    }

    @FunctionalInterface
    interface Notify {
        void notify(int x);
    }

    interface Twice extends Notify, AlsoNotify {
        @Override
        String toString();
    }

    interface AlsoNotify {
        void notify(int x);
    }

    /** Object has methods of that name, but not that one. */
    @Test
    void anInterfaceMayCallItsMethodAsObjectCallsAnother() {
        try (Arena scope = Arena.ofConfined()) {
            assertThat(driver.callback(Notify.class, x -> { }, scope).pointer().address()).isNotZero();
            assertThat(driver.callback(Twice.class, x -> { }, scope).pointer().address()).isNotZero();
        }
    }

    @Test
    void whatIsNoInterfaceIsRefused() {
        assertThatThrownBy(() -> driver.bind(String.class)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("String");
        assertThatThrownBy(() -> driver.bind(Runnable.class)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("java.lang.Runnable is in another module than the loader, module java.base; call bind(MethodHandles");
        assertThatThrownBy(() -> driver.bind(MethodHandles.publicLookup(), Plain.class)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("MethodHandles.lookup()");
        assertThat(driver.bind(MethodHandles.lookup(), Plain.class).widen(1, 1)).isEqualTo(2);
        assertThatThrownBy(() -> driver.callback(Plain.class, null, Arena.global())).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("no functional interface");
        assertThatThrownBy(() -> driver.callback(Compare.class, null, Arena.global())).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("function=null");
    }
}
