package dev.banos.fuzz.program;

import dev.banos.bindings.FileTrouble;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** The file that parent and child both map: progress, and the program that is running. It outlives the child's crash. */
public final class WorkFile {
    private static final long IMAGE_AT = 4096;
    private static final long BYTES = IMAGE_AT + ProgramImage.BYTES;
    private static final int PIECE = 1 << 20;

    private final Progress progress;
    private final ProgramImage image;

    private WorkFile(MemorySegment file) {
        progress = new Progress(file.asSlice(0, Progress.LAYOUT));
        image = new ProgramImage(file.asSlice(IMAGE_AT, ProgramImage.BYTES));
    }

    /** Maps the file, and makes it where there is none. */
    public static WorkFile map(Path path, Arena scope) {
        try (FileChannel channel = FileChannel.open(path,
                StandardOpenOption.READ, StandardOpenOption.WRITE, StandardOpenOption.CREATE)) {
            reserve(channel);
            return new WorkFile(channel.map(FileChannel.MapMode.READ_WRITE, 0, BYTES, scope));
        } catch (IOException failed) {
            throw new UncheckedIOException(path + ": cannot be written (" + FileTrouble.cause(failed) + "): the fuzzer needs "
                    + (BYTES >> 20) + " MB for each child process in the folder that java.io.tmpdir names", failed);
        }
    }

    /** Takes its space now: later, a full disk would be a signal that looks like the target's. */
    private static void reserve(FileChannel channel) throws IOException {
        ByteBuffer zeros = ByteBuffer.allocateDirect(PIECE);
        for (long at = channel.size(); at < BYTES; at = channel.size()) {
            channel.write(zeros.clear().limit((int) Math.min(PIECE, BYTES - at)), at);
        }
    }

    public Progress progress() {
        return progress;
    }

    public ProgramImage image() {
        return image;
    }
}
