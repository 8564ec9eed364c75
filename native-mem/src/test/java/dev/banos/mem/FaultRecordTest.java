package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.banos.bindings.Native;
import dev.banos.testing.ChildJvm;
import dev.banos.testing.ChildProcess;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A JVM that a guard has stopped leaves enough behind to name the block. */
class FaultRecordTest {
    /** What docs/hardening.md tells its reader to run. */
    private static final String EXPLAIN = """
            address=$(sed -n 's/^siginfo.*si_addr: 0x//p' "$1" | head -n 1)
            tr -d '\\000' < "$2" | awk -v a="$address" '$1"" <= a"" && a"" < $2""'
            """;

    @TempDir
    Path folder;

    /** Run by a JVM that does not survive it. */
    public static final class Main {
        private Main() {
        }

        public static void main(String[] arguments) {
            for (int i = 0; i < 50; i++) {
                Malloc.free(Malloc.malloc(70_000)); // lines that are used again
            }
            long other = Malloc.malloc(80_000);
            long block = Malloc.malloc(100_000);
            boolean afterFree = Boolean.getBoolean("after.free");
            if (afterFree) {
                Malloc.free(block);
            }
            Native.EVERYTHING.set(ValueLayout.JAVA_BYTE, afterFree ? block + 50_000 : block + 100_000, (byte) 1);
            System.out.println("survived beside " + other);
        }
    }

    /** Needs the record for the first time while it is interrupted. */
    public static final class InterruptedMain {
        private InterruptedMain() {
        }

        public static void main(String[] arguments) {
            Thread.currentThread().interrupt();
            long block = Malloc.malloc(100_000);
            System.out.println((block != 0) + " " + Thread.interrupted());
        }
    }

    @Test
    void anInterruptedThreadOpensTheRecordAsAnyOther() throws IOException, InterruptedException {
        Path record = folder.resolve("record");
        List<String> flags = List.of("-Dbanos.mem.hardening=guard", "-Dbanos.mem.faultRecord=" + record);
        assertThat(ChildJvm.run(flags, InterruptedMain.class).output()).isEqualToIgnoringWhitespace("true true");
        assertThat(Files.readString(record)).contains("a live block of 100000 bytes");
    }

    @Test
    void anOverrunNamesTheLiveBlock() throws IOException, InterruptedException {
        assertThat(crash("-Dbanos.mem.hardening=guard,stacks")).containsOnlyOnce("\n")
                .contains("a live block of 100000 bytes at 0x", "allocated by " + Main.class.getName() + ".main", "of malloc");
    }

    @Test
    void aUseAfterTheFreeNamesTheFreedBlockAndWhoFreedIt() throws IOException, InterruptedException {
        assertThat(crash("-Dbanos.mem.hardening=guard,quarantine,stacks", "-Dafter.free=true")).containsOnlyOnce("\n")
                .contains("a freed block, in quarantine, of 100000 bytes at 0x", "freed by " + Main.class.getName() + ".main");
    }

    /** One that is a number to awk, and with so large an exponent that all are one. */
    @Test
    void anAddressThatLooksLikeANumberIsOneOfText() throws IOException, InterruptedException {
        Path report = Files.writeString(folder.resolve("hs_err"), "siginfo: si_signo: 11 (SIGSEGV), si_addr: 0x00007e5123401000\n");
        Path record = Files.writeString(folder.resolve("record"), """
                00007e5123300000 00007e5123320000 a live block
                00007e5123400000 00007e5123420000 the block
                """);
        assertThat(ChildProcess.run(List.of("sh", "-c", EXPLAIN, "sh", report.toString(), record.toString())).output())
                .isEqualToIgnoringWhitespace("00007e5123400000 00007e5123420000 the block");
    }

    /** Reads its record, then has a child with the same options. */
    public static final class ReadingMain {
        private ReadingMain() {
        }

        public static void main(String[] arguments) throws IOException, InterruptedException {
            long block = Malloc.malloc(100_000);
            boolean hasRead = Files.readAllBytes(Path.of(arguments[0])).length > 0;
            System.out.println("read: " + (hasRead && block != 0));
            System.out.println(ChildJvm.run(guarded(Path.of(arguments[0])), InterruptedMain.class).output());
        }
    }

