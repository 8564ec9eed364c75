package dev.banos.adapter.lucene;

import com.carrotsearch.randomizedtesting.ThreadFilter;
import com.carrotsearch.randomizedtesting.annotations.ThreadLeakFilters;
import java.nio.file.Path;
import org.apache.lucene.store.Directory;
import org.apache.lucene.tests.store.BaseDirectoryTestCase;
import org.apache.lucene.tests.util.QuickPatchThreadsFilter;

/** Lucene's own tests of a directory, on ours. */
@ThreadLeakFilters(defaultFilters = true, filters = {QuickPatchThreadsFilter.class, LucenesDirectoryTest.OfTheAllocator.class})
public class LucenesDirectoryTest extends BaseDirectoryTestCase {
    @Override
    protected Directory getDirectory(Path path) {
        return new HeapDirectory();
    }

    /** The allocator has a thread for as long as there is something to give back. */
    public static final class OfTheAllocator implements ThreadFilter {
        @Override
        public boolean reject(Thread thread) {
            return thread.getName().startsWith("banos");
        }
    }
}
