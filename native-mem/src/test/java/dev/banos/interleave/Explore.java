package dev.banos.interleave;

import dev.banos.interleave.Interleavings.Scenario;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** The program of a JVM that tries all scenarios of both protocols. {@code -Dexplore.preemptions=} is the bound. */
public final class Explore {
    private Explore() {
    }

    public static void main(String[] arguments) throws ReflectiveOperationException, InterruptedException {
        int bound = Integer.getInteger("explore.preemptions");
        explore("dev.banos.mem.slots.Protocols", Set.of(), bound);
        explore("dev.banos.mem.TenantProtocols", Set.of("dev/banos/mem/HeapTenants", "dev/banos/mem/HeapTenant"), bound);
        System.out.println("all tried");
    }

    private static void explore(String protocols, Set<String> alsoStepping, int bound)
            throws ReflectiveOperationException, InterruptedException {
        ClassLoader loader = new SteppingLoader(Explore.class.getClassLoader(), alsoStepping);
        @SuppressWarnings("unchecked")
        Map<String, Supplier<Scenario>> scenarios = (Map<String, Supplier<Scenario>>) Class.forName(protocols, true, loader)
                .getMethod("scenarios").invoke(null);
        for (Map.Entry<String, Supplier<Scenario>> each : scenarios.entrySet()) {
            try {
                System.out.println(each.getKey() + ": holds in " + Interleavings.explore(each.getValue(), bound) + " orders");
            } catch (AssertionError broken) {
                System.out.println(each.getKey() + ": BROKEN");
                broken.printStackTrace(System.out);
            }
        }
    }
}
