package dev.banos.samples.tidy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.classfile.ClassModel;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A rule that cannot fail checks nothing: here each one meets what it forbids, and what it must let pass. */
class TidyRulesTest {
    @TempDir
    Path folder;

    @Test
    void seesPackageCycles() throws IOException {
        List<ClassModel> types = Snippet.classes(folder,
                "package a; public class One { b.Two field; }",
                "package b; public class Two { static c.Three make() { return null; } }",
                "package c; public class Three { void call() { new a.One(); } }",
                "package d; public class Apart { a.One uses; }");
        assertThat(PackageGraph.of(types).cycles()).containsExactly(
                "a -> b (One uses Two)", "b -> c (Two uses Three)", "c -> a (Three uses One)");
    }

    @Test
    void seesAPackageThatUsesOneAboveOrBeside() throws IOException {
        PackageGraph graph = PackageGraph.of(Snippet.classes(folder,
                "package a; public class One { b.Two field; }", "package b; public class Two { }",
                "package c; public class Three { b.Two field; }"));
        assertThat(graph.uphill(List.of(List.of("a", "c"), List.of("b")))).isEmpty();
        assertThat(graph.uphill(List.of(List.of("c"), List.of("b"), List.of("a")))).containsExactly("a -> b (One uses Two)");
        assertThat(graph.uphill(List.of(List.of("a"), List.of("b", "c")))).containsExactly("c -> b (Three uses Two)");
        assertThatThrownBy(() -> graph.uphill(List.of(List.of("a"), List.of("b")))).hasMessageStartingWith("package=c stands in none");
    }

    @Test
    void seesAModuleThatUsesALaterOne() throws IOException {
        List<ClassModel> types = Snippet.classes(folder,
                "package low; public class Low { Object o = high.High.class; }", "package high; public class High { low.Low below; }");
        Map<Boolean, List<ClassModel>> isLow = types.stream().collect(Collectors.partitioningBy(
                type -> type.thisClass().asInternalName().startsWith("low/")));
        assertThat(ModuleOrder.uphill(Map.of("bindings", isLow.get(true), "libc", isLow.get(false))))
                .containsExactly("low/Low of bindings uses high/High of libc");
        assertThat(ModuleOrder.uphill(Map.of("native-mem", isLow.get(true), "native-mem/adapters/netty", isLow.get(false))))
                .containsExactly("low/Low of native-mem uses high/High of native-mem/adapters/netty");
    }

    @Test
    void seesVagueNames() {
        assertThat(SourceRules.vagueNames(java("final class StringUtils { }"))).hasSize(1);
        assertThat(SourceRules.vagueNames(java("interface HeapManager { }"))).hasSize(1);
        assertThat(SourceRules.vagueNames(java("class Utility { } // class Helper"))).isEmpty();
    }

    @Test
    void seesUnsafeAndJni() throws IOException {
        assertThat(rule(ClassRules::unsafeOrJni, "class A { sun.misc.Unsafe unsafe; }")).hasSize(1);
        assertThat(rule(ClassRules::unsafeOrJni, "class B { native int call(); }")).hasSize(1);
        assertThat(rule(ClassRules::unsafeOrJni, "class C { C() { System.loadLibrary(\"c\"); } }")).hasSize(1);
    }

    @Test
    void seesRestrictedMethodsOutsideBindings() {
        String text = "@SuppressWarnings({\"restricted\", \"unused\"}) class A { }";
        assertThat(SourceRules.restrictedOutsideBindings(java(text))).hasSize(1);
        assertThat(SourceRules.restrictedOutsideBindings(new TextFile("bindings/A.java", text))).isEmpty();
    }

    @Test
    void seesInexactVarHandles() throws IOException {
        String head = "import java.lang.invoke.*; import java.lang.foreign.*; class ";
        assertThat(rule(ClassRules::inexactVarHandles, head + "A { VarHandle a = ValueLayout.JAVA_INT.varHandle(); }")).hasSize(1);
        assertThat(rule(ClassRules::inexactVarHandles,
                head + "B { VarHandle b = ValueLayout.JAVA_INT.varHandle().withInvokeExactBehavior(); }")).isEmpty();
    }

