package dev.banos.fuzz;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AtExitTest {
    @Test
    void eachActionRunsInOrderAlsoAfterOneThatFails() {
        List<String> done = new ArrayList<>();
        Runnable failing = () -> {
            done.add("told");
            throw new IllegalStateException("the report folder is full");
        };
        assertThatThrownBy(() -> AtExit.run(List.of(failing, () -> done.add("deleted")))).hasMessage("the report folder is full");
        assertThat(done).containsExactly("told", "deleted");
    }
}
