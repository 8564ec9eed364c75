package dev.banos.mem.agent;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.mem.agent.Program.Outcome;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Whole programs with the agent: what they see of it, and what it counted. */
class AgentTest {
    @TempDir
    static Path programs;

    @TempDir
    Path folder;

    @BeforeAll
    static void compile() throws IOException, InterruptedException {
        Program.compile(programs);
    }

    /** Everything that Unsafe promises of odd sizes, word for word as it says it without the agent. */
    @Test
    void directCallsAreServedAndKeepTheirContract() throws Exception {
        Outcome with = Program.run(programs, "stats", "DirectCalls").succeeded();
        assertThat(with.output()).contains("sum " + 24 * 7, "of nothing 0 0 0",
                "negative: java.lang.IllegalArgumentException", "negative realloc: java.lang.IllegalArgumentException",
                "huge: java.lang.OutOfMemoryError: Unable to allocate " + (Long.MAX_VALUE / 4 - 7),
                "huge realloc: java.lang.OutOfMemoryError: Unable to allocate " + (Long.MAX_VALUE / 4 - 7),
                "no receiver: java.lang.NullPointerException");
        assertThat(with.count("allocations")).isEqualTo(4);
        assertThat(with.count("reallocations")).isEqualTo(2);
        assertThat(with.count("frees")).isEqualTo(4);
        assertThat(with.count("classes rewritten")).isOne();
        assertThat(with.count("classes not rewritten")).isZero();
        assertThat(with.output()).contains("malloc: 0 blocks");
    }

    @Test
    void aSecondFreeIsRefusedAndNamesTheBlock() throws Exception {
        Outcome outcome = Program.run(programs, "", "DirectCalls").succeeded();
        assertThat(outcome.output()).containsPattern("twice: dev.banos.mem.InvalidBlockException: free of 0x[0-9a-f]+ through "
                + "malloc: not live, freed before or never given out: it is a free block of 16 bytes")
                .containsPattern("twice, large: dev.banos.mem.InvalidBlockException: free of .* kept for reuse");
    }

    @Test
    void methodReferencesAreServed() throws Exception {
        Outcome outcome = Program.run(programs, "stats", "References").succeeded();
        assertThat(outcome.count("allocations")).isEqualTo(2);
        assertThat(outcome.count("bytes allocated")).isEqualTo(30);
        assertThat(outcome.count("frees")).isEqualTo(2);
        assertThat(outcome.count("call sites rewritten")).isEqualTo(3);
    }

    /** What reflection allocates is Unsafe's; whoever frees what, it goes back to where it came from. */
    @Test
    void whatIsFreedByReflectionGoesBackToWhereItCameFrom() throws Exception {
        Outcome outcome = Program.run(programs, "stats", "Reflection").succeeded();
        assertThat(outcome.output()).contains("done");
        assertThat(outcome.count("allocations")).isEqualTo(2);
        assertThat(outcome.count("reallocations")).isEqualTo(2);
        assertThat(outcome.count("frees")).isEqualTo(2);
        assertThat(outcome.count("reallocations passed on")).isEqualTo(2);
        assertThat(outcome.count("frees passed on")).isEqualTo(2);
        assertThat(outcome.count("allocations passed on")).isZero();
    }

    @Test
    void aBlockStaysWhereItWasBornWhateverItGrowsTo() throws Exception {
        Outcome outcome = Program.run(programs, "stats,least=100,most=1k", "Edges").succeeded();
        assertThat(outcome.count("allocations")).isEqualTo(1024 - 100 + 1);
        assertThat(outcome.count("reallocations")).isEqualTo(1024 - 100 + 1);
        assertThat(outcome.count("frees")).isEqualTo(1024 - 100 + 1);
        assertThat(outcome.count("allocations passed on")).isEqualTo(2000 - (1024 - 100 + 1));
        assertThat(outcome.count("frees passed on")).isEqualTo(2000 - (1024 - 100 + 1));
    }

