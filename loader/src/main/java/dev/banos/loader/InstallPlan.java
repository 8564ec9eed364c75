package dev.banos.loader;

import dev.banos.loader.abi.BanosDriver;
import dev.banos.loader.abi.ExportEntry;
import dev.banos.loader.elf.Archive;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.FileBytes;
import dev.banos.loader.elf.ObjectReader;
import dev.banos.loader.elf.Refusal;
import dev.banos.loader.elf.SymbolTable;
import dev.banos.loader.link.ModuleLinker;
import dev.banos.loader.link.PhaseClock;
import dev.banos.loader.link.PhaseClock.Phase;
import dev.banos.loader.link.Selection;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.HashSet;
import java.util.IdentityHashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * What one call installs: the drivers among the files, with the archive members that each pulls in, in an order in which each
 * finds what it needs. Nothing is mapped for it.
 *
 * <pre>
 *     files ──► drivers, archives ──► candidates: driver + members ──► order
 *               policy, version       as a linker selects them         needs first
 * </pre>
 */
final class InstallPlan {
    /** A driver to be, and what its module is made of: its object first. */
    record Candidate(DriverMetadata metadata, List<ElfObject> objects, PhaseClock clock) {
        ElfObject driver() {
            return objects.getFirst();
        }
    }

    private final InstallPolicy policy;
    private final List<ElfObject> drivers = new ArrayList<>();
    private final List<DriverMetadata> metadata = new ArrayList<>();
    private final List<PhaseClock> clocks = new ArrayList<>();
    private final List<Archive> archives = new ArrayList<>();

    private final Steps steps;

    InstallPlan(InstallPolicy policy, Steps steps) {
        this.policy = policy;
        this.steps = steps;
    }

    void add(Path path) {
        PhaseClock clock = new PhaseClock();
        byte[] bytes = FileBytes.read(path);
        long took = clock.ends(Phase.READ);
        steps.next(path.toString());
        steps.ended(Phase.READ, took);
        clock.skip();
        long before = System.nanoTime();
        add(path, bytes, path.toString(), clock);
        steps.ended(Phase.PARSE, System.nanoTime() - before);
    }

    /** @param file what messages call the bytes */
    void add(byte[] bytes, String file) {
        add(null, bytes, file, new PhaseClock());
    }

    private void add(@Nullable Path path, byte[] bytes, String file, PhaseClock clock) {
        if (Archive.isArchive(bytes)) {
            addArchive(path, bytes, file, clock);
        } else {
            addDriver(path, bytes, ObjectReader.read(bytes, file), clock);
        }
    }

    private void addDriver(@Nullable Path path, byte[] bytes, ElfObject object, PhaseClock clock) {
        ModuleLinker.requireThisMachine(object);
        DriverMetadata read = DriverMetadata.read(object);
        requireVersion(read, object.file());
        requirePermission(new InstallPolicy.Request(path, bytes, read), object.file());
        drivers.add(object);
        metadata.add(read);
        clocks.add(clock);
        clock.ends(Phase.PARSE);
    }

    private void addArchive(@Nullable Path path, byte[] bytes, String file, PhaseClock clock) {
        Archive archive = Archive.read(bytes, file);
        boolean hasDrivers = false;
        for (ElfObject member : archive.elfObjects()) {
            if (DriverMetadata.isIn(member)) {
                addDriver(path, bytes, member, hasDrivers ? new PhaseClock() : clock);
                hasDrivers = true;
            }
        }
        if (!hasDrivers) {
            requirePermission(new InstallPolicy.Request(path, bytes, null), file);
        }
        archives.add(archive);
    }

    private static void requireVersion(DriverMetadata metadata, String file) {
        if (metadata.minimalVersion().compareTo(Version.CURRENT) > 0) {
            throw Refusal.unsupported(file, null, -1, "driver " + metadata.name() + " needs version "
                    + metadata.minimalVersion() + " of the driver ABI; this is " + Version.CURRENT, "use a newer Banos");
        }
    }

