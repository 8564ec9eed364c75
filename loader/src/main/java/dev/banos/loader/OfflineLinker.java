package dev.banos.loader;

import dev.banos.bindings.FileTrouble;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.FileBytes;
import dev.banos.loader.elf.ObjectReader;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.link.Imports;
import dev.banos.loader.link.OfflineLink;
import dev.banos.loader.text.Json;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Links objects for a given address without running them, so that anyone can check the result against another linker. Each
 * file is linked by itself, for its own machine.
 */
public final class OfflineLinker {
    private static final long PAGE_BYTES = 4096;
    private static final int PIECE_BYTES = 8192;

    private final long base;
    private final Map<String, Long> defined = new HashMap<>();
    private boolean phonyImports;

    private OfflineLinker(long base) {
        this.base = base;
    }

    /**
     * Creates a linker for one address.
     *
     * @param base where the image will lie, a multiple of 4096
     * @return the linker
     * @throws IllegalArgumentException when {@code base} is not such an address
     */
    public static OfflineLinker at(long base) {
        if (base % PAGE_BYTES != 0) {
            throw new IllegalArgumentException("base=0x" + Long.toHexString(base) + " is no multiple of " + PAGE_BYTES);
        }
        return new OfflineLinker(base);
    }

    /**
     * Gives an undefined symbol its address.
     *
     * @param symbol its name in C
     * @param address where the symbol will be
     * @return this linker
     */
    public OfflineLinker define(String symbol, long address) {
        defined.put(symbol, address);
        return this;
    }

    /**
     * Gives every undefined symbol an address behind the module, except those of {@link #define} and weak ones.
     *
     * @return this linker
     */
    public OfflineLinker phonyImports() {
        phonyImports = true;
        return this;
    }

    /**
     * Links one object file.
     *
     * @param file the object
     * @return the image
     * @throws LinkException if the file cannot be read or linked for this address
     */
    public Linked link(Path file) {
        try {
            return link(ObjectReader.read(FileBytes.read(file), file.toString()), null);
        } catch (Refusal refusal) {
            throw LinkException.of(refusal);
        }
    }

    /**
     * Links one object in memory.
     *
     * @param bytes all of an object file
     * @param name what messages call the bytes
     * @return the image
     * @throws LinkException if it cannot be linked for this address
     */
    public Linked link(byte[] bytes, String name) {
        try {
            return link(ObjectReader.read(bytes, name), null);
        } catch (Refusal refusal) {
            throw LinkException.of(refusal);
        }
    }

    /**
     * Links one object in memory, into memory of the caller's. New memory is a good part of what a large image costs. To link many
     * objects in the same memory, when each is no longer needed at the next, use {@link SegmentAllocator#prefixAllocator}.
     *
     * @param bytes all of an object file
     * @param name what messages call the bytes
     * @param memory where the image goes, native or in Java's heap, with any content; asked once, for as many bytes as the image has
     * @return the image, which lies in that memory
     * @throws LinkException if it cannot be linked for this address
     * @throws IllegalArgumentException if {@code memory} has no room for it; the message says how many bytes it takes
     */
    public Linked link(byte[] bytes, String name, SegmentAllocator memory) {
        try {
            return link(ObjectReader.read(bytes, name), memory);
        } catch (Refusal refusal) {
            throw LinkException.of(refusal);
        }
    }

    private Linked link(ElfObject object, @Nullable SegmentAllocator memory) {
        OfflineLink link = OfflineLink.link(object, base, new Given(defined), phonyImports, memory);
        return new Linked(ObjectInfo.machine(object), base, link);
    }

    private record Given(Map<String, Long> defined) implements Imports {
        @Override
        public long find(String symbol) {
            return defined.getOrDefault(symbol, 0L);
        }

        @Override
        public boolean isAtZero(String symbol) {
            Long address = defined.get(symbol);
            return address != null && address == 0;
        }
    }

    /** An object at its address. */
    public static final class Linked {
        private final String machine;
        private final long base;
        private final OfflineLink link;

        Linked(String machine, long base, OfflineLink link) {
            this.machine = machine;
            this.base = base;
            this.link = link;
        }

        /**
         * {@return the bytes from the base on, up to the last that the file holds; all bytes from there to {@link #size} are
         * zero}
         */
        public byte[] bytes() {
            return link.bytes();
        }

