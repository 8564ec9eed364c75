package dev.banos.samples.command;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** There is one line to print, whatever ended the command. */
class CommandEndTest {
    @Test
    void aCauseWithoutAMessageIsNamed() {
        assertThat(CommandEnd.failure(new IllegalStateException())).hasMessage("java.lang.IllegalStateException");
        assertThat(CommandEnd.wrongUsage(new IllegalArgumentException("target=x"))).hasMessage("target=x");
    }
}
