package dev.banos.loader;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.testing.ChildProcess;
import dev.banos.testing.RunsObjects;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Some objects and an archive that declare and define a few variables, each in a way drawn at random: every object sees the values that it
 * sees in the program of GNU ld or of lld, and what both refuse is refused.
 * {@code -Dbanos.symbols.trials=N} asks for more, {@code -Dbanos.symbols.seed=S} for those that begin with seed S.
 */
@RunsObjects
class RandomSymbolsTest {
    private static final int TRIALS = Integer.getInteger("banos.symbols.trials", 60);
    private static final long FIRST_SEED = Long.getLong("banos.symbols.seed", new Random().nextLong());
    private static final int VARIABLES = 3;
    private static final String REFUSED = "refused";

    private enum Kind {
        USE("extern int %1$s;"),
        WEAK_USE("extern int %1$s __attribute__((weak));"),
        STRONG("int %1$s = %2$d;"),
        WEAK("int %1$s __attribute__((weak)) = %2$d;"),
        COMMON("int %1$s[%3$d] __attribute__((common));"),
        GROUP("__asm__(\".pushsection .data.%1$s,\\\"awG\\\",@progbits,%1$s,comdat\\n.weak %1$s\\n.type %1$s,@object\\n.size %1$s,4\\n"
                + "%1$s: .long %2$d\\n.popsection\"); extern int %1$s;"),
        UNIQUE("__asm__(\".pushsection .data.u%1$s,\\\"awG\\\",@progbits,%1$s,comdat\\n.globl %1$s\\n.type %1$s,@gnu_unique_object\\n"
                + ".size %1$s,4\\n%1$s: .long %2$d\\n.popsection\"); extern int %1$s;"),
        THREAD_LOCAL("_Thread_local int %1$s = %2$d;"),
        THREAD_LOCAL_USE("extern _Thread_local int %1$s;");

        private final String code;

        Kind(String code) {
            this.code = code;
        }
    }

    @TempDir
    Path folder;

    @BeforeAll
    static void requireLinkers() {
        CCompiler.requireProgram("gcc");
        CCompiler.requireProgram("ld.lld");
    }

    static Stream<Long> seeds() {
        return Stream.iterate(FIRST_SEED, seed -> seed + 1).limit(TRIALS);
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void everyObjectSeesWhatItSeesInAProgram(long seed) throws Exception {
        Random random = new Random(seed);
        int count = 2 + random.nextInt(3);
        int members = random.nextInt(count - 1);
        List<Path> objects = new ArrayList<>();
        StringBuilder sources = new StringBuilder();
        for (int i = 0; i < count; i++) {
            String source = source(random, i);
            sources.append("-- object ").append(i).append(i >= count - members ? ", a member\n" : "\n").append(source);
            objects.add(CCompiler.compile(folder, "gcc -w -O1 -fPIC -fno-builtin", "object" + i + ".c", source));
        }
        List<Path> files = new ArrayList<>(objects.subList(0, count - members));
        if (members > 0) {
            Path archive = folder.resolve("members.a");
            List<String> command = new ArrayList<>(List.of("ar", "rcs", archive.toString()));
            objects.subList(count - members, count).forEach(member -> command.add(member.toString()));
            CCompiler.run(command);
            files.add(archive);
        }
        Path main = CCompiler.compile(folder, "gcc -O1 -fPIC", "main.c", main(count - members));
        String here = here(files, main);
        assertThat(List.of(by("bfd", files, main), by("lld", files, main))).as("seed %d\n%s", seed, sources).contains(here);
    }

    private static String source(Random random, int object) {
        StringBuilder source = new StringBuilder();
        for (int variable = 0; variable < VARIABLES; variable++) {
            Kind kind = Kind.values()[random.nextInt(Kind.values().length)];
            String name = "v" + variable;
            source.append(kind.code.formatted(name, 10 * (object + 1) + variable, 1 + random.nextInt(4))).append('\n')
                    .append("int get%d_%d(void) { int *p = (int *)&%s; return p ? *p : -1; }%n".formatted(object, variable, name));
        }
        return source.toString();
    }

    /** What the objects see, one number for each of their variables. */
    private static String main(int objects) {
        StringBuilder calls = new StringBuilder();
        StringBuilder declarations = new StringBuilder("int snprintf(char *, unsigned long, const char *, ...); int puts(const char *);\n");
        for (int object = 0; object < objects; object++) {
            for (int variable = 0; variable < VARIABLES; variable++) {
                String name = "get%d_%d".formatted(object, variable);
                declarations.append("int ").append(name).append("(void);\n");
                calls.append("at += snprintf(text + at, sizeof text - at, \"%d \", ").append(name).append("());\n");
            }
        }
        return declarations + "static char text[1000]; const char *all(void) { int at = 0;\n" + calls + "return text; }\n"
                + "int main(void) { puts(all()); return 0; }\n";
    }

    private String by(String linker, List<Path> files, Path main) throws IOException, InterruptedException {
        Path program = folder.resolve(linker);
        List<String> command = new ArrayList<>(List.of("gcc", "-w", "-fuse-ld=" + linker, "-o", program.toString(), main.toString()));
        files.forEach(file -> command.add(file.toString()));
        if (ChildProcess.run(command).status() != 0) {
            return REFUSED;
        }
        ChildProcess ran = ChildProcess.run(List.of(program.toString()));
        return ran.status() == 0 ? ran.output().strip() : REFUSED; // a weak use of a thread-local variable, which it should have refused
    }

    private static String here(List<Path> files, Path main) throws IOException {
        ObjectLinker linker = ObjectLinker.create(InstallPolicy.anyUser());
        for (Path file : files) {
            linker.add(Files.readAllBytes(file), file.toString());
        }
        try (LinkedLibrary library = linker.add(main).require("all").link()) {
            return Prototype.parse("const char *all(void)").call(library, List.of()).strip().replaceAll("^\"|\"$", "").strip();
        } catch (LinkException refused) {
            return REFUSED;
        }
    }
}