        /** {@return the same bytes where they are, not to be written to} */
        public MemorySegment segment() {
            return link.segment().asReadOnly();
        }

        /** {@return how many bytes of memory the image takes, a whole number of pages} */
        public long size() {
            return link.size();
        }

        /**
         * What lies where: machine, base, size, sections, commons, symbols (global ones), imports, threadLocals, threadLocalImports, got, stubs,
         * skipped. Addresses are JSON numbers; offsets count from the start of the block of thread-local variables.
         *
         * @return one JSON object
         */
        public String mapJson() {
            Json json = new Json().beginObject().field("machine", machine).unsigned("base", base).field("size", link.size());
            parts(json, "sections", "index", link.sections());
            parts(json, "commons", "symbol", link.commons());
            parts(json, "symbols", "symbol", link.symbols());
            json.name("imports").beginArray();
            link.imports().forEach((name, address) ->
                    json.beginObject().field("name", name).unsigned("address", address).endObject());
            json.endArray();
            json.name("threadLocals").beginArray();
            link.threadLocals().forEach(part -> json.beginObject().field("index", part.index()).field("name", part.name())
                    .unsigned("offset", part.address()).field("size", part.size()).endObject());
            json.endArray().name("threadLocalImports").beginArray();
            link.threadLocalImports().forEach((name, offset) ->
                    json.beginObject().field("name", name).unsigned("offset", offset).endObject());
            json.endArray();
            slots(json, "got", link.got());
            slots(json, "stubs", link.stubs());
            json.name("skipped").beginArray();
            link.skipped().forEach(skipped -> json.beginObject().field("section", skipped.section())
                    .field("count", skipped.count()).field("reason", skipped.reason()).endObject());
            return json.endArray().endObject().toString();
        }

        private static void parts(Json json, String name, String index, List<OfflineLink.Part> parts) {
            json.name(name).beginArray();
            parts.forEach(part -> json.beginObject().field(index, part.index()).field("name", part.name())
                    .unsigned("address", part.address()).field("size", part.size()).endObject());
            json.endArray();
        }

        private static void slots(Json json, String name, List<OfflineLink.Slot> slots) {
            json.name(name).beginArray();
            slots.forEach(slot -> json.beginObject().unsigned("address", slot.address()).field("symbol", slot.symbol())
                    .unsigned("value", slot.value()).endObject());
            json.endArray();
        }

        /**
         * Writes {@code name.image}, of {@link #size} bytes, and {@code name.map.json}. Until both are complete their names end in
         * {@code .part}, and files of these names stay as they were.
         *
         * @param folder an existing one
         * @param name that of both files, without extension
         * @throws LinkException if they cannot be written
         */
        public void write(Path folder, String name) {
            Path file = folder.resolve(name + ".image");
            Path map = folder.resolve(name + ".map.json");
            Path newFile = folder.resolve(name + ".image.part");
            Path newMap = folder.resolve(name + ".map.json.part");
            try {
                writeImage(newFile);
                Files.writeString(newMap, mapJson() + "\n");
                Files.move(newFile, file, StandardCopyOption.ATOMIC_MOVE);
                Files.move(newMap, map, StandardCopyOption.ATOMIC_MOVE);
            } catch (IOException failed) {
                throw LinkException.of(new Refusal(Refusal.EIO, file.toString(), null, -1,
                        "cannot be written: " + FileTrouble.cause(failed), null));
            } finally {
                removePart(newFile);
                removePart(newMap);
            }
        }

        /** Once moved, it is no longer there. */
        private static void removePart(Path part) {
            try {
                if (Files.isRegularFile(part)) {
                    Files.delete(part);
                }
            } catch (IOException stays) {
                // what kept the file from being written is told, and the next one of its name is written over this
            }
        }

        private void writeImage(Path file) throws IOException {
            MemorySegment bytes = link.segment();
            try (RandomAccessFile output = new RandomAccessFile(file.toFile(), "rw")) {
                output.setLength(0);
                byte[] piece = new byte[(int) Math.min(PIECE_BYTES, bytes.byteSize())];
                for (long at = 0; at < bytes.byteSize(); at += piece.length) {
                    int length = (int) Math.min(piece.length, bytes.byteSize() - at);
                    MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, at, piece, 0, length);
                    output.write(piece, 0, length);
                }
                output.setLength(link.size()); // the zeroes take no room on the disk
            }
        }
    }
}
