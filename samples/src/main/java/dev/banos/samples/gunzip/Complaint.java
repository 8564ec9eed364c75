package dev.banos.samples.gunzip;

import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;

/** Why a file was not expanded as it should be, in gzip's words. */
final class Complaint extends IOException {
    static final int ERROR = 1;
    static final int WARNING = 2;

    private static final long serialVersionUID = 1L;

    private final int status;

    private Complaint(int status, String message) {
        super(message);
        this.status = status;
    }

    static Complaint error(String message) {
        return new Complaint(ERROR, message);
    }

    static Complaint warning(String message) {
        return new Complaint(WARNING, message);
    }

    int status() {
        return status;
    }

    /** What C's perror would say. */
    static String cause(IOException failed) {
        return switch (failed) {
            case NoSuchFileException absent -> "No such file or directory";
            case AccessDeniedException denied -> "Permission denied";
            default -> failed.getMessage();
        };
    }
}
