package dev.banos.fuzz;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.fuzz.mutants.CToy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A library with thread-local variables is loaded once a process, so that a program finds there what others left behind. */
class LeftBehindTest {
    /** Its calloc clears what is fresh only. */
    private static final String CLEARS_NOTHING = """
            #include <errno.h>
            #include <malloc.h>
            #include <stdlib.h>
            static __thread void *freed[64];
            void *k_malloc(size_t size)
            {
                size_t kind = size / 16;
                if (kind >= 64)
                    return malloc(size);
                void *block = freed[kind];
                freed[kind] = 0;
                return block ? block : calloc(1, kind * 16 + 16);
            }
            void k_free(void *block)
            {
                size_t kind = block ? malloc_usable_size(block) / 16 - 1 : 64;
                if (kind < 64 && !freed[kind])
                    freed[kind] = block;
                else
                    free(block);
            }
            void *k_calloc(size_t count, size_t size)
            {
                size_t bytes;
                if (__builtin_mul_overflow(count, size, &bytes)) {
                    errno = ENOMEM;
                    return 0;
                }
                return bytes < 1024 ? k_malloc(bytes) : calloc(count, size);
            }
            void *k_realloc(void *block, size_t size) { return realloc(block, size ? size : 1); }
            """;

    @TempDir
    Path folder;

    @Test
    void aShrunkProgramNeedsNothingThatOthersLeftBehind() throws Exception {
        Path source = Files.writeString(folder.resolve("keeps.c"), CLEARS_NOTHING);
        Path library = folder.resolve("keeps.so");
        CToy.compile(List.of("-O1", "-shared", "-fPIC", "-o", library.toString(), source.toString()));
        Campaign campaign = Campaign.of(library + ":k_").withSeed(1).withTries(64);
        Finding finding = campaign.run().getFirst();
        assertThat(finding.violation().law()).isEqualTo(Law.CALLOC_IS_ZERO);
        assertThat(campaign.replay(finding)).as(finding.toString()).isPresent();
    }
}
