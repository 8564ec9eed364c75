package dev.banos.samples.gunzip;

import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.nio.channels.WritableByteChannel;

/** A print stream as a channel, which fails once nobody gets what is printed, so that the rest need not be expanded. */
record PrintedBytes(PrintStream out) implements WritableByteChannel {
    @Override
    public int write(ByteBuffer bytes) throws Complaint {
        byte[] taken = new byte[bytes.remaining()];
        bytes.get(taken);
        out.write(taken, 0, taken.length);
        if (out.checkError()) {
            throw Complaint.outputLost();
        }
        return taken.length;
    }

    @Override
    public boolean isOpen() {
        return true;
    }

    @Override
    public void close() {
        // the process's output outlives a file
    }
}
