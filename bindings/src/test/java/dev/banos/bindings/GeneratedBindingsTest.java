package dev.banos.bindings;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.bindings.generated.Dl_info;
import dev.banos.bindings.generated.Linux;
import dev.banos.bindings.generated.pollfd;
import dev.banos.bindings.generated.rlimit;
import java.io.IOException;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.lang.reflect.Modifier;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The generated bindings against the C compiler of the machine that runs this test. What is checked is found by
 * reflection, so that nothing which jextract adds later goes unchecked.
 */
class GeneratedBindingsTest {
    /** From the manual pages (section 2 and 3), not from jextract. C itself confirms each against its headers. */
    private static final Map<String, String> PROTOTYPES = Map.ofEntries(
            Map.entry("mmap", "void *; void *, size_t, int, int, int, off_t"),
            Map.entry("munmap", "int; void *, size_t"),
            Map.entry("mprotect", "int; void *, size_t, int"),
            Map.entry("madvise", "int; void *, size_t, int"),
            Map.entry("mincore", "int; void *, size_t, unsigned char *"),
            Map.entry("memfd_create", "int; const char *, unsigned int"),
            Map.entry("ftruncate", "int; int, off_t"),
            Map.entry("close", "int; int"),
            Map.entry("read", "ssize_t; int, void *, size_t"),
            Map.entry("write", "ssize_t; int, const void *, size_t"),
            Map.entry("poll", "int; struct pollfd *, nfds_t, int"),
            Map.entry("isatty", "int; int"),
            Map.entry("sysconf", "long; int"),
            Map.entry("getpid", "pid_t; "),
            Map.entry("gettid", "pid_t; "),
            Map.entry("getuid", "uid_t; "),
            Map.entry("geteuid", "uid_t; "),
            Map.entry("getrlimit", "int; __rlimit_resource_t, struct rlimit *"),
            Map.entry("setrlimit", "int; __rlimit_resource_t, const struct rlimit *"),
            Map.entry("sched_getcpu", "int; "),
            Map.entry("dlopen", "void *; const char *, int"),
            Map.entry("dlsym", "void *; void *, const char *"),
            Map.entry("dlclose", "int; void *"),
            Map.entry("dlerror", "char *; "),
            Map.entry("dladdr", "int; const void *, Dl_info *"));

    private static final Map<String, GroupLayout> STRUCTS = Map.of(
            "struct pollfd", pollfd.layout(), "struct rlimit", rlimit.layout(), "Dl_info", Dl_info.layout());

    private static final String PROLOGUE = """
            #include "linux.h"
            #include <stdio.h>
            #define CLASS(T) (__builtin_classify_type((T){0}) == __builtin_classify_type((void *)0) ? 'p' : 'i')
            #define SHOW(T) printf(" %c%zu", CLASS(T), sizeof(T));
            int main(void) {
            """;

    @TempDir
    Path folder;

    @Test
    void everyConstantHasTheValueAndWidthOfTheHeader() throws Exception {
        List<Method> constants = constants();
        String body = constants.stream().map(constant -> constant.getName())
                .map(name -> "#ifdef " + name + "\nprintf(\"" + name + " %lld %zu\\n\", (long long)(" + name + "), "
                        + "sizeof(" + name + "));\n#else\nputs(\"" + name + " absent\");\n#endif\n")
                .collect(Collectors.joining());

        Map<String, String> inC = printedBy(body.replace("#ifdef _SC_", "#if 1 || _SC_").replace("#ifdef RLIMIT_", "#if 1 || RLIMIT_"));

        for (Method constant : constants) {
            assertThat(inC).containsKey(constant.getName());
            String expected = inC.get(constant.getName());
            if (!expected.equals("absent")) { // MAP_32BIT exists on x86-64 only
                assertThat(valueAndWidth(constant)).describedAs(constant.getName()).isEqualTo(expected);
            }
        }
    }

    @Test
    void everyFunctionHasTheTypeOfTheHeader() throws Exception {
        Map<String, FunctionDescriptor> descriptors = descriptors();
        assertThat(PROTOTYPES.keySet()).isEqualTo(descriptors.keySet());
        String body = PROTOTYPES.entrySet().stream()
                .map(entry -> describe(entry.getKey(), entry.getValue().split("; ?")))
                .collect(Collectors.joining());

        Map<String, String> inC = printedBy(body);

        descriptors.forEach((name, descriptor) ->
                assertThat(classes(descriptor)).describedAs(name).isEqualTo(inC.get(name)));
    }

