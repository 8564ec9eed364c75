package dev.banos.samples.gunzip;

import dev.banos.samples.command.Terminal;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.DirectoryStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileAttribute;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Objects;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A new file that only its owner can read, and that is deleted unless it becomes whole, also where a signal ends the process. */
final class HalfFile implements WritableByteChannel {
    /** What Linux says that each descriptor is. */
    private static final Path DESCRIPTORS = Path.of("/proc/self/fd");
    private static final FileAttribute<?> PRIVATE = PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------"));

    private final Path file;
    private final WritableByteChannel channel;
    private final Thread atExit = new Thread(this::deleteAtExit, "banos-gunzip-half-file");
    private boolean isMade;
    private boolean whole;

    HalfFile(Path file) throws IOException {
        this(file, () -> FileChannel.open(file, Set.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE), PRIVATE));
    }

    /** Makes the file. A signal meanwhile finds it either not there, or waits until it can be deleted. */
    @SuppressWarnings("this-escape") // the thread waits for the constructor's end
    HalfFile(Path file, Making making) throws IOException {
        this.file = file;
        synchronized (this) {
            Runtime.getRuntime().addShutdownHook(atExit); // throws where the process ends already
            try {
                channel = making.make();
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
            throw lost(full);
        }
    }

    private Complaint lost(IOException failed) {
        return Complaint.lastError("\n" + file + ": " + Complaint.cause(failed));
    }

    @Override
    public boolean isOpen() {
        return channel.isOpen();
    }

    /**
     * Gives the file the attributes of another and a time, as far as its file system has such, and closes it: over a network, or of a
     * quota, what was written may be refused as late as then.
     */
    void finish(PosixFileAttributes like, FileTime modified, Report report) throws Complaint {
        try {
            take(like, modified, report);
        } catch (IOException failed) {
            throw Complaint.error(file + ": " + Complaint.cause(failed));
        }
        try {
            channel.close();
        } catch (IOException refused) {
            throw lost(refused);
        }
    }

    private void take(PosixFileAttributes like, FileTime modified, Report report) throws IOException {
        PosixFileAttributeView view = Files.getFileAttributeView(descriptor(), PosixFileAttributeView.class);
        orWarning(report, () -> view.setTimes(modified, like.lastAccessTime(), null));
        // The group before the permissions and those before the owner: nobody else may read the file meanwhile.
        whereAllowed(() -> view.setGroup(like.group()));
        orWarning(report, () -> view.setPermissions(like.permissions()));
        whereAllowed(() -> view.setOwner(like.owner()));
    }

    /**
     * The open file whatever bears its name: where others may write to the folder, that may be a link by now, to a file which is
     * none of theirs. (JDK 25's view with NOFOLLOW_LINKS sets permissions through links all the same.)
     */
    private Path descriptor() throws IOException {
        Path absolute = file.toAbsolutePath();
        Path made = Objects.requireNonNull(absolute.getParent()).toRealPath().resolve(Objects.requireNonNull(absolute.getFileName()));
        try (DirectoryStream<Path> descriptors = Files.newDirectoryStream(DESCRIPTORS)) {
            for (Path each : descriptors) {
                if (made.equals(target(each))) {
                    return each;
                }
            }
        }
        throw new IOException("is no longer the file that was made");
    }

    private static @Nullable Path target(Path descriptor) throws IOException {
        try {
            return Files.readSymbolicLink(descriptor);
        } catch (NoSuchFileException closed) {
            return null;
        }
    }

    /** The content is good all the same. */
    private void orWarning(Report report, Change change) throws IOException {
        try {
            change.make();
        } catch (FileSystemException refused) {
            report.complain(Complaint.warning(file + ": " + Complaint.cause(refused)));
        }
    }

    /** Mostly only the superuser may give a file away; nobody else is told. */
    private static void whereAllowed(Change change) throws IOException {
        try {
            change.make();
        } catch (FileSystemException refused) {
            // it stays as it is, as with gzip
        }
    }

    private interface Change {
        void make() throws IOException;
    }

    /** After {@link #finish}: it stays, and a signal's end of the process waits for {@code last}. */
    synchronized void becomeWhole(Runnable last) {
        if (channel.isOpen()) {
            throw new IllegalStateException("may still fail to be written: " + file);
        }
        whole = true;
        last.run();
    }

    private synchronized void deleteAtExit() {
        try {
            deleteUnlessWhole();
        } catch (IOException stays) {
            System.err.println(Orders.PROGRAM + ": " + Terminal.printable(file + ": " + Complaint.cause(stays)));
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

    interface Making {
        WritableByteChannel make() throws IOException;
    }
}
