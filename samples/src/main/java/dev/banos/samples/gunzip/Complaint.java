package dev.banos.samples.gunzip;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Objects;

/** Why a file was not expanded as it should be, in gzip's words; a line break at their beginning is gzip's, too. */
final class Complaint extends IOException {
    static final int ERROR = 1;
    static final int WARNING = 2;

    private static final String ASIDE_OF_THE_JDK = " or unable to access attributes of symbolic link$";
    private static final long serialVersionUID = 1L;

    private final int status;
    private final boolean last;

    private Complaint(int status, boolean last, String message) {
        super(message);
        this.status = status;
        this.last = last;
    }

    static Complaint error(String message) {
        return new Complaint(ERROR, false, message);
    }

    /** After which gzip looks at no other file. */
    static Complaint lastError(String message) {
        return new Complaint(ERROR, true, message);
    }

    static Complaint warning(String message) {
        return new Complaint(WARNING, false, message);
    }

    /** Where the output is lost, what is said of it is not gunzip's. */
    static Complaint outputLost() {
        return lastError("");
    }

    /** The same, after which gzip looks at no other file. */
    Complaint asLast() {
        return new Complaint(status, true, getMessage());
    }

    @Override
    public String getMessage() {
        return Objects.requireNonNull(super.getMessage(), "message");
    }

    int status() {
        return status;
    }

    boolean isLast() {
        return last;
    }

    /** What C's perror would say. */
    static String cause(IOException failed) {
        return switch (failed) {
            case NoSuchFileException absent -> "No such file or directory";
            case AccessDeniedException denied -> "Permission denied";
            case FileSystemException other when other.getReason() != null -> other.getReason().replaceFirst(ASIDE_OF_THE_JDK, "");
            default -> Objects.requireNonNullElseGet(failed.getMessage(), failed::toString);
        };
    }
}
