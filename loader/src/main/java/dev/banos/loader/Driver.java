package dev.banos.loader;

import dev.banos.loader.abi.BanosDriver;
import dev.banos.loader.call.Calls;
import dev.banos.loader.call.Lifetime;
import dev.banos.loader.debug.LoaderEvents;
import dev.banos.loader.debug.Modules;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.link.LinkedModule;
import dev.banos.loader.link.Remains;
import dev.banos.loader.types.TypeSource;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * An installed driver. Installing the same file twice makes two drivers, each with its own data.
 *
 * <p>Its pointers and handles are valid while it is installed. Uninstalling does not wait: it is refused while a call through
 * them is under way.
 */
public final class Driver {
    private final Loader loader;
    private final DriverMetadata metadata;
    private final LinkedModule module;
    private final long struct;
    private final Set<Export> variables;
    private final TypeSource types;
    private final TypedCalls calls;
    private final Map<String, Export> exports = new LinkedHashMap<>();
    private final PointerLifetimes pointers;
    private boolean hasAgreed;
    private boolean isEnding;
    private volatile Set<Driver> dependencies;
    /** The one that took its place, or null. */
    private volatile @Nullable Driver successor;
    private final FunctionStubs stubs = new FunctionStubs();

    /** @param old the one in whose place it is put, or null */
    Driver(Loader loader, DriverMetadata metadata, LinkedModule module, long struct, Uses uses, TypeSource types, @Nullable Driver old) {
        this.loader = loader;
        this.metadata = metadata;
        this.module = module;
        this.struct = struct;
        this.dependencies = uses.drivers();
        this.variables = uses.variables();
        this.types = types;
        this.calls = new TypedCalls(new Exports(), old == null ? new LentPointers() : old.calls.lent());
        this.pointers = new PointerLifetimes("driver=" + name());
    }

    void add(Export export) {
        exports.put(export.name(), export);
    }

    /** {@return the name that it gives itself, by which other drivers can ask for it} */
    public String name() {
        return metadata.name();
    }

    /** {@return the license that it names; empty where it names none} */
    public Optional<String> license() {
        return metadata.license();
    }

    /** {@return its own version} */
    public Version version() {
        return metadata.version();
    }

    /** {@return all that it says of itself, as read from the file} */
    public DriverMetadata metadata() {
        return metadata;
    }

    /** {@return the file that it came from, or the name that was given for its bytes} */
    public String file() {
        return module.name();
    }

    /** {@return how long each phase of its load took, and what it worked on} */
    public LoadReport report() {
        return LoadReport.of(module);
    }

    /** {@return the address where its memory begins} */
    public long base() {
        return module.base();
    }

    /** {@return how many bytes of memory it takes, a whole number of pages} */
    public long footprint() {
        return module.size();
    }

    /** {@return the drivers whose exports it imports; they cannot be uninstalled before it} */
    public Set<Driver> dependencies() {
        return Collections.unmodifiableSet(dependencies);
    }

    /** {@return how many installed drivers depend on this one} */
    public int references() {
        return loader.dependents(this).size();
    }

    /**
     * {@return whether this instance is installed: neither uninstalled nor replaced} After {@link #replaceWith}, its handles and
     * bound interfaces go on with the instance in its place, which {@link Loader#find} returns.
     */
    public boolean isInstalled() {
        return pointers.current() != null;
    }

    /**
     * Finds one of its exports.
     *
     * @param name as its export table has it
     * @return the export
     * @throws LinkException if it exports nothing of that name; the message lists what it exports
     */
    public Export export(String name) {
        Export export = exports.get(name);
        if (export == null) {
            throw LinkException.of(new Refusal(Refusal.ENOENT, file(), null, -1, "driver " + name() + " exports no " + name,
                    "it exports " + (exports.isEmpty() ? "nothing" : String.join(", ", exports.keySet()))));
        }
        return export;
    }

    /** The export of that name, or null. */
    @Nullable Export exportOrNull(String name) {
        return exports.get(name);
    }

    /** {@return all that it exports, in the order of its export table} */
    public Collection<Export> exports() {
        return List.copyOf(exports.values());
    }

    /**
     * A handle of the function's own type: {@link Export#handle()} of {@code export(name)}.
     *
     * @param name as its export table has it
     * @return a handle of the function's own type
     * @throws LinkException if it exports nothing of that name, or has no type information of it
     */
    public MethodHandle handle(String name) {
        return export(name).handle();
    }

