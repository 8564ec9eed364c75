package dev.banos.loader.elf;

import dev.banos.libc.zip.InflateException;
import dev.banos.libc.zip.Inflater;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * The bytes of a section that the compiler or assembler compressed ({@code -gz}), as the gABI describes it, section
 * "SHF_COMPRESSED".
 *
 * <pre>
 *     0         4             8         16             24
 *     | ch_type | ch_reserved | ch_size | ch_addralign | zlib stream ...
 * </pre>
 * What the header declares is believed only as far as DEFLATE can reach it: a small file cannot ask for much memory.
 */
final class CompressedSection {
    static final int HEADER_BYTES = 24;
    static final int ELFCOMPRESS_ZLIB = 1;
    static final int ELFCOMPRESS_ZSTD = 2;
    /** Debug information of the largest programs stays below it. */
    static final long LARGEST_BYTES = 1L << 28;
    /** A match of 258 bytes costs at least two bits, so nothing grows by more (RFC 1951). */
    private static final long LARGEST_RATIO = 258 * Byte.SIZE / 2;

    private final ElfObject object;
    private final int section;
    private final int start;
    private final long size;

    private CompressedSection(ElfObject object, int section) {
        this.object = object;
        this.section = section;
        this.start = object.start(section);
        this.size = object.sections().size(section);
    }

    /** @throws Refusal if the section is damaged, declares more than it can hold, or is compressed in a way that is not read */
    static byte[] expand(ElfObject object, int section) {
        return new CompressedSection(object, section).expand();
    }

    private byte[] expand() {
        if (size < HEADER_BYTES) {
            throw malformed("truncated: " + size + " bytes, the header of a compressed section has " + HEADER_BYTES);
        }
        ByteBuffer header = ByteBuffer.wrap(object.bytes(), start, HEADER_BYTES).slice().order(ByteOrder.LITTLE_ENDIAN);
        requireZlib(header.getInt(0));
        long expanded = header.getLong(8);
        long compressed = size - HEADER_BYTES;
        if (expanded < 0 || expanded > compressed * LARGEST_RATIO) {
            throw malformed("ch_size is " + Long.toUnsignedString(expanded) + ", more than " + compressed
                    + " compressed bytes can hold");
        }
        if (expanded > LARGEST_BYTES) {
            throw Refusal.unsupported(object.file(), object.sections().label(section), -1, "it expands to " + expanded
                    + " bytes, of which at most " + LARGEST_BYTES + " are read", "compile without -gz");
        }
        return inflate((int) compressed, new byte[(int) expanded]);
    }

    private void requireZlib(int type) {
        if (type == ELFCOMPRESS_ZSTD) {
            throw Refusal.unsupported(object.file(), object.sections().label(section), -1, "it is compressed with Zstandard",
                    "compile with -gz=zlib, or expand it: objcopy --decompress-debug-sections");
        }
        if (type != ELFCOMPRESS_ZLIB) {
            throw malformed("ch_type is " + Integer.toUnsignedString(type) + ", no known compression");
        }
    }

    private byte[] inflate(int compressed, byte[] expanded) {
        try (Inflater inflater = Inflater.of(Inflater.Format.ZLIB)) {
            Inflater.Status status = inflater.inflate(
                    MemorySegment.ofArray(object.bytes()), start + HEADER_BYTES, compressed,
                    MemorySegment.ofArray(expanded), 0, expanded.length);
            if (status != Inflater.Status.DONE || inflater.produced() != expanded.length) {
                throw malformed(switch (status) {
                    case NEED_INPUT -> "truncated: the compressed bytes end after " + inflater.produced();
                    case NEED_OUTPUT -> "it expands to more than the declared";
                    case NEED_DICTIONARY -> "it wants a dictionary, and expands to none of the declared";
                    case DONE -> "it expands to " + inflater.produced();
                } + " of " + expanded.length + " bytes");
            }
            return expanded;
        } catch (InflateException wrong) {
            throw malformed("its compressed bytes are damaged: " + wrong.getMessage());
        }
    }

    private Refusal malformed(String why) {
        return Refusal.malformed(object.file(), object.sections().label(section), -1, why);
    }
}
