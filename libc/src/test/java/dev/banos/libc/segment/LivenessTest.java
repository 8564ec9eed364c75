package dev.banos.libc.segment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.banos.bindings.Native;
import dev.banos.testing.OtherThread;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;

/** Which memory may be addressed without its scope: where this errs, a close during a call is a crash. */
class LivenessTest {
    private static boolean isCertain(MemorySegment segment) {
        assertThat(Liveness.isCertain(segment.asSlice(0, 0))).as("empty").isEqualTo(Liveness.isCertain(segment));
        assertThat(Liveness.isCertain(segment.asReadOnly())).as("read-only").isEqualTo(Liveness.isCertain(segment));
        return Liveness.isCertain(segment);
    }

    @Test
    void whatNobodyElseCanEndIsCertain() {
        try (Arena confined = Arena.ofConfined()) {
            assertThat(isCertain(confined.allocate(8))).isTrue();
        }
        assertThat(isCertain(Arena.global().allocate(8))).isTrue();
        assertThat(isCertain(Native.segment(1 << 20, 8))).isTrue();
    }

    @Test
    void whatAnotherThreadOrTheCollectorCanEndIsNot() throws InterruptedException {
        try (Arena shared = Arena.ofShared(); Arena confined = Arena.ofConfined()) {
            assertThat(isCertain(shared.allocate(8))).isFalse();
            MemorySegment ours = confined.allocate(8);
            OtherThread.run(() -> assertThat(isCertain(ours)).isFalse());
        }
        assertThat(isCertain(Arena.ofAuto().allocate(8))).isFalse();
        assertThat(isCertain(MemorySegment.ofArray(new byte[8]))).isFalse();
    }

    @Test
    void whatIsClosedIsNot() {
        for (Arena arena : new Arena[] {Arena.ofConfined(), Arena.ofShared()}) {
            MemorySegment gone = arena.allocate(8);
            arena.close();
            assertThat(isCertain(gone)).isFalse();
        }
    }

    @Test
    void onlyTheGlobalScopeIsOpenToAllForEver() {
        try (Arena confined = Arena.ofConfined(); Arena shared = Arena.ofShared()) {
            assertThat(Liveness.isGlobal(Arena.global().allocate(8))).isTrue();
            assertThat(Liveness.isGlobal(confined.allocate(8))).isFalse();
            assertThat(Liveness.isGlobal(shared.allocate(8))).isFalse();
            assertThat(Liveness.isGlobal(Arena.ofAuto().allocate(8))).isFalse();
        }
    }

    @Test
    void whoMayNotTouchASegmentIsToldWhich() throws InterruptedException {
        Arena arena = Arena.ofConfined();
        MemorySegment segment = arena.allocate(8);
        for (MemorySegment each : new MemorySegment[] {segment, segment.asSlice(8)}) {
            Liveness.requireAccessible("data", each);
            OtherThread.run(() -> assertThatThrownBy(() -> Liveness.requireAccessible("data", each))
                    .isInstanceOf(WrongThreadException.class).hasMessageContaining("data"));
        }
        arena.close();
        assertThatThrownBy(() -> Liveness.requireAccessible("data", segment.asSlice(8)))
                .isInstanceOf(IllegalStateException.class).hasMessageContaining("data");
    }
}
