package dev.banos.samples.gunzip;

import dev.banos.libc.zip.GzipHeader;
import dev.banos.samples.command.Progress;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributeView;
import java.nio.file.attribute.PosixFileAttributes;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A file that gzip made, found by gzip's rules for suffixes. */
final class CompressedFile {
    private static final String[] ARCHIVE_SUFFIXES = {".tgz", ".taz"};
    private static final String ARCHIVE = ".tar";

    private final Orders orders;
    private final Report report;
    private final PrintStream err;
    @SuppressWarnings("NullAway.Init") // by expand
    private Path path;

    CompressedFile(Orders orders, Report report, PrintStream err) {
        this.orders = orders;
        this.report = report;
        this.err = err;
    }

    /** Expands the file of this name to {@code out} where the orders say so, and else into the file that it was made from. */
    void expand(String name, WritableByteChannel out) throws IOException {
        path = find(name);
        if (Files.isDirectory(path)) {
            throw Complaint.warning(path + " is a directory -- ignored");
        }
        if (orders.toStandardOutput() || orders.test()) {
            try (FileChannel in = FileChannel.open(path); Expansion expansion = expansion(in)) {
                expandTo(out, expansion);
            }
        } else {
            replace(name);
        }
    }

    /** The file, or the one with a suffix added if there is none of that name. */
    private Path find(String name) throws Complaint {
        if (Files.exists(Path.of(name), LinkOption.NOFOLLOW_LINKS) || expandedName(name) != null) {
            return Path.of(name);
        }
        for (String suffix : orders.suffixes()) {
            if (Files.exists(Path.of(name + suffix), LinkOption.NOFOLLOW_LINKS)) {
                return Path.of(name + suffix);
            }
        }
        throw Complaint.error(name + orders.suffixes().getFirst() + ": No such file or directory");
    }

    /** The name without the suffix, or null if it has none. */
    private @Nullable String expandedName(String name) {
        for (String suffix : ARCHIVE_SUFFIXES) {
            if (name.endsWith(suffix)) {
                return name.substring(0, name.length() - suffix.length()) + ARCHIVE;
            }
        }
        for (String suffix : orders.suffixes()) {
            if (name.endsWith(suffix) && name.length() > suffix.length()) {
                return name.substring(0, name.length() - suffix.length());
            }
        }
        return null;
    }

    private Expansion expansion(FileChannel in) throws IOException {
        Progress progress = orders.verbose() ? Progress.NONE : Progress.of(path.toString(), in.size(), err);
        return new Expansion(in, path.toString(), progress, orders, report);
    }

    private void expandTo(WritableByteChannel out, Expansion expansion) throws IOException {
        expansion.begin();
        report.begin(path.toString());
        expansion.writeTo(out);
        if (orders.test()) {
            report.intact();
        } else {
            report.expanded(expansion.percentSaved(), "stdout");
        }
    }

    /** Expands into a new file of the same mode and time, which stays only if all went well. */
    private void replace(String asked) throws IOException {
        PosixFileAttributes attributes = checkedAttributes();
        String name = expandedName(path.toString());
        if (name == null) {
            if (orders.verbose() || !orders.recursive() && !orders.quiet()) {
                throw Complaint.warning(asked + ": unknown suffix -- ignored");
            }
            return;
        }
        try (FileChannel in = FileChannel.open(path); Expansion expansion = expansion(in)) {
            expansion.begin();
            GzipHeader header = expansion.header();
            Path target = target(Path.of(name), header);
            if (!makeRoom(target)) {
                return;
            }
            report.begin(path.toString());
            expandInto(target, expansion);
            keepAttributes(target, attributes, header);
            if (!orders.keep()) {
                Files.delete(path);
            }
            report.expanded(expansion.percentSaved(), target.toString());
        }
    }

    /** A stored name says no folder: what stands before the last slash is none of its business. */
    private Path target(Path byName, GzipHeader header) {
        if (!orders.storedName() || header.name() == null) {
            return byName;
        }
        String stored = header.name().substring(header.name().lastIndexOf('/') + 1);
        return stored.isEmpty() || stored.equals(".") || stored.equals("..") ? byName : byName.resolveSibling(stored);
    }

    /** Whether there is no file of this name, any more. */
    private boolean makeRoom(Path target) throws IOException {
        if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            return true;
        }
        if (!report.mayOverwrite(target)) {
            return false;
        }
        if (Files.isDirectory(target, LinkOption.NOFOLLOW_LINKS)) {
            throw Complaint.error(target + ": Is a directory");
        }
        Files.delete(target);
        return true;
    }

    private static void expandInto(Path target, Expansion expansion) throws IOException {
        boolean intact = false;
        try (FileChannel out = FileChannel.open(target, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            expansion.writeTo(out);
            intact = true;
        } finally {
            if (!intact) {
                Files.deleteIfExists(target);
            }
        }
    }

    private void keepAttributes(Path target, PosixFileAttributes attributes, GzipHeader header) throws IOException {
        boolean storedTime = orders.storedName() && header.modificationTime() != 0;
        FileTime modified = storedTime ? FileTime.from(header.modificationTime(), TimeUnit.SECONDS) : attributes.lastModifiedTime();
        PosixFileAttributeView view = Files.getFileAttributeView(target, PosixFileAttributeView.class);
        view.setPermissions(attributes.permissions());
        view.setTimes(modified, attributes.lastAccessTime(), null);
    }

    private PosixFileAttributes checkedAttributes() throws IOException {
        PosixFileAttributes attributes = orders.force()
                ? Files.readAttributes(path, PosixFileAttributes.class)
                : Files.readAttributes(path, PosixFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
        if (attributes.isSymbolicLink()) {
            throw Complaint.error(path + ": Too many levels of symbolic links");
        }
        if (!attributes.isRegularFile()) {
            throw Complaint.warning(path + " is not a directory or a regular file - ignored");
        }
        int others = (int) Files.getAttribute(path, "unix:nlink") - 1;
        if (others > 0 && !orders.force()) {
            throw Complaint.warning(path + " has " + others + " other link" + (others > 1 ? "s" : "") + " -- file ignored");
        }
        return attributes;
    }
}
