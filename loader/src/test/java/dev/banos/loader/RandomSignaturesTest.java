package dev.banos.loader;

import static java.lang.foreign.ValueLayout.JAVA_BOOLEAN;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.bindings.Native;
import dev.banos.testing.RunsObjects;
import java.lang.classfile.ClassFile;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodHandles.Lookup;
import java.lang.reflect.AccessFlag;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Functions of random numbers, called from Java and by C with the same values, and called back with them. Optimised code of clang
 * takes it that its caller has filled the registers of small integers with their sign or with zeros.
 */
@RunsObjects
class RandomSignaturesTest {
    private static final int FUNCTIONS = 40;
    private static final int SLOT = Long.BYTES;
    private static final int MOST_PARAMETERS = 9;
    private static int made;

    /** @param prototype how a {@link Prototype} calls it */
    private record Kind(String c, String prototype, ValueLayout java) {
        Object read(MemorySegment memory, long at) {
            return java.varHandle().get(memory, at);
        }

        void write(MemorySegment memory, long at, Object value) {
            java.varHandle().set(memory, at, value);
        }
    }

    private static final List<Kind> KINDS = List.of(
            new Kind("unsigned char", "unsigned char", JAVA_BYTE), new Kind("unsigned short", "uint16_t", JAVA_SHORT),
            new Kind("enum few", "unsigned char", JAVA_BYTE), new Kind("enum minus", "signed char", JAVA_BYTE),
            new Kind("enum many", "unsigned short", JAVA_SHORT), new Kind("char", "char", JAVA_BYTE),
            new Kind("signed char", "int8_t", JAVA_BYTE), new Kind("short", "short", JAVA_SHORT), new Kind("_Bool", "bool", JAVA_BOOLEAN),
            new Kind("int", "int", JAVA_INT), new Kind("unsigned", "unsigned", JAVA_INT), new Kind("long", "long", JAVA_LONG),
            new Kind("float", "float", JAVA_FLOAT), new Kind("double", "double", JAVA_DOUBLE));

    private static final String HEAD = """
            enum __attribute__((packed)) few { FEW, FEW_MORE = 200 };
            enum __attribute__((packed)) minus { MINUS = -100, PLUS = 100 };
            enum __attribute__((packed)) many { MANY, MANY_MORE = 60000 };
            extern unsigned long seen;
            static inline unsigned long mix(unsigned long h, unsigned long v) { return (h ^ v) * 0xff51afd7ed558ccdUL + (h >> 7); }
            """;

    private record Signature(String name, Kind result, List<Kind> parameters) {
        static Signature random(int number, Random random) {
            List<Kind> parameters = random.ints(random.nextInt(1, MOST_PARAMETERS + 1), 0, KINDS.size()).mapToObj(KINDS::get).toList();
            return new Signature("f" + number, KINDS.get(random.nextInt(KINDS.size())), parameters);
        }

        String declared() {
            return IntStream.range(0, parameters.size()).mapToObj(i -> parameters.get(i).c + " a" + i).collect(Collectors.joining(", "));
        }

        String prototype() {
            return result.prototype + " " + name + parameters.stream().map(Kind::prototype).collect(Collectors.joining(", ", "(", ")"));
        }

        String function() {
            String mixed = IntStream.range(0, parameters.size()).mapToObj(i -> "h = mix(h, " + widened(parameters.get(i), "a" + i) + ");")
                    .collect(Collectors.joining(" "));
            String value = result.c.equals("_Bool") ? "h >> 9 & 1" : "h >> 9 & 0xffff";
            return result.c + " " + name + "(" + declared() + ") { unsigned long h = 1; " + mixed + " seen = h; return (" + result.c + ") ("
                    + value + "); }\n";
        }

        /** In a file of their own, so that the compiler calls what it sees as a declaration only. */
        String callers() {
            String values = IntStream.range(0, parameters.size()).mapToObj(i -> "*(" + parameters.get(i).c + " *) (from + " + SLOT * i + ")")
                    .collect(Collectors.joining(", "));
            return result.c + " " + name + "(" + declared() + ");\n"
                    + "void by_c_" + name + "(char *from, void *into) { *(" + result.c + " *) into = " + name + "(" + values + "); }\n"
                    + "unsigned long back_" + name + "(char *from, " + result.c + " (*call)(" + declared() + ")) { return "
                    + widened(result, "call(" + values + ")") + "; }\n"
                    + "unsigned long wide_" + name + "(void *from) { return " + widened(result, "*(" + result.c + " *) from") + "; }\n";
        }

        private static String widened(Kind kind, String value) {
            return kind.java == JAVA_FLOAT || kind.java == JAVA_DOUBLE ? "(unsigned long) (long) (8 * (" + value + "))"
                    : "(unsigned long) (" + value + ")";
        }

