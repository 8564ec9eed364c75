package dev.banos.mem.agent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class AgentOptionsTest {
    @Test
    void withoutOptionsEverythingIsServedAndNothingIsSaid() {
        for (String text : new String[] {null, "", " , "}) {
            AgentOptions options = AgentOptions.parse(text);
            assertThat(options.service()).isEqualTo(new Service(1, Long.MAX_VALUE));
            assertThat(options.wantsStatistics()).isFalse();
            assertThat(options.isRecorded()).isFalse();
            assertThat(options.isHelpWanted()).isFalse();
            assertThat(options.selection().takes("org/example/A")).isTrue();
        }
    }

    @Test
    void sizes() {
        assertThat(AgentOptions.parse("least=64,most=1k").service()).isEqualTo(new Service(64, 1024));
        assertThat(AgentOptions.parse("least=0, most=2G").service()).isEqualTo(new Service(1, 2L << 30));
        assertThat(AgentOptions.parse("most=8m").service()).isEqualTo(new Service(1, 8 << 20));
        for (String wrong : new String[] {"least=k", "least=-1", "most=9223372036854775807k", "most=1t", "cache=0x10", "cache=1 k b"}) {
            assertThatThrownBy(() -> AgentOptions.parse(wrong)).as(wrong).isInstanceOf(IllegalArgumentException.class)
                    .hasMessage(wrong + ": it is a number of bytes, or of k, m or g");
        }
    }

    @Test
    void packages() {
        Selection selection = AgentOptions.parse("include=org.spark+org.arrow.,exclude=org.spark.net,exclude=org.spark.A").selection();
        assertThat(selection.takes("org/spark/unsafe/Platform")).isTrue();
        assertThat(selection.takes("org/arrow/Memory")).isTrue();
        assertThat(selection.takes("org/sparkling/Water")).isFalse();
        assertThat(selection.takes("org/spark/net/Buffers")).isFalse();
        assertThat(selection.takes("org/spark/A$B")).isFalse();
        assertThat(selection.takes("org/spark/AB")).isTrue();
        assertThat(selection.takes("A")).isFalse();
        assertThat(AgentOptions.parse("").selection().takes("dev/banos/mem/Malloc")).isFalse();
    }

    @Test
    void theFileOfTheStatistics() {
        assertThat(AgentOptions.parse("stats").statisticsFile()).isEmpty();
        assertThat(AgentOptions.parse("stats=a-%p.txt").statisticsFile()).isEqualTo("a-" + ProcessHandle.current().pid() + ".txt");
    }

    @Test
    void whatIsWrongIsNamed() {
        assertWrong("foo", "no option foo; there are:");
        assertWrong("STATS", "no option STATS; there are:");
        assertWrong("jfr=on", "jfr=on: it is jfr");
        assertWrong("leaks", "leaks: it is leaks=off|sampled|full");
        assertWrong("leaks=some", "leaks=some: it is one of off, sampled, full");
        assertWrong("hardening=zero+ones", "hardening=ones: the words are zero");
        assertWrong("least=10,most=9", "least=10 is more than most=9");
        assertWrong("hardening=zero,cache=1k", "cache=1024 and hardening: a hardened malloc keeps no mappings");
    }

    private static void assertWrong(String text, String message) {
        assertThatThrownBy(() -> AgentOptions.parse(text)).isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith(message);
    }
}