    @Test
    void threadsOfBothKindsFreeEachOthersBlocks() throws Exception {
        Outcome outcome = Program.run(programs, "stats", "Threads").succeeded();
        assertThat(outcome.output()).contains("done", "malloc: 0 blocks").doesNotContain("Exception in thread");
        assertThat(outcome.count("allocations")).isEqualTo(8 * 20_000);
        assertThat(outcome.count("frees")).isEqualTo(8 * 20_000);
        assertThat(outcome.count("frees passed on")).isZero();
    }

    /** What a call counts needs nothing of Java's heap: there is no room for it once the block is allocated, and no way back. */
    @Test
    void countingNeedsNothingOfJavasHeap() throws Exception {
        Outcome outcome = Program.run(programs, "stats", List.of("-Xmx16m", "-XX:-UseTLAB"), "CountedWhileFull").succeeded();
        assertThat(outcome.output()).contains("out of memory 0;", "malloc: 0 blocks");
        assertThat(outcome.count("allocations")).isEqualTo(4 * 50_001);
        assertThat(outcome.count("frees")).isEqualTo(4 * 50_001);
    }

    /** What the JVM makes at a first use it does not make again where that throws. */
    @Test
    void theFirstCallMayComeAtTheEndOfAStackOrOfJavasHeap() throws Exception {
        assertThat(Program.run(programs, "", List.of("-Xint"), "FirstCallAtTheEnd").succeeded().output()).contains("works");
        assertThat(Program.run(programs, "", List.of("-Xmx16m"), "FirstCallAtTheEnd", "30000").succeeded().output()).contains("works");
    }

    @Test
    void threadsInAHardenedMalloc() throws Exception {
        Outcome outcome = Program.run(programs, "stats,hardening=canary+quarantine", "Threads").succeeded();
        assertThat(outcome.output()).contains("done").doesNotContain("Exception in thread");
        assertThat(outcome.count("allocations")).isEqualTo(8 * 20_000);
        assertThat(outcome.count("frees")).isEqualTo(8 * 20_000);
    }

    /** The first thread that needs some of the agent's classes: reading them is nothing that an interrupt ends, for it or for others. */
    @Test
    void anInterruptedThreadIsServedAndSpoilsNothing() throws Exception {
        Outcome outcome = Program.run(programs, "stats", "Interrupted").succeeded();
        for (String when : List.of("interrupted", "afterwards", "virtual")) {
            assertThat(outcome.output()).contains(when + ", large: done", when + ", larger and larger: done",
                    when + ", twice: InvalidBlockException");
        }
        assertThat(outcome.output()).contains("still interrupted: true", "malloc: 0 blocks");
    }

    /** The third loader does not find the class that the calls would go to. */
    @Test
    void loadersOfEachKind() throws Exception {
        Outcome outcome = Program.run(programs, "stats", "Loaders").succeeded();
        assertThat(outcome.output().split("done", -1)).hasSize(4);
        assertThat(outcome.count("allocations")).isEqualTo(4);
        assertThat(outcome.count("frees")).isEqualTo(4);
        assertThat(outcome.count("classes not rewritten")).isOne();
        assertThat(outcome.output()).containsOnlyOnce("is not rewritten, its calls stay with Unsafe")
                .contains("banos-agent: References is not rewritten", "does not find sun.misc.BanosCalls");
    }

    @Test
    void whatIsExcludedStaysWithUnsafe() throws Exception {
        Outcome excluded = Program.run(programs, "stats,exclude=References", "References").succeeded();
        assertThat(excluded.count("allocations")).isZero();
        Outcome included = Program.run(programs, "stats,include=Reference+com.example", "References").succeeded();
        assertThat(included.count("allocations")).isZero();
        assertThat(Program.run(programs, "stats,include=References", "References").succeeded().count("allocations")).isEqualTo(2);
    }

