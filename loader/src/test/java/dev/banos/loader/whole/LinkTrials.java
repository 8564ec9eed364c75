package dev.banos.loader.whole;

import dev.banos.testing.ChildJvm;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Links the same files with the linkers and in one other JVM, which may end where code goes astray. */
final class LinkTrials {
    /** In all, for the search of the smallest link that shows a difference. */
    private static final int MOST_ATTEMPTS = 300;

    private final Path folder;
    private final LinkOracle oracle;

    /** @param list the file that names its files */
    private record Prepared(WholeLink link, Path list, String bfd, String lld) {
        Path result() {
            return Path.of(list + LinkedHere.RESULT);
        }

        Tried tried() throws IOException {
            return new Tried(link, new Verdict(bfd, lld, Files.exists(result()) ? Files.readString(result()) : Verdict.DIED));
        }
    }

    record Tried(WholeLink link, Verdict verdict) {
    }

    LinkTrials(Path folder) {
        this.folder = folder;
        this.oracle = new LinkOracle(folder);
    }

    List<Tried> trial(List<WholeLink> links) throws IOException, InterruptedException {
        List<Prepared> prepared = new ArrayList<>();
        for (WholeLink link : links) {
            prepared.add(prepare(link, folder.resolve("link" + prepared.size())));
        }
        List<Prepared> left = prepared;
        while (!left.isEmpty()) {
            linkHere(left);
            int done = 0;
            while (done < left.size() && Files.exists(left.get(done).result())) {
                done++;
            }
            left = left.subList(Math.min(left.size(), done + 1), left.size()); // without the one that ended the process
        }
        List<Tried> all = new ArrayList<>();
        for (Prepared one : prepared) {
            all.add(one.tried());
        }
        return all;
    }

    private Prepared prepare(WholeLink link, Path own) throws IOException, InterruptedException {
        LinkOracle.LinkFiles files = oracle.files(link, own);
        List<String> words = new ArrayList<>();
        if (link.whole()) {
            words.add(LinkedHere.ALL);
        }
        words.add(oracle.main().toString());
        files.inOrder().forEach(file -> words.add(file.toString()));
        Path list = Files.write(own.resolve("list"), words);
        Prepared prepared = new Prepared(link, list, oracle.by("bfd", link, files), oracle.by("lld", link, files));
        Files.deleteIfExists(prepared.result());
        return prepared;
    }

    private static void linkHere(List<Prepared> links) throws IOException, InterruptedException {
        List<String> flags = List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-XX:-CreateCoredumpOnCrash",
                "-XX:ErrorFile=/dev/null");
        String[] lists = links.stream().map(one -> one.list().toString()).toArray(String[]::new);
        LinkOracle.run(ChildJvm.command(flags, LinkedHere.class, lists));
    }

    /** The smallest link that still shows a difference of that kind. */
    Tried smallest(Tried different) throws IOException, InterruptedException {
        Tried smallest = different;
        int attempts = 0;
        for (boolean found = true; found;) {
            found = false;
            for (WholeLink smaller : smallest.link().smaller()) {
                Tried tried = attempts++ < MOST_ATTEMPTS ? trial(List.of(smaller)).getFirst() : different;
                if (attempts <= MOST_ATTEMPTS && tried.verdict().differs() && tried.verdict().kind().equals(different.verdict().kind())) {
                    smallest = tried;
                    found = true;
                    break;
                }
            }
        }
        return smallest;
    }
}
