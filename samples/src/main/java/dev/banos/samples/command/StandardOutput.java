package dev.banos.samples.command;

import dev.banos.bindings.FileTrouble;
import java.io.BufferedOutputStream;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The process's standard output, which remembers why it could not be written: a {@link PrintStream} tells only that it failed. */
public final class StandardOutput extends OutputStream {
    private static final Path DESCRIPTOR_1 = Path.of("/proc/self/fd/1");
    private static final int BUFFER_BYTES = 8192;

    private final OutputStream descriptor = new FileOutputStream(FileDescriptor.out);
    private @Nullable IOException failure;

    /** Prints to it in the encoding of {@code System.out}, line by line. */
    public PrintStream printer() {
        return new PrintStream(new BufferedOutputStream(this, BUFFER_BYTES), true, System.out.charset());
    }

    @Override
    public void write(int octet) throws IOException {
        write(new byte[] {(byte) octet}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int from, int count) throws IOException {
        try {
            descriptor.write(bytes, from, count);
        } catch (IOException failed) {
            failure = failed;
            throw failed;
        }
    }

    public boolean hasFailed() {
        return failure != null;
    }

    /**
     * Why it could not be written; empty where nothing failed, and where the reader of a pipe has gone, as {@code head} does when
     * it has seen enough: that is no one's mistake.
     */
    public String complaint() {
        return failure == null || isPipe() ? "" : "standard output: cannot be written (" + FileTrouble.cause(failure) + ")";
    }

    private static boolean isPipe() {
        try {
            String what = Files.readSymbolicLink(DESCRIPTOR_1).toString();
            return what.startsWith("pipe:") || what.startsWith("socket:");
        } catch (IOException closed) {
            return false;
        }
    }
}
