package dev.banos.libc.zip;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import dev.banos.libc.zip.Inflater.Format;
import dev.banos.libc.zip.Inflater.Status;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Random;
import java.util.zip.Deflater;

/** Inflates where the stack or the Java heap is at its end, in a JVM of its own, which that may kill. */
final class InflaterAtTheEndChild {
    static final String STACK = "stack";
    static final String HEAP = "heap";
    static final String SURVIVED = "survived";

    private static final int CONTENT_BYTES = 60_000; // so that it is decoded in the output
    private static final int INFLATERS = 15;
    private static final int STACK_BYTES = 200_000;

    private static final byte[] CONTENT = content();
    private static final MemorySegment STREAM =
            Arena.global().allocateFrom(JAVA_BYTE, Deflated.stream(CONTENT, 6, Deflater.DEFAULT_STRATEGY, false));
    private static final MemorySegment OUT = Arena.global().allocate(CONTENT_BYTES);

    private static int ends;
    private static boolean isDone;

    private InflaterAtTheEndChild() {
    }

    public static void main(String[] args) throws InterruptedException, InflateException {
        Inflater[] inflaters = new Inflater[INFLATERS];
        for (int i = 0; i < INFLATERS; i++) {
            inflaters[i] = Inflater.of(Format.ZLIB);
        }
        if (args[0].equals(STACK)) {
            for (int i = 0; i < INFLATERS; i++) {
                toTheEndOfTheStack(inflaters[i], i);
            }
        } else {
            inflaters[0].inflate(STREAM, OUT);
            inflaters[0].reset();
            atTheEndOfTheHeap(inflaters);
        }
        for (Inflater inflater : inflaters) {
            goOn(inflater);
            requireAsNew(inflater);
        }
        System.out.println(ends > 0 ? SURVIVED : "the end was never met");
    }

    private static byte[] content() {
        Random random = new Random(1);
        byte[] content = new byte[CONTENT_BYTES];
        for (int i = 0; i < content.length; i++) {
            content[i] = (byte) random.nextInt(7);
        }
        return content;
    }

    private static void toTheEndOfTheStack(Inflater inflater, int round) throws InterruptedException {
        isDone = false;
        Thread thread = new Thread(null, () -> descend(inflater), "descending", STACK_BYTES + round * 16L);
        thread.start();
        thread.join();
    }

    /** To the end of the stack; then a call at each depth on the way up, until one has decoded something, or has failed for good. */
    private static void descend(Inflater inflater) {
        try {
            descend(inflater);
        } catch (StackOverflowError deepest) {
            // from here on upwards
        }
        if (isDone) {
            return;
        }
        try {
            inflater.inflate(STREAM, OUT);
            isDone = true;
        } catch (StackOverflowError tooLittleLeft) {
            ends++;
            isDone = inflater.totalIn() + inflater.totalOut() > 0;
        } catch (InflateException brokenOff) {
            isDone = true;
        }
    }

    private static void atTheEndOfTheHeap(Inflater[] inflaters) throws InflateException {
        Object[] ballast = fill();
        for (Inflater inflater : inflaters) {
            try {
                inflater.inflate(STREAM, OUT);
            } catch (OutOfMemoryError full) {
                ends++;
            }
        }
        ballast[0] = null;
    }

    private static Object[] fill() {
        Object[] all = new Object[1];
        for (int length = 1 << 18; length > 2; length /= 2) {
            try {
                for (;;) {
                    Object[] next = new Object[length];
                    next[0] = all[0];
                    all[0] = next;
                }
            } catch (OutOfMemoryError full) {
                // the next smaller one
            }
        }
        return all;
    }

    /** What such a call delivers is what the stream has next. */
    private static void goOn(Inflater inflater) {
        long in = inflater.totalIn();
        int out = (int) inflater.totalOut();
        try {
            inflater.inflate(STREAM, in, STREAM.byteSize() - in, OUT, 0, CONTENT_BYTES);
        } catch (InflateException brokenOff) {
            // and says so
        }
        int produced = (int) inflater.produced();
        byte[] got = OUT.asSlice(0, produced).toArray(JAVA_BYTE);
        if (!Arrays.equals(got, Arrays.copyOfRange(CONTENT, out, Math.min(CONTENT_BYTES, out + produced)))) {
            throw new AssertionError(produced + " bytes that are not those at " + out);
        }
    }

    private static void requireAsNew(Inflater inflater) throws InflateException {
        inflater.reset();
        Status status = inflater.inflate(STREAM, OUT);
        if (status != Status.DONE || !Arrays.equals(OUT.toArray(JAVA_BYTE), CONTENT)) {
            throw new AssertionError(status + " after a reset");
        }
        inflater.close();
    }
}