    /** Classes that are loaded already are rewritten, and blocks from before go where they came from. */
    @Test
    void intoAProgramThatRuns() throws Exception {
        Path file = folder.resolve("stats.txt");
        Outcome outcome = Program.run(programs, null, List.of("-Djdk.attach.allowAttachSelf=true", "-XX:+EnableDynamicAgentLoading"),
                "Attached", Program.JAR.toString(), "stats=" + file).succeeded();
        Outcome counted = new Outcome(0, Files.readString(file));
        assertThat(outcome.output()).contains("done").doesNotContain("refused");
        assertThat(counted.count("allocations")).isOne();
        assertThat(counted.count("frees")).isOne();
        assertThat(counted.count("frees passed on")).isOne();
    }

    @Test
    void aWrongOptionDoesNotEndAProgramThatRuns() throws Exception {
        Outcome outcome = Program.run(programs, null, List.of("-Djdk.attach.allowAttachSelf=true", "-XX:+EnableDynamicAgentLoading"),
                "Attached", Program.JAR.toString(), "statistics").succeeded();
        assertThat(outcome.output()).contains("refused", "done", "no option statistics");
    }

    /** Its class reads only what its descriptor says, but for what an agent adds. */
    @Test
    void aProgramThatIsAModule() throws Exception {
        Path module = Program.compileAsModule(folder, "Memory", "DirectCalls");
        Outcome outcome = Program.java("stats", List.of("-p", module.toString(), "-m", "program/program.DirectCalls")).succeeded();
        assertThat(outcome.count("allocations")).isEqualTo(4);
        assertThat(outcome.count("frees")).isEqualTo(4);
    }

    @Test
    void modulesThatAreMissingAreNamed() throws Exception {
        String least = "java.base,java.instrument,jdk.unsupported";
        for (String modules : List.of(least, least + ",java.management", least + ",jdk.jfr")) {
            Outcome outcome = Program.run(programs, "", List.of("--limit-modules", modules), "References");
            assertThat(outcome.code()).isOne();
            assertThat(outcome.output()).startsWith("banos-agent: ").contains("--add-modules java.management,jdk.jfr adds")
                    .doesNotContain("\tat ");
        }
        Program.run(programs, "", List.of("--limit-modules", least, "--add-modules", "java.management,jdk.jfr"),
                "References").succeeded();
    }

    @Test
    void aProgramThatHasItsOwnBanosKeepsIt() throws Exception {
        Outcome outcome = Program.java("stats", List.of("--enable-native-access=ALL-UNNAMED", "-cp", programs + ":" + Program.allocator(), "OwnBanos"))
                .succeeded();
        assertThat(outcome.output()).contains("owns true false");
        assertThat(outcome.count("allocations")).isOne();
    }

    @Test
    void theAgentsOptionsAreTheAgentsAlone() throws Exception {
        List<String> own = List.of("--enable-native-access=ALL-UNNAMED", "-cp", programs + ":" + Program.allocator(), "OwnBanos");
        for (String options : List.of("stats,leaks=full,cache=1m", "stats,hardening=zero+canary", "stats")) {
            Outcome outcome = Program.java(options, own).succeeded();
            assertThat(outcome.output()).as(options).contains("owns true false", "leaks OFF, keeps 0, usable 112", "properties []");
        }
        List<String> set = new ArrayList<>(List.of("-Dbanos.mem.leaks=sampled", "-Dbanos.mem.mappingCacheBytes=4096"));
        set.addAll(own);
        assertThat(Program.java("leaks=off", set).succeeded().output()).contains("leaks SAMPLED, keeps 4096",
                "properties [banos.mem.leaks, banos.mem.mappingCacheBytes]");
    }

    @Test
    void twoOptionsThatDoNotGoTogetherAreNamed() throws Exception {
        Outcome outcome = Program.run(programs, "cache=1m,hardening=zero", "References");
        assertThat(outcome.code()).isOne();
        assertThat(outcome.output()).startsWith("banos-agent: ").contains("a hardened malloc keeps no mappings").doesNotContain("done", "\tat ");
        Outcome property = Program.run(programs, "cache=1000000", List.of("-Dbanos.mem.hardening=zero"), "References");
        assertThat(property.output()).contains("cache=1000000", "-Dbanos.mem.hardening=zero").doesNotContain("mappingCacheBytes", "done");
    }

