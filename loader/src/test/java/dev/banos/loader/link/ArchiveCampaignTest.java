package dev.banos.loader.link;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * All members of all static libraries in the folders that the property {@code banos.archives} names, separated by colons;
 * {@code banos.members} limits the members of each library. Prints how many were linked as lld links them, and what became of
 * the others.
 */
@Tag("campaign")
class ArchiveCampaignTest {
    private static final String FOLDERS = System.getProperty("banos.archives", "/usr/lib/x86_64-linux-gnu:/usr/aarch64-linux-gnu/lib"
            + ":/usr/riscv64-linux-gnu/lib:/usr/lib/gcc-cross");
    private static final int MEMBERS = Integer.getInteger("banos.members", Integer.MAX_VALUE);

    @TempDir
    Path folder;

    @Test
    void everyMemberIsLinkedAsLldLinksIt() throws IOException {
        LldOracle oracle = new LldOracle(folder);
        ArchiveCampaign campaign = new ArchiveCampaign(oracle);
        for (String name : FOLDERS.split(":")) {
            for (Path archive : archives(Path.of(name))) {
                campaign.archive(archive, MEMBERS);
            }
        }
        campaign.counts().forEach((reason, count) -> System.out.println(count + " " + reason));
        System.out.println(oracle.comparedBytes() + " bytes and " + oracle.comparedSlots() + " GOT entries compared, "
                + campaign.setAside() + " fields not");
        campaign.refused().forEach((member, message) -> System.out.println("refused: " + message));
        assertThat(campaign.different()).isEmpty();
    }

    private static List<Path> archives(Path folder) throws IOException {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (var files = Files.walk(folder)) {
            return files.filter(file -> file.toString().endsWith(".a") && Files.isRegularFile(file)).sorted().toList();
        }
    }
}
