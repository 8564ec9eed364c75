package dev.banos.loader.link;

import dev.banos.loader.elf.Archive;
import dev.banos.loader.elf.ElfObject;
import dev.banos.loader.elf.ObjectReader;
import dev.banos.loader.elf.Refusal;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Members of static libraries, each compared with what lld makes of it; what became of them is counted by reason. */
final class ArchiveCampaign {
    private final LldOracle oracle;
    private final Map<String, String> different = new TreeMap<>();
    private final Map<String, String> refused = new TreeMap<>();
    private final Map<String, Integer> counts = new TreeMap<>();
    private int setAside;

    ArchiveCampaign(LldOracle oracle) {
        this.oracle = oracle;
    }

    /** Compares up to {@code limit} members. */
    void archive(Path file, int limit) throws IOException {
        byte[] bytes = Files.readAllBytes(file);
        String name = file.getFileName().toString();
        List<ElfObject> members;
        try {
            if (!Archive.isArchive(bytes)) { // some libraries are an object by themselves, or a linker script
                member(ObjectReader.read(bytes, name));
                return;
            }
            members = Archive.read(bytes, name).objects();
        } catch (Refusal refusal) {
            count("archive: " + refusal.why());
            return;
        }
        for (ElfObject member : members.subList(0, Math.min(limit, members.size()))) {
            member(member);
        }
    }

    private void member(ElfObject object) throws IOException {
        try {
            var differences = oracle.differences(object.bytes(), object.file());
            if (differences.isEmpty()) {
                count(oracle.setAside() == 0 ? "same" : "same, but for fields that are each linker's own");
                setAside += oracle.setAside();
            } else {
                count("different");
                different.put(object.file(), differences.toString());
            }
        } catch (Refusal refusal) {
            count("refused: " + refusal.why().replaceAll("0x[0-9a-f]+|-?[0-9]{2,}", "N").replaceAll("variable \\S+", "variable X"));
            refused.put(object.file(), refusal.getMessage());
        } catch (AssertionError failed) {
            count("lld refuses");
            different.put(object.file(), failed.getMessage());
        }
    }

    private void count(String reason) {
        counts.merge(reason, 1, Integer::sum);
    }

    /** What differs, by member. */
    Map<String, String> different() {
        return different;
    }

    /** The messages of members that were not linked. */
    Map<String, String> refused() {
        return refused;
    }

    /** Fields that were not compared. */
    int setAside() {
        return setAside;
    }

    Map<String, Integer> counts() {
        return counts;
    }
}