    @Test
    void functionsThatSystemCallsLinksItselfTakeWhatItPasses() throws Exception {
        Map<String, String> inC = printedBy("#include <sys/eventfd.h>\n#include <fcntl.h>\n",
                isCompatible("open", "int (const char *, int, ...)")
                + isCompatible("eventfd", "int (unsigned int, int)") + isCompatible("pipe2", "int (int *, int)")
                + "_Static_assert(EFD_CLOEXEC == O_CLOEXEC, \"flags\");"
                + isCompatible("fcntl", "int (int, int, ...)") + "_Static_assert(F_GETFL == 3 && O_ACCMODE == 3, \"fcntl\");"
                + isCompatible("mremap", "void *(void *, size_t, size_t, int, ...)")
                + "printf(\"mode_t\"); SHOW(mode_t) puts(\"\");");

        assertThat(inC).containsEntry("mode_t", "i4"); // promoted to a 32-bit register like any int
    }

    @Test
    void everyStructHasTheLayoutOfTheHeader() throws Exception {
        String body = STRUCTS.entrySet().stream()
                .map(struct -> sizeAndOffsets(struct.getKey(), members(struct.getValue())))
                .collect(Collectors.joining());

        Map<String, String> inC = printedBy(body);

        STRUCTS.forEach((name, layout) -> {
            assertThat(inC).containsEntry(name.replace(' ', '_'), layout.byteSize() + " " + layout.byteAlignment());
            for (String member : members(layout)) {
                PathElement path = PathElement.groupElement(member);
                assertThat(inC).containsEntry(name.replace(' ', '_') + "." + member,
                        layout.byteOffset(path) + " " + layout.select(path).byteSize());
            }
        });
    }

    private Map<String, String> printedBy(String body) throws IOException, InterruptedException {
        return printedBy("", body);
    }

    private Map<String, String> printedBy(String includes, String body) throws IOException, InterruptedException {
        Files.copy(Path.of("src/main/c/linux.h"), folder.resolve("linux.h"));
        return CCompiler.linesPrintedBy(PROLOGUE.replace("int main", includes + "int main") + body + "}\n", folder).stream()
                .map(line -> line.split(" ", 2))
                .collect(Collectors.toMap(words -> words[0], words -> words[1].strip()));
    }

    private static List<Method> constants() {
        return Stream.of(Linux.class.getMethods())
                .filter(method -> Modifier.isStatic(method.getModifiers()) && method.getParameterCount() == 0)
                .filter(method -> method.getName().matches("_?[A-Z][A-Z0-9_]+"))
                .toList();
    }

    private static String valueAndWidth(Method constant) throws ReflectiveOperationException {
        int bytes = constant.getReturnType() == long.class ? Long.BYTES : Integer.BYTES;
        return constant.invoke(null) + " " + bytes;
    }

    private static Map<String, FunctionDescriptor> descriptors() {
        return Stream.of(Linux.class.getMethods())
                .filter(method -> method.getName().endsWith("$descriptor"))
                .collect(Collectors.toMap(method -> method.getName().replace("$descriptor", ""),
                        GeneratedBindingsTest::descriptor));
    }

    private static FunctionDescriptor descriptor(Method method) {
        try {
            return (FunctionDescriptor) method.invoke(null);
        } catch (IllegalAccessException | InvocationTargetException e) {
            throw new AssertionError(method.getName(), e);
        }
    }

    private static String describe(String function, String[] prototype) {
        String arguments = prototype.length > 1 ? prototype[1] : "";
        String shown = Stream.concat(Stream.of(prototype[0]), Stream.of(arguments.split(", ")))
                .filter(type -> !type.isEmpty())
                .map(type -> "SHOW(" + type + ")")
                .collect(Collectors.joining());
        String signature = prototype[0] + " (" + (arguments.isEmpty() ? "void" : arguments) + ")";
        return isCompatible(function, signature) + "printf(\"" + function + "\");" + shown + "puts(\"\");\n";
    }

    private static String isCompatible(String function, String signature) {
        return "_Static_assert(__builtin_types_compatible_p(__typeof__(" + function + "), __typeof__(" + signature
                + ")), \"" + function + "\");\n";
    }

    private static String classes(FunctionDescriptor descriptor) {
        return Stream.concat(descriptor.returnLayout().stream(), descriptor.argumentLayouts().stream())
                .map(layout -> (layout instanceof AddressLayout ? "p" : "i") + layout.byteSize())
                .collect(Collectors.joining(" "));
    }

    private static List<String> members(GroupLayout layout) {
        List<String> names = new ArrayList<>();
        for (MemoryLayout member : layout.memberLayouts()) {
            member.name().ifPresent(names::add);
        }
        return names;
    }

    private static String sizeAndOffsets(String struct, List<String> members) {
        String name = struct.replace(' ', '_');
        String size = "printf(\"" + name + " %zu %zu\\n\", sizeof(" + struct + "), _Alignof(" + struct + "));\n";
        return size + members.stream()
                .map(member -> "printf(\"" + name + "." + member + " %zu %zu\\n\", __builtin_offsetof(" + struct + ", "
                        + member + "), sizeof(((" + struct + " *)0)->" + member + "));\n")
                .collect(Collectors.joining());
    }
}
