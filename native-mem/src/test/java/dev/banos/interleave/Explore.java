package dev.banos.interleave;

import dev.banos.interleave.Interleavings.Scenario;
import java.util.Map;
import java.util.function.Supplier;

/** The program of a JVM that tries all scenarios of {@code Protocols}. {@code -Dexplore.preemptions=} is the bound. */
public final class Explore {
    private Explore() {
    }

    public static void main(String[] arguments) throws ReflectiveOperationException, InterruptedException {
        int bound = Integer.getInteger("explore.preemptions");
        ClassLoader loader = new SteppingLoader(Explore.class.getClassLoader());
        @SuppressWarnings("unchecked")
        Map<String, Supplier<Scenario>> scenarios = (Map<String, Supplier<Scenario>>) Class.forName("dev.banos.mem.slots.Protocols",
                true, loader).getMethod("scenarios").invoke(null);
        for (Map.Entry<String, Supplier<Scenario>> each : scenarios.entrySet()) {
            try {
                System.out.println(each.getKey() + ": holds in " + Interleavings.explore(each.getValue(), bound) + " orders");
            } catch (AssertionError broken) {
                System.out.println(each.getKey() + ": BROKEN");
                broken.printStackTrace(System.out);
            }
        }
        System.out.println("all tried");
    }
}
