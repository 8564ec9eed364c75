package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.testing.ChildJvm;
import dev.banos.testing.ChildProcess;
import dev.banos.testing.RunsObjects;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import javax.management.JMException;
import javax.management.ObjectName;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What code of modules runs last, when threads or the process end, and what it can still call. Each in a process of its own. */
@RunsObjects
class LastCallsTest {
    private static final String HEAD = """
            #include <banos/driver.h>
            #include <banos/export.h>
            #include <banos/malloc.h>
            #include <banos/print.h>
            #include <stdlib.h>
            #include <string.h>
            #include <unistd.h>
            extern void *__dso_handle;
            int __cxa_thread_atexit_impl(void (*)(void *), void *, void *);
            static inline void say(const char *text) { if (write(1, text, strlen(text)) < 0) { abort(); } }
            """;
    private static final String TAIL = """
            BANOS_DRIVER_API struct Banos_Driver driver = { .driver_size = sizeof(struct Banos_Driver),
                .minimal_banos_version = BANOS_VERSION_CURRENT, .name = NAME, .init = init };
            """;
    /** Calls the host when the process ends. */
    private static final String LATE = HEAD + """
            static void *block;
            static void bye(void) {
                banos_free(block);
                banos_dprintln("printed at the end");
                void *none = banos_malloc(10);
                say(none ? "bye: memory\\n" : "bye: none\\n");
            }
            static int init(struct Banos_Driver *d) { (void)d; block = banos_malloc(100); return atexit(bye); }
            int anything(void) { return 5; }
            BANOS_EXPORT(anything);
            """ + "#define NAME \"late\"\n" + TAIL;
    /** Calls the host, and another driver where there is one, when a thread ends. */
    private static final String OF_THREADS = HEAD + """
            int helped(void) __attribute__((weak));
            static void gone(void *block) {
                banos_free(block);
                say(helped && helped() == 7 ? "gone, helped\\n" : "gone\\n");
            }
            static int init(struct Banos_Driver *d) { (void)d; return 0; }
            int touch(void) { return __cxa_thread_atexit_impl(gone, banos_malloc(100), &__dso_handle); }
            BANOS_EXPORT(touch);
            """ + "#define NAME \"threads\"\n" + TAIL;
    private static final String HELPER = HEAD + """
            int inner(void);
            int helped(void) { return inner(); }
            BANOS_EXPORT(helped);
            static int init(struct Banos_Driver *d) { (void)d; return 0; }
            """ + "#define NAME \"helper\"\n" + TAIL;
    private static final String INNER = HEAD + """
            int inner(void) { return 7; }
            BANOS_EXPORT(inner);
            static int init(struct Banos_Driver *d) { (void)d; return 0; }
            """ + "#define NAME \"inner\"\n" + TAIL;

    @TempDir
    Path folder;

    private Path compiled(String file, String code) {
        return CCompiler.compile(folder, "gcc -O1 -fPIC", file, code);
    }

    /** However the JVM ends; and where the loader was closed before, C's part of the end was as well. */
    @ParameterizedTest
    @CsvSource({"return, 0, none", "exit, 0, none", "halt, 0, none", "term, 143, none", "close, 0, memory"})
    void functionsAtTheEndOfTheProcessDoWithoutTheHost(String how, int status, String expected) throws Exception {
        ChildProcess child = ChildJvm.run(List.of(), Ends.class, how, compiled("late.c", LATE).toString());
        assertThat(child.output()).contains("bye: " + expected).doesNotContain("fatal error", "upcallLinker");
        assertThat(child.status()).isEqualTo(status);
        assertThat(child.output().contains("printed at the end")).isEqualTo(how.equals("close"));
    }

    /** Ends as the first argument says, with the driver of the second installed. */
    static final class Ends {
        private Ends() {
        }

        public static void main(String[] args) throws Exception {
            Loader loader = Loader.create(InstallPolicy.anyUser(), System.out::println);
            loader.install(Path.of(args[1]));
            switch (args[0]) {
                case "exit" -> System.exit(0);
                case "halt" -> Runtime.getRuntime().halt(0);
                case "term" -> {
                    new ProcessBuilder("kill", "-TERM", Long.toString(ProcessHandle.current().pid())).start();
                    new CountDownLatch(1).await();
                }
                case "close" -> loader.close();
                default -> {
                }
            }
        }
    }

