package dev.banos.mem.system;

/**
 * A map from the address of a mapping to its length, whose it is, and whether it asks for huge pages: open addressing with linear
 * probing, at most half full, in arrays of primitives. For one thread at a time.
 *
 * @param <T> whose mappings can be
 */
public final class MappingTable<T> {
    public static final int NONE = -1;
    private static final int INITIAL_CAPACITY = 64;
    /** 2^64 over the golden ratio: spreads page numbers over the high bits. */
    private static final long GOLDEN = 0x9E3779B97F4A7C15L;

    /** The bit of an extent that asks for huge pages; the others are its length, a multiple of the page size. */
    private static final long HUGE = 1;

    /** 0: the slot is empty. */
    private long[] addresses = new long[INITIAL_CAPACITY];
    private long[] extents = new long[INITIAL_CAPACITY];
    private T[] owners = newArray(INITIAL_CAPACITY);
    private int size;
    /** Where {@link #anyOf} goes on. */
    private int hand;

    public static long extent(long length, boolean huge) {
        return huge ? length | HUGE : length;
    }

    public static long length(long extent) {
        return extent & ~HUGE;
    }

    public static boolean isHuge(long extent) {
        return (extent & HUGE) != 0;
    }

    public void put(long address, long extent, T owner) {
        if ((size + 1) * 2 > addresses.length) {
            growIfPossible();
        }
        int i = home(address);
        while (addresses[i] != 0) {
            i = next(i);
        }
        addresses[i] = address;
        extents[i] = extent;
        owners[i] = owner;
        size++;
    }

    /** @return where the address stands, for {@link #extentAt}, {@link #owner} and {@link #removeAt}; or {@link #NONE} */
    public int indexOf(long address) {
        int i = home(address);
        while (addresses[i] != 0) {
            if (addresses[i] == address) {
                return i;
            }
            i = next(i);
        }
        return NONE;
    }

    /**
     * The address of a mapping of {@code owner}, or 0: of all in turn. Who removes what it finds, and asks until there is none, looks at
     * each place a few times only.
     */
    public long anyOf(T owner) {
        for (int looked = 0; looked < addresses.length; looked++) {
            hand &= addresses.length - 1;
            if (addresses[hand] != 0 && owners[hand] == owner) {
                return addresses[hand++];
            }
            hand++;
        }
        return 0;
    }

    public long address(int index) {
        return addresses[index];
    }

    public long extentAt(int index) {
        return extents[index];
    }

    public long lengthAt(int index) {
        return length(extents[index]);
    }

    public T owner(int index) {
        return owners[index];
    }

    /** How many indexes there are; at some of them {@link #address} is 0. */
    public int capacity() {
        return addresses.length;
    }

    int size() {
        return size;
    }

    public void removeAt(int index) {
        int gap = index;
        for (int i = next(gap); addresses[i] != 0; i = next(i)) {
            int distance = (i - home(addresses[i])) & (addresses.length - 1);
            if (distance >= ((i - gap) & (addresses.length - 1))) {
                move(i, gap);
                gap = i;
            }
        }
        addresses[gap] = 0;
        owners[gap] = null;
        size--;
    }

    private void move(int from, int to) {
        addresses[to] = addresses[from];
        extents[to] = extents[from];
        owners[to] = owners[from];
    }

    /** The mapping to be entered exists already: while there is room at all, a full Java heap must not make it be lost. */
    private void growIfPossible() {
        try {
            grow();
        } catch (OutOfMemoryError javaHeapIsFull) {
            if (size + 2 > addresses.length) { // one slot stays empty, where searches end
                throw javaHeapIsFull;
            }
        }
    }

    private void grow() {
        int capacity = addresses.length * 2;
        long[] newAddresses = new long[capacity];
        long[] newExtents = new long[capacity];
        T[] newOwners = newArray(capacity);
        long[] oldAddresses = addresses;
        long[] oldExtents = extents;
        T[] oldOwners = owners;
        addresses = newAddresses;
        extents = newExtents;
        owners = newOwners;
        size = 0;
        for (int i = 0; i < oldAddresses.length; i++) {
            if (oldAddresses[i] != 0) {
                put(oldAddresses[i], oldExtents[i], oldOwners[i]);
            }
        }
    }

    @SuppressWarnings("unchecked") // nobody else sees the array
    private static <T> T[] newArray(int length) {
        return (T[]) new Object[length];
    }

    private int home(long address) {
        return (int) ((address * GOLDEN) >>> 32) & (addresses.length - 1);
    }

    private int next(int index) {
        return (index + 1) & (addresses.length - 1);
    }
}
