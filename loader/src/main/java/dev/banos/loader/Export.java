package dev.banos.loader;

import dev.banos.loader.abi.ExportEntry;
import dev.banos.loader.call.Calls;
import dev.banos.loader.call.Lifetime;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.process.CppThreadLocal;
import dev.banos.loader.process.ThreadLocalPlace;
import dev.banos.loader.types.TypeSource;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** A function or variable that a driver offers by name to other drivers and to Java. */
public final class Export {
    /** Calls what tells a thread-local variable's address. */
    private static final class Where {
        private static final MethodHandle HANDLE = Calls.handle(FunctionDescriptor.of(ValueLayout.JAVA_LONG));
    }

    private final Driver driver;
    private final String name;
    private final int object;
    private final String symbol;
    private final long address;
    /** Null where it is not thread-local. */
    private final @Nullable ThreadLocalPlace place;

    /**
     * @param object which of the driver's objects exports it
     * @param entry that object's
     * @param address what the entry points to
     * @param place null where it is not thread-local
     */
    Export(Driver driver, int object, ExportEntry entry, long address, @Nullable ThreadLocalPlace place) {
        this.driver = driver;
        this.name = entry.name();
        this.object = object;
        this.symbol = entry.symbol();
        this.address = address;
        this.place = place;
    }

    /** {@return the driver that offers it} */
    public Driver driver() {
        return driver;
    }

    /** {@return its name in the driver's export table} */
    public String name() {
        return name;
    }

    /** {@return whether it is a thread-local variable} */
    public boolean isThreadLocal() {
        return place != null;
    }

    /**
     * {@return a pointer to it, valid until the driver is uninstalled} A downcall that it is passed to keeps the driver installed;
     * once the driver is uninstalled, the pointer is refused. Of a thread-local variable, it points to the calling thread's, which
     * is there until that thread ends.
     *
     * @throws IllegalStateException if the driver is uninstalled, or the variable is thread-local and a virtual thread asks. A
     *     virtual thread has none of its own: its C code uses those of the thread that carries it
     */
    public MemorySegment address() {
        if (isThreadLocal() && Thread.currentThread().isVirtual()) {
            throw new IllegalStateException("name=" + name + " is thread-local, which virtual threads have nothing of; ask on a platform thread");
        }
        return driver.pointer(isThreadLocal() ? addressHere() : address);
    }

    /** Of a thread-local variable: the calling thread's. */
    private long addressHere() {
        try {
            return (long) driver.requireLifetime().handle(Where.HANDLE, address).invokeExact();
        } catch (RuntimeException ended) {
            throw ended;
        } catch (Throwable thrown) {
            throw new AssertionError("a downcall throws nothing", thrown);
        }
    }

    @Nullable ThreadLocalPlace place() {
        return place;
    }

    /** Of a thread-local variable of C++: the address of what makes it ready in a thread, 0 where there is no such function. */
    long initialiser() {
        return isThreadLocal() ? driver.symbol(CppThreadLocal.initialiser(symbol)) : 0;
    }

    long rawAddress() {
        return address;
    }

    boolean isFunction() {
        return !isThreadLocal() && driver.isCode(address);
    }

    /** The address that other drivers are given: where drivers are replaceable, a function's stub; the calling thread's variable. */
    long importAddress() {
        return isThreadLocal() ? addressHere() : driver.importAddress(name, address);
    }

    /** @param call takes the address to call first */
    private MethodHandle bind(MethodHandle call) {
        return binding().apply(call);
    }

    /**
     * As {@link #bind}, of a handle that is made later; a driver that is uninstalled by then refuses at the call.
     *
     * @throws IllegalStateException if it is uninstalled already
     * @throws LinkException if it is a variable
     */
    UnaryOperator<MethodHandle> binding() {
        requireNoVariable();
        Driver.Instance latest = driver.latestInstance();
        Lifetime now = latest.lifetime();
        long function = latest.driver().export(name).address;
        boolean rebinds = driver.loader().isReplaceable() && isFunction();
        return call -> rebinds ? Rebinding.of(call, this, now.handle(call, function)) : now.handle(call, function);
    }

    private void requireNoVariable() {
        if (isThreadLocal() || driver.isData(address)) {
            throw LinkException.of(new Refusal(Refusal.EINVAL, driver.file(), null, -1, name + " of driver " + driver.name()
                    + " is no function but a " + (isThreadLocal() ? "thread-local " : "") + "variable", "use its address"));
        }
    }

    /**
     * The handle that calls the function of the instance which stands in the driver's place now.
     *
     * @throws IllegalStateException if it is uninstalled
     */
    MethodHandle latest(MethodHandle call) {
        Driver.Instance latest = driver.latestInstance();
        return latest.lifetime().handle(call, latest.driver().export(name).address);
    }

    /**
     * A handle that calls it as a function of that type. The handle works as long as the driver is installed; afterwards it
     * throws {@link IllegalStateException}. Nothing checks that the type is the function's; {@link #handle(Prototype)} does.
     *
     * <p>A descriptor has no unsigned bytes and shorts: a {@code JAVA_BYTE} or {@code JAVA_SHORT} is passed as a signed number.
     * Write {@code JAVA_CHAR} for an {@code unsigned short}. Write {@code JAVA_INT} for an {@code unsigned char}, and pass
     * {@code value & 0xff}. The other handles know the sign.
     *
     * @param descriptor the function's type
     * @return a handle of that type
     * @throws LinkException if it is a variable
     */
    public MethodHandle handle(FunctionDescriptor descriptor) {
        return bind(Calls.handle(descriptor));
    }

    /**
     * A handle of the function's own type, as the object's type information has it: BTF ({@code -gbtf}) or DWARF ({@code -g}).
     * Structs are passed and returned as segments. If a struct is returned, a {@link java.lang.foreign.SegmentAllocator} is the
     * first argument.
     *
     * @return the handle, valid as long as the driver is installed
     * @throws LinkException if the object does not tell the type, or Java cannot pass one of its parameters
     */
    public MethodHandle handle() {
        return handle(new MemoryLayout[0]);
    }

    /**
     * A handle of a variadic function's own type, as {@link #handle()}, with arguments in the place of the three dots.
     *
     * @param more the layouts of these arguments, in order
     * @return the handle, valid as long as the driver is installed
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
     * A handle of the prototype's type. It is refused if the object's type information has another type; to use it nevertheless,
     * call {@link #handle(FunctionDescriptor)} with the {@link Prototype#descriptor}.
     *
     * @param prototype the function's type; its name does not matter
     * @return a handle of that type
     * @throws LinkException if it is a variable, or the types differ; the message says in what
     */
    public MethodHandle handle(Prototype prototype) {
        UnaryOperator<MethodHandle> binding = binding();
        try {
            return binding.apply(Calls.handle(PrototypeAgreement.shape(prototype, this::typedOrNone)));
        } catch (Refusal refusal) {
            throw LinkException.of(refusal);
        }
    }

    /**
     * The function's type for {@link java.lang.foreign.Linker}, from the object's type information.
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
     * Its declaration in C, such as {@code int add(int a, int b)}; empty if the object has no type information of it.
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
        return name + (isThreadLocal() ? "@tls" : "@0x" + Long.toHexString(address));
    }
}