    /** The agent was first, and has the name; the heaps of both are in the recording. */
    @Test
    void aProgramThatHasItsOwnBanosShowsItBesideTheAgents() throws Exception {
        Path recording = folder.resolve("recording.jfr");
        Outcome outcome = Program.java("jfr", List.of("--enable-native-access=ALL-UNNAMED", "-XX:StartFlightRecording:filename=" + recording,
                "-cp", programs + ":" + Program.allocator(), "OwnBean")).succeeded();
        assertThat(outcome.output().lines().filter(line -> line.contains("heap mine")))
                .containsExactly("dev.banos.mem:type=Allocator,copy=2: heap mine");
        assertThat(Program.printRecording(recording)).containsPattern("dev.banos.mem.HeapStatistics \\{[^}]*heap = \"heap mine\"");
    }

    /** No flag is needed, nothing is printed, and no other module gets what the agent's own has. */
    @Test
    void nativeAccessIsEnabledForTheBindingsAlone() throws Exception {
        Outcome outcome = Program.run(programs, "", List.of("--illegal-native-access=deny"), "References").succeeded();
        assertThat(outcome.output().strip()).isEqualTo("done");
        Outcome unnamed = Program.java("", List.of("-cp", programs + ":" + Program.allocator(), "OwnBanos"));
        assertThat(unnamed.output()).contains("--enable-native-access=ALL-UNNAMED");
    }

    @Test
    void leaksAreReportedByTheProgramsOwnFrames() throws Exception {
        Outcome outcome = Program.run(programs, "leaks=full", "Leak").succeeded();
        Matcher site = Pattern.compile("  (\\d+) bytes of malloc \\((\\d+) blocks? of \\d+ bytes remembered\\)\n    at (.*)")
                .matcher(outcome.output());
        assertThat(site.results().map(found -> found.group(1) + " " + found.group(2) + " " + found.group(3)))
                .contains("1000000 1 Leak.forget(Leak.java:9)", "9600 200 Leak.forget(Leak.java:11)");
    }

    @Test
    void recordingsShowTheProgramAsTheCaller() throws Exception {
        Path recording = folder.resolve("recording.jfr");
        Program.run(programs, "jfr", List.of("-XX:StartFlightRecording:filename=" + recording), "Leak").succeeded();
        String events = Program.printRecording(recording);
        assertThat(events).containsPattern("dev.banos.mem.Mapping \\{[^}]*action = \"map\"[^}]*caller = \"Leak.forget:9\"")
                .contains("dev.banos.mem.HeapStatistics {");
    }

    @Test
    void statisticsGoToTheFileOfTheProcess() throws Exception {
        Program.run(programs, "stats=" + folder.resolve("banos-%p.txt"), "References").succeeded();
        try (var files = Files.list(folder)) {
            Path file = files.findFirst().orElseThrow();
            assertThat(file.getFileName().toString()).matches("banos-\\d+\\.txt");
            assertThat(new Outcome(0, Files.readString(file)).count("allocations")).isEqualTo(2);
        }
    }

    @Test
    void aFileThatCannotBeWrittenLosesNothing() throws Exception {
        Outcome outcome = Program.run(programs, "stats=" + folder.resolve("no/such/folder"), "References").succeeded();
        assertThat(outcome.output()).contains("banos-agent: cannot write ", "no such file or folder").doesNotContain("Exception");
        assertThat(outcome.count("allocations")).isEqualTo(2);
    }

