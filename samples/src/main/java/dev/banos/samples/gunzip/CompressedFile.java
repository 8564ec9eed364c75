package dev.banos.samples.gunzip;

import dev.banos.samples.command.Progress;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;

/** A file that gzip made, found by gzip's rules for suffixes. */
record CompressedFile(Path path) {
    private static final String[] SUFFIXES = {".gz", "-gz", ".z", "-z", "_z", ".Z"};
    private static final String[] ARCHIVE_SUFFIXES = {".tgz", ".taz"};
    private static final String ARCHIVE = ".tar";

    /** The file, or the one with a suffix added if there is none of that name. */
    static CompressedFile find(String name) throws Complaint {
        Path path = Path.of(name);
        if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS) && expandedName(name) == null) {
            for (String suffix : SUFFIXES) {
                if (Files.exists(Path.of(name + suffix), LinkOption.NOFOLLOW_LINKS)) {
                    return new CompressedFile(Path.of(name + suffix));
                }
            }
            throw Complaint.error(name + SUFFIXES[0] + ": No such file or directory");
        }
        return new CompressedFile(path);
    }

    /** The name without the suffix, or null if it has none. */
    private static String expandedName(String name) {
        for (String suffix : ARCHIVE_SUFFIXES) {
            if (name.endsWith(suffix)) {
                return name.substring(0, name.length() - suffix.length()) + ARCHIVE;
            }
        }
        for (String suffix : SUFFIXES) {
            if (name.endsWith(suffix) && name.length() > suffix.length()) {
                return name.substring(0, name.length() - suffix.length());
            }
        }
        return null;
    }

    void expandTo(WritableByteChannel out, PrintStream err) throws IOException {
        refuseDirectory();
        try (FileChannel in = FileChannel.open(path); Progress progress = Progress.of(path.toString(), in.size(), err)) {
            Expansion.run(in, out, path.toString(), progress);
        }
    }

    /** Expands into a new file of the same mode and time, which stays only if all went well. */
    void replace(Path asked, boolean keep, PrintStream err) throws IOException {
        PosixFileAttributes attributes = checkedAttributes(keep);
        String name = expandedName(path.toString());
        if (name == null) {
            throw Complaint.warning(asked + ": unknown suffix -- ignored");
        }
        Path target = Path.of(name);
        Complaint warning = null;
        try (FileChannel out = FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            warning = expandInto(out, target, err);
        } catch (FileAlreadyExistsException exists) {
            throw Complaint.warning(target + " already exists;\tnot overwritten");
        }
        PosixFileAttributeView view = Files.getFileAttributeView(target, PosixFileAttributeView.class);
        view.setPermissions(attributes.permissions());
        view.setTimes(attributes.lastModifiedTime(), attributes.lastAccessTime(), null);
        if (!keep) {
            Files.delete(path);
        }
        if (warning != null) {
            throw warning;
        }
    }

    /** Returns a warning, for which the output is kept; after an error it is removed. */
    private Complaint expandInto(FileChannel out, Path target, PrintStream err) throws IOException {
        boolean intact = false;
        try {
            expandTo(out, err);
            intact = true;
            return null;
        } catch (Complaint complaint) {
            intact = complaint.status() == Complaint.WARNING;
            if (!intact) {
                throw complaint;
            }
            return complaint;
        } finally {
            if (!intact) {
                Files.delete(target);
            }
        }
    }

    private PosixFileAttributes checkedAttributes(boolean keep) throws IOException {
        refuseDirectory();
        PosixFileAttributes attributes = Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (attributes.isSymbolicLink()) {
            throw Complaint.error(path + ": Too many levels of symbolic links");
        }
        if (!attributes.isRegularFile()) {
            throw Complaint.warning(path + " is not a directory or a regular file - ignored");
        }
        int others = (int) Files.getAttribute(path, "unix:nlink") - 1;
        if (others > 0 && !keep) {
            throw Complaint.warning(path + " has " + others + " other link" + (others > 1 ? "s" : " ") + " -- unchanged");
        }
        return attributes;
    }

    private void refuseDirectory() throws Complaint {
        if (Files.isDirectory(path)) {
            throw Complaint.warning(path + " is a directory -- ignored");
        }
    }
}
