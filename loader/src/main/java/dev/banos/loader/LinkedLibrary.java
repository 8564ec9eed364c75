package dev.banos.loader;

import dev.banos.loader.call.Calls;
import dev.banos.loader.call.Lifetime;
import dev.banos.loader.debug.Modules;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.link.LinkedModule;
import dev.banos.loader.types.TypeSource;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;

/** Objects that were linked into this process. Their pointers and handles are valid until the library is closed. */
public final class LinkedLibrary implements AutoCloseable {
    private final String name;
    private final LinkedModule module;
    private final TypeSource types;
    private final TypedCalls calls = new TypedCalls(new Functions(), new LentPointers());
    private final Lifetime lifetime;

    LinkedLibrary(String name, LinkedModule module, TypeSource types) {
        this.name = name;
        this.module = module;
        this.types = types;
        this.lifetime = new Lifetime("library " + name);
    }

    /** {@return how long each phase of the link took, and what it worked on} */
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

    /**
     * Finds the function or variable of that name.
     *
     * @param symbol its name in C
     * @return a pointer to it, valid until the close
     * @throws LinkException if no object defines it
     */
    public MemorySegment symbol(String symbol) {
        return lifetime.pointer(address(symbol));
    }

    private long address(String symbol) {
        long address = module.symbol(symbol);
        if (address == 0) {
            throw LinkException.of(new Refusal(Refusal.ENOENT, name, null, -1, "no object defines " + symbol, module.remedyForMissing()));
        }
        return address;
    }

    /** The address of what can be called. */
    private long function(String symbol) {
        long address = address(symbol);
        if (module.contains(address) && !module.isCode(address)) {
            throw LinkException.of(new Refusal(Refusal.EINVAL, name, null, -1, symbol + " is no function but a variable",
                    "use its address"));
        }
        return address;
    }

    /**
     * A handle that calls the function as one of that type. Nothing checks that it is. {@link Export#handle(FunctionDescriptor)}
     * says how unsigned bytes and shorts are passed.
     *
     * @param symbol its name in C
     * @param descriptor the function's type
     * @return a handle of that type, valid until the close
     * @throws LinkException if no object defines the symbol, or it is a variable
     */
    public MethodHandle handle(String symbol, FunctionDescriptor descriptor) {
        return lifetime.handle(Calls.handle(descriptor), function(symbol));
    }

    /**
     * A handle that calls the function of the prototype's name. It is refused if the object's type information has another type;
     * to use it nevertheless, call {@link #handle(String, FunctionDescriptor)} with the {@link Prototype#descriptor}.
     *
     * @param prototype the function's name and type
     * @return a handle of that type, valid until the close
     * @throws LinkException if no object defines it, or the types differ; the message says in what
     */
    public MethodHandle handle(Prototype prototype) {
        long address = function(prototype.name());
        try {
            return lifetime.handle(Calls.handle(PrototypeAgreement.shape(prototype, () -> types.find(prototype.name()))), address);
        } catch (Refusal refusal) {
            throw LinkException.of(refusal);
        }
    }

    /**
     * A handle of the function's own type, from the type information of the object that defines it, as {@link Export#handle()}.
     *
     * @param symbol its name in C
     * @param more the layouts of the arguments in the place of a variadic function's three dots
     * @return the handle, valid until the close
     * @throws LinkException if no object defines it or tells its type, or Java cannot pass one of its parameters
     */
    public MethodHandle handle(String symbol, MemoryLayout... more) {
        long address = function(symbol);
        try {
            return lifetime.handle(types.require(symbol).handle(more), address);
        } catch (Refusal refusal) {
            throw LinkException.of(refusal);
        }
    }

    /**
     * The symbol's declaration in C; empty if there is no type information of it.
     *
     * @param symbol its name in C
     * @return the declaration, without a semicolon
     * @throws LinkException if the type information is damaged
     */
    public Optional<String> declaration(String symbol) {
        try {
            return types.find(symbol).map(TypeSource.Typed::declaration);
        } catch (Refusal refusal) {
            throw LinkException.of(refusal);
        }
    }

    /**
     * The memory layout of a type, as {@link Driver#layout} has it, from the first object that has the type.
     *
     * @param type a name in C
     * @return the layout, with its padding
     * @throws LinkException if no object's type information has it
     */
    public MemoryLayout layout(String type) {
        try {
            return types.layout(type);
        } catch (Refusal refusal) {
            throw LinkException.of(refusal);
        }
    }

    /**
     * Implements the interface by methods that call the objects' functions, as {@link Driver#bind(Class)}.
     *
     * @param <T> the interface
     * @param type its class
     * @return an object whose methods call the objects
     * @throws InterfaceMismatchException if methods differ from the types; it lists all differences
     */
    public <T> T bind(Class<T> type) {
        return calls.bind(type);
    }

    /**
     * Implements the interface with the rights of the lookup, as {@link Driver#bind(MethodHandles.Lookup, Class)}.
     *
     * @param <T> the interface
     * @param lookup that of a class that sees the interface
     * @param type its class
     * @return an object whose methods call the objects
     * @throws InterfaceMismatchException as {@link #bind(Class)}
     */
    public <T> T bind(MethodHandles.Lookup lookup, Class<T> type) {
        return calls.bind(lookup, type);
    }

    /**
     * Makes a function pointer that C may call until {@code lifetime} closes, as {@link Driver#callback}.
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
     * Says who gets what a callback throws when no bound call can throw it, as {@link Driver#uncaught}.
     *
     * @param handler called on the thread that C called back on
     */
    public void uncaught(Consumer<Throwable> handler) {
        calls.uncaught(handler);
    }

    private final class Functions implements TypedCalls.Target {
        @Override
        public String label() {
            return name;
        }

        @Override
        public UnaryOperator<MethodHandle> binding(String symbol) {
            long address = function(symbol);
            return call -> lifetime.handle(call, address);
        }

        @Override
        public Optional<TypeSource.Typed> typed(String symbol) {
            return types.find(symbol);
        }
    }

    /**
     * Runs the destructors and unmaps the objects.
     *
     * @throws LinkException if a call into them is under way; then they stay
     */
    @Override
    public void close() {
        if (!lifetime.close()) {
            boolean closed = lifetime.isClosed();
            throw LinkException.of(new Refusal(Refusal.EBUSY, name, null, -1, closed ? "closed already" : "a call is under way",
                    closed ? null : "try again when it has returned"));
        }
        module.stop();
        module.uses(List.of(calls.lent()));
        Modules.unload(module);
        calls.lent().haveOneLess();
    }
}
