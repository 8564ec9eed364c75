package dev.banos.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.fuzz.program.Random64;
import dev.banos.mem.fault.SystemCallFaults;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Banos's heaps while the kernel refuses calls by schedule: requests may then be refused, but no law may break. */
class BanosUnderFaultsTest {
    private static final int ENOMEM = 12;

    /** An allocator whose modest requests may be refused, and whose large blocks may outlive a refused munmap. */
    static Target withFaults(String spec) {
        return Target.of(spec, () -> new Forwarding(Target.parse(spec)) {
            @Override
            public Promises promises() {
                return super.promises().withRefusals().withUnmappingFrom(Long.MAX_VALUE).withoutReturningFootprint();
            }
        });
    }

    @AfterEach
    void everyCallSucceedsAgain() {
        SystemCallFaults.install(null);
    }

    /** @param period every so many calls one fails, chosen by a hash of its number so that no pattern repeats */
    static void failOneIn(int period) {
        SystemCallFaults.install((call, ordinal) -> Long.remainderUnsigned(Random64.mix(ordinal), period) == 0 ? ENOMEM : 0);
    }

    @ParameterizedTest
    @ValueSource(ints = {2, 5, 50})
    void noLawBreaksWhileSystemCallsFail(int period) {
        failOneIn(period);
        requireLawful(Campaign.inProcess(withFaults("banos:own")).withSeed(period).withTries(300));
        requireLawful(Campaign.inProcess(withFaults("banos")).withSeed(period).withThreads(4).withTries(100));
    }

    @Test
    void noLawBreaksWhileEverySystemCallFails() {
        SystemCallFaults.install((call, ordinal) -> ENOMEM);
        requireLawful(Campaign.inProcess(withFaults("banos:own")).withSeed(1).withTries(300));
    }

    private static void requireLawful(Campaign campaign) {
        List<Finding> findings = campaign.run();
        assertThat(findings).as(findings.toString()).isEmpty();
    }

    /** Passes every call on. */
    private static class Forwarding implements AllocatorUnderTest {
        private final AllocatorUnderTest to;

        Forwarding(AllocatorUnderTest to) {
            this.to = to;
        }

        @Override
        public long malloc(long size) {
            return to.malloc(size);
        }

        @Override
        public long calloc(long count, long size) {
            return to.calloc(count, size);
        }

        @Override
        public long realloc(long address, long size) {
            return to.realloc(address, size);
        }

        @Override
        public long alignedAlloc(long alignment, long size) {
            return to.alignedAlloc(alignment, size);
        }

        @Override
        public void free(long address) {
            to.free(address);
        }

        @Override
        public long usableSize(long address) {
            return to.usableSize(address);
        }

        @Override
        public int errno() {
            return to.errno();
        }

        @Override
        public Promises promises() {
            return to.promises();
        }

        @Override
        public void close() {
            to.close();
        }
    }
}