    private void requirePermission(InstallPolicy.Request request, String file) {
        String objection = policy.objection(request);
        if (objection != null) {
            throw new Refusal(Refusal.EPERM, file, null, -1, "not permitted: " + objection, null);
        }
    }

    /** In the order in which they were added. */
    List<Candidate> candidates() {
        List<Candidate> candidates = new ArrayList<>();
        for (int i = 0; i < drivers.size(); i++) {
            clocks.get(i).skip();
            candidates.add(new Candidate(metadata.get(i), withMembers(drivers.get(i)), clocks.get(i)));
            clocks.get(i).ends(Phase.PARSE);
        }
        if (candidates.isEmpty() && !archives.isEmpty()) {
            throw new Refusal(Refusal.ENOEXEC, archives.getFirst().file(), null, -1, "not a driver: no member has a section "
                    + BanosDriver.SECTION, "give the driver that uses this archive as well, or link it as it is:"
                    + " ObjectLinker, banos install --object");
        }
        return candidates;
    }

    /** The members that the driver pulls in; other drivers of the archives are not among them. */
    private List<ElfObject> withMembers(ElfObject driver) {
        if (archives.isEmpty()) {
            return List.of(driver);
        }
        Selection selection = new Selection();
        for (ElfObject other : drivers) {
            selection.exclude(other.file());
        }
        selection.add(driver);
        for (Archive archive : archives) {
            selection.add(archive);
        }
        return selection.objects();
    }

    /**
     * The candidates, those that others need before them, otherwise as they are given.
     *
     * @param elsewhere the names that come before any driver's exports
     * @throws Refusal if drivers need each other in a circle
     */
    static List<Candidate> inOrder(List<Candidate> candidates, Elsewhere elsewhere) {
        return candidates.size() < 2 ? candidates : new Order(candidates, elsewhere).sorted();
    }

    /** What is there already. */
    interface Elsewhere {
        /** Whether a name is found before drivers are asked. */
        boolean has(String symbol);

        /** Whether an installed driver of that name exports it. */
        boolean isExported(String driver, String symbol);
    }

    /** A depth-first walk along what drivers need; without recursion, for others say how far it goes. */
    private static final class Order {
        /** @param weak whether the one that has it does without, if it must */
        private record Need(Candidate candidate, String reason, boolean weak) {
        }

        private final List<Candidate> candidates;
        private final List<Set<String>> exports = new ArrayList<>();
        private final Map<Candidate, List<Need>> needs = new IdentityHashMap<>();
        private final Elsewhere elsewhere;
        private final List<Candidate> sorted = new ArrayList<>();
        private final Set<Candidate> isSorted = Collections.newSetFromMap(new IdentityHashMap<>());
        /** The walk's way from its start to here, why each step was taken, and what each still has to look at. */
        private final List<Candidate> way = new ArrayList<>();
        private final Set<Candidate> isOnWay = Collections.newSetFromMap(new IdentityHashMap<>());
        private final List<String> reasons = new ArrayList<>();
        private final List<Iterator<Need>> open = new ArrayList<>();

        Order(List<Candidate> candidates, Elsewhere elsewhere) {
            this.candidates = candidates;
            this.elsewhere = elsewhere;
            for (Candidate candidate : candidates) {
                Set<String> names = new HashSet<>();
                for (ElfObject object : candidate.objects()) {
                    ExportEntry.read(object).forEach(entry -> names.add(entry.name()));
                }
                exports.add(names);
            }
        }

        List<Candidate> sorted() {
            for (Candidate candidate : candidates) {
                visit(candidate);
            }
            return sorted;
        }

        private void visit(Candidate first) {
            enter(first, "");
            while (!open.isEmpty()) {
                if (open.getLast().hasNext()) {
                    follow(open.getLast().next());
                } else {
                    leave();
                }
            }
        }

        private void enter(Candidate candidate, String reason) {
            if (!isSorted.contains(candidate)) {
                reasons.add(reason);
                way.add(candidate);
                isOnWay.add(candidate);
                open.add(needs(candidate).iterator());
            }
        }

