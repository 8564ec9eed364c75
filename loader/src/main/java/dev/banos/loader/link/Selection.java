package dev.banos.loader.link;

import dev.banos.loader.elf.Archive;
import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.ObjectReader;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.elf.SectionGroup;
import dev.banos.loader.elf.SymbolTable;
import dev.banos.loader.elf.SymbolVersion;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Set;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * The objects of a link: those that are named, and of archives, the members that define what is still missing. A linker goes through an
 * archive's index line by line, again and again until it finds nothing more, and takes the member of each line whose symbol is missing
 * just then: so it is here, because which member is taken first can decide which others are. The archives are searched in turn, until all
 * find nothing more.
 */
public final class Selection {
    private final List<ElfObject> objects = new ArrayList<>();
    private final List<Search> searches = new ArrayList<>();
    private final Set<String> defined = new HashSet<>();
    private final Set<String> taken = new HashSet<>();
    /** Symbols that some object uses, or has as a common symbol: a member that gives one bytes is taken, but none with another common one. */
    private final Set<String> wanted = new HashSet<>();
    private final Set<String> commons = new HashSet<>();
    /** Whose definition with bytes takes a common symbol's place, as a weak one does not. */
    private final Set<String> withBytes = new HashSet<>();
    /** Of the COMDAT groups so far. */
    private final Set<String> signatures = new HashSet<>();
    /** Of how many objects the names are in {@link #defined} and {@link #wanted}. */
    private int noted;

    /** How far one archive has been searched, and the lines of its index that may be asked for. */
    private static final class Search {
        private final Archive archive;
        private final NavigableMap<Integer, Line> lines = new TreeMap<>();
        private int at;

        private record Line(String symbol, Archive.Member member) {
        }

        Search(Archive archive) {
            this.archive = archive;
        }

        void ask(String symbol) {
            archive.definers(symbol).forEach(definer -> lines.put(definer.line(), new Line(symbol, definer.member())));
        }

        /** The next of them, after the last one the first again; null: there is none. */
        @Nullable Line next() {
            Map.Entry<Integer, Line> next = lines.ceilingEntry(at);
            if (next == null) {
                next = lines.firstEntry();
            }
            if (next == null) {
                return null;
            }
            lines.remove(next.getKey());
            at = next.getKey() + 1;
            return next.getValue();
        }
    }

    public void add(ElfObject object) {
        take(object);
    }

    public void add(Archive archive) {
        Search search = new Search(archive);
        wanted.forEach(search::ask);
        searches.add(search);
    }

    /** Takes no archive member of that label, whatever it defines. */
    public void exclude(String label) {
        taken.add(label);
    }

    /** Adds an object, or an archive to search. */
    public void add(byte[] bytes, String file) {
        if (Archive.isArchive(bytes)) {
            add(Archive.read(bytes, file));
        } else {
            take(ObjectReader.read(bytes, file));
        }
    }

    /** Asks for a symbol, as an undefined one in an object would. */
    public void require(String symbol) {
        want(symbol);
    }

    /** Adds every member of every archive. */
    public void takeAll() {
        for (Search search : searches) {
            for (ElfObject object : search.archive.objects()) {
                takeOnce(object);
            }
        }
        searches.clear();
    }

    public List<ElfObject> objects() {
        if (searches.isEmpty()) {
            return objects; // nobody needs their names, of which a large object has thousands
        }
        noteNames();
        boolean found;
        do {
            found = false;
            for (Search search : searches) {
                found |= takeFrom(search);
            }
        } while (found);
        return objects;
    }

    private boolean takeFrom(Search search) {
        boolean found = false;
        for (Search.Line line = search.next(); line != null; line = search.next()) {
            boolean isTaken = isMissing(line, search.archive) && !taken.contains(search.archive.label(line.member()));
            if (isTaken) {
                takeOnce(search.archive.object(line.member()));
                noteNames();
                found = true;
            }
        }
        return found;
    }

    /** A common symbol is there without bytes: a member that gives it some is taken, as GNU ld and lld do for Fortran's BLOCK DATA. */
    private boolean isMissing(Search.Line line, Archive archive) {
        String symbol = line.symbol();
        return !defined.contains(symbol)
                || commons.contains(symbol) && !withBytes.contains(symbol) && archive.definesData(line.member(), symbol);
    }

    private void takeOnce(ElfObject object) {
        if (taken.add(object.file())) {
            take(object);
        }
    }

    private void take(ElfObject object) {
        if (object.symbols().isSlimLto()) {
            throw Refusal.linkTimeCode(object.file());
        }
        objects.add(object);
    }

    private void noteNames() {
        for (; noted < objects.size(); noted++) {
            ElfObject object = objects.get(noted);
            SymbolTable symbols = object.symbols();
            BitSet dropped = dropped(object);
            for (int symbol = symbols.firstGlobal(); symbol < symbols.count(); symbol++) {
                int section = symbols.section(symbol);
                boolean isDefined = !symbols.isUndefined(symbol) && !(section > 0 && dropped.get(section));
                if (isDefined) {
                    noteDefined(symbols.name(symbol));
                    if (section == Elf.SHN_COMMON) {
                        commons.add(symbols.name(symbol));
                        want(symbols.name(symbol));
                    } else if (!symbols.isWeak(symbol)) {
                        withBytes.add(symbols.name(symbol));
                    }
                } else if (!symbols.isWeak(symbol)) {
                    want(symbols.name(symbol));
                }
            }
        }
    }

    private void want(String symbol) {
        if (wanted.add(symbol)) {
            searches.forEach(search -> search.ask(symbol));
        }
    }

    private void noteDefined(String name) {
        defined.add(name);
        defined.addAll(SymbolVersion.alsoDefined(name));
    }

    /** The sections of groups that an earlier object has, which is the one that is kept. */
    private BitSet dropped(ElfObject object) {
        BitSet dropped = new BitSet();
        for (SectionGroup group : object.groups()) {
            if (group.comdat() && !signatures.add(group.signature())) {
                for (int section : group.members()) {
                    dropped.set(section);
                }
            }
        }
        return dropped;
    }
}
