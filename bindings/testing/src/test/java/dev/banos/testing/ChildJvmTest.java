package dev.banos.testing;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class ChildJvmTest {
    static final class Child {
        private Child() {
        }

        public static void main(String[] arguments) {
            assertThat(arguments).isNotEmpty();
            System.out.println(System.getProperty("flag") + " " + String.join(" ", arguments));
        }
    }

    @Test
    void hasTheClassesOfTheTestAndOfItsLibraries() throws Exception {
        assertThat(ChildJvm.run(List.of("-Dflag=set"), Child.class, "one", "two").succeeded()).isEqualTo("set one two\n");
    }

    @Test
    void isRunByWhatStandsBeforeIt() throws Exception {
        List<String> inAnEnvironment = List.of("env", "JAVA_TOOL_OPTIONS=-Dflag=ofTheEnvironment");
        assertThat(ChildJvm.run(inAnEnvironment, List.of(), Child.class, "one").succeeded()).endsWith("ofTheEnvironment one\n");
    }
}