    /**
     * The memory layout of a type of the driver's: {@code "struct point"}, {@code "union value"}, or a typedef's name. Members
     * have their names in C; bit-fields are the integers that hold them, named {@code "a|b"}.
     *
     * @param type a name in C
     * @return the layout, with its padding
     * @throws LinkException if the object's type information has no such type
     */
    public MemoryLayout layout(String type) {
        try {
            return types.layout(type);
        } catch (Refusal refusal) {
            throw LinkException.of(refusal);
        }
    }

    /**
     * A handle of the given type: {@link Export#handle(FunctionDescriptor)} of {@code export(name)}.
     *
     * @param name as its export table has it
     * @param descriptor the function's type, which nobody checks
     * @return a handle of that type
     * @throws LinkException if it exports nothing of that name
     */
    public MethodHandle handle(String name, FunctionDescriptor descriptor) {
        return export(name).handle(descriptor);
    }

    /**
     * A handle that calls a function by its address: one that C returned, or that stands in a table of functions which the driver
     * exports. A call through it keeps the driver installed. The handle ends as the driver's pointers do: when the driver is
     * uninstalled, or when it or a driver that it depends on is replaced. Afterwards it throws {@link IllegalStateException}.
     *
     * <p>Nothing checks that a function of that type begins there. If it is not the driver's own code, nothing checks either that
     * the code stays as long.
     *
     * @param address where the function begins
     * @param descriptor its type
     * @return a handle of that type
     * @throws LinkException if a variable of the driver is at the address
     * @throws IllegalArgumentException if the address is 0
     * @throws IllegalStateException if the driver was uninstalled or replaced
     */
    public MethodHandle handle(long address, FunctionDescriptor descriptor) {
        if (address == 0) {
            throw new IllegalArgumentException("address=0: C's NULL is no function");
        }
        if (isData(address)) {
            throw LinkException.of(new Refusal(Refusal.EINVAL, file(), null, -1, "0x" + Long.toHexString(address)
                    + " is no function of driver " + name() + " but data", "use it as a pointer"));
        }
        return requireLifetime().handle(Calls.handle(descriptor), address);
    }

    /**
     * Implements the interface by methods that call the driver's exports of the same names. Every method is first checked
     * against the driver's own types, see {@link #handle(String)}.
     *
     * <table>
     * <caption>Types</caption>
     * <tr><th>C</th><th>Java</th></tr>
     * <tr><td>an integer, a floating-point number, {@code bool}</td><td>the type of that size</td></tr>
     * <tr><td>a pointer</td><td>{@code MemorySegment} or {@code long}</td></tr>
     * <tr><td>{@code const char *}</td><td>also {@code String}: C has its bytes in UTF-8 during the call; a result is copied</td></tr>
     * <tr><td>a struct by value</td><td>{@code MemorySegment}; a method that returns one has a {@code SegmentAllocator} as its
     *     first parameter</td></tr>
     * <tr><td>a pointer to a function</td><td>a functional interface, whose lambda C may call until the method returns, or a
     *     {@link Callback}</td></tr>
     * <tr><td>the three dots of a variadic function</td><td>{@code int}, {@code long}, {@code double}, {@code String},
     *     {@code MemorySegment}</td></tr>
     * </table>
     *
     * <p>A null function or {@code String} is C's NULL. For a segment, {@link MemorySegment#NULL} is, and null is refused. A
     * pointer that C hands over, as a result or to a callback, is a segment of size 0. It is read within a segment that holds it,
     * at {@code pointer.address() - segment.address()}, or after {@code reinterpret}.
     *
     * <p>What a callback throws, the bound method throws once C has returned: a checked exception as the cause of an
     * {@link java.lang.reflect.UndeclaredThrowableException}. C sees zero, or what {@link OnThrow} says. If no method of an
     * interface with callbacks is under way in the thread, the exception goes to the {@link #uncaught} handler.
     *
     * <p>The interface must be in the loader's own module, as it is if both are on the class path.
     * {@link #bind(MethodHandles.Lookup, Class)} has no such condition.
     *
     * @param <T> the interface
     * @param type its class
     * @return an object whose methods call the driver
     * @throws InterfaceMismatchException if methods differ from the types; it lists all differences
     */
    public <T> T bind(Class<T> type) {
        return calls.bind(type);
    }

