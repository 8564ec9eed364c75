package dev.banos.loader.elf;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A static library: members behind 60-byte headers, and an index of the symbols that they define. Both the System V index and
 * its 64-bit form are read; an archive without one is indexed here.
 */
public final class Archive {
    private static final String MAGIC = "!<arch>\n";
    private static final String THIN_MAGIC = "!<thin>\n";
    private static final String ELF_MAGIC = "\177ELF";
    private static final int HEADER_BYTES = 60;
    private static final int NAME_BYTES = 16;
    private static final int SIZE_OFFSET = 48;
    private static final int SIZE_BYTES = 10;

    private final String file;
    private final byte[] bytes;
    /** By the offset of the header, in the order of the file. */
    private final Map<Long, Member> members = new LinkedHashMap<>();
    private final Map<String, List<Definer>> definers = new HashMap<>();
    /** How many lines the index has. */
    private int lines;
    private String longNames = "";
    private long nameBytes;

    /** One file of the archive. */
    public record Member(String name, int start, int size) {
    }

    /**
     * A line of the index: a member that defines a symbol.
     *
     * @param line its number; a linker goes through them in turn
     */
    public record Definer(int line, Member member) {
    }

    private Archive(byte[] bytes, String file) {
        this.bytes = bytes;
        this.file = file;
    }

    public String file() {
        return file;
    }

    public static boolean isArchive(byte[] bytes) {
        return startsWith(bytes, MAGIC) || startsWith(bytes, THIN_MAGIC);
    }

    /** @throws Refusal if the archive is damaged, or thin */
    public static Archive read(byte[] bytes, String file) {
        if (startsWith(bytes, THIN_MAGIC)) {
            throw Refusal.unsupported(file, null, -1, "a thin archive only names its members",
                    "make an ordinary one: ar -M, or ar rcs of the objects");
        }
        Archive archive = new Archive(bytes, file);
        archive.readMembers();
        return archive;
    }

    private static boolean startsWith(byte[] bytes, String magic) {
        return bytes.length >= magic.length()
                && new String(bytes, 0, magic.length(), StandardCharsets.ISO_8859_1).equals(magic);
    }

    private void readMembers() {
        Member index = null;
        boolean wide = false;
        long at = MAGIC.length();
        while (at < bytes.length) {
            Member member = member(at);
            switch (member.name()) {
                case "/" -> index = member;
                case "/SYM64/" -> {
                    index = member;
                    wide = true;
                }
                case "//" -> longNames = text(member.start(), member.size());
                default -> members.put(at, new Member(fullName(member.name(), at), member.start(), member.size()));
            }
            at = member.start() + (long) member.size() + (member.size() & 1);
        }
        if (index == null) {
            indexMembers();
        } else {
            readIndex(index, wide ? Long.BYTES : Integer.BYTES);
        }
    }

    private Member member(long at) {
        if (at > bytes.length - HEADER_BYTES) {
            throw malformed(at, "truncated: the header of a member reaches beyond the file");
        }
        int header = (int) at;
        String size = text(header + SIZE_OFFSET, SIZE_BYTES).strip();
        long length;
        try {
            length = Long.parseLong(size);
        } catch (NumberFormatException wrong) {
            throw malformed(at, "a member's size is \"" + size.replaceAll("[^ -~]", "?") + "\"");
        }
        if (length < 0 || length > bytes.length - at - HEADER_BYTES) {
            throw malformed(at, "truncated: a member of " + length + " bytes reaches beyond the file");
        }
        return new Member(text(header, NAME_BYTES).stripTrailing(), header + HEADER_BYTES, (int) length);
    }

    /**
     * {@code name/} as it is, or {@code /123}: where the name stands in the table of long names. No more of them than the file
     * has bytes: members may name the same place, but need not.
     */
    private String fullName(String name, long at) {
        if (!name.matches("/[0-9]{1,9}")) {
            return decoded(name.endsWith("/") ? name.substring(0, name.length() - 1) : name);
        }
        int start = Integer.parseInt(name.substring(1));
        if (start >= longNames.length()) {
            throw malformed(at, "a member's name lies outside the table of long names");
        }
        int end = longNames.indexOf("/\n", start);
        String full = longNames.substring(start, end < 0 ? longNames.length() : end);
        nameBytes += full.length();
        if (nameBytes > bytes.length) {
            throw malformed(at, "the names of the members up to this one are longer together than the file");
        }
        return decoded(full);
    }

