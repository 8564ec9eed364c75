package dev.banos.loader.link;

/**
 * The shape of a module in memory: three regions, each a whole number of pages, and what lies where in them. Offsets count
 * from the module's base.
 *
 * <pre>
 *     0                 constants            data               bytes      size
 *     ├─ code ─ stubs ──┼─ constants ─ GOT ──┼─ data ───────────┼─ zeroes ─┤
 *     │  read, execute  │  read              │  read, write                │
 * </pre>
 * Constants are what nobody writes to once the module is linked: also relocated tables ({@code .data.rel.ro}) and the GOT.
 */
final class Layout {
    final int stubs;
    final int constants;
    final int got;
    final int gotBytes;
    final int data;
    /** Where the bytes that an image holds end; the rest of the data region is zero. */
    final int bytes;
    final int size;
    final int alignment;
    /** The block of thread-local variables: bytes with initial values, all bytes, alignment. */
    final int tlsBytes;
    final int tlsSize;
    final int tlsAlignment;

    /** The same with a larger block of thread-local variables. */
    Layout withThreadLocals(int blockSize, int blockAlignment) {
        return new Layout(stubs, constants, got, gotBytes, data, bytes, size, alignment, tlsBytes, blockSize, blockAlignment);
    }

    Layout(int stubs, int constants, int got, int gotBytes, int data, int bytes, int size, int alignment, int tlsBytes,
            int tlsSize, int tlsAlignment) {
        this.stubs = stubs;
        this.constants = constants;
        this.got = got;
        this.gotBytes = gotBytes;
        this.data = data;
        this.bytes = bytes;
        this.size = size;
        this.alignment = alignment;
        this.tlsBytes = tlsBytes;
        this.tlsSize = tlsSize;
        this.tlsAlignment = tlsAlignment;
    }
}