    /**
     * Does what {@link #bind(Class)} does, with the rights of {@code MethodHandles.lookup()} in a class beside the interface.
     *
     * @param <T> the interface
     * @param lookup that of a class that sees the interface
     * @param type its class
     * @return an object whose methods call the driver
     * @throws InterfaceMismatchException as {@link #bind(Class)}
     */
    public <T> T bind(MethodHandles.Lookup lookup, Class<T> type) {
        return calls.bind(lookup, type);
    }

    /**
     * Makes a function pointer that C may call until {@code lifetime} closes. It is checked against C's types only when it is
     * given to a bound method. What the function throws is treated as {@link #bind} says.
     *
     * @param <F> the interface
     * @param type a functional interface over numbers, boolean and MemorySegment
     * @param function what C calls
     * @param lifetime a call after its close ends the process
     * @return the function pointer
     */
    public <F> Callback<F> callback(Class<F> type, F function, Arena lifetime) {
        return calls.callback(type, function, lifetime);
    }

    /**
     * Says who gets what a callback throws when no bound call can throw it. Without a handler, it is printed on standard error.
     *
     * @param handler called on the thread that C called back on
     */
    public void uncaught(Consumer<Throwable> handler) {
        calls.uncaught(handler);
    }

    private final class Exports implements TypedCalls.Target {
        @Override
        public String label() {
            return "driver " + name();
        }

        @Override
        public UnaryOperator<MethodHandle> binding(String name) {
            return export(name).binding();
        }

        @Override
        public Optional<TypeSource.Typed> typed(String name) {
            return export(name).typedOrNone();
        }
    }

    /** Uninstalls this driver: see {@link Loader#uninstall}, also for what is thrown. */
    public void uninstall() {
        loader.uninstall(this);
    }

    /**
     * Puts a new instance in the place of this one.
     *
     * <ol>
     * <li>The new instance is loaded, and its {@code init} runs. If that fails, this one stays as it is.</li>
     * <li>From now on, other drivers and handles call the new instance.</li>
     * <li>As soon as no call is in this one, its {@code uninit} runs, and it is unmapped: at once if there is none, otherwise
     *     during a later call of this loader.</li>
     * </ol>
     *
     * <p>Nothing is carried over from one instance to the other. Handles of names go on. Handles of addresses end, and so do
     * pointers of {@link Export#address}, of this driver and of drivers that depend on it. This one's {@code uninit} must stop
     * the threads that the driver started, and take back the pointers that it gave away.
     *
     * @param file the new object, or an archive with it
     * @return the driver in its place
     * @throws LinkException if the new one cannot be loaded, has another name, lacks an export, gives one another type, or needs
     *     a driver that needs this one; or if a driver uses a variable of this one
     * @throws IllegalStateException if drivers of this loader are not {@link Loader#replaceable}, or this one is not installed
     */
    public Driver replaceWith(Path file) {
        return loader.replace(this, file);
    }

    /** Makes stubs for the functions that the one to be replaced has none of. */
    void addStubs(@Nullable Driver old) {
        Map<String, Long> functions = functions();
        if (old != null) {
            functions.keySet().removeIf(name -> old.stubs.address(name) != 0);
        }
        stubs.add(file(), "the replaceable exports of driver " + name(), functions);
    }

    /** From here on, who calls the old one's functions calls this one's. */
    void takeStubs(Driver old) {
        stubs.take(old.stubs, functions());
    }

    void unmapStubs() {
        stubs.unmap(module);
    }

    /** What its code may call outside of it. */
    List<Remains> uses() {
        List<Remains> uses = new ArrayList<>(List.of(loader.hostScope()));
        for (Driver needed : dependencies) {
            uses.add(needed.module.memory());
            uses.addAll(needed.stubs.all());
        }
        return uses;
    }

    private Map<String, Long> functions() {
        Map<String, Long> functions = new LinkedHashMap<>();
        for (Export export : exports.values()) {
            if (export.isFunction()) {
                functions.put(export.name(), export.rawAddress());
            }
        }
        return functions;
    }

    /** Where others are to call the function: its stub, or itself where it has none. */
    long importAddress(String name, long address) {
        long stub = stubs.address(name);
        return stub != 0 ? stub : address;
    }

