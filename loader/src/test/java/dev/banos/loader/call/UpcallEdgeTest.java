package dev.banos.loader.call;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.DoubleSupplier;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/** Nothing leaves the edge but a value that C can have. */
class UpcallEdgeTest {
    private final List<Throwable> caught = new ArrayList<>();

    private static MethodHandle target(Class<?> type, String method, Class<?> result, Object receiver, Class<?> as)
            throws ReflectiveOperationException {
        return MethodHandles.lookup().findVirtual(type, method, MethodType.methodType(result)).bindTo(receiver)
                .asType(MethodType.methodType(as));
    }

    private MethodHandle guarded(Supplier<?> supplier, Class<?> as, long onThrow, Consumer<Throwable> handler)
            throws ReflectiveOperationException {
        return UpcallEdge.guard(target(Supplier.class, "get", Object.class, supplier, as), onThrow, handler);
    }

    @Test
    void aThrowableBecomesTheDeclaredValue() throws Throwable {
        Supplier<Object> fails = () -> {
            throw new StackOverflowError("as if");
        };
        assertThat((int) guarded(fails, int.class, -5, caught::add).invokeExact()).isEqualTo(-5);
        assertThat((byte) guarded(fails, byte.class, -5, caught::add).invokeExact()).isEqualTo((byte) -5);
        assertThat((boolean) guarded(fails, boolean.class, 1, caught::add).invokeExact()).isTrue();
        assertThat((float) guarded(fails, float.class, 3, caught::add).invokeExact()).isEqualTo(3f);
        assertThat((MemorySegment) guarded(fails, MemorySegment.class, 16, caught::add).invokeExact()).isEqualTo(MemorySegment.ofAddress(16));
        assertThat(caught).hasSize(5).allSatisfy(thrown -> assertThat(thrown).isInstanceOf(StackOverflowError.class));
        DoubleSupplier fine = () -> 2.5;
        assertThat((double) UpcallEdge.guard(target(DoubleSupplier.class, "getAsDouble", double.class, fine, double.class), 9, caught::add)
                .invokeExact()).isEqualTo(2.5);
    }

    @Test
    void aHandlerThatThrowsIsNotHeard() throws Throwable {
        assertThat((int) guarded(() -> 1 / (caught.size() - caught.size()), int.class, -1, thrown -> {
            throw new OutOfMemoryError("as if");
        }).invokeExact()).isEqualTo(-1);
    }

    @Test
    void whatCCannotPointToIsAMistakeOfTheTargets() throws Throwable {
        assertThat((MemorySegment) guarded(() -> null, MemorySegment.class, 0, caught::add).invokeExact()).isEqualTo(MemorySegment.NULL);
        assertThat((MemorySegment) guarded(() -> MemorySegment.ofArray(new byte[1]), MemorySegment.class, 0, caught::add).invokeExact())
                .isEqualTo(MemorySegment.NULL);
        assertThat(caught).hasSize(2).element(0).isInstanceOf(NullPointerException.class);
        assertThat(caught.get(1)).isInstanceOf(IllegalArgumentException.class).hasMessageContaining("Java's heap");
    }
}
