package dev.banos.samples.examples;

import static java.lang.foreign.ValueLayout.JAVA_DOUBLE;

import dev.banos.mem.Heap;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.StructLayout;
import java.lang.invoke.VarHandle;

/** An array of C structs in a heap of its own, through the standard interface {@link SegmentAllocator}. */
public final class Points {
    private static final StructLayout POINT = MemoryLayout.structLayout(JAVA_DOUBLE.withName("x"), JAVA_DOUBLE.withName("y"));
    private static final VarHandle X = handle("x");
    private static final VarHandle Y = handle("y");

    private Points() {
    }

    public static void main(String[] args) {
        try (Heap heap = Heap.create()) { // its close gives back whatever is still allocated
            System.out.println("mean distance " + meanDistanceOfCircle(heap, 1_000));
        }
    }

    /** The mean distance from the origin of points on the unit circle: 1, but for rounding. */
    static double meanDistanceOfCircle(SegmentAllocator allocator, int count) {
        MemorySegment points = allocator.allocate(POINT, count);
        for (long i = 0; i < count; i++) {
            double angle = 2 * Math.PI * i / count;
            X.set(points, i * POINT.byteSize(), Math.cos(angle));
            Y.set(points, i * POINT.byteSize(), Math.sin(angle));
        }
        double sum = 0;
        for (long i = 0; i < count; i++) {
            sum += Math.hypot((double) X.get(points, i * POINT.byteSize()), (double) Y.get(points, i * POINT.byteSize()));
        }
        return sum / count;
    }

    private static VarHandle handle(String field) {
        return POINT.varHandle(PathElement.groupElement(field)).withInvokeExactBehavior();
    }
}
