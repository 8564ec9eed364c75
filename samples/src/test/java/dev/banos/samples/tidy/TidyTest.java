package dev.banos.samples.tidy;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.classfile.ClassModel;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Style, as far as a machine can see it, over the whole checkout. {@link TidyRulesTest} shows that each rule can fail. */
class TidyTest {
    private static final int METHOD_LINES = 50;
    private static final int FILE_LINES = 600;

    /** Methods that are longer, how long they may be, and why. Raise no number without a better reason than haste. */
    private static final Map<String, Integer> LONGER_METHODS = Map.of(
            // The decode loop: two literals, or one and a match, a turn, all its state in locals, because a call would spill them.
            "dev.banos.libc.zip.SymbolLoop.fast", 100,
            // The same for the last bytes of a piece of input.
            "dev.banos.libc.zip.SymbolLoop.careful", 75);
    private static final int SLACK = 15;

    /** Of the allocator, with the classes in them. */
    private static final Set<String> ON_THE_WAY_OF_MALLOC = Set.of("Malloc", "Heap", "SlowMalloc", "LargeBlocks", "LiveBlocks", "Resizing",
            "BlockWrites", "Reclaiming", "Diagnosis", "FirstUse", "HeapScope", "HardenedPlaces", "Bin", "Bitmaps", "FreePages", "Hazards", "Lease",
            "Purger", "RecentBins", "Run", "RunList", "RunTable", "Sampler", "SharedPools", "SlotPool", "Spans", "ThreadPools", "TrackedPool",
            "GrowthByCopy", "GuardedMapping", "HugeMappings", "KeptMappings", "MappingLengths", "Budget", "Kernel", "MappingCount",
            "MappingTable", "Reservation", "Unmapping", "Words", "Zeros", "LeakRecords", "MemoryEvents", "Room", "CallerFrames", "Callers", "Canary",
            "DamageMarks", "FreedFill", "HardenedBlock", "Quarantine", "Retirement", "ShuffledSlots", "SpinLock", "Tcb", "TcbTable",
            "RecordStore");

    private static final Pattern PACKAGE = Pattern.compile("^ \\w|  (\\.\\w+)");
    private static final Map<String, List<ClassModel>> CLASSES = classesByModule();

    @Test
    void noPackageCycles() {
        assertThat(PackageGraph.of(allClasses()).cycles()).isEmpty();
    }

    @Test
    void packagesSeeOnlyWhatStandsBelowThem() throws IOException {
        assertThat(uphill("native-mem", "dev.banos.mem")).isEmpty();
        assertThat(uphill("loader", "dev.banos.loader")).isEmpty();
        assertThat(uphill("property-tests", "dev.banos.fuzz")).isEmpty();
    }

    /** Against the module's README, which draws its packages: a row has one or several, each with a dot before its name. */
    private static List<String> uphill(String module, String top) throws IOException {
        String document = Files.readString(Checkout.root().resolve(module + "/README.md"));
        List<List<String>> rows = new ArrayList<>();
        document.substring(document.indexOf("\n " + top + " ")).lines().skip(1).takeWhile(line -> !line.equals("```"))
                .forEach(line -> rows.add(PACKAGE.matcher(line).results()
                        .map(found -> found.group(1) == null ? top : top + found.group(1)).toList()));
        assertThat(rows).as(module).hasSizeGreaterThan(3).doesNotContain(List.of());
        return PackageGraph.of(CLASSES.get(module).stream().filter(type -> isIn(top, type)).toList()).uphill(rows);
    }

    private static boolean isIn(String top, ClassModel type) {
        return type.thisClass().asInternalName().startsWith(top.replace('.', '/') + "/");
    }

    @Test
    void modulesSeeOnlyWhatStandsAboveThem() {
        assertThat(ModuleOrder.uphill(CLASSES)).isEmpty();
    }

    @Test
    void noVagueNames() {
        assertThat(inSources(SourceRules::vagueNames)).isEmpty();
    }

    @Test
    void noUnsafeAndNoJni() {
        assertThat(inClasses(ClassRules::unsafeOrJni)).isEmpty();
    }

    @Test
    void restrictedMethodsOnlyInBindings() {
        assertThat(inSources(SourceRules::restrictedOutsideBindings)).isEmpty();
    }

