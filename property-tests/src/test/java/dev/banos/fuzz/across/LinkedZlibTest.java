package dev.banos.fuzz.across;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.libc.zip.Crc32;
import dev.banos.libc.zip.Inflater;
import dev.banos.loader.InstallPolicy;
import dev.banos.loader.LinkedLibrary;
import dev.banos.loader.ObjectLinker;
import java.lang.foreign.FunctionDescriptor;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** zlib, linked by the loader, works on blocks of malloc; what it compresses is inflated, what it sums up is summed up alike. */
class LinkedZlibTest {
    private static final Path ZLIB = Path.of("/usr/lib/x86_64-linux-gnu/libz.a");
    private static final int LARGEST = 150_000;

    @Test
    void agreesWithBanosOnStreamsAndChecksums() throws Throwable {
        assumeTrue(Files.exists(ZLIB), "no zlib to link (Debian: zlib1g-dev)");
        try (LinkedLibrary zlib = ObjectLinker.create(InstallPolicy.anyUser()).add(ZLIB).require("compress", "crc32").link()) {
            MethodHandle compress = zlib.handle("compress", FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS, ADDRESS, JAVA_LONG));
            MethodHandle crc32 = zlib.handle("crc32", FunctionDescriptor.of(JAVA_LONG, JAVA_LONG, ADDRESS, JAVA_INT));
            for (long seed = 1; seed <= 20; seed++) {
                Random random = new Random(seed);
                byte[] bytes = new byte[1 + random.nextInt(LARGEST)];
                random.nextBytes(bytes);
                for (int i = 20; i < bytes.length; i++) {
                    bytes[i] = random.nextInt(9) > 0 ? bytes[i - 20] : bytes[i];
                }
                requireAgreement(bytes, compress, crc32);
            }
        }
    }

    private static void requireAgreement(byte[] bytes, MethodHandle compress, MethodHandle crc32) throws Throwable {
        try (Fenced plain = Fenced.of(bytes); Fenced stream = new Fenced(bytes.length + bytes.length / 100 + 64L);
                Fenced length = new Fenced(JAVA_LONG.byteSize()); Fenced out = new Fenced(bytes.length);
                Inflater inflater = Inflater.of(Inflater.Format.ZLIB)) {
            assertThat((long) crc32.invokeExact(0L, plain.segment(), bytes.length))
                    .isEqualTo(Integer.toUnsignedLong(Crc32.update(Crc32.INITIAL, plain.segment())));
            length.segment().set(JAVA_LONG, 0, stream.segment().byteSize());
            assertThat((int) compress.invokeExact(stream.segment(), length.segment(), plain.segment(), (long) bytes.length)).isZero();
            assertThat(inflater.inflate(stream.segment().asSlice(0, length.segment().get(JAVA_LONG, 0)), out.segment()))
                    .isEqualTo(Inflater.Status.DONE);
            assertThat(out.bytes()).isEqualTo(bytes);
        }
    }
}
