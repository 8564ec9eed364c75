package dev.banos.loader;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.bindings.Native;
import dev.banos.bindings.SystemCalls;
import dev.banos.bindings.generated.Linux;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.invoke.MethodHandle;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Random;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Static libraries of Debian's -dev packages linked as objects, and the same calls of their shared twins, which the dynamic linker
 * loads: both give the same answers, and Java's own where it has the function too.
 */
@Tag("libraries")
class LibraryTwinTest {
    private static final Path FOLDER = CCompiler.LIBRARIES;
    private static final FunctionDescriptor POINTER = FunctionDescriptor.of(ADDRESS);
    private static final String CPP_RUNTIME = "libstdc++.so.6";

    /** What is called by name, from either twin. */
    @FunctionalInterface
    private interface Functions {
        MethodHandle handle(String name, FunctionDescriptor descriptor);
    }

    @FunctionalInterface
    private interface Exercise {
        List<String> answers(Functions functions, Arena scope) throws Throwable;
    }

    private static ObjectLinker objects(String archive, String debianPackage) {
        assumeTrue(Files.exists(FOLDER.resolve(archive)),
                () -> "skipped: " + archive + " is not installed (apt-get install " + debianPackage + ")");
        return ObjectLinker.create(InstallPolicy.anyUser()).add(FOLDER.resolve(archive));
    }

    /** What the objects answer; the twin answers the same, and the objects once more when they are linked again. */
    private static List<String> agreed(ObjectLinker linker, String shared, Exercise exercise) throws Throwable {
        List<String> answers = linked(linker, exercise);
        assertThat(answers).isNotEmpty().isEqualTo(ofShared(shared, exercise));
        return answers;
    }

    private static List<String> linked(ObjectLinker linker, Exercise exercise) throws Throwable {
        try (Arena scope = Arena.ofConfined(); LinkedLibrary library = linker.link()) {
            return exercise.answers(library::handle, scope);
        }
    }

