package dev.banos.mem;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

class HardeningTest {
    @Test
    void whatHasAnyWordIsNotNone() {
        assertThat(Hardening.NONE.isNone()).isTrue();
        for (String word : List.of("zero", "canary", "quarantine", "random", "guard", "sample", "stacks")) {
            assertThat(Hardening.parse(word).isNone()).as(word).isFalse();
        }
    }

    @Test
    void theWordsOfThePropertyAreWhatTheMethodsMake() {
        assertThat(Hardening.parse("")).isEqualTo(Hardening.NONE);
        assertThat(Hardening.parse("zero, canary,quarantine,random,guard,sample")).isEqualTo(Hardening.ALL);
        assertThat(Hardening.parse("all")).isEqualTo(Hardening.ALL);
        assertThat(Hardening.parse("quarantine:65536,sample:7,stacks"))
                .isEqualTo(Hardening.NONE.withQuarantine(65536).withSample(7).withStacks());
    }

    @Test
    void textIsReadBackAsItIsWritten() {
        for (Hardening hardening : new Hardening[] {Hardening.NONE, Hardening.ALL, Hardening.NONE.withGuard().withStacks()}) {
            assertThat(Hardening.parse(hardening.toString())).isEqualTo(hardening);
        }
    }

    @Test
    void anUnknownWordIsNamedWithThoseThatThereAre() {
        assertThatThrownBy(() -> Hardening.parse("zero,canaries")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("hardening=canaries", "quarantine[:BYTES]");
        assertThatThrownBy(() -> Hardening.parse("quarantine:much")).hasMessageContaining("hardening=quarantine:much");
        assertThatThrownBy(() -> Hardening.NONE.withQuarantine(-1)).hasMessageContaining("quarantineBytes=-1");
        assertThat(Hardening.parse("sample:3000000000").sampleInterval()).isEqualTo(Integer.MAX_VALUE);
        assertThatThrownBy(() -> Hardening.parse("sample:-3000000000")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("sampleInterval=-1");
    }
}
