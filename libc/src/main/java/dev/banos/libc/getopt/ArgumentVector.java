package dev.banos.libc.getopt;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/**
 * The arguments of a command, {@code argv}, as a view of an array. Element 0 names the program, and the parser reorders the array
 * itself.
 *
 * <p>The parser compares <em>units</em>: {@code char}s of a Java string, bytes of a C string (each as one {@code char} from 0
 * to 255). That keeps an offset into a C string exact whatever its encoding; only text for people is decoded, as UTF-8.
 */
public abstract sealed class ArgumentVector permits JavaArguments, NativeArguments {

    ArgumentVector() {
    }

    /**
     * A view of a whole vector, program first, as C has it.
     *
     * @param argv the elements; the parser reorders this array
     * @return the view
     */
    public static ArgumentVector of(String... argv) {
        return new JavaArguments(argv);
    }

    /**
     * A view of what {@code main} receives: element {@code i} of this vector is {@code arguments[i - 1]}.
     *
     * @param program element 0, which messages begin with
     * @param arguments the rest; the parser reorders this array
     * @return the view
     */
    public static ArgumentVector ofMain(String program, String[] arguments) {
        return new JavaArguments(program, arguments);
    }

    /**
     * A view of a vector of C strings.
     *
     * @param argc how many elements there are
     * @param argv {@code argc} pointers, {@code char *argv[]}; what they point to is read until its null byte
     * @return the view
     * @throws IllegalArgumentException where {@code argv} is shorter than that
     */
    public static ArgumentVector of(int argc, MemorySegment argv) {
        return new NativeArguments(argc, argv);
    }

    /** {@return how many elements there are, the program among them: {@code argc}} */
    public abstract int count();

    /**
     * The text of one element.
     *
     * @param index from 0, the program, to {@link #count} - 1
     * @return the text; that of a C string decoded as UTF-8
     */
    public final String get(int index) {
        return textOf(units(index));
    }

    /**
     * The elements from {@code index} to the end as text: after the last option, from {@link Getopt#optind()}, the operands.
     *
     * @param index the first; from {@link #count} on there are none
     * @return a list of its own, which does not follow later reorderings
     */
    public final List<String> from(int index) {
        List<String> elements = new ArrayList<>();
        for (int i = index; i < count(); i++) {
            elements.add(get(i));
        }
        return elements;
    }

    abstract String units(int index);

    /** The address of element {@code index}, 0 for a Java string. */
    abstract long address(int index);

    abstract String textOf(String units);

    abstract String unitsOf(String text);

    abstract void swap(int i, int j);

    /** Moves {@code [middle, end)} in front of {@code [start, middle)}; the order within each part stays. */
    final void rotate(int start, int middle, int end) {
        reverse(start, middle);
        reverse(middle, end);
        reverse(start, end);
    }

    private void reverse(int start, int end) {
        for (int i = start, j = end - 1; i < j; i++, j--) {
            swap(i, j);
        }
    }
}
