package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.testing.ChildJvm;
import dev.banos.testing.OnX8664;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What costs a JVM that has just started ten milliseconds or more, and a first load does without. */
@OnX8664
class FirstLoadTest {
    /** The program itself runs on: it asks for a handle once the driver is loaded. */
    private static final String LOADED = "dev.banos.loader.DebuggedProgram ";
    private static final String ASKED = "dev.banos.loader.call.Calls ";

    @TempDir
    Path folder;

    @Test
    void touchesNoFieldHandlesNoGeneratedClassAndNoLambdaOfOurs() throws Exception {
        List<String> loaded = classesOfALoad();

        assertThat(loaded).contains("dev.banos.loader.Driver", "dev.banos.bindings.SystemCalls")
                .doesNotContain("jdk.internal.foreign.LayoutPath", "dev.banos.bindings.generated.Linux")
                .noneMatch(name -> name.startsWith("dev.banos.") && name.contains("$$Lambda"));
    }

    /** One for whatever it calls: system calls, and the driver's init. */
    @Test
    void makesOneShapeOfDowncalls() throws Exception {
        assertThat(classesOfALoad()).filteredOn(name -> name.startsWith("jdk.internal.foreign.abi.DowncallStub")).hasSize(1);
    }

    /** Nor do the host's functions need another, nor a generated class. */
    @Test
    void makesOneShapeOfDowncallsForADriverThatCallsTheHost() throws Exception {
        Path driver = CCompiler.text(folder, "prints", Files.readString(CCompiler.SOURCES.resolve("steps.c"))
                + "\n#include <banos/print.h>\nvoid print(void) { banos_dprintln(\"\"); }\n", "-O2");
        List<String> loaded = classesOfALoad(driver);
        assertThat(loaded).contains("dev.banos.loader.host.HostGates")
                .doesNotContain("jdk.internal.foreign.LayoutPath", "dev.banos.bindings.generated.Linux");
        assertThat(loaded).filteredOn(name -> name.startsWith("jdk.internal.foreign.abi.DowncallStub")).hasSize(1);
    }

    /** Made beside the thread that reads the object: behind it, a load makes no class for a call any more. */
    @Test
    void hasItsFirstCallMadeForIt() throws Exception {
        Path object = CCompiler.object(folder, "steps.c", "gcc", "-O2");
        String said = ChildJvm.run(List.of("-Xlog:class+load:stdout:none"), CalledAhead.class, object.toString()).output();

        assertThat(said).contains(CalledAhead.MADE, CalledAhead.LINKED);
        String before = said.substring(0, said.indexOf(CalledAhead.MADE));
        assertThat(before).contains("jdk.internal.foreign.abi.DowncallStub").doesNotContain("dev.banos.loader.elf.ObjectReader ");
        assertThat(said.substring(before.length(), said.indexOf(CalledAhead.LINKED))).contains("dev.banos.loader.elf.ObjectReader ")
                .doesNotContain("jdk.internal.foreign.abi.DowncallStub", "java.lang.invoke.LambdaForm$MH");
    }

    /** Once the call has been made, a load has only the classes that it needs. */
    @Test
    void needsTheClassesThatItLoadsWhileTheCallIsMade() throws Exception {
        String object = CCompiler.object(folder, "steps.c", "gcc", "-O2").toString();
        List<String> log = List.of("-Xlog:class+load");

        assertThat(ChildJvm.run(log, CalledAhead.class, object).output()).contains(withBlank(NextClasses.OF_BOTH))
                .contains(withBlank(NextClasses.OF_A_LIBRARY));
        assertThat(ChildJvm.run(log, CalledAhead.class, object, "driver").output()).contains(withBlank(NextClasses.OF_BOTH))
                .contains(withBlank(NextClasses.OF_A_DRIVER));
    }

    private static List<String> withBlank(String... names) {
        return Stream.of(names).map(name -> NextClasses.PREFIX + name + " ").toList();
    }

    /** Waits for the first call, which its linker has begun, before it gives the linker anything to read. */
    static final class CalledAhead {
        private static final String MADE = "-- made";
        private static final String LINKED = "-- linked";

        private CalledAhead() {
        }

        public static void main(String[] args) throws Exception {
            ObjectLinker linker = ObjectLinker.create(InstallPolicy.anyUser());
            for (Thread thread : Thread.getAllStackTraces().keySet()) {
                if (thread.getName().equals("banos-first-call")) {
                    thread.join();
                }
            }
            System.out.println(MADE);
            if (args.length == 1) {
                linker.add(Path.of(args[0])).link();
            } else {
                Loader.create(InstallPolicy.anyUser()).install(Path.of(args[0]));
            }
            System.out.println(LINKED);
        }
    }

    private List<String> classesOfALoad() throws Exception {
        return classesOfALoad(CCompiler.object(folder, "steps.c", "gcc", "-O2"));
    }

    private List<String> classesOfALoad(Path driver) throws Exception {
        Path log = folder.resolve("classes.log");
        String said = DebuggedProgram.run(List.of("-Xlog:class+load:file=" + log + "::filecount=0"), driver);
        assertThat(said).contains(" 134\n");
        String all = Files.readString(log);
        String load = all.substring(all.indexOf(LOADED), all.indexOf(ASKED));
        return load.lines().map(line -> line.substring(line.lastIndexOf(']') + 1).strip().split(" ")[0]).collect(Collectors.toList());
    }
}