    boolean isCode(long address) {
        return module.isCode(address);
    }

    boolean isData(long address) {
        return module.contains(address) && !module.isCode(address);
    }

    /** The address of a global symbol of its objects, or 0. */
    long symbol(String symbol) {
        return module.symbol(symbol);
    }

    Set<Export> variables() {
        return variables;
    }

    void exchangeDependency(Driver old, Driver next) {
        Set<Driver> exchanged = new LinkedHashSet<>();
        dependencies.forEach(driver -> exchanged.add(driver == old ? next : driver));
        dependencies = exchanged;
    }

    void replacedBy(Driver next) {
        calls.lent().haveOneMore(); // next has them, too
        successor = next;
    }

    /** The driver that stands in its place now: itself, as long as it has not been replaced. */
    Driver latest() {
        Driver latest = this;
        while (latest.successor != null) {
            latest = latest.successor;
        }
        return latest;
    }

    boolean isLatest() {
        return successor == null;
    }

    /** A driver with the lifetime that its pointers have. */
    record Instance(Driver driver, Lifetime lifetime) {
    }

    /**
     * As {@link #latest}, with its lifetime: another may take its place before that is asked for, and a third before that is noticed.
     *
     * @throws IllegalStateException if none stands there any more
     */
    Instance latestInstance() {
        for (Driver candidate = latest(); ; candidate = candidate.latest()) {
            Lifetime current = candidate.pointers.current();
            if (current != null) {
                return new Instance(candidate, current);
            }
            if (candidate.successor == null) {
                candidate.requireLifetime(); // throws
            }
        }
    }

    /** Hands out no more pointers; the lifetime of those that there are is the caller's to close. */
    Lifetime endPointers() {
        Lifetime current = requireLifetime();
        pointers.end(current);
        return current;
    }

    /** Hands out pointers of a new lifetime; the former one is the caller's to close. */
    Lifetime renewPointers() {
        Lifetime current = requireLifetime();
        pointers.renew(current);
        return current;
    }

    MemorySegment pointer(long address) {
        return requireLifetime().pointer(address);
    }

    /** @throws IllegalStateException if it is uninstalled */
    Lifetime requireLifetime() {
        Lifetime current = pointers.current();
        if (current == null) {
            throw new IllegalStateException("driver=" + name() + (successor == null ? " is uninstalled"
                    : " was replaced, and has no pointers any more; ask the one in its place"));
        }
        return current;
    }

    TypeSource types() {
        return types;
    }

    Loader loader() {
        return loader;
    }

    long initAddress() {
        return BanosDriver.init(struct);
    }

    /** 0 where there is none. */
    long uninitAddress() {
        return metadata.hasUninit() ? BanosDriver.uninit(struct) : 0;
    }

    /** @return what init returned: negative is -errno */
    int init() {
        return BanosDriver.call(initAddress(), struct);
    }

    /** @return what uninit returned, 0 where there is none */
    int uninit() {
        long uninit = uninitAddress();
        if (uninit == 0) {
            hasAgreed = true;
            return 0;
        }
        long began = System.nanoTime();
        int result = BanosDriver.call(uninit, struct);
        hasAgreed = result >= 0;
        LoaderEvents.ran(name(), "uninit", result, System.nanoTime() - began);
        return result;
    }

    /** Ends every pointer handed out, or returns false where one is in use by a call. */
    boolean closePointers() {
        return pointers.close();
    }

    /** For a driver that refused to stop: it stays, with new pointers. */
    void reopenPointers() {
        pointers.reopen();
    }

    /** Runs its last code. */
    void end() {
        isEnding = true;
        try {
            module.stop();
        } finally {
            isEnding = false;
        }
    }

    /** Whether its uninit has succeeded, and is not to run again. */
    boolean hasAgreed() {
        return hasAgreed;
    }

    /** Whether its last functions are just running, and have come back to the loader. */
    boolean isEnding() {
        return isEnding;
    }

    void unmap() {
        List<Remains> uses = uses();
        uses.add(calls.lent());
        module.uses(uses);
        unmapStubs(); // before what they lead to
        Modules.unload(module);
        calls.lent().haveOneLess();
    }

    @Override
    public String toString() {
        return name() + " " + version() + " (" + file() + ")";
    }
}