    /** Its bytes as file names have them. */
    private static String decoded(String text) {
        return new String(text.getBytes(StandardCharsets.ISO_8859_1), StandardCharsets.UTF_8);
    }

    /** A count, as many offsets of headers, as many strings; all numbers big-endian. */
    private void readIndex(Member index, int width) {
        ByteBuffer numbers = ByteBuffer.wrap(bytes, index.start(), index.size()).slice();
        long count = index.size() < width ? -1 : number(numbers, 0, width);
        if (count < 0 || count > index.size() / (width + 1)) {
            throw malformed(index.start(), "the index of symbols is damaged: " + count + " symbols in " + index.size() + " bytes");
        }
        int name = (int) (count + 1) * width;
        for (int i = 0; i < count; i++) {
            int end = name;
            while (end < index.size() && bytes[index.start() + end] != 0) {
                end++;
            }
            Member member = members.get(number(numbers, (i + 1) * width, width));
            if (end == index.size() || member == null) {
                throw malformed(index.start(), "the index of symbols is damaged at symbol " + i);
            }
            note(new String(bytes, index.start() + name, end - name, StandardCharsets.UTF_8), member);
            name = end + 1;
        }
    }

    private void note(String symbol, Member member) {
        enter(symbol, member);
        SymbolVersion.alsoDefined(symbol).forEach(also -> enter(also, member));
    }

    private void enter(String symbol, Member member) {
        definers.merge(symbol, List.of(new Definer(lines++, member)), Archive::joined);
    }

    /** Most symbols have one definer, and a list that cannot change. */
    private static List<Definer> joined(List<Definer> known, List<Definer> more) {
        List<Definer> all = known.size() == 1 ? new ArrayList<>(known) : known;
        all.addAll(more);
        return all;
    }

    private static long number(ByteBuffer numbers, int at, int width) {
        return width == Long.BYTES ? numbers.getLong(at) : Integer.toUnsignedLong(numbers.getInt(at));
    }

    private void indexMembers() {
        for (Member member : members.values()) {
            if (isElf(member)) {
                SymbolTable symbols = object(member).symbols();
                for (int symbol = symbols.firstGlobal(); symbol < symbols.count(); symbol++) {
                    if (!symbols.isUndefined(symbol)) {
                        note(symbols.name(symbol), member);
                    }
                }
            }
        }
    }

    /** The members that define the symbol, in the order of the index. */
    public List<Definer> definers(String symbol) {
        return definers.getOrDefault(symbol, List.of());
    }

    /** Whether the member gives the symbol bytes as data, to which a common symbol gives way; a weak definition does not. */
    public boolean definesData(Member member, String name) {
        SymbolTable symbols = object(member).symbols();
        for (int symbol = symbols.firstGlobal(); symbol < symbols.count(); symbol++) {
            int section = symbols.section(symbol);
            int type = symbols.type(symbol);
            if (section != Elf.SHN_UNDEF && section != Elf.SHN_COMMON && !symbols.isWeak(symbol) && type != Elf.STT_FUNC
                    && type != Elf.STT_GNU_IFUNC && symbols.isNamed(symbol, name)) {
                return true;
            }
        }
        return false;
    }

    /** All members. */
    public List<ElfObject> objects() {
        List<ElfObject> objects = new ArrayList<>();
        for (Member member : members.values()) {
            objects.add(object(member));
        }
        return objects;
    }

    /** The members that are objects at all: beside them may lie notes and scripts, which matter to those who want every member. */
    public List<ElfObject> elfObjects() {
        List<ElfObject> objects = new ArrayList<>();
        for (Member member : members.values()) {
            if (isElf(member)) {
                objects.add(object(member));
            }
        }
        return objects;
    }

    private boolean isElf(Member member) {
        return member.size() >= ELF_MAGIC.length()
                && new String(bytes, member.start(), ELF_MAGIC.length(), StandardCharsets.ISO_8859_1).equals(ELF_MAGIC);
    }

    public ElfObject object(Member member) {
        byte[] object = new byte[member.size()];
        System.arraycopy(bytes, member.start(), object, 0, member.size());
        return ObjectReader.read(object, label(member));
    }

    /** What messages call it; no other member is called so. */
    public String label(Member member) {
        return file + "(" + member.name() + ")@" + member.start();
    }

    /** Of numbers and the like: a character for each byte. */
    private String text(int start, int length) {
        return new String(bytes, start, length, StandardCharsets.ISO_8859_1);
    }

    private Refusal malformed(long at, String why) {
        return Refusal.malformed(file, null, at, why);
    }
}