        /** Class files, as there is one for each signature: the interface, and that of its callback. */
        Class<?>[] interfaces() {
            String at = getClass().getPackageName() + ".Made" + made++;
            MethodTypeDesc own = MethodTypeDesc.of(result.java.carrier().describeConstable().orElseThrow(),
                    parameters.stream().map(kind -> kind.java.carrier().describeConstable().orElseThrow()).toList());
            Class<?> callback = define(at + "Back", methods -> methods.add("call", own));
            ClassDesc pointer = MemorySegment.class.describeConstable().orElseThrow();
            ClassDesc number = long.class.describeConstable().orElseThrow();
            Class<?> functions = define(at, methods -> {
                methods.add(name, own);
                methods.add("by_c_" + name, MethodTypeDesc.of(void.class.describeConstable().orElseThrow(), pointer, pointer));
                methods.add("back_" + name, MethodTypeDesc.of(number, pointer, callback.describeConstable().orElseThrow()));
                methods.add("wide_" + name, MethodTypeDesc.of(number, pointer));
            });
            return new Class<?>[] {functions, callback};
        }

        private interface Methods {
            void add(String name, MethodTypeDesc type);
        }

        private static Class<?> define(String name, Consumer<Methods> methods) {
            int flags = AccessFlag.PUBLIC.mask() | AccessFlag.ABSTRACT.mask();
            byte[] bytes = ClassFile.of().build(ClassDesc.of(name), type -> {
                type.withFlags(flags | AccessFlag.INTERFACE.mask());
                methods.accept((method, descriptor) -> type.withMethod(method, descriptor, flags, _ -> { }));
            });
            try {
                return LOOKUP.defineClass(bytes);
            } catch (IllegalAccessException impossible) {
                throw new AssertionError(impossible);
            }
        }
    }

    private static final Lookup LOOKUP = MethodHandles.lookup();

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(strings = {"clang -g -O2", "clang -g -O1 -gdwarf-4", "clang -g -O2 -funsigned-char",
        "gcc -g -O2", "gcc -gbtf -O2", "gcc -g -O0"})
    void javaAndCPassTheSame(String command) throws Throwable {
        long seed = System.nanoTime();
        Random random = new Random(seed);
        List<Signature> signatures = IntStream.range(0, FUNCTIONS).mapToObj(number -> Signature.random(number, random)).toList();
        String functions = signatures.stream().map(Signature::function).collect(Collectors.joining());
        String callers = signatures.stream().map(Signature::callers).collect(Collectors.joining());
        try (LinkedLibrary library = ObjectLinker.create(InstallPolicy.anyUser())
                .add(CCompiler.compile(folder, command, "functions.c", HEAD + "unsigned long seen;\n" + functions))
                .add(CCompiler.compile(folder, command, "callers.c", HEAD + callers)).link(); Arena scope = Arena.ofConfined()) {
            for (Signature signature : signatures) {
                new Trial(signature, library, scope, random, command + ", seed " + seed + ": " + signature.prototype()).run();
            }
        }
    }

    private static final class Trial {
        private final Signature signature;
        private final LinkedLibrary library;
        private final Random random;
        private final String what;
        private final MemorySegment from;
        private final MemorySegment into;
        private final MemorySegment seen;
        private final Class<?> callback;
        private final Class<?> type;
        private final Object bound;

        Trial(Signature signature, LinkedLibrary library, Arena scope, Random random, String what) {
            this.signature = signature;
            this.library = library;
            this.random = random;
            this.what = what;
            Class<?>[] interfaces = signature.interfaces();
            type = interfaces[0];
            callback = interfaces[1];
            bound = library.bind(LOOKUP, type);
            from = scope.allocate(SLOT * MOST_PARAMETERS, SLOT);
            into = scope.allocate(SLOT, SLOT);
            seen = Native.segment(library.symbol("seen").address(), Long.BYTES);
        }

        void run() throws Throwable {
            List<Kind> parameters = signature.parameters;
            Object[] values = new Object[parameters.size()];
            for (int i = 0; i < values.length; i++) {
                randomInto(parameters.get(i), from, SLOT * i);
                values[i] = parameters.get(i).read(from, SLOT * i);
            }
            invoke("by_c_", from, into);
            List<Object> right = List.of(seen.get(JAVA_LONG, 0), signature.result.read(into, 0));
            assertThat(List.of(invoke("", values), seen.get(JAVA_LONG, 0)).reversed()).as(what + ", bound").isEqualTo(right);
            Object typed = library.handle(signature.name).invokeWithArguments(values);
            assertThat(List.of(seen.get(JAVA_LONG, 0), typed)).as(what + ", its own type").isEqualTo(right);
            Object written = library.handle(Prototype.parse(signature.prototype())).invokeWithArguments(values);
            assertThat(List.of(seen.get(JAVA_LONG, 0), written)).as(what + ", a prototype").isEqualTo(right);
            callBack(values);
        }

