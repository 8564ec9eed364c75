package dev.banos.mem;

import dev.banos.interleave.Interleavings.Scenario;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** What threads do to the scopes of one heap that stand in one list, in as few steps as it takes; for {@code Interleavings}. */
public final class TenantProtocols {
    private TenantProtocols() {
    }

    /** Makers of a {@link Scenario} each, by what happens in it. */
    public static Map<String, Supplier<?>> scenarios() {
        Map<String, Supplier<?>> all = new LinkedHashMap<>();
        all.put("a scope opens and one closes, beside another that does so", TwoComeAndGo::new);
        all.put("a scope closes while all that are open are named", GoesBesideTheNames::new);
        all.put("a scope opens beside the close of its heap", ComesBesideClose::new);
        return all;
    }

    /** One list, with a scope at its end that stays. */
    private abstract static class OneList implements Scenario {
        final HeapTenants tenants = new HeapTenants(false);
        final HeapTenant stays = tenant();

        static HeapTenant tenant() {
            return new HeapTenant(Heap.current(), null);
        }

        List<HeapTenant> all() {
            List<HeapTenant> all = new ArrayList<>();
            tenants.addAllTo(all);
            return all;
        }

        static void expect(boolean holds, String otherwise) {
            if (!holds) {
                throw new AssertionError(otherwise);
            }
        }
    }

    private static final class TwoComeAndGo extends OneList {
        private final List<HeapTenant> come = List.of(tenant(), tenant());
        private final List<HeapTenant> go = List.of(tenant(), tenant());

        TwoComeAndGo() {
            tenants.enter(stays);
            go.forEach(tenants::enter);
        }

        @Override
        public List<Runnable> threads() {
            return List.of(() -> comeAndGo(0), () -> comeAndGo(1));
        }

        private void comeAndGo(int thread) {
            tenants.enter(come.get(thread));
            tenants.leave(go.get(thread));
        }

        @Override
        public void check() {
            List<HeapTenant> all = all();
            expect(all.size() == 3 && all.containsAll(come) && all.getLast() == stays, "open are " + all.size() + " others");
            come.forEach(tenants::leave);
            expect(!tenants.close(), "closed before the last is gone");
            tenants.leave(stays);
            expect(tenants.close(), "one that is gone keeps the heap open");
        }
    }

    private static final class GoesBesideTheNames extends OneList {
        private final HeapTenant goes = tenant();
        private List<HeapTenant> named = List.of();

        GoesBesideTheNames() {
            tenants.enter(stays);
            tenants.enter(goes);
        }

        @Override
        public List<Runnable> threads() {
            return List.of(() -> tenants.leave(goes), () -> named = all());
        }

        @Override
        public void check() {
            expect(named.contains(stays), "one that is open is not named");
        }
    }

    private static final class ComesBesideClose extends OneList {
        private boolean opened;
        private boolean closed;

        @Override
        public List<Runnable> threads() {
            return List.of(() -> opened = tenants.enter(stays), () -> closed = tenants.close());
        }

        @Override
        public void check() {
            expect(opened ^ closed, "not exactly one of the two is done");
            expect(all().size() == (opened ? 1 : 0), "open are " + all().size());
        }
    }
}
