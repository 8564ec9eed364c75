package dev.banos.libc.sort;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;

/**
 * Elements whose passes are compiled each for itself. The compiler inlines a pass into the plan that calls it, finds more
 * loops there than it is willing to work on in one unit, and leaves some of them as they are; it cannot inline what it
 * calls through a handle that is not a constant. Such a call costs nanoseconds; without it some processes sort
 * several times as slowly (docs/sort.md).
 */
final class SeparatePasses extends Elements {
    private final Elements elements;
    private final MethodHandle varyingBits;
    private final MethodHandle count;
    private final MethodHandle countTwo;
    private final MethodHandle scatter;
    private final MethodHandle settle;
    private final MethodHandle partition;

    SeparatePasses(Elements elements) {
        super(elements.bytes, elements.flip);
        this.elements = elements;
        this.varyingBits = pass("varyingBits", MethodType.methodType(long.class, long.class, int.class));
        this.count = pass("count", MethodType.methodType(long.class, long.class, int.class, long.class, int.class, long.class));
        this.countTwo = pass("countTwo", MethodType.methodType(void.class, long.class, int.class, long.class, int.class,
                long.class, int.class, long.class));
        this.scatter = pass("scatter", MethodType.methodType(void.class, long.class, int.class, long.class, long.class,
                int.class, long.class));
        this.settle = pass("settle", MethodType.methodType(boolean.class, long.class, int.class, long.class, long.class));
        this.partition = pass("partition", MethodType.methodType(int.class, long.class, int.class, long.class));
    }

    private MethodHandle pass(String name, MethodType type) {
        try {
            return MethodHandles.lookup().bind(elements, name, type);
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(name + " is a method of Elements", e);
        }
    }

    @Override
    boolean isAscending(long from, int count) {
        return elements.isAscending(from, count);
    }

    @Override
    long varyingBits(long from, int count) {
        try {
            return (long) varyingBits.invokeExact(from, count);
        } catch (Throwable thrown) {
            throw unchecked(thrown);
        }
    }

    @Override
    long count(long from, int count, long counters, int shift, long mask) {
        try {
            return (long) this.count.invokeExact(from, count, counters, shift, mask);
        } catch (Throwable thrown) {
            throw unchecked(thrown);
        }
    }

    @Override
    long key(long address) {
        return elements.key(address);
    }

    @Override
    boolean countValues(long from, int count, long table) {
        return elements.countValues(from, count, table);
    }

    @Override
    void scatterValues(long from, int count, long target, long table) {
        elements.scatterValues(from, count, target, table);
    }

    @Override
    void countTwo(long from, int count, long low, int lowShift, long high, int highShift, long mask) {
        try {
            countTwo.invokeExact(from, count, low, lowShift, high, highShift, mask);
        } catch (Throwable thrown) {
            throw unchecked(thrown);
        }
    }

    @Override
    void scatter(long from, int count, long target, long counters, int shift, long mask) {
        try {
            scatter.invokeExact(from, count, target, counters, shift, mask);
        } catch (Throwable thrown) {
            throw unchecked(thrown);
        }
    }

    @Override
    boolean settle(long from, int count, long hold, long steps) {
        try {
            return (boolean) settle.invokeExact(from, count, hold, steps);
        } catch (Throwable thrown) {
            throw unchecked(thrown);
        }
    }

    @Override
    int partition(long from, int count, long limit) {
        try {
            return (int) partition.invokeExact(from, count, limit);
        } catch (Throwable thrown) {
            throw unchecked(thrown);
        }
    }

    /** Only the compiler believes that a pass may throw what is checked. */
    private static RuntimeException unchecked(Throwable thrown) {
        switch (thrown) {
            case RuntimeException runtime -> {
                return runtime;
            }
            case Error error -> throw error;
            default -> throw new AssertionError("a pass declares no exception", thrown);
        }
    }
}
