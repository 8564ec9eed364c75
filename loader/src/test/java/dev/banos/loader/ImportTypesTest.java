package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** An importer that was compiled against another declaration than the exporter's is refused, in words; others are not. */
class ImportTypesTest extends InstallingTest {
    private static final String HEAD = """
            #include <banos/driver.h>
            #include <banos/export.h>
            #include <stddef.h>
            #include <stdint.h>
            static int init(struct Banos_Driver *d) { (void)d; return 0; }
            BANOS_DRIVER_API struct Banos_Driver driver = { .driver_size = sizeof(struct Banos_Driver),
                .minimal_banos_version = BANOS_VERSION_CURRENT, .name = "NAME", .init = init };
            """;

    private Path driver(String name, String code, String... flags) {
        return CCompiler.text(folder, name, HEAD.replace("NAME", name) + code, flags);
    }

    private void export(String definition, String name, String flag) {
        loader.install(driver("exporter", definition + " BANOS_EXPORT(" + name + ");", flag));
    }

    private Path importer(String declaration, String use, String flag) {
        return driver("importer", declaration + " long use(void) { return (long)" + use + "; } BANOS_EXPORT(use);", flag, "-O1");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "int f(int x) { return x; }|int f(long);|f(1)|parameter 1 is long here and int there",
        "int f(int x) { return x; }|int f(unsigned);|f(1)|parameter 1 is unsigned int here and int there",
        "int f(int x) { return x; }|long f(int);|f(1)|the result is long here and int there",
        "int f(int x) { return x; }|int f(int, int);|f(1, 2)|the type has 2 parameters here and 1 parameter there",
        "int f(int x) { return x; }|int f(int, ...);|f(1, 2)|the type has 1 parameter and more here and 1 parameter there",
        "double f(float x) { return x; }|double f(double);|f(1)|parameter 1 is double here and float there",
        "int v = 3;|extern long v;|v|the type is long here and int there",
        "int v[4];|extern int v[5];|v[0]|the type is int [5] here and int [4] there",
        "struct p { int x, y; }; int f(struct p *p) { return p->x; }|struct p { int x, y, z; }; extern struct p q; int f(struct p *);|f(0)"
            + "|struct p has 3 members in 12 bytes here, 2 in 8 there",
        "struct p { int x, y; }; int f(struct p *p) { return p->x; }|struct p { int y, x; }; int f(struct p *);|f(0)"
            + "|member 1 of struct p is y at bit 0 here and x at bit 0 there",
        "struct n { struct n *next; int v; }; int f(struct n *n) { return n->v; }|struct n { struct n *next; float v; }; int f(struct n *);|f(0)"
            + "|struct n.v is float here and int there",
        "struct a { int x; }; int f(struct a *p) { return p->x; }|struct b { int x; }; int f(struct b *);|f(0)"
            + "|parameter 1, pointed to, is struct b here and struct a there",
        "struct a { unsigned x:3, y:5; }; int f(struct a *p) { return p->x; }|struct a { unsigned x:4, y:4; }; int f(struct a *);|f(0)"
            + "|member 1 of struct a is x at bit 0 of 4 bits here and x at bit 0 of 3 bits there",
        "int f(int (*c)(long)) { return c(1); }|int f(int (*)(int));|f(0)|parameter 1 is int here and long there"})
    void differencesAreNamed(String definition, String declaration, String use, String difference) {
        export(definition, definition.startsWith("int v") ? "v" : "f", "-gbtf");
        Path importer = importer(declaration, use, "-gbtf");
        assertThatThrownBy(() -> loader.install(importer)).isInstanceOf(LinkException.class)
                .hasMessageContaining("driver importer declares").hasMessageContaining("driver exporter defines")
                .hasMessageContaining(": " + difference).hasMessageContaining("one header");
        assertThat(loader.drivers()).hasSize(1);
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "struct opaque; int f(struct opaque *, size_t n);", "int f(void *p, unsigned long n);",
        "typedef struct opaque { struct opaque *next; const char *name; int grid[2][3]; } o; typedef unsigned long long len; int f(const o *it, len);",
        "int f();"})
    void whatMeansTheSameAgrees(String declaration) {
        export("struct opaque { struct opaque *next; char *name; int grid[2][3]; };"
                + " int f(struct opaque *p, size_t n) { return p ? 1 : (int)n; }", "f", "-g");
        for (String flag : List.of("-gbtf", "-g", "-gdwarf-4")) {
            loader.install(importer(declaration, "f((void *)0, (size_t)5)", flag)).uninstall();
        }
    }

    /** The declaration says no size, whichever form it has in the type information. */
    @ParameterizedTest
    @ValueSource(strings = {"-gbtf", "-g", "-gdwarf-4"})
    void anArrayWithoutASizeAgreesWithOneOfAnySize(String exporter) {
        export("struct p { int x, y; }; struct all { int *t; struct p *p; int (*g)[3]; }; int tab[4]; struct p two[2]; int grid[2][3];"
                + " struct all f(void) { return (struct all){ tab, two, grid }; } BANOS_EXPORT(tab); BANOS_EXPORT(two); BANOS_EXPORT(grid);",
                "f", exporter);
        for (String importer : List.of("-gbtf", "-g", "-gdwarf-4")) {
            loader.install(importer("struct p { int x, y; }; extern int tab[], grid[][3]; extern struct p two[];",
                    "(tab[0] + grid[0][0] + two[0].x)", importer)).uninstall();
            Path other = importer("extern long tab[];", "tab[0]", importer);
            assertThatThrownBy(() -> loader.install(other)).as(exporter + importer).isInstanceOf(LinkException.class)
                    .hasMessageContaining("an element of the type is long here and int there");
        }
    }

    @Test
    void anEnumIsAnIntegerOfItsSize() {
        export("enum c { RED, GREEN }; int f(enum c c) { return c; }", "f", "-gbtf");
        loader.install(importer("int f(int);", "f(1)", "-g"));
    }

    @Test
    void whereOneSideSaysNothingNothingIsCompared() {
        export("int f(int x) { return x; }", "f", "-O2");
        Driver driver = loader.install(importer("long f(long);", "f(1)", "-g"));
        assertThat(Prototype.parse("long use(void)").call(driver, List.of())).isEqualTo("1");
    }
}