        private void callBack(Object[] values) throws ReflectiveOperationException {
            randomInto(signature.result, into, 0);
            Object result = signature.result.read(into, 0);
            List<Object> arguments = new ArrayList<>();
            Object lambda = Proxy.newProxyInstance(callback.getClassLoader(), new Class<?>[] {callback}, (_, _, given) -> {
                arguments.addAll(Arrays.asList(given));
                return result;
            });
            assertThat(invoke("back_", from, lambda)).as(what + ", called back, its result").isEqualTo(invoke("wide_", into));
            assertThat(arguments).as(what + ", called back").containsExactly(values);
        }

        private Object invoke(String prefix, Object... arguments) throws ReflectiveOperationException {
            String name = prefix + signature.name;
            return Arrays.stream(type.getMethods()).filter(method -> method.getName().equals(name)).findFirst().orElseThrow()
                    .invoke(bound, arguments);
        }

        private void randomInto(Kind kind, MemorySegment memory, long at) {
            if (kind.java == JAVA_FLOAT) {
                kind.write(memory, at, (float) random.nextInt(1 << 20) / SLOT);
            } else if (kind.java == JAVA_DOUBLE) {
                kind.write(memory, at, (double) random.nextInt() / SLOT);
            } else if (kind.java == JAVA_BOOLEAN) {
                kind.write(memory, at, random.nextBoolean());
            } else {
                memory.set(JAVA_LONG, at, random.nextLong());
            }
        }
    }

    interface Wide {
        MemorySegment both(SegmentAllocator into, byte c, short s);
        @CapturesErrno long captured(byte c);
        @Critical @Symbol("captured") long atOnce(byte c);
    }

    @Test
    void unsignedOnesAreWhereTheyAreBesideOtherArguments() {
        Path object = CCompiler.compile(folder, "clang -g -O2", "wide.c", "struct two { long a, b, c; };"
                + " struct two both(unsigned char c, unsigned short s) { struct two t = {c, s, 0}; return t; }"
                + " long captured(unsigned char c) { return c; }");
        try (LinkedLibrary library = ObjectLinker.create(InstallPolicy.anyUser()).add(object).link(); Arena scope = Arena.ofConfined()) {
            Wide wide = library.bind(LOOKUP, Wide.class);
            MemorySegment both = wide.both(scope, (byte) 200, (short) 60_000);
            assertThat(both.getAtIndex(JAVA_LONG, 0)).isEqualTo(200);
            assertThat(both.getAtIndex(JAVA_LONG, 1)).isEqualTo(60_000);
            assertThat(wide.captured((byte) 201)).isEqualTo(201);
            assertThat(wide.atOnce((byte) 202)).isEqualTo(202);
        }
    }

    interface Declared {
        @Declaration("long octet(uint8_t)") long octet(byte c);
    }

    @Test
    void whoWritesTheTypeSaysTheSign() {
        Path object = CCompiler.compile(folder, "clang -O2", "untyped.c", "long octet(unsigned char c) { return c; }");
        try (LinkedLibrary library = ObjectLinker.create(InstallPolicy.anyUser()).add(object).link()) {
            assertThat(library.bind(LOOKUP, Declared.class).octet((byte) 200)).isEqualTo(200);
            assertThat(Prototype.parse("long octet(unsigned char)").call(library, List.of("200"))).isEqualTo("200");
        }
    }

    @Test
    void integersOfCppAndRust() throws Throwable {
        CCompiler.requireProgram("rustc");
        Path source = Files.writeString(folder.resolve("r.rs"), """
                #![no_std]
                #![crate_type = "lib"]
                #[no_mangle] pub extern "C" fn rust(a: u8, b: u16, c: i8) -> i64 { (a as i64) * 1000000 + (b as i64) + (c as i64) }
                """);
        Path rust = folder.resolve("r.o");
        CCompiler.run(List.of("rustc", "-g", "-O", "-C", "panic=abort", "--emit=obj", "-o", rust.toString(), source.toString()));
        Path cpp = CCompiler.compile(folder, "clang++ -g -O2", "narrow.cpp", """
                enum class Small : unsigned char { A }; enum Signed : signed char { B };
                extern "C" long cpp(Small a, char16_t b, Signed c) { return (long) a * 1000000 + b + c; }
                """);
        try (LinkedLibrary library = ObjectLinker.create(InstallPolicy.anyUser()).add(rust).add(cpp).link()) {
            for (String function : List.of("rust", "cpp")) {
                long sum = (long) library.handle(function).invokeExact((byte) 200, (short) 60_000, (byte) -5);
                assertThat(sum).as(function).isEqualTo(200_059_995L);
            }
        }
    }
}
