package dev.banos.mem;

import dev.banos.mem.insight.LeakRecords;
import dev.banos.mem.insight.LeakReport;
import dev.banos.mem.insight.LeakTracking;
import dev.banos.mem.slots.Access;
import dev.banos.mem.slots.Domain;
import dev.banos.mem.system.Budget;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * What a heap is to be like, for {@link Heap#create(HeapOptions)}. Begin with {@link #confined} or {@link #shared}; each
 * method returns options that differ in one thing, and leaves these as they are, so that one value can serve many heaps.
 *
 * <pre>{@code
 *   Heap server = Heap.create(HeapOptions.shared().named("server").limit(300L << 20));
 *   Heap images = Heap.create(HeapOptions.confined().named("images").childOf(server)
 *           .limit(200L << 20).highWater(150L << 20, now -> log.warn(now.toString())));
 * }</pre>
 *
 * <p><b>Budgets.</b> A heap is charged for what it takes from the system: the spans of its runs, 64 KiB to 1 MiB at a time,
 * and its direct mappings, by the page. What goes back to the system is no longer charged, and a heap that has reached its limit
 * gives back at once what it can. So set a limit in megabytes: blocks that fit into runs that the heap already has are not refused.
 */
public final class HeapOptions {
    final Access access;
    /** Null where the heap is to be known by its number. */
    private @Nullable String name;
    private long limit = Budget.UNLIMITED;
    private long mark = Budget.UNLIMITED;
    private @Nullable Consumer<HeapBudget> action;
    private @Nullable Heap parent;
    private Hardening hardening = Hardening.NONE;
    private long mappingCacheBytes;
    private HugePages hugePages = HugePages.GROWTH;
    /** Null for a heap that does as all do. */
    private LeakTracking.@Nullable Level leaks;
    private @Nullable Consumer<LeakReport> atEnd;

    private HeapOptions(Access access) {
        this.access = access;
    }

    /** {@return options of a heap that allocates for the thread that creates it, at the speed of that thread's own malloc} */
    public static HeapOptions confined() {
        return new HeapOptions(Access.CONFINED);
    }

    /** {@return options of a heap that allocates for any thread} */
    public static HeapOptions shared() {
        return new HeapOptions(Access.SHARED);
    }

    /**
     * Sets the name that messages, statistics and recordings show. It need not be unique.
     *
     * @param name without the word "heap", which is put before it
     * @return these options with that name
     * @throws IllegalArgumentException when there is nothing in {@code name} but white space
     */
    public HeapOptions named(String name) {
        if (name.isBlank()) {
            throw new IllegalArgumentException("name=\"" + name + "\": a heap without a name is known by its number");
        }
        HeapOptions changed = copy();
        changed.name = name;
        return changed;
    }

    /**
     * Sets what the heap looks for beyond wrong frees. Each call of a hardened heap takes a lock.
     *
     * @param hardening {@link Hardening#NONE}, the default, or what to look for
     * @return these options with that hardening
     */
    public HeapOptions hardened(Hardening hardening) {
        HeapOptions changed = copy();
        changed.hardening = Objects.requireNonNull(hardening, "hardening");
        return changed;
    }

    Hardening hardening() {
        return hardening;
    }

    /**
     * Sets how many bytes the heap and its children together may have from the system. An allocation that would exceed the limit
     * fails with ENOMEM, or with an {@link OutOfMemoryError} that names the heap, the limit, what is used and what was asked for.
     *
     * @param bytes more than 0; less than 64 KiB leaves no room for a block
     * @return these options with that limit
     * @throws IllegalArgumentException when {@code bytes} is less than 1
     */
    public HeapOptions limit(long bytes) {
        HeapOptions changed = copy();
        changed.limit = atLeastOne("limit", bytes);
        return changed;
    }

    /**
     * Calls {@code action} when the heap and its children together reach {@code bytes}, and again each time they do so after they
     * were below. The action runs outside every lock, on the thread whose allocation reached the mark, before that returns. It may
     * allocate and free, even in this heap; while it runs it is not called again.
     *
     * <p>The allocation throws what the action throws, and then has no effect: nothing was given out, and a block to be resized is
     * as it was. After that the action is called again for the next allocation that would reach the mark, or finds it reached.
     *
     * @param bytes more than 0, and not above the limit
     * @param action gets the heap's budget as it was when the mark was reached
     * @return these options with that mark
     * @throws IllegalArgumentException when {@code bytes} is less than 1; a mark above the limit is refused when the heap is created
     */
    public HeapOptions highWater(long bytes, Consumer<HeapBudget> action) {
        HeapOptions changed = copy();
        changed.mark = atLeastOne("highWater", bytes);
        changed.action = Objects.requireNonNull(action, "action");
        return changed;
    }

    /**
     * Makes the heap a child: what it has also counts in {@code parent}, whose limit holds for both, to any depth. The parent can
     * be closed only after this heap.
     *
     * @param parent a heap of {@link Heap#create}
     * @return these options with that parent
     * @throws IllegalArgumentException for the heap of malloc
     */
    public HeapOptions childOf(Heap parent) {
        Objects.requireNonNull(parent, "parent");
        if (parent.isOfMalloc()) {
            throw new IllegalArgumentException("parent=" + parent + ": the heap of malloc has no children");
        }
        HeapOptions changed = copy();
        changed.parent = parent;
        return changed;
    }

    /**
     * Keeps freed direct mappings, up to {@code bytes} in all, for the heap's next blocks of about the same size. Without a cache,
     * the free of such a block unmaps it at once. Malloc has a cache of its own with {@code -Dbanos.mem.mappingCacheBytes=}.
     *
     * <ul>
     * <li>What is not used for a second or two goes back to the system, and all of it at {@link Heap#trim}, at the limit, and at
     *     the close. If the cache is full, the mappings that were kept longest make room.</li>
     * <li>The lengths of blocks are rounded up by up to an eighth.</li>
     * <li>A realloc to at least one and a half times the size copies to a kept mapping, if there is one.</li>
     * </ul>
     *
     * @param bytes 0, the default: none are kept; a hardened heap cannot have any
     * @return these options with a cache of that size
     * @throws IllegalArgumentException when {@code bytes} is negative
     */
    public HeapOptions mappingCache(long bytes) {
        if (bytes < 0) {
            throw new IllegalArgumentException("mappingCache=" + bytes + ": bytes, or 0 for none");
        }
        HeapOptions changed = copy();
        changed.mappingCacheBytes = bytes;
        return changed;
    }

    /**
     * Sets which direct mappings ask for huge pages; those of a hardened heap never do. Malloc has {@code -Dbanos.mem.hugePages=}.
     *
     * @param wanted {@link HugePages#GROWTH}, the default, or another
     * @return these options with that choice
     */
    public HeapOptions hugePages(HugePages wanted) {
        HeapOptions changed = copy();
        changed.hugePages = Objects.requireNonNull(wanted, "hugePages");
        return changed;
    }

    /**
     * Remembers where the heap's live blocks were allocated, whatever {@code -Dbanos.mem.leaks=} says: see
     * {@link LeakTracking}. A report of what is live when the heap is closed, or at exit, goes to standard error;
     * {@link Heap#leakReport} has it at any time. Blocks that are remembered have runs of their own, which count in the heap's
     * budget: so a heap that remembers every block may reach its limit earlier.
     *
     * @param level how much is remembered; OFF: nothing, whatever the property says
     * @return these options with that level
     */
    public HeapOptions leaks(LeakTracking.Level level) {
        return leaks(level, System.err::print);
    }

    /**
     * Remembers where the heap's live blocks were allocated, and gives the report to {@code atEnd}: on the thread that closes the
     * heap, or else at exit, if anything is live. {@link Heap#close} throws what it throws, and has closed the heap by then.
     *
     * @param level how much is remembered; OFF: nothing, and nothing is reported
     * @param atEnd gets the report of what is live
     * @return these options with that level
     */
    public HeapOptions leaks(LeakTracking.Level level, Consumer<LeakReport> atEnd) {
        HeapOptions changed = copy();
        changed.leaks = Objects.requireNonNull(level, "level");
        changed.atEnd = Objects.requireNonNull(atEnd, "atEnd");
        return changed;
    }

    private static long atLeastOne(String what, long bytes) {
        if (bytes < 1) {
            throw new IllegalArgumentException(what + "=" + bytes + ": at least one byte");
        }
        return bytes;
    }

    /** {@return the options that differ from the default, by the names of the methods} */
    @Override
    public String toString() {
        List<String> words = new ArrayList<>();
        words.add(access == Access.SHARED ? "shared" : "confined");
        add(words, name != null, "named", name);
        add(words, limit != Budget.UNLIMITED, "limit", limit);
        add(words, action != null, "highWater", mark);
        add(words, parent != null, "childOf", parent);
        add(words, !hardening.isNone(), "hardened", hardening);
        add(words, mappingCacheBytes > 0, "mappingCache", mappingCacheBytes);
        add(words, hugePages != HugePages.GROWTH, "hugePages", hugePages);
        add(words, leaks != null, "leaks", leaks);
        return String.join(", ", words);
    }

    private static void add(List<String> words, boolean isGiven, String word, @Nullable Object value) {
        if (isGiven) {
            words.add(word + " " + value);
        }
    }

    @Nullable Heap parent() {
        return parent;
    }

    /** @param number how the heap is known if it has no name */
    Domain newDomain(long number) {
        if (action != null && mark > limit) {
            throw new IllegalArgumentException("highWater=" + mark + " is above limit=" + limit);
        }
        if (mappingCacheBytes > 0 && !hardening.equals(Hardening.NONE)) {
            throw new IllegalArgumentException("mappingCache=" + mappingCacheBytes + ": a hardened heap keeps no mappings");
        }
        String title = "heap " + (name == null ? number : name);
        Consumer<HeapBudget> marked = action;
        Budget budget = new Budget(title, parent == null ? null : parent.domain().budget, limit, mark,
                marked == null ? null : now -> marked.accept(HeapBudget.of(now)));
        LeakRecords records = leaks == null ? new LeakRecords(title)
                : new LeakRecords(title, leaks, leaks == LeakTracking.Level.OFF ? null : atEnd);
        return new Domain(budget, records, mappingCacheBytes, hugePages.rule());
    }

    /** Nobody else has the copy yet: the one who takes it may set a field, and then it never changes again. */
    private HeapOptions copy() {
        HeapOptions copy = new HeapOptions(access);
        copy.name = name;
        copy.limit = limit;
        copy.mark = mark;
        copy.action = action;
        copy.parent = parent;
        copy.hardening = hardening;
        copy.mappingCacheBytes = mappingCacheBytes;
        copy.hugePages = hugePages;
        copy.leaks = leaks;
        copy.atEnd = atEnd;
        return copy;
    }
}
