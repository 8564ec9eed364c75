package dev.banos.loader.whole;

import dev.banos.loader.CCompiler;
import dev.banos.loader.whole.WholeLink.Mode;
import dev.banos.loader.whole.WholeLink.Unit;
import dev.banos.testing.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Makes the files of a link, and what GNU ld and lld make of them. */
final class LinkOracle {
    static final String REFUSED = "refused";
    /** What loops is ended after so many seconds. */
    private static final int LONGEST_SECONDS = 200;

    private final Path folder;
    private final Path main;
    private final Path program;
    private final Path host;

    /** @param objects as they were named, archives where their first member was */
    record LinkFiles(List<Path> inOrder, List<Path> objects, List<Path> archives) {
    }

    LinkOracle(Path folder) {
        this.folder = folder;
        main = CCompiler.compile(folder, "gcc -O1 -fPIC", "main.c", WholeLink.mainSource());
        program = CCompiler.compile(folder, "gcc -O1 -fPIC", "program.c", WholeLink.programSource());
        Path source = CCompiler.compile(folder, "gcc -O1", "host.c", WholeLink.hostSource());
        host = folder.resolve("host");
        CCompiler.run(List.of("gcc", "-o", host.toString(), source.toString()));
    }

    Path main() {
        return main;
    }

    /** Compiles the objects into a folder of their own. */
    LinkFiles files(WholeLink link, Path own) throws IOException, InterruptedException {
        Files.createDirectories(own);
        List<Path> inOrder = new ArrayList<>();
        List<Path> objects = new ArrayList<>();
        Map<Integer, List<Path>> members = new LinkedHashMap<>();
        for (Unit unit : link.units()) {
            Path object = compiled(link, own, unit);
            if (unit.archive() == 0) {
                objects.add(object);
                inOrder.add(object);
            } else {
                if (!members.containsKey(unit.archive())) {
                    inOrder.add(archive(own, unit.archive()));
                }
                members.computeIfAbsent(unit.archive(), number -> new ArrayList<>()).add(object);
            }
        }
        List<Path> archives = new ArrayList<>();
        for (Map.Entry<Integer, List<Path>> entry : members.entrySet()) {
            Path archive = archive(own, entry.getKey());
            Files.deleteIfExists(archive);
            List<String> command = new ArrayList<>(List.of("ar", "qcs", archive.toString()));
            entry.getValue().forEach(member -> command.add(member.toString()));
            run(command);
            archives.add(archive);
        }
        return new LinkFiles(inOrder, objects, archives);
    }

    private static Path archive(Path own, int number) {
        return own.resolve("lib" + number + ".a");
    }

    private static Path compiled(WholeLink link, Path own, Unit unit) throws IOException, InterruptedException {
        Path place = Files.createDirectories(own.resolve("unit" + unit.number()));
        String name = link.sameNames() ? "unit" : "unit" + unit.number();
        Path source = Files.writeString(place.resolve(name + ".c"), unit.source());
        Path object = place.resolve(name + ".o");
        List<String> command = new ArrayList<>(List.of(unit.flags().split(" ")));
        command.addAll(List.of("-w", "-fno-builtin", "-c", "-o", object.toString(), source.toString()));
        run(command).succeeded();
        return object;
    }

    /** What the program prints, which that linker makes; or {@link #REFUSED}, and why. */
    String by(String linker, WholeLink link, LinkFiles files) throws IOException, InterruptedException {
        Path output = folder.resolve(linker + ".output");
        Files.deleteIfExists(output);
        List<String> command = new ArrayList<>(List.of("gcc", "-w", "-fuse-ld=" + linker, "-o", output.toString()));
        command.addAll(switch (link.mode()) {
            case SHARED -> List.of("-shared", "-Wl,-z,defs,-Bsymbolic");
            case PIE -> List.of("-pie", program.toString());
            case FIXED -> List.of("-no-pie", program.toString());
        });
        command.add("-Wl,-z,noexecstack");
        command.add(main.toString());
        files.objects().forEach(file -> command.add(file.toString()));
        command.add(link.whole() ? "-Wl,--whole-archive" : "-Wl,--start-group");
        files.archives().forEach(file -> command.add(file.toString()));
        command.add(link.whole() ? "-Wl,--no-whole-archive" : "-Wl,--end-group");
        ChildProcess linked = run(command);
        if (linked.status() != 0) {
            return REFUSED + " " + linked.output();
        }
        ChildProcess ran = run(link.mode() == Mode.SHARED ? List.of(host.toString(), output.toString()) : List.of(output.toString()));
        return ran.status() == 0 ? ran.output().strip() : REFUSED + " at run time: " + ran.status() + " " + ran.output();
    }

    /** Ends it by force when it takes too long, so that nothing hangs. */
    static ChildProcess run(List<String> command) throws IOException, InterruptedException {
        List<String> bounded = new ArrayList<>(List.of("timeout", "-k", "1", Integer.toString(LONGEST_SECONDS)));
        bounded.addAll(command);
        return ChildProcess.run(bounded);
    }
}
