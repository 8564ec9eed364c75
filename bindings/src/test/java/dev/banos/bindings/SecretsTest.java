package dev.banos.bindings;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SecretsTest {
    /** The kernel's; those of a function that fills nothing, as where a filter forbids the call; and where there is no function. */
    @Test
    void eachIsAnotherAndEachBitOfThemChanges() {
        MemorySegment getppid = Linker.nativeLinker().defaultLookup().findOrThrow("getppid");
        for (MemorySegment function : List.of(Linker.nativeLinker().defaultLookup().findOrThrow("getrandom"), getppid, MemorySegment.NULL)) {
            Set<Long> secrets = new HashSet<>();
            long set = 0;
            long all = -1;
            for (int i = 0; i < 200; i++) {
                long secret = Secrets.next(function);
                secrets.add(secret);
                set |= secret;
                all &= secret;
            }
            assertThat(secrets).hasSize(200).doesNotContain(0L);
            assertThat(set).isEqualTo(-1);
            assertThat(all).isZero();
        }
        assertThat(Secrets.next()).isNotEqualTo(Secrets.next());
    }
}
