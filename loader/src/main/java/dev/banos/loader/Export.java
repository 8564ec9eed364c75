package dev.banos.loader;

import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;

/** A function or variable that a driver offers by name to other drivers and to Java. */
public final class Export {
    private final Driver driver;
    private final String name;
    private final long address;

    Export(Driver driver, String name, long address) {
        this.driver = driver;
        this.name = name;
        this.address = address;
    }

    public Driver driver() {
        return driver;
    }

    public String name() {
        return name;
    }

    /**
     * A pointer to it, alive until the driver is uninstalled: passed to a downcall, it keeps the driver from being
     * uninstalled during the call, and after that it is refused.
     */
    public MemorySegment address() {
        return driver.pointer(address);
    }

    long rawAddress() {
        return address;
    }

    /**
     * A handle that calls it as a function of that type. The handle works as long as the driver is installed; afterwards it
     * throws {@link IllegalStateException}. Nothing checks that the type is the function's: {@link Prototype} says how.
     */
    public MethodHandle handle(FunctionDescriptor descriptor) {
        return Calls.handle(descriptor).bindTo(address());
    }

    @Override
    public String toString() {
        return name + "@0x" + Long.toHexString(address);
    }
}
