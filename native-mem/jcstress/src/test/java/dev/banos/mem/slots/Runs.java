package dev.banos.mem.slots;

import static org.openjdk.jcstress.annotations.Expect.ACCEPTABLE;
import static org.openjdk.jcstress.annotations.Expect.FORBIDDEN;

import dev.banos.lock.SpinLock;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.LL_Result;
import org.openjdk.jcstress.infra.results.ZL_Result;
import org.openjdk.jcstress.infra.results.ZZ_Result;
import org.openjdk.jcstress.infra.results.Z_Result;

/** The table of runs, whose readers take no lock. */
public final class Runs {
    private Runs() {
    }

    /** Two spans next to each other, and a bitmap for a run of each. Runs are made anew; these are used again. */
    private static final class Place {
        private static final ConcurrentLinkedQueue<Place> IDLE = new ConcurrentLinkedQueue<>();
        private static final SlotPool POOL = new SlotPool(Domain.MALLOC, Access.OWN_THREAD);

        private final Bin bin = POOL.bin(1024); // of one span
        private final int span = Spans.take(2);
        private final long bitmap = Bitmaps.take(SizeClasses.slots(bin.sizeClass));
        private final long otherBitmap = Bitmaps.take(SizeClasses.slots(bin.sizeClass));

        static Place take() {
            Place idle = IDLE.poll();
            return idle != null ? idle : new Place();
        }

        Run first() {
            return new Run(bin, span, bitmap);
        }

        Run second() {
            return new Run(bin, span + 1, otherBitmap);
        }

        long address() {
            return Spans.address(span);
        }

        /** The table of likely runs has one of those that are 1 GiB apart. */
        private boolean isOfAnotherPlace(Run run) {
            return run.base != 0 && run.base != address();
        }

        /** What a reader that has no right to the address found there. */
        String seen(Run run) {
            if (run == null || run == Run.NONE || isOfAnotherPlace(run)) {
                return "none";
            }
            boolean whole = run.owner == POOL && run.bin == bin && run.base == address() && run.slotBytes == bin.slotBytes
                    && run.slots == SizeClasses.slots(bin.sizeClass) && run.local == bitmap && run.remote == Bitmaps.remote(bitmap)
                    && run.begins(address()) && !run.begins(address() + 1);
            return whole ? "whole" : "half made";
        }
    }

    @JCStressTest
    @Outcome(id = {"none, none", "none, whole", "whole, none", "whole, whole"}, expect = ACCEPTABLE,
            desc = "a reader finds the run or does not, in each table")
    @Outcome(expect = FORBIDDEN, desc = "it finds a run that is not one yet")
    @State
    public static class PutBesideAReader {
        private final Place place = Place.take();
        private Run run;

        @Actor
        public void writer() {
            run = place.first();
            RunTable.put(run);
        }

        @Actor
        public void reader(LL_Result result) {
            result.r1 = place.seen(RunTable.likely(place.address()));
            result.r2 = place.seen(RunTable.at(place.address()));
        }

        @Arbiter
        public void check(LL_Result result) {
            if (RunTable.at(place.address()) != run) {
                result.r2 = "lost";
            }
            RunTable.remove(run);
            Place.IDLE.add(place);
        }
    }

    @JCStressTest
    @Outcome(id = {"none, none", "none, whole", "whole, none", "whole, whole"}, expect = ACCEPTABLE,
            desc = "a reader finds the run or does not, in each table")
    @Outcome(expect = FORBIDDEN, desc = "it finds something else")
    @State
    public static class RemovedBesideAReader {
        private final Place place = Place.take();
        private final Run run = place.first();

        public RemovedBesideAReader() {
            RunTable.put(run);
        }

        @Actor
        public void writer() {
            RunTable.remove(run);
        }

        @Actor
        public void reader(LL_Result result) {
            result.r1 = place.seen(RunTable.likely(place.address()));
            result.r2 = place.seen(RunTable.at(place.address()));
        }

        @Arbiter
        public void check(LL_Result result) {
            if (RunTable.at(place.address()) != null || RunTable.likely(place.address()) == run) {
                result.r2 = "stays";
            }
            Place.IDLE.add(place);
        }
    }

