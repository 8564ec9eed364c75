package dev.banos.fuzz.objects;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.loader.InstallPolicy;
import dev.banos.loader.LinkException;
import dev.banos.loader.LinkedLibrary;
import dev.banos.loader.ObjectInfo;
import dev.banos.loader.ObjectLinker;
import dev.banos.loader.OfflineLinker;
import dev.banos.testing.ChildProcess;
import dev.banos.testing.OnX8664;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Objects of generated C mean the same when Banos links them as when the host's linkers do. */
@OnX8664
class GeneratedObjectsTest {
    private static final FunctionDescriptor OBSERVE = FunctionDescriptor.of(ValueLayout.JAVA_LONG);
    private static final String LLD = "lld";
    private static final String GNU = "bfd";
    private static final int MOST_STEPS = 400;

    @TempDir
    Path folder;
    private Host host;

    @BeforeEach
    void needsACompiler() {
        host = new Host(folder);
    }

    @Test
    void generatedObjectsMeanTheSame() throws Exception {
        for (long seed = 1; seed <= 16; seed++) {
            requireTheSame(Source.of(seed), bytes -> bytes);
        }
    }

    @Test
    void objectsWithMovedAddendsMeanTheSame() throws Exception {
        for (long seed = 101; seed <= 108; seed++) {
            requireTheSame(Source.of(seed).withoutIndirectCalls(), bytes -> moved(bytes, 5));
        }
    }

    @Test
    @Tag("campaign")
    void generatedObjectsMeanTheSameByTheThousand() throws Exception {
        for (long seed = 1000; seed < 2000; seed++) {
            requireTheSame(Source.of(seed), bytes -> bytes);
            requireTheSame(Source.of(seed).withoutIndirectCalls(), bytes -> moved(bytes, 7));
        }
    }

    /** Any damage is refused in one line, or what results can be linked. */
    @Test
    void damagedObjectsAreLinkedOrRefused() throws Exception {
        int refused = 0;
        Random random = new Random(20);
        for (long seed = 1; seed <= 8; seed++) {
            byte[] object = Files.readAllBytes(host.compile(Source.of(seed)));
            for (int round = 0; round < 400; round++) {
                byte[] damaged = object.clone();
                for (int change = 0; change <= random.nextInt(4); change++) {
                    damaged[random.nextInt(3) == 0 ? random.nextInt(64) : random.nextInt(damaged.length)] = (byte) random.nextInt();
                }
                refused += isRefused(damaged) ? 1 : 0;
            }
        }
        assertThat(refused).isGreaterThan(100);
    }

    private static boolean isRefused(byte[] object) {
        try {
            ObjectInfo.read(object, "damaged.o").toJson();
            OfflineLinker.at(0x1000_0000L).phonyImports().link(object, "damaged.o");
            return false;
        } catch (LinkException refusal) {
            assertThat(refusal).hasMessageStartingWith("damaged.o: ").hasMessageNotContaining("\n");
            return true;
        }
    }

    /** A linker that gets addends wrong is found, and the C that shows it is short. */
    @Test
    void aWrongLinkIsShrunkToAFewLines() throws Exception {
        Source wrong = null;
        for (long seed = 1; wrong == null; seed++) {
            Source source = Source.of(seed).withoutIndirectCalls();
            wrong = differs(source, bytes -> bytes, bytes -> moved(bytes, 3)) ? source : null;
        }
        Source shrunk = shrunk(wrong, bytes -> bytes, bytes -> moved(bytes, 3));
        assertThat(shrunk.parts()).as(shrunk.text()).hasSizeLessThanOrEqualTo(2);
        assertThat(shrunk.text().lines()).hasSizeLessThan(12);
    }

    private static byte[] moved(byte[] object, long seed) {
        RelocationTables.moveAddends(object, new Random(seed));
        return object;
    }

    private void requireTheSame(Source source, UnaryOperator<byte[]> change) throws Exception {
        if (differs(source, change, change)) {
            throw new AssertionError("the linkers do not agree on\n" + shrunk(source, change, change).text());
        }
    }

    /** The host links the object after one change, Banos after another. */
    private boolean differs(Source source, UnaryOperator<byte[]> hosts, UnaryOperator<byte[]> ours) throws Exception {
        Path object = host.compile(source);
        byte[] bytes = Files.readAllBytes(object);
        Files.write(object, hosts.apply(bytes.clone()));
        long expected = host.observe(object, GNU);
        if (ChildProcess.isInstalled("ld.lld")) {
            assertThat(host.observe(object, LLD)).as("the host's two linkers on\n%s", source.text()).isEqualTo(expected);
        }
        try (LinkedLibrary library = ObjectLinker.create(InstallPolicy.anyUser()).add(ours.apply(bytes), "generated.o").link()) {
            return (long) library.handle("observe", OBSERVE).invokeExact() != expected;
        } catch (LinkException refused) {
            return true;
        } catch (Throwable thrown) {
            throw new AssertionError(source.text(), thrown);
        }
    }

    private Source shrunk(Source source, UnaryOperator<byte[]> hosts, UnaryOperator<byte[]> ours) throws Exception {
        Source best = source;
        int steps = 0;
        for (boolean better = true; better && steps < MOST_STEPS; ) {
            better = false;
            for (Source plainer : best.plainer().toList()) {
                if (steps++ < MOST_STEPS && differs(plainer, hosts, ours)) {
                    best = plainer;
                    better = true;
                    break;
                }
            }
        }
        return best;
    }
}