    /** 600,000 functions that C holds for a while: had it kept 32 bytes for each, its heap would have grown by 19 MB. */
    @Test
    void nothingOfAnUninstalledDriverStaysInCsList() throws Exception {
        String code = HEAD + """
                #include <malloc.h>
                static int ran;
                static void bye(void) { void *block = banos_malloc(10); ran += block != 0; banos_free(block); }
                static void last(void) { if (ran != 2000) { say("without the host\\n"); } }
                static int init(struct Banos_Driver *d) {
                    (void)d;
                    int failed = atexit(last);
                    for (int i = 0; i < 2000; i++) { failed |= atexit(bye); }
                    return failed;
                }
                long heap(void) { return (long)mallinfo2().uordblks; }
                BANOS_EXPORT(heap);
                """ + "#define NAME \"many\"\n" + TAIL;
        ChildProcess child = ChildJvm.run(List.of(), Again.class, compiled("many.c", code).toString());
        assertThat(child.status()).as(child.output()).isZero();
        assertThat(Long.parseLong(child.output().strip())).isLessThan(8 << 20);
    }

    /** Prints by how much C's heap grows while a driver is installed and uninstalled. */
    static final class Again {
        private Again() {
        }

        public static void main(String[] args) {
            long first = 0;
            long last = 0;
            try (Loader loader = Loader.create(InstallPolicy.anyUser())) {
                for (int i = 0; i < 320; i++) {
                    Driver driver = loader.install(Path.of(args[0]));
                    last = Long.parseLong(Prototype.parse("long heap(void)").call(driver, List.of()));
                    first = i == 20 ? last : first;
                    loader.uninstall(driver);
                }
            }
            System.out.println(last - first);
        }
    }

    /** The thread outlives drivers and loader: what its destructors need stays, and goes once they have run. */
    @ParameterizedTest
    @CsvSource({"false, false", "true, false", "true, true"})
    void threadsRunTheirDestructorsAfterTheClose(boolean others, boolean replaceable) throws Exception {
        String files = others ? compiled("inner.c", INNER) + " " + compiled("helper.c", HELPER) + " " : "";
        ChildProcess child = ChildJvm.run(List.of(), Outlives.class, replaceable + " " + files + compiled("threads.c", OF_THREADS));
        assertThat(child.output()).contains(others ? "gone, helped" : "gone").contains("mapped true", "mapped false");
        assertThat(child.status()).isZero();
    }

    static final class Outlives {
        private Outlives() {
        }

        public static void main(String[] args) throws Exception {
            List<String> words = List.of(args[0].split(" "));
            Loader loader = Loader.create(InstallPolicy.anyUser());
            if (Boolean.parseBoolean(words.getFirst())) {
                loader.replaceable();
            }
            words.subList(1, words.size()).forEach(file -> loader.install(Path.of(file)));
            CountDownLatch touched = new CountDownLatch(1);
            CountDownLatch closed = new CountDownLatch(1);
            Thread thread = Thread.ofPlatform().start(() -> {
                touch(loader.find("threads"));
                touched.countDown();
                try {
                    closed.await();
                } catch (InterruptedException interrupted) {
                    Thread.currentThread().interrupt();
                }
            });
            touched.await();
            List<Long> bases = loader.drivers().stream().map(driver -> ProcessMaps.mark(driver.base())).toList();
            loader.close();
            System.out.println("mapped " + bases.stream().allMatch(ProcessMaps::isStillMapped));
            closed.countDown();
            thread.join();
            boolean any = true;
            for (int i = 0; i < 500 && any; i++) { // Java's join returns before the thread is gone as C knows it
                Thread.sleep(10);
                Loader.create(InstallPolicy.anyUser()).close(); // what was left is looked after at the next close
                any = bases.stream().anyMatch(ProcessMaps::isStillMapped);
            }
            System.out.println("mapped " + any);
        }
    }

    /** The files of objects are of megabytes, and a thread may live for days. */
    @Test
    void whatIsLeftToAThreadHoldsNoObjects() throws Exception {
        List<String> softReferencesGoAtOnce = List.of("-XX:SoftRefLRUPolicyMSPerMB=0");
        ChildProcess child = ChildJvm.run(softReferencesGoAtOnce, Left.class, compiled("threads.c", OF_THREADS).toString());
        assertThat(child.output()).contains("mapped true", "objects true before, false after");
        assertThat(child.status()).isZero();
    }

    static final class Left {
        private Left() {
        }

        public static void main(String[] args) throws Exception {
            Loader loader = Loader.create(InstallPolicy.anyUser());
            long base = ProcessMaps.mark(loader.install(Path.of(args[0])).base());
            CountDownLatch touched = new CountDownLatch(1);
            CountDownLatch looked = new CountDownLatch(1);
            Thread thread = Thread.ofPlatform().start(() -> {
                touch(loader.find("threads"));
                touched.countDown();
                try {
                    looked.await();
                } catch (InterruptedException interrupted) {
                    Thread.currentThread().interrupt();
                }
            });
            touched.await();
            boolean before = hasObjects();
            loader.close();
            System.out.println("mapped " + ProcessMaps.isStillMapped(base));
            System.out.println("objects " + before + " before, " + hasObjects() + " after");
            looked.countDown();
            thread.join();
        }

