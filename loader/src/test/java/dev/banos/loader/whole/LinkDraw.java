package dev.banos.loader.whole;

import dev.banos.loader.whole.Piece.Strength;
import dev.banos.loader.whole.Piece.Subject;
import dev.banos.loader.whole.WholeLink.Item;
import dev.banos.loader.whole.WholeLink.Mode;
import dev.banos.loader.whole.WholeLink.Unit;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

/** Draws a link. Most of them are such that linkers take them: of a name, one object alone has a strong definition, and uses find one. */
final class LinkDraw {
    private static final String[] VISIBILITIES = {"", "", "", "hidden", "protected", "internal"};
    private static final String[] MODELS = {"", "global-dynamic", "local-dynamic", "initial-exec", "local-exec"};
    private static final int[] ALIGNMENTS = {4, 8, 16, 64, 256};
    private static final String[] SHARED_FLAGS = {"gcc -O1 -fPIC", "gcc -O2 -fPIC -fno-plt", "gcc -O0 -fPIC",
        "gcc -O2 -fPIC -mtls-dialect=gnu2", "gcc -O2 -fPIC -fdata-sections -ffunction-sections", "gcc -O1 -fPIC -Wa,-mrelax-relocations=no",
        "clang -O1 -fPIC"};
    private static final String[] PIE_FLAGS = {"gcc -O1 -fPIE", "gcc -O2 -fPIE -fno-plt", "gcc -O1 -fPIE -mno-direct-extern-access",
        "clang -O2 -fPIE"};
    private static final String[] FIXED_FLAGS = {"gcc -O1 -fno-pic", "gcc -O2 -fno-pic -mcmodel=large", "gcc -O0 -fno-pic -mcmodel=medium",
        "clang -O1 -fno-pic"};
    private static final String LIBRARY_FUNCTION = "__libc_current_sigrtmin";
    private static final String LIBRARY_VARIABLE = "in6addr_loopback";

    /** All of them as large as that of the library. */
    private static final List<Piece> OF_LIBRARY_VARIABLE = List.of(Piece.VARIABLE_USE, Piece.VARIABLE_WEAK_USE, Piece.VARIABLE_STRONG,
            Piece.VARIABLE_WEAK, Piece.VARIABLE_OWN);

    private final Random random;
    private final Mode mode;
    private final boolean wild;
    private final int units;
    private final int[] archives;

    private LinkDraw(long seed) {
        this.random = new Random(seed);
        this.mode = Mode.values()[random.nextInt(Mode.values().length)];
        this.wild = oneIn(8);
        this.units = 2 + random.nextInt(4);
        this.archives = new int[units];
        for (int unit = 1; unit < units; unit++) {
            archives[unit] = random.nextInt(4) - 1 > 0 ? 1 + random.nextInt(2) : 0;
        }
    }

    static WholeLink draw(long seed) {
        return new LinkDraw(seed).link();
    }

    private boolean oneIn(int count) {
        return random.nextInt(count) == 0;
    }

    private String one(String... of) {
        return of[random.nextInt(of.length)];
    }

    private WholeLink link() {
        List<List<Item>> items = new ArrayList<>();
        List<String> flags = new ArrayList<>();
        for (int unit = 0; unit < units; unit++) {
            items.add(new ArrayList<>());
            flags.add(flags());
        }
        for (String name : List.of("v0", "v1", "__start_s2", LIBRARY_VARIABLE)) {
            share(Subject.VARIABLE, name, items, flags);
        }
        for (String name : List.of("f0", "f1", LIBRARY_FUNCTION)) {
            share(Subject.FUNCTION, name, items, flags);
        }
        share(Subject.ABSOLUTE, "a0", items, flags);
        share(Subject.THREAD_LOCAL, "t0", items, flags);
        share(Subject.THREAD_LOCAL, "t1", items, flags);
        List<Unit> all = new ArrayList<>();
        for (int unit = 0; unit < units; unit++) {
            others(unit, items.get(unit));
            all.add(new Unit(unit, archives[unit], flags.get(unit), items.get(unit)));
        }
        return new WholeLink(mode, oneIn(10), oneIn(8), all);
    }

    private String flags() {
        return switch (mode) {
            case SHARED -> one(SHARED_FLAGS);
            case PIE -> oneIn(2) ? one(SHARED_FLAGS) : one(PIE_FLAGS);
            case FIXED -> oneIn(3) ? one(SHARED_FLAGS) : oneIn(2) ? one(PIE_FLAGS) : one(FIXED_FLAGS);
        };
    }

