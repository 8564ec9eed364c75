package dev.banos.loader;

import dev.banos.loader.elf.Refusal;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import java.util.function.UnaryOperator;

/** A function or variable that a driver offers by name to other drivers and to Java. */
public final class Export {
    private final Driver driver;
    private final String name;
    private final int object;
    private final String symbol;
    private final long address;

    /**
     * @param object which of the driver's objects exports it
     * @param symbol what it is called there; empty where it has no name
     */
    Export(Driver driver, String name, int object, String symbol, long address) {
        this.driver = driver;
        this.name = name;
        this.object = object;
        this.symbol = symbol;
        this.address = address;
    }

    /** {@return the driver that offers it} */
    public Driver driver() {
        return driver;
    }

    /** {@return its name in the driver's export table} */
    public String name() {
        return name;
    }

    /**
     * {@return a pointer to it, alive until the driver is uninstalled: passed to a downcall, it keeps the driver from being
     * uninstalled during the call, and after that it is refused}
     */
    public MemorySegment address() {
        return driver.pointer(address);
    }

    long rawAddress() {
        return address;
    }

    boolean isFunction() {
        return driver.isCode(address);
    }

    /** The address that other drivers are given: where drivers are replaceable, a function's stub. */
    long importAddress() {
        return driver.importAddress(name, address);
    }

    /** @param call takes the address to call first */
    private MethodHandle bind(MethodHandle call) {
        return binding().apply(call);
    }

    /**
     * As {@link #bind}, of a handle that is made later; a driver that is uninstalled by then refuses at the call.
     *
     * @throws IllegalStateException if it is uninstalled already
     */
    UnaryOperator<MethodHandle> binding() {
        Driver latest = driver.latest();
        Lifetime now = latest.requireLifetime();
        long function = latest.export(name).address;
        boolean rebinds = driver.loader().isReplaceable() && isFunction();
        return call -> rebinds ? Rebinding.of(call, this, now.handle(call, function)) : now.handle(call, function);
    }

    /**
     * The handle that calls the function of the instance which stands in the driver's place now.
     *
     * @throws IllegalStateException if it is uninstalled
     */
    MethodHandle latest(MethodHandle call) {
        Driver latest = driver.latest();
        return latest.requireLifetime().handle(call, latest.export(name).address);
    }

    /**
     * A handle that calls it as a function of that type. The handle works as long as the driver is installed; afterwards it
     * throws {@link IllegalStateException}. Nothing checks that the type is the function's: {@link Prototype} says how.
     *
     * @param descriptor the function's type
     * @return a handle of that type
     */
    public MethodHandle handle(FunctionDescriptor descriptor) {
        return bind(Calls.handle(descriptor));
    }

    /**
     * A handle of the function's own type, which the object's type information tells: BTF ({@code -gbtf}) or DWARF
     * ({@code -g}). Structs are passed and returned as segments; for a struct that is returned, a
     * {@link java.lang.foreign.SegmentAllocator} is the first argument.
     *
     * @return the handle, good as long as the driver is installed
     * @throws LinkException if the object says nothing of the type, or Java cannot pass one of its parameters
     */
    public MethodHandle handle() {
        return handle(new MemoryLayout[0]);
    }

    /**
     * As {@link #handle()}, of a variadic function: {@code more} are the arguments that take the place of the three dots.
     *
     * @param more their layouts, in order
     * @return the handle, good as long as the driver is installed
     * @throws LinkException as {@link #handle()}
     */
    public MethodHandle handle(MemoryLayout... more) {
        try {
            return bind(typed().handle(more));
        } catch (Refusal refusal) {
            throw LinkException.of(refusal);
        }
    }

    /**
     * As {@link #handle(FunctionDescriptor)}, of the type that the prototype says.
     *
     * @param prototype the function's type; its name is of no account
     * @return a handle of that type
     */
    public MethodHandle handle(Prototype prototype) {
        return handle(prototype.descriptor());
    }

    /**
     * The function's type for the foreign linker, from the object's type information.
     *
     * @return the type, a struct by its layout
     * @throws LinkException as {@link #handle()} does
     */
    public FunctionDescriptor descriptor() {
        try {
            return typed().descriptor();
        } catch (Refusal refusal) {
            throw LinkException.of(refusal);
        }
    }

    /**
     * Its declaration in C, {@code int add(int a, int b)}; empty where the object has no type information of it.
     *
     * @return the declaration, without a semicolon
     * @throws LinkException if the type information is damaged
     */
    public Optional<String> declaration() {
        try {
            return typedOrNone().map(TypeSource.Typed::declaration);
        } catch (Refusal refusal) {
            throw LinkException.of(refusal);
        }
    }

    /** @throws Refusal if there is no type information of it */
    TypeSource.Typed typed() {
        return driver.types().require(object, symbol).named(name);
    }

    Optional<TypeSource.Typed> typedOrNone() {
        return driver.types().find(object, symbol).map(typed -> typed.named(name));
    }

    @Override
    public String toString() {
        return name + "@0x" + Long.toHexString(address);
    }
}
