package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.bindings.Native;
import dev.banos.testing.OnX8664;
import java.io.IOException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Thread-local variables that drivers share: whoever reaches one, by whatever way the compiler chose, reaches that of its thread. */
class ThreadLocalExportTest extends InstallingTest {
    private static final String HEAD = """
            #include <banos/driver.h>
            #include <banos/export.h>
            #include <banos/print.h>
            """;
    private static final String INIT = "static int init(struct Banos_Driver *d) { (void)d; return 0; }\n";
    private static final String COUNTS = """
            static _Thread_local char before[40] __attribute__((aligned(32)));
            _Thread_local int count = 5;
            static _Thread_local long hidden = 70;
            long sum(void) { return count + hidden + before[3]; }
            int *here(void) { return &count; }
            BANOS_EXPORT(sum);
            BANOS_EXPORT(here);
            BANOS_EXPORT_THREAD_LOCAL(count);
            BANOS_EXPORT_THREAD_LOCAL_SYMBOL(secret, "hidden.of-all", "hidden", hidden);
            """;
    private static final String USES = """
            extern _Thread_local int count;
            static _Thread_local int own = 1000;
            int bump(void) { own++; return ++count; }
            int *seen(void) { return &count; }
            int owned(void) { return own; }
            BANOS_EXPORT(bump);
            BANOS_EXPORT(seen);
            BANOS_EXPORT(owned);
            """;
    private static final int THREADS = 4;

    /** Threads that run since before any driver was installed. */
    @AutoClose("shutdownNow")
    private final ExecutorService early = Executors.newFixedThreadPool(THREADS);

    @BeforeEach
    void startThreads() throws Exception {
        inEach(early, () -> 0);
    }

