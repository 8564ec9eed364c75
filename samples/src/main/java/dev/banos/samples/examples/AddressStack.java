package dev.banos.samples.examples;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.banos.bindings.Native;
import dev.banos.mem.Malloc;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.lang.foreign.StructLayout;
import java.lang.invoke.VarHandle;

/**
 * A linked stack as a C programmer writes it: nodes from malloc, links that are addresses. No object is made for a node.
 * <pre>
 *   top -> [ next | value ] -> [ next | value ] -> 0
 * </pre>
 * An application outside of this project declares its own {@code Native.EVERYTHING}:
 * {@code MemorySegment.NULL.reinterpret(Long.MAX_VALUE)}, with native access enabled for its own module.
 */
public final class AddressStack implements AutoCloseable {
    private static final StructLayout NODE = MemoryLayout.structLayout(JAVA_LONG.withName("next"), JAVA_LONG.withName("value"));
    private static final VarHandle NEXT = handle("next");
    private static final VarHandle VALUE = handle("value");

    private long top;

    public static void main(String[] args) {
        try (AddressStack stack = new AddressStack()) {
            for (long value = 0; value < 1_000_000; value++) {
                stack.push(value);
            }
            System.out.println("on top: " + stack.pop());
        }
    }

    public void push(long value) {
        long node = Malloc.malloc(NODE.byteSize());
        if (node == 0) {
            throw new OutOfMemoryError("no memory for a node of " + NODE.byteSize() + " bytes");
        }
        NEXT.set(Native.EVERYTHING, node, top);
        VALUE.set(Native.EVERYTHING, node, value);
        top = node;
    }

    public boolean isEmpty() {
        return top == 0;
    }

    /** @throws IllegalStateException if the stack is empty */
    public long pop() {
        if (isEmpty()) {
            throw new IllegalStateException("isEmpty=true: nothing to pop");
        }
        long node = top;
        long value = (long) VALUE.get(Native.EVERYTHING, node);
        top = (long) NEXT.get(Native.EVERYTHING, node);
        Malloc.free(node);
        return value;
    }

    @Override
    public void close() {
        while (!isEmpty()) {
            pop();
        }
    }

    private static VarHandle handle(String field) {
        return NODE.varHandle(PathElement.groupElement(field)).withInvokeExactBehavior();
    }
}