    @Test
    void varHandlesAreExact() {
        assertThat(inClasses(ClassRules::inexactVarHandles)).isEmpty();
    }

    @Test
    void methodHandlesAreInvokedExactly() {
        assertThat(inClasses(ClassRules::inexactMethodHandleCalls)).isEmpty();
    }

    /** The JVM gives a lambda up for good where its first use finds Java's heap full or the stack at its end. */
    @Test
    void noLambdasOnTheWayOfMallocAndFree() {
        List<ClassModel> onTheWay = CLASSES.get("native-mem").stream()
                .filter(type -> ON_THE_WAY_OF_MALLOC.contains(outermost(type))).toList();
        assertThat(onTheWay).hasSizeGreaterThanOrEqualTo(ON_THE_WAY_OF_MALLOC.size());
        assertThat(onTheWay.stream().flatMap(type -> ClassRules.lambdas(type).stream())).isEmpty();
    }

    private static String outermost(ClassModel type) {
        return type.thisClass().asInternalName().replaceFirst(".*/", "").replaceFirst("\\$.*", "");
    }

    @Test
    void offsetsComeFromLayouts() {
        assertThat(inSources(file -> isMain(file) ? SourceRules.rawOffsets(file) : List.of())).isEmpty();
    }

    @Test
    void noEmptyCatchBlocks() {
        assertThat(inSources(SourceRules::emptyCatches)).isEmpty();
    }

    @Test
    void nothingIsMarkedUnfinished() {
        assertThat(Checkout.texts().stream().flatMap(file -> SourceRules.unfinishedMarks(file).stream())).isEmpty();
    }

    @Test
    void noPathsOfOneMachine() {
        assertThat(Checkout.texts().stream().flatMap(file -> SourceRules.machinePaths(file).stream())).isEmpty();
    }

    @Test
    void linksInDocumentsLeadSomewhere() {
        assertThat(Checkout.documents().stream().flatMap(file -> SourceRules.deadLinks(file).stream())).isEmpty();
    }

    @Test
    void surefireRunsEveryTestClass() {
        assertThat(inSources(SourceRules::testsThatSurefireSkips)).isEmpty();
    }

    @Test
    void filesAreSplitByMeaning() {
        assertThat(inSources(file -> SourceRules.longFiles(file, FILE_LINES))).isEmpty();
    }

    @Test
    void methodsStayShort() {
        assertThat(longMethods().entrySet().stream()
                .filter(method -> method.getValue() > LONGER_METHODS.getOrDefault(method.getKey(), METHOD_LINES)))
                .isEmpty();
    }

    /** An exception that outlives its method, or is far longer than it, lets methods grow again. */
    @Test
    void exceptionsForLongMethodsFitTightly() {
        Map<String, Integer> lines = longMethods();
        assertThat(LONGER_METHODS).allSatisfy((name, limit) ->
                assertThat(lines.getOrDefault(name, 0)).as(name).isBetween(limit - SLACK, limit));
    }

    private static Map<String, Integer> longMethods() {
        Map<String, Integer> lines = new TreeMap<>();
        allClasses().stream()
                .flatMap(type -> ClassRules.methodsLongerThan(METHOD_LINES, type).stream())
                .forEach(method -> lines.merge(method.name(), method.lines(), Math::max));
        return lines;
    }

    private static Stream<String> inSources(Function<TextFile, List<String>> rule) {
        return Checkout.javaSources().stream().flatMap(file -> rule.apply(file).stream());
    }

    private static Stream<String> inClasses(Function<ClassModel, List<String>> rule) {
        return allClasses().stream().flatMap(type -> rule.apply(type).stream());
    }

    private static boolean isMain(TextFile file) {
        return file.path().contains("src/main/");
    }

    private static List<ClassModel> allClasses() {
        List<ClassModel> all = new ArrayList<>();
        CLASSES.values().forEach(all::addAll);
        return all;
    }

    private static Map<String, List<ClassModel>> classesByModule() {
        Map<String, List<ClassModel>> classes = new HashMap<>();
        Checkout.MODULES.forEach(module -> classes.put(module, Checkout.classes(module)));
        Checkout.adapters().forEach(adapter -> classes.put(adapter, Checkout.classes(adapter)));
        return classes;
    }
}
