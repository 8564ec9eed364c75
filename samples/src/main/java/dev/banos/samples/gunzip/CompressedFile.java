package dev.banos.samples.gunzip;

import dev.banos.libc.zip.GzipHeader;
import dev.banos.samples.command.Progress;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFileAttributes;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/** A file that gzip made, found by the rules of {@link Suffixes}. */
final class CompressedFile {
    // Of a mode, as POSIX has it.
    private static final int SET_USER_ID = 04000;
    private static final int SET_GROUP_ID = 02000;
    private static final int STICKY = 01000;

    /** What Java makes of bytes in an argument that are no text, and no file is found by. */
    private static final char UNDECODED = '\uFFFD';

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
        String found = find(name);
        path = Path.of(found);
        if (Files.isDirectory(path, links(orders))) {
            throw Complaint.warning(found + " is a directory -- ignored");
        }
        if (orders.test() && orders.recursive() && withoutSuffix(name) == null) {
            return; // all that has no suffix is tested too, but in folders, as gzip has it
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
    private String find(String name) throws IOException {
        if (name.indexOf(UNDECODED) >= 0 && !isThere(name)) {
            throw Complaint.error(name + ": a name that is not in this locale's encoding; give the file as standard input");
        }
        if (isThere(name) || orders.suffixes().taken(name) != null) {
            return name;
        }
        List<String> longer = orders.suffixes().added(name);
        for (String each : longer) {
            if (isThere(each)) {
                return each;
            }
        }
        throw Complaint.error(longer.getFirst() + ": No such file or directory");
    }

    /** A slash at its end asks for a folder, also where the path of the name has none any more. */
    private boolean isThere(String name) throws IOException {
        if (name.isEmpty()) {
            return false;
        }
        Path path = Path.of(name);
        try {
            Map<String, Object> ignored = Files.readAttributes(path, "size", links(orders));
        } catch (NoSuchFileException absent) {
            return false;
        }
        if (name.endsWith("/") && !Files.isDirectory(path)) {
            throw Complaint.error(name + ": Not a directory");
        }
        return true;
    }

    /** How a file is looked at: with what is replaced, a symbolic link is not its target. */
    static LinkOption[] links(Orders orders) {
        return orders.followsLinks() ? new LinkOption[0] : new LinkOption[] {LinkOption.NOFOLLOW_LINKS};
    }

    private Expansion expansion(FileChannel in) throws IOException {
        Progress progress = orders.verbose() ? Progress.NONE : Progress.of(path.toString(), in.size(), err);
        boolean copies = orders.force() && (orders.toStandardOutput() || orders.test());
        return new Expansion(in, path.toString(), progress, copies, orders, report);
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
        String name = withoutSuffix(asked);
        if (name == null) {
            return;
        }
        try (FileChannel in = FileChannel.open(path); Expansion expansion = expansion(in)) {
            expansion.begin();
            GzipHeader header = expansion.firstHeader();
            Path target = target(Path.of(name), header);
            if (!makeRoom(target)) {
                return;
            }
            report.begin(path.toString());
            expandInto(target, expansion, attributes);
            report.expanded(expansion.percentSaved(), target.toString());
        }
    }

    /** @return null: it has none, and nobody is told */
    private @Nullable String withoutSuffix(String asked) throws Complaint {
        String name = orders.suffixes().taken(path.toString());
        if (name == null && (orders.verbose() || !orders.recursive() && !orders.quiet())) {
            throw Complaint.warning(asked + ": unknown suffix -- ignored");
        }
        return name;
    }

    /** A stored name says no folder: what stands before the last slash is none of its business. */
    private Path target(Path byName, GzipHeader header) {
        if (!orders.storedName() || header.name() == null) {
            return byName;
        }
        String stored = asStored(header.name().substring(header.name().lastIndexOf('/') + 1));
        return stored.isEmpty() || stored.equals(".") || stored.equals("..") ? byName : byName.resolveSibling(stored);
    }

    /** The format says ISO 8859-1, and gzip stores the bytes that the file's name had. */
    private static String asStored(String name) {
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(name.getBytes(StandardCharsets.ISO_8859_1))).toString();
        } catch (CharacterCodingException latin1) {
            return name;
        }
    }

    /** Whether there is no file of this name, any more. */
    private boolean makeRoom(Path target) throws IOException {
        if (!Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
            return true;
        }
        if (isThis(target)) {
            throw Complaint.error(path + " and " + target + " are the same file");
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

    /** By its name; another link of the same file may go. */
    private boolean isThis(Path target) throws IOException {
        boolean sameFile = Files.getAttribute(target, "unix:fileKey", LinkOption.NOFOLLOW_LINKS)
                .equals(Files.getAttribute(path, "unix:fileKey", LinkOption.NOFOLLOW_LINKS));
        return sameFile && (target.equals(path) || (int) Files.getAttribute(path, "unix:nlink", LinkOption.NOFOLLOW_LINKS) == 1);
    }

    /** A signal leaves either the compressed file or the other: from where that is whole to where this is deleted none can come between. */
    private void expandInto(Path target, Expansion expansion, PosixFileAttributes attributes) throws IOException {
        try (HalfFile half = new HalfFile(target)) {
            expansion.writeTo(half);
            half.finish(attributes, modified(attributes, expansion.storedSeconds()), report);
            half.becomeWhole(this::deleteUnlessKept);
        }
    }

    /** In a folder like /tmp nobody may delete what is another's. */
    private void deleteUnlessKept() {
        try {
            if (!orders.keep()) {
                Files.delete(path);
            }
        } catch (IOException stays) {
            report.complain(Complaint.warning(path + ": " + Complaint.cause(stays)));
        }
    }

    private FileTime modified(PosixFileAttributes attributes, long storedSeconds) {
        boolean storedTime = orders.storedName() && storedSeconds != 0;
        return storedTime ? FileTime.from(storedSeconds, TimeUnit.SECONDS) : attributes.lastModifiedTime();
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
        requirePlainMode((int) Files.getAttribute(path, "unix:mode"));
        int others = (int) Files.getAttribute(path, "unix:nlink") - 1;
        if (others > 0 && !orders.force()) {
            throw Complaint.warning(path + " has " + others + " other link" + (others > 1 ? "s" : "") + " -- file ignored");
        }
        return attributes;
    }

    private void requirePlainMode(int mode) throws Complaint {
        if ((mode & SET_USER_ID) != 0) {
            throw Complaint.warning(path + " is set-user-ID on execution - ignored");
        }
        if ((mode & SET_GROUP_ID) != 0) {
            throw Complaint.warning(path + " is set-group-ID on execution - ignored");
        }
        if ((mode & STICKY) != 0 && !orders.force()) {
            throw Complaint.warning(path + " has the sticky bit set - file ignored");
        }
    }
}
