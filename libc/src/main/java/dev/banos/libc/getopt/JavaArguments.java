package dev.banos.libc.getopt;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** An argument vector of Java strings; the program's name is element 0 of the array, or stands outside of it. */
final class JavaArguments extends ArgumentVector {
    private final String[] elements;
    private final int first; // the index, in this vector, of elements[0]
    private final @Nullable String program;

    JavaArguments(String[] argv) {
        this.elements = Objects.requireNonNull(argv, "argv");
        this.first = 0;
        this.program = null;
    }

    JavaArguments(String program, String[] arguments) {
        this.elements = Objects.requireNonNull(arguments, "arguments");
        this.first = 1;
        this.program = Objects.requireNonNull(program, "program");
    }

    @Override
    public int count() {
        return elements.length + first;
    }

    @Override
    String units(int index) {
        String element = index < first ? program : elements[index - first];
        if (element == null) {
            throw new IllegalArgumentException("argv[" + index + "]=null of argc=" + count());
        }
        return element;
    }

    @Override
    long address(int index) {
        return 0;
    }

    @Override
    String textOf(String units) {
        return units;
    }

    @Override
    String unitsOf(String text) {
        return text;
    }

    @Override
    void swap(int i, int j) {
        String moved = elements[i - first];
        elements[i - first] = elements[j - first];
        elements[j - first] = moved;
    }
}
