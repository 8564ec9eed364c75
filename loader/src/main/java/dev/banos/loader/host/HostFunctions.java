package dev.banos.loader.host;

import static java.lang.foreign.ValueLayout.ADDRESS;

import dev.banos.bindings.Native;
import dev.banos.loader.abi.BanosSymbol;
import dev.banos.loader.call.UpcallEdge;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;

/**
 * What the host exports to drivers, as a table of {@code Banos_Symbol} in native memory, exactly as a driver has one. The
 * host's own functions are upcalls into Java; making one takes a tenth of a millisecond, and the first of them milliseconds, so
 * each waits until someone asks for its name. What Java throws in one of them is reported by {@link UpcallEdge}.
 */
public final class HostFunctions {
    static final String DPRINTLN = "banos_dprintln";
    static final String LOOKUP_SYMBOL = "banos_lookup_symbol";
    /** What every name of our own begins with: others need not load the classes that know them. */
    private static final String PREFIX = "banos_";

    private final HostScope scope;
    private final Consumer<String> console;
    private final ToLongFunction<String> exports;
    private final Map<String, MemorySegment> published = new LinkedHashMap<>();
    private final Map<String, MemorySegment> own = new LinkedHashMap<>();
    /** What drivers call in the place of {@link #own}. */
    private final Map<String, MemorySegment> gates = new LinkedHashMap<>();

    /**
     * @param scope   as long as drivers may call
     * @param console where {@code banos_dprintln} writes its lines
     * @param exports what {@code banos_lookup_symbol} finds beside the host's functions: an address, or 0
     */
    public HostFunctions(HostScope scope, Consumer<String> console, ToLongFunction<String> exports) {
        this.scope = scope;
        this.console = console;
        this.exports = exports;
    }

    /** Adds a function or variable of the application's own, or replaces one of that name. */
    public synchronized void publish(String name, MemorySegment address) {
        published.put(name, address);
    }

    /** The address of what the host exports under that name, or 0. */
    public synchronized long find(String name) {
        MemorySegment address = published.get(name);
        if (address == null && name.startsWith(PREFIX)) {
            address = ownOrNull(name);
        }
        return address == null ? 0 : address.address();
    }

    /** What {@link #find} finds, without making any of it. */
    public synchronized Set<String> names() {
        Set<String> names = ownNames();
        names.addAll(published.keySet());
        return names;
    }

    /** Which of the host's own functions have been made so far. */
    public synchronized Set<String> made() {
        return Set.copyOf(own.keySet());
    }

    public synchronized Map<String, MemorySegment> all() {
        Map<String, MemorySegment> all = new LinkedHashMap<>();
        ownNames().forEach(name -> all.put(name, ownOrNull(name)));
        all.putAll(published);
        return all;
    }

    /** All that the host exports, as an array of {@code Banos_Symbol} that lives as long as {@code into}. */
    public MemorySegment table(Arena into) {
        Map<String, MemorySegment> all = all();
        MemorySegment table = into.allocate(BanosSymbol.LAYOUT, all.size());
        int index = 0;
        for (Map.Entry<String, MemorySegment> symbol : all.entrySet()) {
            BanosSymbol.set(table, index++, into.allocateFrom(symbol.getKey()), symbol.getValue());
        }
        return table;
    }

    private static Set<String> ownNames() {
        Set<String> names = new LinkedHashSet<>();
        names.add(DPRINTLN);
        names.add(LOOKUP_SYMBOL);
        MallocFunctions.names().forEach(names::add);
        names.addAll(ThreadFunctions.names());
        return names;
    }

    /** Makes the function of that name, if it is one of the host's own, but no gate, which takes memory: {@link #find} does. */
    public synchronized void prepare(String name) {
        if (!published.containsKey(name) && name.startsWith(PREFIX)) {
            functionOrNull(name);
        }
    }

    private @Nullable MemorySegment functionOrNull(String name) {
        MemorySegment made = own.get(name);
        if (made == null) {
            made = make(name);
            if (made != null) {
                own.put(name, made);
            }
        }
        return made;
    }

    private @Nullable MemorySegment ownOrNull(String name) {
        MemorySegment gate = gates.get(name);
        MemorySegment function = gate == null ? functionOrNull(name) : null;
        if (function != null) {
            gate = scope.gates().before(function, name.equals(ThreadFunctions.ERRNO_LOCATION));
            gates.put(name, gate);
        }
        return gate;
    }

    private @Nullable MemorySegment make(String name) {
        if (name.equals(DPRINTLN)) {
            return upcall(DPRINTLN, "dprintln", FunctionDescriptor.ofVoid(ADDRESS));
        }
        if (name.equals(LOOKUP_SYMBOL)) {
            return upcall(LOOKUP_SYMBOL, "lookupSymbol", FunctionDescriptor.of(ADDRESS, ADDRESS));
        }
        if (MallocFunctions.has(name)) {
            return MallocFunctions.upcall(name, scope.arena());
        }
        return ThreadFunctions.has(name) ? ThreadFunctions.upcall(name, scope.arena()) : null;
    }

    private MemorySegment upcall(String name, String method, FunctionDescriptor descriptor) {
        MethodType type = descriptor.toMethodType();
        try {
            MethodHandle target = MethodHandles.lookup().bind(this, method, type);
            return UpcallEdge.stub(name, target, descriptor, scope.arena());
        } catch (ReflectiveOperationException missing) {
            throw new AssertionError(method + type, missing);
        }
    }

    private void dprintln(MemorySegment text) {
        console.accept(string(text));
    }

    private MemorySegment lookupSymbol(MemorySegment text) {
        String name = string(text);
        long address = find(name);
        return MemorySegment.ofAddress(address != 0 ? address : exports.applyAsLong(name));
    }

    /** A C string; text that is not UTF-8 is read as well as may be, for a driver must not fail by printing. */
    private static String string(MemorySegment text) {
        return text.address() == 0 ? "(null)" : Native.EVERYTHING.getString(text.address(), StandardCharsets.UTF_8);
    }
}