    private void share(Subject subject, String name, List<List<Item>> items, List<String> flags) {
        if (oneIn(2) || name.equals("__start_s2") && !oneIn(3)) {
            return;
        }
        List<Piece> choice = name.equals(LIBRARY_VARIABLE) ? OF_LIBRARY_VARIABLE : Piece.of(subject);
        Piece[] pieces = new Piece[units];
        for (int unit = 0; unit < units; unit++) {
            boolean out = oneIn(3) || name.equals(LIBRARY_VARIABLE) && flags.get(unit).contains("no-pic");
            pieces[unit] = out ? null : choice.get(random.nextInt(choice.size()));
        }
        if (wild || isOfLibrary(name)) {
            withoutMentions(pieces);
        }
        if (!wild) {
            tame(pieces, subject, isOfLibrary(name));
        }
        for (int unit = 0; unit < units; unit++) {
            if (pieces[unit] != null) {
                items.get(unit).add(item(pieces[unit], name, unit, flags.get(unit)));
            }
        }
    }

    private static boolean isOfLibrary(String name) {
        return name.equals(LIBRARY_VARIABLE) || name.equals(LIBRARY_FUNCTION);
    }

    /** Where no object defines the name, linkers refuse others' weak uses for them. Banos does not, as its README says. */
    private static void withoutMentions(Piece[] pieces) {
        for (int unit = 0; unit < pieces.length; unit++) {
            pieces[unit] = pieces[unit] != null && pieces[unit].mentions() ? null : pieces[unit];
        }
    }

    /** Turns strong definitions but the first into uses, unless archives hold them, and uses of what nobody defines into weak ones. */
    private void tame(Piece[] pieces, Subject subject, boolean inLibrary) {
        boolean strong = false;
        boolean defined = inLibrary;
        for (int unit = 0; unit < units; unit++) {
            Piece piece = pieces[unit];
            if (piece != null && piece.strength == Strength.STRONG) {
                if (strong && !(archives[unit] > 0 && oneIn(3))) {
                    pieces[unit] = weaker(subject, Strength.USE);
                }
                strong = true;
            }
            defined |= pieces[unit] != null && pieces[unit].defines();
        }
        for (int unit = 0; unit < units && !defined; unit++) {
            if (pieces[unit] != null && pieces[unit].strength == Strength.USE) {
                pieces[unit] = subject == Subject.THREAD_LOCAL ? null : weaker(subject, Strength.WEAK_USE);
            }
        }
    }

    private static Piece weaker(Subject subject, Strength strength) {
        return Piece.of(subject).stream().filter(piece -> piece.strength == strength).findFirst().orElseThrow();
    }

    private Item item(Piece piece, String name, int unit, String flags) {
        int value = 100 * (unit + 1) + random.nextInt(100);
        int alignment = ALIGNMENTS[random.nextInt(ALIGNMENTS.length - (piece.subject == Subject.THREAD_LOCAL ? 1 : 0))];
        String visibility = isOfLibrary(name) ? one("", "", "", "", "", "", "", "hidden", "protected") : one(VISIBILITIES);
        String model = flags.contains("large") ? "" : one(MODELS);
        if (model.equals("local-exec") && mode == Mode.SHARED || model.equals("local-dynamic") && piece.strength == Strength.USE) {
            model = "";
        }
        String code = piece.code().replace("DOT_SEEN", visibility.isEmpty() ? "" : "." + visibility + " " + name)
                .replace("SEEN", visibility.isEmpty() ? "" : "__attribute__((visibility(\"" + visibility + "\")))")
                .replace("MODEL", model.isEmpty() ? "" : "__attribute__((tls_model(\"" + model + "\")))")
                .replace("NAME", name).replace("VALUE", Integer.toString(value)).replace("ALIGN", Integer.toString(alignment))
                .replace("COUNT", name.equals(LIBRARY_VARIABLE) ? "4" : Integer.toString(1 + random.nextInt(4)));
        int aligned = piece.name().contains("COMMON") ? alignment : 0;
        Reports reports = new Reports(unit, name, random, mode == Mode.FIXED, mode != Mode.SHARED || !isOfLibrary(name));
        return piece.mentions() ? new Item(piece + " " + name, code, "")
                : new Item(piece + " " + name, code + reports.declarations(piece.subject), reports.statements(piece, aligned));
    }

    /** Sections that are walked from their start to their end, groups of several symbols, constructors and destructors. */
    private void others(int unit, List<Item> items) {
        Extras extras = new Extras(unit, random, mode == Mode.SHARED);
        for (int count = random.nextInt(4); count > 0; count--) {
            Item item = extras.any(items.size());
            if (items.stream().noneMatch(other -> item.once() && other.label().equals(item.label()))) {
                items.add(item);
            }
        }
    }
}