    @Test
    void seesInexactMethodHandleCalls() throws IOException {
        String call = "{ Object a(java.lang.invoke.MethodHandle h) throws Throwable { return h.%s(1); } }";
        assertThat(rule(ClassRules::inexactMethodHandleCalls, "class A " + call.formatted("invoke"))).hasSize(1);
        assertThat(rule(ClassRules::inexactMethodHandleCalls, "class B " + call.formatted("invokeExact"))).isEmpty();
    }

    @Test
    void seesLambdas() throws IOException {
        assertThat(rule(ClassRules::lambdas, "class A { Runnable a() { return () -> { }; } }")).hasSize(1);
        assertThat(rule(ClassRules::lambdas, "class B { Runnable b() { return B::new; } }")).hasSize(1);
        assertThat(rule(ClassRules::lambdas, "record C(int c) { static final Runnable R = C::r; static void r() { } }")).isEmpty();
    }

    @Test
    void seesRawOffsets() {
        assertThat(SourceRules.rawOffsets(java("x = s.get(JAVA_INT, 12);"))).hasSize(1);
        assertThat(SourceRules.rawOffsets(java("s.set(ValueLayout.JAVA_LONG_UNALIGNED, 0x10L, value);"))).hasSize(1);
        assertThat(SourceRules.rawOffsets(java("x = s.get(JAVA_INT, 0) + s.get(JAVA_INT, OFFSET);"))).isEmpty();
    }

    @Test
    void seesEmptyCatchBlocks() {
        assertThat(SourceRules.emptyCatches(java("try { } catch (IOException e) {" + "\n }"))).hasSize(1);
        assertThat(SourceRules.emptyCatches(java("try { } catch (IOException e) { /* the reason */ }"))).isEmpty();
    }

    @Test
    void seesUnfinishedMarks() {
        assertThat(SourceRules.unfinishedMarks(java("// FIX" + "ME later"))).hasSize(1);
        assertThat(SourceRules.unfinishedMarks(java("// all done"))).isEmpty();
    }

    @Test
    void seesPathsOfOneMachine() {
        assertThat(SourceRules.machinePaths(java("open(\"/ho" + "me/someone/file\")"))).hasSize(1);
        assertThat(SourceRules.machinePaths(java("open(\"/usr/lib/jvm\"), a/ro" + "ot/b, ${x}/tm" + "p/b"))).isEmpty();
    }

    @Test
    void seesDeadLinks() {
        String text = "[here](pom.xml) [there](gone/FILE.md#part) [web](https://example.org) [part](#part)\n"
                + "[title](README.md#banos) [none](README.md#no-such-part) [code](#not-a-title) [mine](#a-part-its-name-x)\n"
                + "```sh\n# Not a title\n```\n## A part, its name: `x`\n";
        assertThat(SourceRules.deadLinks(new TextFile("LINKS.md", text))).containsExactly("LINKS.md:1: gone/FILE.md#part", "LINKS.md:1: #part",
                "LINKS.md:2: README.md#no-such-part", "LINKS.md:2: #not-a-title");
    }

    @Test
    void seesTestsThatSurefireSkips() {
        String text = "class Foo {\n    @Property\n    void holds() { }\n}";
        assertThat(SourceRules.testsThatSurefireSkips(new TextFile("FooProperties.java", text))).hasSize(1);
        assertThat(SourceRules.testsThatSurefireSkips(new TextFile("FooPropertiesTest.java", text))).isEmpty();
    }

    @Test
    void seesLongFiles() {
        assertThat(SourceRules.longFiles(java("\n".repeat(11)), 10)).hasSize(1);
        assertThat(SourceRules.longFiles(java("\n".repeat(10)), 10)).isEmpty();
    }

    @Test
    void seesLongMethods() throws IOException {
        String call = "\n        System.out.println();";
        List<ClassModel> types = Snippet.classes(folder, "class A {\n    void f() {" + call.repeat(9) + "\n    }\n}");
        assertThat(ClassRules.methodsLongerThan(10, types.getFirst())).isEmpty();
        assertThat(ClassRules.methodsLongerThan(9, types.getFirst())).containsExactly(new ClassRules.LongMethod("A.f", 10));
    }

    private List<String> rule(Function<ClassModel, List<String>> rule, String source) throws IOException {
        List<ClassModel> types = Snippet.classes(folder.resolve(String.valueOf(source.hashCode())), source);
        return types.stream().flatMap(type -> rule.apply(type).stream()).toList();
    }

    private static TextFile java(String text) {
        return new TextFile("some/module/src/main/java/A.java", text);
    }
}
