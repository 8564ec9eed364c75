package dev.banos.libc.getopt;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.util.Objects;

/**
 * An option with a long name: {@code struct option} of {@code <getopt.h>}.
 *
 * @param name     what stands behind the dashes
 * @param argument whether the option takes an argument
 * @param flag     an {@code int} that receives {@code value} when the option is found, and the parser then returns 0;
 *                 {@link MemorySegment#NULL} for none
 * @param value    what the parser returns for this option where there is no flag; often the equivalent short option
 */
public record LongOption(String name, Argument argument, MemorySegment flag, int value) {
    /** Whether an option takes an argument. */
    public enum Argument {
        /** {@code no_argument}: {@code --name=x} is refused. */
        NONE,
        /** {@code required_argument}: {@code --name=x} or {@code --name x}. */
        REQUIRED,
        /** {@code optional_argument}: only {@code --name=x} gives one. */
        OPTIONAL
    }

    /**
     * Checks the flag.
     *
     * @throws IllegalArgumentException where the flag is not an {@code int} in native memory
     */
    public LongOption {
        Objects.requireNonNull(name, "name");
        Objects.requireNonNull(argument, "argument");
        if (!flag.equals(MemorySegment.NULL) && !(flag.isNative() && flag.byteSize() >= JAVA_INT.byteSize())) {
            throw new IllegalArgumentException("option name=" + name + ": flag=" + flag + " is not an int in native memory");
        }
    }

    /**
     * An option without a flag.
     *
     * @param name what stands behind the dashes
     * @param argument whether the option takes an argument
     * @param value what the parser returns for it; often the equivalent short option
     * @return the option
     */
    public static LongOption of(String name, Argument argument, int value) {
        return new LongOption(name, argument, MemorySegment.NULL, value);
    }

    /**
     * {@return this option, storing its value in {@code flag}}
     *
     * @param flag an {@code int} in native memory, which must outlive the parse
     * @throws IllegalArgumentException where it is not one
     */
    public LongOption storingTo(MemorySegment flag) {
        return new LongOption(name, argument, flag, value);
    }

    /** Whether to find this option or {@code other} comes to the same for the program. */
    boolean means(LongOption other) {
        return argument == other.argument && value == other.value && flag.address() == other.flag.address();
    }

    /** What the parser returns once the option is found. */
    int deliver() {
        if (flag.equals(MemorySegment.NULL)) {
            return value;
        }
        flag.set(JAVA_INT_UNALIGNED, 0, value);
        return 0;
    }
}