    private static List<String> ofShared(String shared, Exercise exercise) throws Throwable {
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment library = SystemCalls.dlopen(scope.allocateFrom(shared), Linux.RTLD_NOW() | Linux.RTLD_LOCAL());
            assertThat(library.address()).as("dlopen of %s", shared).isNotZero();
            List<String> answers = exercise.answers((name, descriptor) -> {
                long address = SystemCalls.dlsym(library, scope.allocateFrom(name));
                assertThat(address).as(name).isNotZero();
                return Native.downcall(address, descriptor);
            }, scope);
            assertThat(SystemCalls.dlclose(library)).isZero();
            return answers;
        }
    }

    private static byte[] sample(int length) {
        byte[] bytes = new byte[length];
        Random random = new Random(length);
        for (int i = 0; i < length; i++) {
            bytes[i] = (byte) (random.nextInt(8) == 0 ? random.nextInt() : i / 100);
        }
        return bytes;
    }

    private static String hex(MemorySegment bytes) {
        return HexFormat.of().formatHex(bytes.toArray(JAVA_BYTE));
    }

    @Test
    void lz4() throws Throwable {
        agreed(objects("liblz4.a", "liblz4-dev"), "liblz4.so.1", (lz4, scope) -> {
            List<String> answers = new ArrayList<>();
            MethodHandle compress = lz4.handle("LZ4_compress_default", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, JAVA_INT));
            MethodHandle best = lz4.handle("LZ4_compress_HC",
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, JAVA_INT, JAVA_INT));
            MethodHandle expand = lz4.handle("LZ4_decompress_safe", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, JAVA_INT));
            MethodHandle frame = lz4.handle("LZ4F_compressFrame",
                    FunctionDescriptor.of(JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS, JAVA_LONG, ADDRESS));
            for (int length : new int[] {0, 1, 1_000, 200_000}) {
                MemorySegment input = scope.allocateFrom(JAVA_BYTE, sample(length));
                MemorySegment packed = scope.allocate(2L * length + 1_000);
                MemorySegment unpacked = scope.allocate(length + 1);
                int size = (int) compress.invokeExact(input, packed, length, (int) packed.byteSize());
                assertThat((int) expand.invokeExact(packed, unpacked, size, length)).isEqualTo(length);
                assertThat(unpacked.asSlice(0, length).mismatch(input)).isEqualTo(-1);
                answers.add(hex(packed.asSlice(0, size)));
                size = (int) best.invokeExact(input, packed, length, (int) packed.byteSize(), 9);
                answers.add(hex(packed.asSlice(0, size)));
                long framed = (long) frame.invokeExact(packed, packed.byteSize(), input, (long) length, MemorySegment.NULL);
                answers.add(hex(packed.asSlice(0, framed)));
            }
            return answers;
        });
    }

    @Test
    void xxhash() throws Throwable {
        List<String> answers = agreed(objects("libxxhash.a", "libxxhash-dev"), "libxxhash.so.0", (xxhash, scope) -> {
            List<String> digests = new ArrayList<>();
            MethodHandle of32 = xxhash.handle("XXH32", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, JAVA_INT));
            MethodHandle of64 = xxhash.handle("XXH64", FunctionDescriptor.of(JAVA_LONG, ADDRESS, JAVA_LONG, JAVA_LONG));
            MethodHandle third = xxhash.handle("XXH3_64bits", FunctionDescriptor.of(JAVA_LONG, ADDRESS, JAVA_LONG));
            MemoryLayout wide = MemoryLayout.structLayout(JAVA_LONG, JAVA_LONG);
            MethodHandle of128 = xxhash.handle("XXH128", FunctionDescriptor.of(wide, ADDRESS, JAVA_LONG, JAVA_LONG));
            for (int length : new int[] {0, 1, 16, 17, 240, 241, 1_024, 1_025, 100_003}) {
                MemorySegment input = scope.allocateFrom(JAVA_BYTE, sample(length));
                digests.add(Integer.toHexString((int) of32.invokeExact(input, (long) length, 0)));
                digests.add(Long.toHexString((long) of64.invokeExact(input, (long) length, 0L)));
                digests.add(Long.toHexString((long) third.invokeExact(input, (long) length)));
                digests.add(hex((MemorySegment) of128.invokeExact((SegmentAllocator) scope, input, (long) length, 7L)));
            }
            return digests;
        });
        // The specification's digests of nothing.
        assertThat(answers.subList(0, 3)).containsExactly("2cc5d05", "ef46db3751d8e999", "2d06800538d394c2");
    }

    @Test
    void pcre2() throws Throwable {
        String pattern = "(?<year>\\d{4})-(\\d{2})(?:-(\\d{2}))?";
        String text = "nothing 19-3, then 2024-02 and 2026-11-29";
        List<String> answers = agreed(objects("libpcre2-8.a", "libpcre2-dev"), "libpcre2-8.so.0", (pcre2, scope) -> {
            List<String> found = matches(pcre2, scope, pattern, text, false);
            assertThat(matches(pcre2, scope, pattern, text, true)).as("by the library's own compiler").isEqualTo(found);
            return found;
        });
        Matcher java = Pattern.compile(pattern).matcher(text);
        List<String> expected = new ArrayList<>();
        while (java.find()) {
            for (int group = 0; group <= java.groupCount(); group++) {
                expected.add(java.start(group) + "-" + java.end(group));
            }
        }
        assertThat(answers).isEqualTo(expected);
    }

    private static List<String> matches(Functions pcre2, Arena scope, String pattern, String text, boolean compiled) throws Throwable {
        MethodHandle compile = pcre2.handle("pcre2_compile_8",
                FunctionDescriptor.of(ADDRESS, ADDRESS, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS, ADDRESS));
        MemorySegment problem = scope.allocate(JAVA_LONG, 2);
        MemorySegment code = (MemorySegment) compile.invokeExact(scope.allocateFrom(pattern), (long) pattern.length(), 0, problem,
                problem.asSlice(8), MemorySegment.NULL);
        assertThat(code.address()).isNotZero();
        if (compiled) {
            MethodHandle jit = pcre2.handle("pcre2_jit_compile_8", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_INT));
            assertThat((int) jit.invokeExact(code, 1)).isZero();
        }
        MemorySegment data = (MemorySegment) pcre2.handle("pcre2_match_data_create_from_pattern_8",
                FunctionDescriptor.of(ADDRESS, ADDRESS, ADDRESS)).invokeExact(code, MemorySegment.NULL);
        MethodHandle match = pcre2.handle("pcre2_match_8",
                FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_LONG, JAVA_LONG, JAVA_INT, ADDRESS, ADDRESS));
        long vector = ((MemorySegment) pcre2.handle("pcre2_get_ovector_pointer_8", FunctionDescriptor.of(ADDRESS, ADDRESS))
                .invokeExact(data)).address();
        int pairs = (int) pcre2.handle("pcre2_get_ovector_count_8", FunctionDescriptor.of(JAVA_INT, ADDRESS)).invokeExact(data);
        MemorySegment subject = scope.allocateFrom(text);
        List<String> found = new ArrayList<>();
        long from = 0;
        while ((int) match.invokeExact(code, subject, (long) text.length(), from, 0, data, MemorySegment.NULL) > 0) {
            for (int i = 0; i < pairs; i++) { // the vector is of size_t; ~0 where a group took no part
                found.add(Native.EVERYTHING.get(JAVA_LONG, vector + 16L * i) + "-" + Native.EVERYTHING.get(JAVA_LONG, vector + 16L * i + 8));
            }
            from = Native.EVERYTHING.get(JAVA_LONG, vector + 8);
        }
        pcre2.handle("pcre2_match_data_free_8", FunctionDescriptor.ofVoid(ADDRESS)).invokeExact(data);
        pcre2.handle("pcre2_code_free_8", FunctionDescriptor.ofVoid(ADDRESS)).invokeExact(code);
        return found;
    }

    @Test
    void digestsOfLibcrypto() throws Throwable {
        List<String> digests = List.of("md5", "sha1", "sha256", "sha512", "sha3_256");
        ObjectLinker linker = objects("libcrypto.a", "libssl-dev").require("EVP_Digest", "EVP_MD_get_size", "OPENSSL_cleanup");
        digests.forEach(digest -> linker.require("EVP_" + digest));
        int[] lengths = {0, 1, 63, 64, 4_099};
        List<String> answers = agreed(linker, "libcrypto.so.3", (crypto, scope) -> {
            List<String> made = new ArrayList<>();
            MethodHandle digest = crypto.handle("EVP_Digest",
                    FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS, ADDRESS, ADDRESS));
            MemorySegment into = scope.allocate(64);
            MemorySegment size = scope.allocate(JAVA_INT);
            for (String name : digests) {
                MemorySegment type = (MemorySegment) crypto.handle("EVP_" + name, POINTER).invokeExact();
                for (int length : lengths) {
                    MemorySegment input = scope.allocateFrom(JAVA_BYTE, sample(length));
                    assertThat((int) digest.invokeExact(input, (long) length, into, size, type, MemorySegment.NULL)).isEqualTo(1);
                    made.add(hex(into.asSlice(0, size.get(JAVA_INT, 0))));
                }
            }
            return made;
        });
        List<String> expected = new ArrayList<>();
        for (String name : List.of("MD5", "SHA-1", "SHA-256", "SHA-512", "SHA3-256")) {
            for (int length : lengths) {
                expected.add(HexFormat.of().formatHex(MessageDigest.getInstance(name).digest(sample(length))));
            }
        }
        assertThat(answers).isEqualTo(expected);
    }

    @Test
    void snappy() throws Throwable {
        agreed(objects("libsnappy.a", "libsnappy-dev").library(CPP_RUNTIME), "libsnappy.so.1", (snappy, scope) -> {
            List<String> answers = new ArrayList<>();
            FunctionDescriptor transform = FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG, ADDRESS, ADDRESS);
            MethodHandle compress = snappy.handle("snappy_compress", transform);
            MethodHandle expand = snappy.handle("snappy_uncompress", transform);
            MethodHandle valid = snappy.handle("snappy_validate_compressed_buffer", FunctionDescriptor.of(JAVA_INT, ADDRESS, JAVA_LONG));
            for (int length : new int[] {0, 1, 1_000, 200_000}) {
                MemorySegment input = scope.allocateFrom(JAVA_BYTE, sample(length));
                MemorySegment packed = scope.allocate(2L * length + 100);
                MemorySegment size = scope.allocateFrom(JAVA_LONG, packed.byteSize());
                assertThat((int) compress.invokeExact(input, (long) length, packed, size)).isZero();
                long packedSize = size.get(JAVA_LONG, 0);
                MemorySegment unpacked = scope.allocate(length + 1);
                size.set(JAVA_LONG, 0, length);
                assertThat((int) expand.invokeExact(packed, packedSize, unpacked, size)).isZero();
                assertThat(unpacked.asSlice(0, length).mismatch(input)).isEqualTo(-1);
                answers.add(hex(packed.asSlice(0, packedSize)));
                packed.set(JAVA_BYTE, 0, (byte) (packed.get(JAVA_BYTE, 0) + 1)); // another length than it expands to
                answers.add("damaged: " + (int) valid.invokeExact(packed, packedSize));
            }
            return answers;
        });
    }

    @Test
    void re2(@TempDir Path folder) throws Throwable {
        ObjectLinker linker = objects("libre2.a", "libre2-dev");
        CCompiler.requireProgram("g++");
        Path shim = CCompiler.object(folder, "re2-shim.cc", "g++", "-O2", "-fPIC");
        Path shared = folder.resolve("libre2-shim.so");
        CCompiler.run(List.of("g++", "-shared", "-o", shared.toString(), shim.toString(), "-lre2"));
        String pattern = "(\\d+)-(?P<word>\\pL+)(x)?";
        String text = "alpha 12-beta, 345-gamma";
        List<String> answers = agreed(linker.add(shim).require("re2_find").library(CPP_RUNTIME), shared.toString(), (re2, scope) -> {
            MethodHandle find = re2.handle("re2_find", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, JAVA_INT, ADDRESS));
            MemorySegment bounds = scope.allocate(JAVA_INT, 16);
            List<String> found = new ArrayList<>();
            for (String tried : List.of(pattern, "(a|b)*z{1000}", "delta", "(unbalanced")) {
                int groups = (int) find.invokeExact(scope.allocateFrom(tried), scope.allocateFrom(text), 8, bounds);
                found.add("groups " + groups);
                for (int i = 0; i < groups; i++) {
                    found.add(bounds.getAtIndex(JAVA_INT, 2 * i) + "-" + bounds.getAtIndex(JAVA_INT, 2 * i + 1));
                }
            }
            MethodHandle replace = re2.handle("re2_replace_all", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_INT));
            MemorySegment changed = scope.allocate(100);
            changed.setString(0, text);
            int count = (int) replace.invokeExact(scope.allocateFrom(pattern), scope.allocateFrom("<\\2:\\1>"), changed, 100);
            found.add(count + " " + changed.getString(0, StandardCharsets.UTF_8));
            return found;
        });
        assertThat(answers).containsExactly("groups 4", "6-13", "6-8", "9-13", "-1--1", "groups -1", "groups -1", "groups -2",
                "2 alpha <beta:12>, <gamma:345>");
    }
}
