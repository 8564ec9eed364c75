package dev.banos.loader.link;

import dev.banos.loader.elf.Archive;
import dev.banos.loader.elf.Elf;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.ObjectReader;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.elf.SectionGroup;
import dev.banos.loader.elf.SymbolTable;
import dev.banos.loader.elf.SymbolVersion;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The objects of a link: those that are named, and of archives, the members that define what is still missing. Archives are
 * searched again until nothing more is found, so their order does not matter.
 */
public final class Selection {
    private final List<ElfObject> objects = new ArrayList<>();
    private final List<Archive> archives = new ArrayList<>();
    private final Set<String> defined = new HashSet<>();
    private final Set<String> taken = new HashSet<>();
    private final Deque<String> wanted = new ArrayDeque<>();
    /** Of common symbols: a member that defines one as data is wanted, but none that has another common one. */
    private final Deque<String> commons = new ArrayDeque<>();
    /** Whose definition with bytes takes a common symbol's place, as a weak one does not. */
    private final Set<String> withBytes = new HashSet<>();
    /** Of the COMDAT groups so far. */
    private final Set<String> signatures = new HashSet<>();
    /** Of how many objects the names are in {@link #defined} and {@link #wanted}. */
    private int noted;

    public void add(ElfObject object) {
        take(object);
    }

    public void add(Archive archive) {
        archives.add(archive);
    }

    /** Takes no archive member of that label, whatever it defines. */
    public void exclude(String label) {
        taken.add(label);
    }

    /** Adds an object, or an archive to search. */
    public void add(byte[] bytes, String file) {
        if (Archive.isArchive(bytes)) {
            archives.add(Archive.read(bytes, file));
        } else {
            take(ObjectReader.read(bytes, file));
        }
    }

    /** Asks for a symbol, as an undefined one in an object would. */
    public void require(String symbol) {
        wanted.add(symbol);
    }

    /** Adds every member of every archive. */
    public void takeAll() {
        for (Archive archive : archives) {
            for (ElfObject object : archive.objects()) {
                takeOnce(object);
            }
        }
        archives.clear();
    }

    public List<ElfObject> objects() {
        if (archives.isEmpty()) {
            return objects; // nobody needs their names, of which a large object has thousands
        }
        noteNames();
        while (!wanted.isEmpty() || !commons.isEmpty()) {
            if (wanted.isEmpty()) {
                giveBytes(commons.remove());
                continue;
            }
            String symbol = wanted.remove();
            for (int i = 0; i < archives.size() && !defined.contains(symbol); i++) {
                if (archives.get(i).definer(symbol) != null && !taken.contains(archives.get(i).definer(symbol))) {
                    takeOnce(archives.get(i).defining(symbol));
                    noteNames();
                }
            }
        }
        return objects;
    }

    /** A common symbol is there without bytes: a member that gives it some is taken, as GNU ld and lld do for Fortran's BLOCK DATA. */
    private void giveBytes(String common) {
        if (withBytes.contains(common)) {
            return;
        }
        for (Archive archive : archives) {
            ElfObject object = archive.definer(common) == null ? null : archive.definingData(common);
            if (object != null) {
                takeOnce(object);
                noteNames();
                return;
            }
        }
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
                    } else if (!symbols.isWeak(symbol)) {
                        withBytes.add(symbols.name(symbol));
                    }
                } else if (!symbols.isWeak(symbol)) {
                    wanted.add(symbols.name(symbol));
                }
            }
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