    private static List<String> guarded(Path record) {
        return List.of("-Dbanos.mem.hardening=guard", "-Dbanos.mem.faultRecord=" + record);
    }

    /** To close any descriptor of a file gives a process's locks of it away. */
    @Test
    void whoReadsItsOwnRecordKeepsIt() throws IOException, InterruptedException {
        Path record = folder.resolve("record");
        assertThat(ChildJvm.run(guarded(record), ReadingMain.class, record.toString()).output())
                .contains("read: true", "another JVM writes that file now");
        assertThat(Files.readString(record)).contains("a live block of 100000 bytes");
    }

    /** A child has the options of its parent, for example through the environment. */
    @Test
    void theFileOfAnotherProcessThatRunsIsRefusedAndStays() throws IOException, InterruptedException {
        Path record = folder.resolve("record");
        Files.writeString(record, "of another");
        try (FileChannel other = FileChannel.open(folder.resolve("record.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
                FileLock lock = other.lock()) {
            assertThat(lock.isShared()).isFalse();
            String output = ChildJvm.run(List.of("-Dbanos.mem.hardening=guard", "-Dbanos.mem.faultRecord=" + record), InterruptedMain.class)
                    .output();
            assertThat(output).contains("SettingError: -Dbanos.mem.faultRecord=" + record + ": another JVM writes that file now", "%p");
        }
        assertThat(record).hasContent("of another");
    }

    @Test
    void theNameOfTheFileMayHaveTheProcessInIt() throws IOException, InterruptedException {
        List<String> flags = List.of("-Dbanos.mem.hardening=guard", "-Dbanos.mem.faultRecord=" + folder.resolve("record.%p.txt"));
        for (int i = 1; i <= 2; i++) {
            assertThat(ChildJvm.run(flags, InterruptedMain.class).output()).isEqualToIgnoringWhitespace("true true");
            try (Stream<Path> files = Files.list(folder)) {
                assertThat(files).hasSize(2 * i).allMatch(file -> file.getFileName().toString().matches("record\\.[0-9]+\\.txt(\\.lock)?"));
            }
        }
    }

    @Test
    void aFileThatCannotBeWrittenIsNamed() throws IOException, InterruptedException {
        String output = ChildJvm.run(List.of("-Dbanos.mem.hardening=guard", "-Dbanos.mem.faultRecord=" + folder), Main.class).output();
        assertThat(output).contains("Exception in thread \"main\" dev.banos.bindings.SettingError: -Dbanos.mem.faultRecord=" + folder
                + ": a file that can be written is accepted");
    }

    /** Not a fault when a line is written to a page that the disk has no room for. */
    @Test
    void aDiskWithoutRoomForTheFileIsSaidAtOnce() throws IOException, InterruptedException {
        assumeTrue(Files.exists(Path.of("/dev/full")), "skipped: there is no /dev/full");
        String output = ChildJvm.run(List.of("-Dbanos.mem.hardening=guard", "-Dbanos.mem.faultRecord=/dev/full"), Main.class).output();
        assertThat(output).contains("SettingError: -Dbanos.mem.faultRecord=/dev/full: ", "No space left on device");
    }

    private String crash(String... flags) throws IOException, InterruptedException {
        Path report = folder.resolve("hs_err.log");
        Path record = folder.resolve("blocks.txt");
        List<String> all = new ArrayList<>(List.of("-XX:-CreateCoredumpOnCrash", "-XX:ErrorFile=" + report,
                "-Dbanos.mem.faultRecord=" + record));
        all.addAll(List.of(flags));
        assertThat(ChildJvm.run(all, Main.class).output()).contains("SIGSEGV").doesNotContain("survived");
        assertThat(Files.readString(report)).contains("si_addr: 0x");
        return ChildProcess.run(List.of("sh", "-c", EXPLAIN, "sh", report.toString(), record.toString())).output();
    }
}
