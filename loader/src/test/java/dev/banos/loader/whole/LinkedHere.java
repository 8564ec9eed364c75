package dev.banos.loader.whole;

import static java.lang.foreign.ValueLayout.ADDRESS;

import dev.banos.loader.InstallPolicy;
import dev.banos.loader.LinkException;
import dev.banos.loader.LinkedLibrary;
import dev.banos.loader.ObjectLinker;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** A process that links one after the other of the lists of files that it is given, and writes what each says beside its list. */
final class LinkedHere {
    static final String ALL = "all members";
    /** What a result's file is called beside its list. */
    static final String RESULT = ".said";

    private LinkedHere() {
    }

    public static void main(String[] lists) throws Throwable {
        for (String list : lists) {
            Files.writeString(Path.of(list + RESULT), result(Files.readAllLines(Path.of(list))));
        }
    }

    private static String result(List<String> words) throws Throwable {
        ObjectLinker linker = ObjectLinker.create(InstallPolicy.anyUser());
        boolean whole = words.getFirst().equals(ALL);
        for (String file : words.subList(whole ? 1 : 0, words.size())) {
            linker.add(Path.of(file));
        }
        StringBuilder text = new StringBuilder();
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment ends = scope.allocate(1 << 12);
            try (LinkedLibrary library = (whole ? linker : linker.require("tell")).link()) {
                library.handle("set_sink", FunctionDescriptor.ofVoid(ADDRESS)).invokeExact(ends);
                MemorySegment said = scope.allocate(WholeLink.LONGEST_TEXT);
                library.handle("tell", FunctionDescriptor.ofVoid(ADDRESS)).invokeExact(said);
                text.append(said.getString(0));
            } catch (LinkException refused) {
                return LinkOracle.REFUSED + " " + refused.getMessage();
            }
            return text.append('\n').append(ends.getString(0)).toString().strip();
        }
    }
}