    @JCStressTest
    @Outcome(id = "true", expect = ACCEPTABLE, desc = "who has a block finds its run, whatever happens beside it")
    @Outcome(expect = FORBIDDEN, desc = "the run of a live block was not found")
    @State
    public static class NeighbourComesAndGoes {
        private final Place place = Place.take();
        private final Run run = place.first();
        private boolean found;

        public NeighbourComesAndGoes() {
            RunTable.put(run);
        }

        @Actor
        public void writer() {
            Run neighbour = place.second();
            RunTable.put(neighbour);
            RunTable.remove(neighbour);
        }

        @Actor
        public void reader() {
            Run likely = RunTable.likely(place.address());
            found = RunTable.at(place.address()) == run && (likely == run || place.isOfAnotherPlace(likely));
        }

        @Arbiter
        public void check(Z_Result result) {
            result.r1 = found && RunTable.at(place.address() + SizeClasses.SPAN_BYTES) == null;
            RunTable.remove(run);
            Place.IDLE.add(place);
        }
    }

    /** Makes the table as short as it began, so that it grows again: nothing else in these JVMs has runs so high. */
    private static final class Growth {
        private static final VarHandle TABLE;
        private static final SpinLock LOCK;
        private static final int SHORT = 256;
        private static final long BITMAP = Bitmaps.take(SizeClasses.slots(Place.POOL.bin(1024).sizeClass));
        /** The last that the short table holds, in the place that is copied last. */
        private static final Run OLD = run(SHORT - 1);

        static {
            try {
                MethodHandles.Lookup inside = MethodHandles.privateLookupIn(RunTable.class, MethodHandles.lookup());
                TABLE = inside.findStaticVarHandle(RunTable.class, "table", Run[].class);
                LOCK = (SpinLock) inside.findStaticVarHandle(RunTable.class, "LOCK", SpinLock.class).get();
            } catch (ReflectiveOperationException other) {
                throw new AssertionError("the table of runs is kept otherwise", other);
            }
            RunTable.put(OLD);
        }

        /** Nobody uses its memory, and all have one bitmap. */
        static Run run(int span) {
            return new Run(Place.POOL.bin(1024), span, BITMAP);
        }

        static void shorten() {
            LOCK.lock();
            try {
                TABLE.setRelease(Arrays.copyOf((Run[]) TABLE.get(), SHORT));
            } finally {
                LOCK.unlock();
            }
        }
    }

    @JCStressTest
    @Outcome(id = {"true, none", "true, whole"}, expect = ACCEPTABLE, desc = "who has a block finds its run; the new one or not")
    @Outcome(expect = FORBIDDEN, desc = "the run of a live block was not found, or one that is not one yet")
    @State
    public static class GrowthBesideAReader {
        private final long high = Spans.address(Growth.SHORT);

        @Actor
        public void writer() {
            Growth.shorten();
            Run added = Growth.run(Growth.SHORT);
            RunTable.put(added);
            RunTable.remove(added);
        }

        @Actor
        public void reader(ZL_Result result) {
            Run added = RunTable.at(high);
            result.r1 = RunTable.at(Growth.OLD.base) == Growth.OLD;
            result.r2 = added == null ? "none" : added.begins(high) && added.owner == Place.POOL ? "whole" : "half made";
        }
    }

    @JCStressTest
    @Outcome(id = "true, true", expect = ACCEPTABLE, desc = "both runs are in the table")
    @Outcome(expect = FORBIDDEN, desc = "one is lost")
    @State
    public static class GrowthBesideAPut {
        private volatile boolean grown;

        @Actor
        public void growing(ZZ_Result result) {
            Growth.shorten();
            Run added = Growth.run(Growth.SHORT);
            RunTable.put(added);
            result.r1 = RunTable.at(added.base) == added;
            RunTable.remove(added);
            grown = true;
        }

        @Actor
        public void putting(ZZ_Result result) {
            Run added = Growth.run(Growth.SHORT - 2);
            RunTable.put(added);
            while (!grown) {
                Thread.onSpinWait();
            }
            result.r2 = RunTable.at(added.base) == added;
            RunTable.remove(added);
        }
    }
}
