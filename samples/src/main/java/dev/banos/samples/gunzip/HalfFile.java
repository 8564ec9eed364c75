package dev.banos.samples.gunzip;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Set;

/** A new file that only its owner can read, and that is deleted unless it becomes whole, also where a signal ends the process. */
final class HalfFile implements WritableByteChannel {
    private static final FileAttribute<?> PRIVATE = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private final Path file;
    private final FileChannel channel;
    private final Thread atExit = new Thread(this::deleteAtExit, "banos-gunzip-half-file");
    private boolean isMade;
    private boolean whole;

    /** Makes the file. A signal meanwhile finds it either not there, or waits until it can be deleted. */
    @SuppressWarnings("this-escape") // the thread waits for the constructor's end
    HalfFile(Path file) throws IOException {
        this.file = file;
        synchronized (this) {
            Runtime.getRuntime().addShutdownHook(atExit); // throws where the process ends already
            try {
                channel = FileChannel.open(file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), PRIVATE);
                isMade = true;
            } finally {
                if (!isMade) {
                    forgetExit();
                }
            }
        }
    }

    /** Where this fails the system has not said of which file. */
    @Override
    public int write(ByteBuffer bytes) throws Complaint {
        try {
            return channel.write(bytes);
        } catch (IOException full) {
            throw Complaint.lastError("\n" + file + ": " + Complaint.cause(full));
        }
    }

    @Override
    public boolean isOpen() {
        return channel.isOpen();
    }

    /** It stays, and a signal's end of the process waits for {@code last}. */
    synchronized void becomeWhole(Runnable last) {
        whole = true;
        last.run();
    }

    private synchronized void deleteAtExit() {
        try {
            deleteUnlessWhole();
        } catch (IOException stays) {
            System.err.println(Orders.PROGRAM + ": " + file + ": " + Complaint.cause(stays));
        }
    }

    @Override
    public synchronized void close() throws IOException {
        forgetExit();
        try (channel) {
            deleteUnlessWhole();
        }
    }

    private void deleteUnlessWhole() throws IOException {
        if (isMade && !whole) {
            Files.deleteIfExists(file);
        }
    }

    private void forgetExit() {
        try {
            Runtime.getRuntime().removeShutdownHook(atExit);
        } catch (IllegalStateException exiting) {
            // it waits for this, or is done
        }
    }
}
