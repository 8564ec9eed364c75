package dev.banos.samples.gunzip;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** A file that is deleted unless it becomes whole, also where a signal ends the process. */
final class HalfFile implements AutoCloseable {
    private final Path file;
    private final Thread atExit = new Thread(this::deleteAtExit, "banos-gunzip-half-file");
    private boolean whole;

    private HalfFile(Path file) {
        this.file = file;
    }

    /** Of a file that was made just now. */
    static HalfFile of(Path file) throws IOException {
        HalfFile half = new HalfFile(file);
        try {
            Runtime.getRuntime().addShutdownHook(half.atExit);
        } catch (IllegalStateException exiting) {
            half.close();
            throw exiting;
        }
        return half;
    }

    /** From now on it stays. */
    synchronized void isWhole() {
        whole = true;
    }

    private synchronized void deleteAtExit() {
        try {
            close();
        } catch (IOException stays) {
            System.err.println(Orders.PROGRAM + ": " + file + ": " + Complaint.cause(stays));
        }
    }

    @Override
    public synchronized void close() throws IOException {
        forgetExit();
        if (!whole) {
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