    @Test
    void wrongUsageEndsBeforeTheProgramBegins() throws Exception {
        for (String options : List.of("statistics", "leaks=all", "hardening=zeros", "least=many", "most=-1", "cache=9999999999g",
                "jfr=yes", "include", "least=2,most=1")) {
            Outcome outcome = Program.run(programs, options, "References");
            assertThat(outcome.code()).as(options).isOne();
            assertThat(outcome.output()).as(options).startsWith("banos-agent: ").doesNotContain("done", "\tat ");
        }
        Outcome property = Program.run(programs, "", List.of("-Dbanos.mem.hardening=zeros"), "References");
        assertThat(property.output()).startsWith("banos-agent: -Dbanos.mem.hardening=zeros: ").contains("the words are")
                .doesNotContain("done", "\tat ");
    }

    /** An older Java must be able to read it to say that it is too old. */
    @Test
    void whatJavaLooksAtFirstIsForOlderOnes() throws Exception {
        try (JarFile jar = new JarFile(Program.JAR.toFile())) {
            byte[] premain = jar.getInputStream(jar.getEntry("dev/banos/mem/agent/boot/Premain.class")).readAllBytes();
            assertThat(ClassFile.of().parse(premain).majorVersion()).isEqualTo(ClassFile.JAVA_17_VERSION);
        }
    }

    @Test
    void theAgentGivenTwiceIsRefused() throws Exception {
        Outcome outcome = Program.run(programs, "", List.of("-javaagent:" + Program.JAR), "References");
        assertThat(outcome.code()).isOne();
        assertThat(outcome.output()).contains("banos-agent: the agent runs already").doesNotContain("done");
    }

    @Test
    void aStartBesideAnotherHasNoEffect() throws Exception {
        Outcome outcome = Program.run(programs, null, List.of("-Djdk.attach.allowAttachSelf=true", "-XX:+EnableDynamicAgentLoading"),
                "AttachedAgain", Program.JAR.toString()).succeeded();
        assertThat(outcome.output().lines().filter(List.of("loaded", "refused")::contains))
                .as(outcome.output()).containsExactly("loaded", "refused", "refused", "refused");
        assertThat(outcome.output().split("IllegalStateException: the agent runs already", -1)).hasSize(4);
        assertThat(outcome.output()).contains("address space grew by 0 GiB", "properties []").containsOnlyOnce("call sites rewritten")
                .doesNotContain("banos: ");
    }

    /** The classes that it has left cannot go away; a start that nothing stands in the way of uses them. */
    @Test
    void aStartThatWasRefusedDoesNotBarTheNext() throws Exception {
        Path damager = programs.resolve("damager.jar");
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().putValue("Manifest-Version", "1.0");
        manifest.getMainAttributes().putValue("Premain-Class", "AttachedTwice"); // which is on the class path
        manifest.getMainAttributes().putValue("Can-Retransform-Classes", "true");
        new JarOutputStream(Files.newOutputStream(damager), manifest).close();

        Outcome outcome = Program.java(null, List.of("-Djdk.attach.allowAttachSelf=true", "-javaagent:" + damager, "-cp",
                programs.toString(), "AttachedTwice", Program.JAR.toString(), "stats")).succeeded();

        assertThat(outcome.output().lines().filter(List.of("refused", "loaded", "done")::contains))
                .as(outcome.output()).containsExactly("refused", "loaded", "refused", "done");
        assertThat(outcome.output()).contains("does not let an agent rewrite Unsafe")
                .containsOnlyOnce("IllegalStateException: the agent runs already");
        assertThat(outcome.count("allocations")).isEqualTo(outcome.count("frees")).isOne();
    }

    @Test
    void helpNamesEachOption() throws Exception {
        Outcome asked = Program.run(programs, "help", "References").succeeded();
        assertThat(asked.output()).contains("stats", "jfr", "leaks=", "hardening=", "least=", "most=", "cache=", "include=", "exclude=", "help")
                .doesNotContain("done");
        assertThat(Program.java(null, List.of("-jar", Program.JAR.toString())).succeeded().output()).isEqualTo(asked.output());
        assertThat(Program.run(programs, "nonsense", "References").output()).contains(asked.output().strip());
    }
}