        private void leave() {
            open.removeLast();
            reasons.removeLast();
            Candidate last = way.removeLast();
            isOnWay.remove(last);
            isSorted.add(last);
            sorted.add(last);
        }

        private void follow(Need need) {
            if (need.weak() && leadsBack(need.candidate())) {
                return;
            }
            if (isOnWay.contains(need.candidate())) {
                reasons.add(need.reason());
                throw circle(need.candidate());
            }
            enter(need.candidate(), need.reason());
        }

        /** Whether it is on the way, or cannot do without one that is. */
        private boolean leadsBack(Candidate from) {
            Set<Candidate> seen = Collections.newSetFromMap(new IdentityHashMap<>());
            Deque<Candidate> reached = new ArrayDeque<>(List.of(from));
            while (!reached.isEmpty()) {
                Candidate next = reached.removeLast();
                if (isOnWay.contains(next)) {
                    return true;
                }
                if (!isSorted.contains(next) && seen.add(next)) {
                    needs(next).stream().filter(need -> !need.weak()).forEach(need -> reached.add(need.candidate()));
                }
            }
            return false;
        }

        private List<Need> needs(Candidate candidate) {
            List<Need> known = needs.get(candidate);
            if (known == null) {
                known = new ArrayList<>();
                needs.put(candidate, known);
                for (String name : candidate.metadata().needs()) {
                    add(known, named(name), "by its name", false);
                }
                for (ElfObject object : candidate.objects()) {
                    SymbolTable symbols = object.symbols();
                    for (int symbol : symbols.undefined()) {
                        String name = symbols.name(symbol);
                        add(known, exporter(name, candidate), "for " + name, symbols.isWeak(symbol));
                    }
                }
            }
            return known;
        }

        private static void add(List<Need> needs, @Nullable Candidate candidate, String reason, boolean weak) {
            if (candidate != null) {
                needs.add(new Need(candidate, reason, weak));
            }
        }

        private @Nullable Candidate named(String name) {
            return candidates.stream().filter(other -> other.metadata().name().equals(name)).reduce((first, last) -> last)
                    .orElse(null);
        }

        /** The one that the importer names, or else the last that exports the symbol: it will be the youngest. */
        private @Nullable Candidate exporter(String symbol, Candidate importer) {
            Candidate last = null;
            for (int i = 0; i < candidates.size(); i++) {
                if (candidates.get(i) != importer && exports.get(i).contains(symbol)) {
                    last = candidates.get(i);
                }
            }
            if (last == null || elsewhere.has(symbol)
                    || importer.objects().stream().anyMatch(object -> object.symbols().defines(symbol))) {
                return null;
            }
            for (String name : importer.metadata().needs()) {
                Candidate named = named(name);
                if (named != null ? exports.get(candidates.indexOf(named)).contains(symbol) : elsewhere.isExported(name, symbol)) {
                    return named;
                }
            }
            return last;
        }

        /** Of a circle, in words that somebody reads. */
        private static final int MOST_NAMED = 8;

        private Refusal circle(Candidate start) {
            int first = way.indexOf(start);
            StringBuilder text = new StringBuilder("drivers need each other in a circle: ");
            for (int i = first; i < way.size(); i++) {
                boolean isLast = i == way.size() - 1;
                if (i - first < MOST_NAMED || isLast) {
                    text.append(way.get(i).metadata().name()).append(" needs ")
                            .append(isLast ? start.metadata().name() : way.get(i + 1).metadata().name())
                            .append(' ').append(reasons.get(i + 1)).append(isLast ? "" : ", ");
                } else if (i - first == MOST_NAMED) {
                    text.append("and so on by ").append(way.size() - 1 - i).append(" more, ");
                }
            }
            return new Refusal(Refusal.ELOOP, start.driver().file(), null, -1, text.toString(),
                    "put what both need into a third, or look one of the names up with banos_lookup_symbol when it is first used");
        }
    }
}
