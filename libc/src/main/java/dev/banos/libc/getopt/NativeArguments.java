package dev.banos.libc.getopt;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.UTF_8;

import dev.banos.bindings.Native;
import java.lang.foreign.MemorySegment;

/** An argument vector of C strings: {@code char *argv[]}. */
final class NativeArguments extends ArgumentVector {
    private final int argc;
    private final MemorySegment argv;

    NativeArguments(int argc, MemorySegment argv) {
        if (argc < 0 || argc * JAVA_LONG.byteSize() > argv.byteSize()) {
            throw new IllegalArgumentException("argc=" + argc + " pointers do not fit argv.byteSize()=" + argv.byteSize());
        }
        this.argc = argc;
        this.argv = argv;
    }

    @Override
    public int count() {
        return argc;
    }

    @Override
    String units(int index) {
        return Native.EVERYTHING.getString(address(index), ISO_8859_1);
    }

    @Override
    long address(int index) {
        long address = argv.getAtIndex(JAVA_LONG, index);
        if (address == 0) {
            throw new IllegalArgumentException("argv[" + index + "]=NULL of argc=" + argc);
        }
        return address;
    }

    @Override
    String textOf(String units) {
        return new String(units.getBytes(ISO_8859_1), UTF_8);
    }

    @Override
    String unitsOf(String text) {
        return new String(text.getBytes(UTF_8), ISO_8859_1);
    }

    @Override
    void swap(int i, int j) {
        long moved = argv.getAtIndex(JAVA_LONG, i);
        argv.setAtIndex(JAVA_LONG, i, argv.getAtIndex(JAVA_LONG, j));
        argv.setAtIndex(JAVA_LONG, j, moved);
    }
}