    /** Runs it once in each thread of the pool. */
    private static <T> List<T> inEach(ExecutorService threads, Callable<T> work) throws Exception {
        CyclicBarrier all = new CyclicBarrier(THREADS);
        List<Future<T>> running = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            running.add(threads.submit(() -> {
                all.await();
                return work.call();
            }));
        }
        List<T> results = new ArrayList<>();
        for (Future<T> each : running) {
            results.add(each.get());
        }
        return results;
    }

    private static String driver(String name, String fields, String code) {
        return HEAD + code + """
                BANOS_DRIVER_API struct Banos_Driver driver = { .driver_size = sizeof(struct Banos_Driver),
                    .minimal_banos_version = BANOS_VERSION_CURRENT, .name = "NAME", .init = init, FIELDS };
                """.replace("NAME", name).replace("FIELDS", fields);
    }

    private Path compiled(String name, String suffix, String code, String compiler, String... flags) {
        CCompiler.requireProgram(compiler);
        try {
            Path source = Files.writeString(folder.resolve(name + suffix), code);
            Path object = folder.resolve(name + ".o");
            List<String> command = new ArrayList<>(List.of(compiler, "-Wall", "-Werror", "-I", "src/main/include", "-c", "-o",
                    object.toString(), source.toString()));
            command.addAll(List.of(flags));
            CCompiler.run(command);
            return object;
        } catch (IOException failed) {
            throw new AssertionError(failed);
        }
    }

    private Path c(String name, String code, String... flags) {
        return compiled(name, ".c", driver(name, "", INIT + code), "gcc", flags);
    }

    private static int call(Driver driver, String function) {
        return Integer.parseInt(Prototype.parse("int " + function + "(void)").call(driver, List.of()));
    }

    private static long pointer(Driver driver, String function) {
        try {
            return ((MemorySegment) driver.handle(function, FunctionDescriptor.of(ValueLayout.ADDRESS)).invokeExact()).address();
        } catch (Throwable thrown) {
            throw new AssertionError(thrown);
        }
    }

    private static int intAt(MemorySegment pointer) {
        return Native.segment(pointer.address(), 4).get(ValueLayout.JAVA_INT, 0);
    }

    @ParameterizedTest
    @CsvSource({
        "gcc, -O2, gcc, -O2",
        "gcc, -O2, gcc, -O2 -fPIC",
        "gcc, -O2 -fno-pic, gcc, -O2 -fno-pic",
        "gcc, -O2 -fPIC -fvisibility=hidden -fdata-sections -gz, gcc, -Os -fPIC",
        "gcc, -O2 -fPIC, gcc, -O2 -fPIC",
        "gcc, -O0 -fPIC, gcc, -O0 -fPIC -ftls-model=global-dynamic",
        "gcc, -O2 -fPIC -ftls-model=initial-exec, gcc, -O2 -fPIC -ftls-model=initial-exec",
        "gcc, -O2 -fPIE, gcc, -O2 -ftls-model=local-exec",
        "gcc, -O2 -fPIC -mtls-dialect=gnu2, gcc, -O2 -fPIC -mtls-dialect=gnu2",
        "gcc, -O2 -fPIC, gcc, -O1 -fPIC -fno-plt",
        "gcc, -O2 -mcmodel=large, gcc, -O2 -fPIC -mcmodel=large",
        "clang, -O2, gcc, -O2",
        "gcc, -O2, clang, -O2",
        "clang, -O2 -fPIC, clang, -O2 -fPIC",
        "clang, -O0 -fno-pic, clang, -O0",
        "clang, -O2 -fPIC -ftls-model=local-dynamic, clang, -O2 -fPIC -fno-plt",
    })
    @OnX8664
    void everyThreadSeesItsOwn(String exporter, String exporterFlags, String importer, String importerFlags) throws Exception {
        Driver counts = loader.install(compiled("counts", ".c", driver("counts", "", INIT + COUNTS), exporter, exporterFlags.split(" ")));
        Driver uses = loader.install(compiled("uses", ".c", driver("uses", "", INIT + USES), importer, importerFlags.split(" ")));
        assertThat(uses.dependencies()).containsExactly(counts);
        Callable<List<Long>> check = () -> {
            assertThat(call(uses, "bump")).isEqualTo(6);
            assertThat(call(uses, "bump")).isEqualTo(7);
            assertThat(call(counts, "sum")).isEqualTo(77);
            assertThat(call(uses, "owned")).isEqualTo(1002);
            long here = pointer(counts, "here");
            assertThat(pointer(uses, "seen")).isEqualTo(here);
            MemorySegment ofJava = counts.export("count").address();
            assertThat(ofJava.address()).isEqualTo(here);
            assertThat(intAt(ofJava)).isEqualTo(7);
            assertThat(Native.segment(counts.export("hidden.of-all").address().address(), 8).get(ValueLayout.JAVA_LONG, 0)).isEqualTo(70);
            return List.of(here);
        };
        assertThat(inEach(early, check)).doesNotHaveDuplicates();
        try (ExecutorService late = Executors.newFixedThreadPool(THREADS)) {
            assertThat(inEach(late, check)).doesNotHaveDuplicates();
        }
    }

    /** A prefix between REX.W and the opcode leaves a call its operand size of 16 bits, which some processors obey. */
    @ParameterizedTest
    @CsvSource({"gcc", "clang"})
    @OnX8664
    void theCallWithoutAPltKeepsItsOperandSizePrefixHarmless(String compiler) {
        loader.install(c("counts", COUNTS, "-O2", "-fPIC"));
        Driver user = loader.install(compiled("uses", ".c", driver("uses", "", INIT + USES), compiler, "-O2", "-fPIC", "-fno-plt"));
        MemorySegment seen = user.export("seen").address();
        byte[] code = Native.segment(seen.address(), 48).toArray(ValueLayout.JAVA_BYTE);
        assertThat(HexFormat.of().formatHex(code)).contains("66488d3d").contains("666648e8").doesNotContain("664867e8");
    }

    /** Also where a thread of C's own was there before. */
    @Test
    void aThreadThatADriverHasStartedSeesItsOwn() throws Exception {
        Driver worker = loader.install(compiled("worker", ".c", driver("worker", ".uninit = uninit", """
                #include <pthread.h>
                static pthread_t thread;
                static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
                static pthread_cond_t change = PTHREAD_COND_INITIALIZER;
                static int (*work)(void), result, over;
                static void *run(void *nothing) {
                    pthread_mutex_lock(&lock);
                    while (!over) {
                        if (work) { result = work(); work = 0; pthread_cond_broadcast(&change); }
                        pthread_cond_wait(&change, &lock);
                    }
                    pthread_mutex_unlock(&lock);
                    return nothing;
                }
                int order(int (*f)(void)) {
                    pthread_mutex_lock(&lock);
                    work = f;
                    pthread_cond_broadcast(&change);
                    while (work) { pthread_cond_wait(&change, &lock); }
                    int got = result;
                    pthread_mutex_unlock(&lock);
                    return got;
                }
                BANOS_EXPORT(order);
                static int init(struct Banos_Driver *d) { (void)d; return -pthread_create(&thread, 0, run, 0); }
                static int uninit(struct Banos_Driver *d) {
                    (void)d;
                    pthread_mutex_lock(&lock);
                    over = 1;
                    pthread_cond_broadcast(&change);
                    pthread_mutex_unlock(&lock);
                    return -pthread_join(thread, 0);
                }
                """), "gcc", "-O2"));
        loader.install(c("counts", COUNTS, "-O2", "-fPIC"));
        Driver uses = loader.install(c("uses", USES + "int order(int (*)(void)); int there(void) { return order(bump); } BANOS_EXPORT(there);",
                "-O2", "-fPIC"));
        assertThat(call(uses, "bump")).isEqualTo(6);
        assertThat(call(uses, "bump")).isEqualTo(7);
        assertThat(call(uses, "there")).isEqualTo(6);
        assertThat(call(uses, "there")).isEqualTo(7);
        assertThat(uses.dependencies()).contains(worker);
    }

    /** C++ makes such a variable ready when a thread first uses it, wherever that is. */
    @ParameterizedTest
    @CsvSource({"g++, g++", "g++, clang++", "clang++, g++", "clang++, clang++"})
    void anInitialiserOfCppRunsInEachThread(String exporter, String importer) throws Exception {
        CCompiler.requireProgram(exporter);
        CCompiler.requireProgram(importer);
        String tail = """
                static int init(Banos_Driver *) { return 0; }
                BANOS_DRIVER_API Banos_Driver driver = { sizeof(Banos_Driver), BANOS_VERSION_CURRENT, "NAME", nullptr, 0, init, nullptr };
                """;
        String types = "struct Ready { int value; Ready(); };\n";
        Path made = compiled("ready", ".cpp", HEAD + types + """
                static int made;
                static int step() { return 100 + __atomic_add_fetch(&made, 1, __ATOMIC_SEQ_CST); }
                Ready::Ready() : value(step()) { }
                thread_local Ready ready;
                namespace space { thread_local int plain = 3; thread_local int started = step() * 1000; }
                extern "C" int how_many() { return made; }
                BANOS_EXPORT(how_many);
                BANOS_EXPORT_THREAD_LOCAL(ready);
                BANOS_EXPORT_THREAD_LOCAL_SYMBOL(plain, "_ZN5space5plainE", "_ZN5space5plainE", space::plain);
                BANOS_EXPORT_THREAD_LOCAL_SYMBOL(started, "_ZN5space7startedE", "_ZN5space7startedE", space::started);
                """ + tail.replace("NAME", "ready"), exporter, "-O2", "-fPIC", "-std=c++17");
        Path user = compiled("user", ".cpp", HEAD + types + """
                extern thread_local Ready ready;
                namespace space { extern thread_local int plain, started; }
                extern "C" int get() { return ready.value; }
                extern "C" int get_started() { return space::started; }
                extern "C" int plain() { return ++space::plain; }
                BANOS_EXPORT(get);
                BANOS_EXPORT(get_started);
                BANOS_EXPORT(plain);
                """ + tail.replace("NAME", "user"), importer, "-O1", "-fPIC", "-std=c++17");
        List<Driver> drivers = loader.install(List.of(user, made));
        assertThat(drivers).extracting(Driver::name).containsExactly("ready", "user");
        assertThat(call(drivers.get(0), "how_many")).as("nothing has run before somebody asks").isZero();
        List<Integer> values = inEach(early, () -> {
            assertThat(call(drivers.get(1), "plain")).isEqualTo(4);
            int value = call(drivers.get(1), "get");
            assertThat(call(drivers.get(1), "get")).isEqualTo(value);
            assertThat(call(drivers.get(1), "get_started") % 1000).isZero();
            return value;
        });
        assertThat(values).doesNotHaveDuplicates().allMatch(value -> value > 100);
        assertThat(call(drivers.get(0), "how_many")).isEqualTo(2 * THREADS);
        MemorySegment mine = drivers.get(0).export("_ZN5space7startedE").address();
        assertThat(intAt(mine)).isGreaterThan(100_000);
        assertThat(call(drivers.get(0), "how_many")).isEqualTo(2 * THREADS + 2);
    }

    @Test
    void theOwnerStaysAsLongAsItIsNeededAndFreesItsPlaceAfterwards() {
        Path counts = c("counts", COUNTS, "-O2");
        Path uses = c("uses", USES, "-O2");
        for (int round = 0; round < 200; round++) { // a block that stayed would use up what glibc keeps for them
            Driver owner = loader.install(counts);
            Driver user = loader.install(uses);
            assertThat(call(user, "bump")).isEqualTo(6);
            assertThatThrownBy(owner::uninstall).isInstanceOf(LinkException.class).hasMessageContaining("is needed by uses");
            user.uninstall();
            Export count = owner.export("count");
            MemorySegment pointer = count.address();
            owner.uninstall();
            assertThatThrownBy(count::address).isInstanceOf(IllegalStateException.class).hasMessageContaining("uninstalled");
            assertThat(pointer.scope().isAlive()).isFalse();
        }
    }

    @Test
    void theYoungestComesFirstUnlessAnotherIsNamed() {
        Driver old = loader.install(c("old", "_Thread_local int count = 5; BANOS_EXPORT_THREAD_LOCAL(count);", "-O2"));
        Driver young = loader.install(c("young", "static _Thread_local int other = 50;"
                + " BANOS_EXPORT_THREAD_LOCAL_SYMBOL(x, \"count\", \"other\", other);", "-O2"));
        Driver plain = loader.install(c("plain", USES, "-O2"));
        assertThat(call(plain, "bump")).isEqualTo(51);
        assertThat(plain.dependencies()).containsExactly(young);
        Driver choosy = loader.install(c("choosy", USES + "BANOS_NEEDS(old, \"old\");", "-O2"));
        assertThat(call(choosy, "bump")).isEqualTo(6);
        assertThat(choosy.dependencies()).containsExactly(old);
    }

    /** The installing thread's name look-up gives that thread's; the driver counts as needed. */
    @Test
    void aLookUpByNameFindsTheCallersVariable() throws Exception {
        Driver counts = loader.install(c("counts", COUNTS, "-O2"));
        Driver asks = loader.install(compiled("asks", ".c", driver("asks", "", """
                static int init(struct Banos_Driver *d) { (void)d; return banos_lookup_symbol("count") ? 0 : -2; }
                void *ask(void) { return banos_lookup_symbol("count"); }
                BANOS_EXPORT(ask);
                """), "gcc", "-O2"));
        assertThat(asks.dependencies()).containsExactly(counts);
        assertThat(inEach(early, () -> {
            assertThat(pointer(asks, "ask")).isEqualTo(pointer(counts, "here"));
            return pointer(asks, "ask");
        })).doesNotHaveDuplicates();
    }

    @Test
    void aDeclarationOfTheOtherKindIsRefused() {
        loader.install(c("counts", COUNTS + "int ordinary = 1; BANOS_EXPORT(ordinary);", "-O2"));
        Path ordinary = c("ordinary", "extern int count; int get(void) { return count; }", "-O2");
        assertThatThrownBy(() -> loader.install(ordinary)).isInstanceOf(LinkException.class).hasMessage(ordinary
                + ": count of driver counts is thread-local, and declared here as if it were not; declare it with _Thread_local");
        Path local = c("local", "extern _Thread_local int ordinary; int get(void) { return ordinary; }", "-O2");
        assertThatThrownBy(() -> loader.install(local)).isInstanceOf(LinkException.class)
                .hasMessageContaining("ordinary of driver counts is not thread-local").hasMessageContaining("BANOS_EXPORT_THREAD_LOCAL");
        Path lost = c("lost", "extern _Thread_local int lost; int get(void) { return lost; }", "-O2");
        assertThatThrownBy(() -> loader.install(lost)).isInstanceOf(LinkException.class)
                .hasMessage(lost + ": missing import: lost; install the driver that exports it first");
        assertThat(loader.drivers()).extracting(Driver::name).containsExactly("counts");
    }

    @Test
    void aDifferentTypeIsRefused() {
        loader.install(c("counts", COUNTS, "-O2", "-g"));
        Path wide = c("wide", "extern _Thread_local long count; long get(void) { return count; }", "-O2", "-g");
        assertThatThrownBy(() -> loader.install(wide)).isInstanceOf(LinkException.class)
                .hasMessageContaining("driver wide declares long count, but driver counts defines int count");
    }

    /** A block lies anywhere unless its own code wants otherwise: there is room for few at a fixed distance. */
    @Test
    @OnX8664
    void aVariableAtNoFixedDistanceIsRefusedWhereTheCodeWantsOne() {
        String wide = "_Thread_local char wide_here[100000]; BANOS_EXPORT_THREAD_LOCAL(wide_here);";
        String user = "extern _Thread_local char wide_here[]; int touch(void) { return ++wide_here[99999]; } BANOS_EXPORT(touch);";
        Path exporter = c("exporter", wide, "-O2", "-fPIC");
        loader.install(exporter);
        Path near = c("near", user, "-O2");
        assertThatThrownBy(() -> loader.install(near)).isInstanceOf(LinkException.class).hasMessageStartingWith(near + ": thread-local"
                + " variable wide_here of " + exporter + " is at no fixed distance").hasMessageContaining("-fPIC");
        Driver far = loader.install(c("far", user, "-O2", "-fPIC"));
        assertThat(call(far, "touch")).isEqualTo(1);
        assertThat(call(far, "touch")).isEqualTo(2);
        Path fixed = c("fixed", wide, "-O2");
        assertThatThrownBy(() -> loader.install(fixed)).isInstanceOf(LinkException.class).hasMessageContaining("no room for 100000 bytes");
    }

    interface Count {
        int count();
    }

    @Test
    void itIsNoFunctionAndNoVirtualThreadHasOne() throws Exception {
        Driver counts = loader.install(c("counts", COUNTS + "int ordinary = 1; BANOS_EXPORT(ordinary);", "-O2"));
        Export count = counts.export("count");
        assertThat(count.isThreadLocal()).isTrue();
        assertThat(counts.export("sum").isThreadLocal()).isFalse();
        FunctionDescriptor type = FunctionDescriptor.of(ValueLayout.JAVA_INT);
        assertThatThrownBy(() -> count.handle(type)).isInstanceOf(LinkException.class)
                .hasMessageContaining("count of driver counts is no function but a thread-local variable");
        assertThatThrownBy(() -> counts.handle("ordinary", type)).isInstanceOf(LinkException.class)
                .hasMessageContaining("is no function but a variable");
        assertThatThrownBy(() -> counts.bind(Count.class)).isInstanceOf(InterfaceMismatchException.class)
                .hasMessageContaining("count: count of driver counts is no function but a thread-local variable");
        List<Throwable> thrown = new ArrayList<>();
        Thread.ofVirtual().start(() -> {
            try {
                count.address();
            } catch (IllegalStateException refused) {
                thrown.add(refused);
            }
        }).join();
        assertThat(thrown).hasSize(1);
        assertThat(thrown.getFirst()).hasMessageContaining("name=count").hasMessageContaining("virtual");
    }

    @Test
    void aReplacementKeepsTheKindAndWaitsForUsers() {
        loader.replaceable();
        Driver counts = loader.install(c("counts", COUNTS, "-O2", "-fPIC"));
        Path again = c("counts", COUNTS.replace("count = 5", "count = 50"), "-O2", "-fPIC");
        Driver next = counts.replaceWith(again);
        assertThat(intAt(next.export("count").address())).isEqualTo(50);
        Path ordinary = compiled("ordinary", ".c", driver("counts", "", INIT + COUNTS.replace("_Thread_local int", "int")
                .replace("BANOS_EXPORT_THREAD_LOCAL(count)", "BANOS_EXPORT(count)")), "gcc", "-O2");
        assertThatThrownBy(() -> next.replaceWith(ordinary)).isInstanceOf(LinkException.class)
                .hasMessageContaining("count was a thread-local variable, and is a variable there");
        Driver uses = loader.install(c("uses", USES, "-O2", "-fPIC"));
        assertThatThrownBy(() -> next.replaceWith(again)).isInstanceOf(LinkException.class)
                .hasMessageContaining("its variable count is used by uses");
        assertThat(call(uses, "bump")).isEqualTo(51);
        uses.uninstall();
        next.replaceWith(again);
    }

    @Test
    @OnX8664
    void aTableThatSaysSomethingElseThanTheObjectIsRefused() {
        Path nowhere = c("nowhere", "static _Thread_local int there; BANOS_EXPORT_THREAD_LOCAL_SYMBOL(x, \"x\", \"elsewhere\", there);", "-O2");
        assertThatThrownBy(() -> loader.install(nowhere)).isInstanceOf(LinkException.class)
                .hasMessageContaining(".banos-export-tls").hasMessageContaining("entry 0: this driver has no thread-local variable elsewhere")
                .hasMessageEndingWith("there is there");
        Path ordinary = c("ordinary", "int there; BANOS_EXPORT_THREAD_LOCAL(there);", "-O2");
        assertThatThrownBy(() -> loader.install(ordinary)).isInstanceOf(LinkException.class)
                .hasMessageContaining("this driver has no thread-local variable there");
        Path imported = c("imported", "extern _Thread_local int there; BANOS_EXPORT_THREAD_LOCAL(there);", "-O2");
        Path owner = c("owner", "_Thread_local int there; BANOS_EXPORT_THREAD_LOCAL(there);", "-O2");
        loader.install(owner);
        assertThatThrownBy(() -> loader.install(imported)).isInstanceOf(LinkException.class)
                .hasMessageContaining("this driver has no thread-local variable there");
        Path twice = c("twice", COUNTS + "BANOS_EXPORT_SYMBOL(again, \"count\", sum);", "-O2");
        assertThatThrownBy(() -> loader.install(twice)).isInstanceOf(LinkException.class)
                .hasMessageContaining("a second export of the name count");
        Path nameless = c("nameless", "static _Thread_local int there; BANOS_EXPORT_THREAD_LOCAL_SYMBOL(x, 0, \"there\", there);", "-O2");
        assertThatThrownBy(() -> loader.install(nameless)).isInstanceOf(LinkException.class).hasMessageContaining("needs a name");
        Path empty = c("empty", "_Thread_local struct {} none; BANOS_EXPORT_THREAD_LOCAL(none);", "-O2");
        assertThatThrownBy(() -> loader.install(empty)).isInstanceOf(LinkException.class)
                .hasMessageContaining("entry 0: thread-local variable none has no bytes").hasMessageEndingWith("give it a member");
        Path half = c("half", "__attribute__((section(\".banos-export-tls\"), used)) static const char *half[2] = { \"a\", \"b\" };", "-O2");
        assertThatThrownBy(() -> loader.install(half)).isInstanceOf(LinkException.class)
                .hasMessageContaining("its 16 bytes are no array of struct Banos_Thread_Local, which has 24");
        assertThat(loader.drivers()).extracting(Driver::name).containsExactly("owner");
    }

    /** Of a driver that is made of several objects, any may have the variable that the table names. */
    @Test
    void anArchivesMemberMayHaveTheVariable() {
        Path main = c("main", "extern _Thread_local int inside; int get(void) { return ++inside; } BANOS_EXPORT(get);"
                + " BANOS_EXPORT_THREAD_LOCAL(inside);", "-O2", "-fPIC");
        Path part = compiled("part", ".c", "static _Thread_local long first = 1; _Thread_local int inside = 8; long part(void) { return first; }",
                "gcc", "-O2", "-fPIC");
        Path archive = folder.resolve("libboth.a");
        CCompiler.run(List.of("ar", "rcs", archive.toString(), main.toString(), part.toString()));
        Driver driver = loader.install(archive);
        assertThat(call(driver, "get")).isEqualTo(9);
        assertThat(intAt(driver.export("inside").address())).isEqualTo(9);
        Driver other = loader.install(c("other", "extern _Thread_local int inside; int more(void) { return ++inside; } BANOS_EXPORT(more);",
                "-O2", "-fPIC"));
        assertThat(call(other, "more")).isEqualTo(10);
    }

    /** Told of objects for other machines as well, which are not run. */
    @ParameterizedTest
    @CsvSource({"gcc", "aarch64-linux-gnu-gcc", "riscv64-linux-gnu-gcc"})
    void theFileSaysWhatItIs(String compiler) {
        Path file = compiled("counts", ".c", driver("counts", "", INIT + COUNTS), compiler, "-O2", "-fPIC", "-g");
        ObjectInfo info = ObjectInfo.read(file);
        assertThat(info.exports()).filteredOn(ObjectInfo.ExportedName::threadLocal).extracting(ObjectInfo.ExportedName::name)
                .containsExactlyInAnyOrder("count", "hidden.of-all");
        assertThat(info.toText()).contains("exports   int count (thread-local)\n");
        assertThat(info.toJson()).contains("\"name\":\"count\",\"symbol\":\"count\",\"threadLocal\":true");
        assertThat(OfflineLinker.at(1L << 32).phonyImports().link(file).mapJson()).contains(".banos-export-tls");
    }
}
