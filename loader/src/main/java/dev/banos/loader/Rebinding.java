package dev.banos.loader;

import dev.banos.loader.call.Lifetime;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.invoke.MutableCallSite;

/**
 * A handle that goes on with the instance in its driver's place. As long as that is the same, it is a constant to the compiler, so
 * that a call costs what it costs through the instance's own handle. The first call that comes too late for its instance binds the
 * handle to the next one, and is made once more.
 */
final class Rebinding {
    private static final MethodHandle REBOUND =
            find(MethodType.methodType(MethodHandle.class, Lifetime.Ended.class));

    private final MethodHandle call;
    private final Export export;
    private final MutableCallSite site;
    private final MethodHandle handle;

    private Rebinding(MethodHandle call, Export export, MethodHandle first) {
        this.call = call;
        this.export = export;
        this.site = new MutableCallSite(first);
        MethodHandle again = MethodHandles.collectArguments(MethodHandles.exactInvoker(first.type()), 0, REBOUND.bindTo(this));
        this.handle = MethodHandles.catchException(site.dynamicInvoker(), Lifetime.Ended.class, again);
    }

    /**
     * @param call takes the address to call first
     * @param first the handle of the instance that is there now
     */
    static MethodHandle of(MethodHandle call, Export export, MethodHandle first) {
        return new Rebinding(call, export, first).handle;
    }

    /**
     * The same handle, since the next instance may end as well before it is reached.
     *
     * @throws IllegalStateException if the driver is uninstalled
     */
    private MethodHandle rebound(Lifetime.Ended late) {
        site.setTarget(export.latest(call));
        return handle;
    }

    private static MethodHandle find(MethodType type) {
        try {
            return MethodHandles.lookup().findVirtual(Rebinding.class, "rebound", type);
        } catch (ReflectiveOperationException missing) {
            throw new AssertionError("rebound", missing);
        }
    }
}