        /** Whether Java's heap has any. The age of a soft reference, even so, is that at the collection before. */
        private static boolean hasObjects() throws JMException {
            System.gc();
            System.gc();
            Object histogram = ManagementFactory.getPlatformMBeanServer().invoke(new ObjectName("com.sun.management:type=DiagnosticCommand"),
                    "gcClassHistogram", new Object[] {new String[0]}, new String[] {String[].class.getName()});
            return histogram.toString().contains("dev.banos.loader.link.LinkedObject");
        }
    }

    private static void touch(Driver driver) {
        assertThat(Prototype.parse("int touch(void)").call(driver, List.of())).isEqualTo("0");
    }

    /** That thread ends when the JVM is gone, and runs its destructors then. */
    @ParameterizedTest
    @CsvSource({"true", "false"})
    void theThreadThatEndsTheJvmRunsItsDestructors(boolean close) throws Exception {
        ChildProcess child = ChildJvm.run(List.of(), Main.class, Boolean.toString(close), compiled("threads.c", OF_THREADS).toString());
        assertThat(child.output()).contains("gone").doesNotContain("fatal error");
        assertThat(child.status()).isZero();
    }

    static final class Main {
        private Main() {
        }

        public static void main(String[] args) {
            Loader loader = Loader.create(InstallPolicy.anyUser());
            touch(loader.install(Path.of(args[1])));
            if (Boolean.parseBoolean(args[0])) {
                loader.close();
            }
        }
    }

    /** A close behind the driver's own end of its thread leaves nothing: a loader's scope goes with it, as its own does without any. */
    @Test
    void nothingIsLeftWhereNoThreadWaits() throws Exception {
        Path file = compiled("threads.c", OF_THREADS);
        Loader loader = Loader.create(InstallPolicy.anyUser());
        Driver driver = loader.install(file);
        long base = ProcessMaps.mark(driver.base());
        Thread thread = Thread.ofPlatform().start(() -> touch(driver));
        thread.join();
        for (int i = 0; i < 500 && ProcessMaps.isStillMapped(base); i++) {
            Thread.sleep(10);
            if (driver.isInstalled()) {
                loader.close();
            }
            Loader.create(InstallPolicy.anyUser()).close();
        }
        assertThat(ProcessMaps.isStillMapped(base)).isFalse();
    }

    /** As where a program of the same code ends. */
    @Test
    void stopFunctionsRunInAProgramsOrder() throws IOException {
        String code = """
                #include <stdlib.h>
                #include <unistd.h>
                #include <string.h>
                static void say(const char *text) { if (write(1, text, strlen(text)) < 0) { abort(); } }
                struct Static { const char *name; ~Static() { say(name); } };
                static Static plain = {"~static "};
                __attribute__((init_priority(200))) static Static early = {"~static200 "};
                __attribute__((destructor)) static void destructor() { say("destructor "); }
                __attribute__((destructor(101))) static void destructor101() { say("destructor101 "); }
                __attribute__((constructor)) static void constructor() { atexit([] { say("atexit of a constructor "); }); }
                extern "C" int start() { return atexit([] { say("atexit "); }); }
                """;
        Path object = CCompiler.compile(folder, "g++ -O1", "order.cc", code);
        Path main = CCompiler.compile(folder, "gcc -O1", "main.c", "int start(void); int main(void) { return start(); }");
        CCompiler.run(List.of("g++", "-o", folder.resolve("program").toString(), main.toString(), object.toString()));
        String expected = CCompiler.run(List.of(folder.resolve("program").toString()));
        ChildProcess child = run(Order.class, object);
        assertThat(child.output()).isEqualTo(expected);
    }

    private static ChildProcess run(Class<?> main, Path object) throws IOException {
        try {
            return ChildJvm.run(List.of(), main, object.toString());
        } catch (InterruptedException interrupted) {
            Thread.currentThread().interrupt();
            throw new AssertionError(interrupted);
        }
    }

    static final class Order {
        private Order() {
        }

        public static void main(String[] args) {
            try (LinkedLibrary library = ObjectLinker.create(InstallPolicy.anyUser()).library("libstdc++.so.6")
                    .add(Path.of(args[0])).link()) {
                Prototype.parse("int start(void)").call(library, List.of());
            }
        }
    }
}
