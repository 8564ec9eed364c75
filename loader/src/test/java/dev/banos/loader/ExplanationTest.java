package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.bindings.Native;
import dev.banos.testing.OnX8664;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.time.Instant;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;

/** An address leads back to module, section, symbol and relocation; the memory itself is the oracle. */
class ExplanationTest extends InstallingTest {
    private static final String TABLE = """
            extern long nowhere __attribute__((weak));
            int common_block[40];
            int first(int x) { return x + 1; }
            int second(int x) { return x + 2; }
            int (*table[])(int) = { first, second };
            static const char text[] = "hello";
            const char *pointer = text + 2;
            void *weak(void) { return &nowhere; }
            extern int getpid(void); int (*chosen(void))(void) { return getpid; }
            BANOS_EXPORT(first); BANOS_EXPORT(second); BANOS_EXPORT(table); BANOS_EXPORT(pointer); BANOS_EXPORT(common_block);
            """;

    private static Explanation explain(long address) {
        return Loader.explain(address).orElseThrow();
    }

    @Test
    void functionsAndVariablesAreFoundFromWithin() {
        Driver driver = loader.install(InstallManyTest.driver(folder, "t", TABLE));
        Explanation second = explain(driver.export("second").rawAddress() + 1);
        assertThat(second.module()).isEqualTo("driver t");
        assertThat(second.object()).contains(driver.file());
        assertThat(second.section()).contains(".text");
        assertThat(second.symbol()).contains("second");
        assertThat(second.symbolOffset()).isEqualTo(1);
        assertThat(second.sectionOffset()).isGreaterThan(1);
        assertThat(second.unloaded()).isEmpty();
        assertThat(second.toText()).contains("is in driver t (" + driver.file() + "): .text+0x", ", second+0x1");
    }

    @Test
    @OnX8664
    void aRelocatedPlaceNamesItsRelocationAndHoldsItsValue() {
        Driver driver = loader.install(InstallManyTest.driver(folder, "t", TABLE));
        long slot = driver.export("table").rawAddress() + Long.BYTES;
        Explanation explanation = explain(slot + 3); // the middle of the field
        Explanation.Relocation relocation = explanation.relocation().orElseThrow();
        assertThat(relocation.type()).isEqualTo("R_X86_64_64");
        assertThat(relocation.place()).isEqualTo(slot);
        assertThat(relocation.symbolAddress() + relocation.addend()).isEqualTo(driver.export("second").rawAddress());
        assertThat(HexFormat.of().formatHex(relocation.bytes())).isEqualTo(HexFormat.of().toHexDigits(
                Long.reverseBytes(driver.export("second").rawAddress())));
        long pointed = Native.segment(driver.export("pointer").rawAddress(), 8).get(ValueLayout.JAVA_LONG, 0);
        assertThat(explain(pointed).section().orElseThrow()).startsWith(".rodata");
        assertThat(explain(driver.export("first").rawAddress()).relocation()).isEmpty();
    }

    /** Every byte of a module has an explanation, and each GOT entry and stub is one of what memory says. */
    @Test
    void everyAddressOfAModuleIsExplainedAndNoneOutside() {
        Driver driver = loader.install(InstallManyTest.driver(folder, "t", TABLE));
        int gotEntries = 0;
        int stubs = 0;
        for (long address = driver.base(); address < driver.base() + driver.footprint(); address++) {
            Explanation explanation = explain(address);
            assertThat(explanation.kind()).isPresent();
            if (explanation.kind().orElseThrow() == Explanation.Kind.GOT_ENTRY && explanation.sectionOffset() == 0) {
                gotEntries++;
                assertThat(Native.segment(address, 8).get(ValueLayout.JAVA_LONG, 0))
                        .isEqualTo(explanation.relocation().orElseThrow().symbolAddress());
                assertThat(explanation.toText()).contains("the GOT entry of ").doesNotContain("written by");
            }
            if (explanation.kind().orElseThrow() == Explanation.Kind.STUB && explanation.sectionOffset() == 0) {
                stubs++;
                assertThat(explanation.toText()).contains("the stub of ");
            }
        }
        assertThat(gotEntries).isEqualTo(driver.report().gotEntries()).isPositive();
        assertThat(stubs).isEqualTo(driver.report().stubs()).isPositive();
        assertThat(Loader.explain(driver.base() - 1)).isEmpty();
        assertThat(Loader.explain(driver.base() + driver.footprint())).isEmpty();
        assertThat(Loader.explain(0)).isEmpty();
        assertThat(Loader.explain(-1)).isEmpty();
    }

    @Test
    void aCommonSymbolIsFoundInNoSection() {
        Path file = CCompiler.text(folder, "common", "int room[40]; int get(int i) { return room[i]; }", "-fcommon");
        try (LinkedLibrary library = ObjectLinker.create(InstallPolicy.anyUser()).add(file).link()) {
            Explanation explanation = explain(library.symbol("room").address() + 12);
            assertThat(explanation.kind()).contains(Explanation.Kind.COMMON);
            assertThat(explanation.symbol()).contains("room");
            assertThat(explanation.module()).isEqualTo("objects");
            assertThat(explanation.toText()).endsWith("common symbol room+0xc");
        }
    }

    @Test
    void anUnloadedModuleIsRememberedUntilItsPlaceIsTaken() {
        Path file = InstallManyTest.driver(folder, "gone", TABLE);
        Driver driver = loader.install(file);
        long address = driver.export("second").rawAddress();
        Instant before = Instant.now();
        driver.uninstall();
        Explanation explanation = explain(address);
        assertThat(explanation.unloaded().orElseThrow()).isBetween(before, Instant.now());
        assertThat(explanation.symbol()).contains("second");
        assertThat(explanation.toText()).contains("was in driver gone", ", unloaded at ", "second+0x0");
        Driver next = loader.install(InstallManyTest.driver(folder, "next", TABLE));
        assertThat(next.base()).isEqualTo(driver.base());
        assertThat(explain(address).module()).isEqualTo("driver next");
        assertThat(explain(address).unloaded()).isEmpty();
    }

    @Test
    void theHistoryIsBounded() {
        Driver large = loader.install(InstallManyTest.driver(folder, "large", "char zeroes[200000]; BANOS_EXPORT(zeroes);"));
        long end = large.base() + large.footprint() - 1; // what comes after it takes only the beginning of its place
        large.uninstall();
        Path file = InstallManyTest.driver(folder, "small", TABLE);
        for (int i = 0; i < 255; i++) {
            loader.install(file).uninstall();
        }
        Explanation known = explain(end);
        assertThat(known.module()).isEqualTo("driver large");
        assertThat(known.kind()).as("what lay where is forgotten first").isEmpty();
        assertThat(known.toText()).startsWith("0x" + Long.toHexString(end) + " was in driver large").contains("unloaded at");
        loader.install(file).uninstall();
        assertThat(Loader.explain(end)).isEmpty();
    }
}
