package dev.banos.samples.install;

import dev.banos.loader.LoadStep;
import dev.banos.samples.command.Progress;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/**
 * The bar of an installation that takes long: its first part is reading and parsing the files, which counts by their bytes; the
 * second is linking and starting what is in them, of which each phase counts alike.
 */
final class InstallProgress implements Consumer<LoadStep>, AutoCloseable {
    private static final int MANY_FILES = 32;
    private static final long TOTAL = 1000;
    private static final long OF_FILES = 400;
    private static final List<String> OF_FILE = List.of("read", "parse");
    private static final List<String> OF_DRIVER = List.of("check", "place", "resolve", "relocate", "seal", "start");

    private final Progress progress;
    private final Map<String, Long> bytes = new HashMap<>();
    private final long allBytes;
    private long doneBytes;

    private InstallProgress(List<Path> files, Progress progress) {
        this.progress = progress;
        files.forEach(file -> bytes.put(file.toString(), file.toFile().length()));
        allBytes = Math.max(1, totalBytes(files));
    }

    /** Shows nothing of a few small files, and where nobody watches. */
    static InstallProgress of(List<Path> files, PrintStream err) {
        boolean takesLong = files.size() >= MANY_FILES || Progress.isLarge(totalBytes(files));
        return new InstallProgress(files, Progress.of("installing", TOTAL, takesLong, err));
    }

    /** Whoever watches. */
    static InstallProgress shown(List<Path> files, PrintStream err) {
        return new InstallProgress(files, Progress.shown("installing", TOTAL, err));
    }

    private static long totalBytes(List<Path> files) {
        return files.stream().mapToLong(file -> file.toFile().length()).sum();
    }

    @Override
    public void accept(LoadStep step) {
        String phase = step.phase().name();
        if (OF_FILE.contains(phase)) {
            doneBytes += bytes.getOrDefault(step.file(), 0L);
            progress.reach(doneBytes * OF_FILES / OF_FILE.size() / allBytes);
        } else {
            long done = (step.number() - 1L) * OF_DRIVER.size() + OF_DRIVER.indexOf(phase) + 1;
            progress.reach(OF_FILES + done * (TOTAL - OF_FILES) / ((long) step.count() * OF_DRIVER.size()));
        }
    }

    /** Whether all files have been read, parsed and permitted, and no driver has been begun. */
    static boolean isLastOfFiles(LoadStep step) {
        return step.phase().name().equals(OF_FILE.getLast()) && step.number() == step.count();
    }

    /** Leaves the line empty for what a driver prints. */
    void hide() {
        progress.hide();
    }

    @Override
    public void close() {
        progress.close();
    }
}
