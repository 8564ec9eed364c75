package dev.banos.fuzz;

import dev.banos.fuzz.generation.Settings;
import dev.banos.fuzz.program.Coverage;
import dev.banos.fuzz.program.Mode;
import dev.banos.fuzz.program.Operations;
import dev.banos.fuzz.program.ProgramImage;
import dev.banos.fuzz.shrinking.Shrinker;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Fuzzes one target: replays the corpus, then makes programs from the seed until a law is broken, the tries are used up or the
 * time is over. Each finding is replayed on a fresh target and shrunk.
 *
 * {@snippet class="dev.banos.samples.snippets.SnippetsTest" region="campaign"}
 */
public final class Campaign {
    private static final int CHUNK = Settings.EPOCH;
    private static final Duration LONGEST = Duration.ofDays(365);

    private final Target target;
    private final RunnerSource runners;
    private final List<KnownProgram> corpus = new ArrayList<>();
    private long seed;
    private long tries = Long.MAX_VALUE;
    private Duration time = Duration.ofSeconds(60);
    private Duration shrinkTime = Shrinker.LONGEST;
    private int threads = 1;
    private int maxOperations = Settings.DEFAULT_OPERATIONS;
    private @Nullable Path example;
    private int shard;
    private int shards = 1;
    private boolean keepGoing;
    private Consumer<Statistics> listener = statistics -> { };
    private Consumer<Finding> findingListener = finding -> { };
    private Runnable exitListener = () -> { };
    private volatile boolean stopped;
    private volatile boolean exiting;
    private volatile boolean isCutShort;
    /** What broke a law, while a shorter program is looked for. */
    private volatile @Nullable Finding unshrunk;

    private final Coverage coverage = new Coverage();
    private final Found found = new Found();
    private volatile long triesDone;
    private volatile long begun;

    /**
     * What was done so far.
     *
     * @param tries how many programs have been run
     * @param operations how many calls these made of the allocator
     * @param findings how many distinct findings there are
     * @param seconds since the campaign began
     * @param firstFound seconds until the first law was broken, before that was shrunk; NaN if none was
     * @param text a few lines for people
     */
    public record Statistics(long tries, long operations, int findings, double seconds, double firstFound, String text) {
        /** {@return operations a second, with all overhead: generation, laws, starts of child processes} */
        public double operationsPerSecond() {
            return operations / Math.max(seconds, 1e-3);
        }

        /** {@return programs a second, with all overhead} */
        public double triesPerSecond() {
            return tries / Math.max(seconds, 1e-3);
        }
    }

    /** Where a campaign's programs run. */
    interface RunnerSource {
        /** @param example the file that is named in the settings, or {@link Examples#NONE} */
        Runner open(Settings settings, String example);
    }

    Campaign(Target target, RunnerSource runners) {
        this.target = target;
        this.runners = runners;
    }

    /**
     * A campaign in a child process, so that a crash is a finding.
     *
     * @param spec as {@link Target} describes
     * @return a campaign of a minute, in one thread, unless told otherwise
     * @throws TargetException if {@code spec} names no target; whether it can be loaded shows when the campaign runs
     */
    public static Campaign of(String spec) {
        Target target = Target.of(spec);
        return new Campaign(target, target::inChild);
    }

    /**
     * A campaign in this process: faster to start, but a crash ends the process.
     *
     * @param target one that does not ask for a process without a JVM
     * @return a campaign of a minute, in one thread, unless told otherwise
     */
    public static Campaign inProcess(Target target) {
        return new Campaign(target, (settings, example) -> new Session(target, settings));
    }

    /**
     * Makes the same programs again: equal seeds give equal programs.
     *
     * @param seed any number
     * @return this campaign
     */
    public Campaign withSeed(long seed) {
        this.seed = seed;
        return this;
    }

    /**
     * Ends the campaign after so many programs. Unless a time is given after this, only the tries end it.
     *
     * @param tries how many programs are run at most, 1 or more
     * @return this campaign
     * @throws IllegalArgumentException when {@code tries} is less
     */
    public Campaign withTries(long tries) {
        if (tries < 1) {
            throw new IllegalArgumentException("tries=" + tries + " is below 1");
        }
        this.tries = tries;
        time = LONGEST;
        return this;
    }

    /**
     * Ends the campaign after this time. The program that is running then is run to its end, some programs are tried in any case, and
     * a finding is shrunk, for which there is another time: {@link #withShrinkTime}.
     *
     * @param time from the call of {@link #run} on; more than a year is a year
     * @return this campaign
     */
    public Campaign withTime(Duration time) {
        this.time = time.compareTo(LONGEST) > 0 ? LONGEST : time;
        return this;
    }

    /**
     * Looks for a shorter program of a finding for this time at most, each time that its program is shrunk. A limit that is the same in
     * each run ends it before, unless the target is slow; after that time equal seeds may give programs of different length.
     *
     * @param time three minutes unless told otherwise; with nothing, only what a program does after it has failed is cut
     * @return this campaign
     * @throws IllegalArgumentException if {@code time} is negative
     */
    public Campaign withShrinkTime(Duration time) {
        if (time.isNegative()) {
            throw new IllegalArgumentException("time=" + time + " is negative");
        }
        shrinkTime = time.compareTo(LONGEST) > 0 ? LONGEST : time;
        return this;
    }

    /**
     * Makes programs of several threads.
     *
     * @param threads 1 to 8, in which each program may run at most
     * @return this campaign
     * @throws IllegalArgumentException for any other number
     */
    public Campaign withThreads(int threads) {
        if (threads < 1 || threads > Operations.LARGEST_THREADS) {
            throw new IllegalArgumentException("threads=" + threads + " is not from 1 to " + Operations.LARGEST_THREADS);
        }
        this.threads = threads;
        return this;
    }

    /**
     * Sets the length of the programs.
     *
     * @param operations how many calls a program makes at most
     * @return this campaign
     * @throws IllegalArgumentException when it is less than 1, or more than a program can have
     */
    public Campaign withMaxOperations(int operations) {
        if (operations < 1 || operations > ProgramImage.LARGEST_LENGTH / Settings.EPOCH) {
            throw new IllegalArgumentException("max-ops=" + operations + " is not from 1 to "
                    + ProgramImage.LARGEST_LENGTH / Settings.EPOCH);
        }
        maxOperations = operations;
        return this;
    }

    /**
     * Makes half of the programs by mutating an example.
     *
     * @param example the file of a trace or of a program's text; read when the campaign runs
     * @return this campaign
     */
    public Campaign withExample(Path example) {
        this.example = example;
        return this;
    }

    /**
     * Runs only the tries that belong to one shard, so that several processes share a seed.
     *
     * @param index from 0 to {@code count} - 1
     * @param count how many shards there are
     * @return this campaign
     * @throws IllegalArgumentException for any other index
     */
    public Campaign withShard(int index, int count) {
        if (index < 0 || index >= count) {
            throw new IllegalArgumentException("shard=" + index + " of " + count);
        }
        shard = index;
        shards = count;
        return this;
    }

    /**
     * Goes on after a finding, to collect different ones; only the first wrong value of errno is collected.
     *
     * @return this campaign
     */
    public Campaign keepGoing() {
        keepGoing = true;
        return this;
    }

    /**
     * Sets programs to run before all others, such as those that once broke a target.
     *
     * @param programs for example {@link Corpus#programs}
     * @return this campaign
     * @throws IllegalArgumentException if one has more than 2^20 operations
     */
    public Campaign withCorpus(List<Program> programs) {
        List<Operations> runnable = programs.stream().map(Program::operations).toList();
        runnable.forEach(ProgramImage::requireRunnable);
        runnable.forEach(program -> corpus.add(new KnownProgram(program, Mode.LOCKSTEP, 1)));
        return this;
    }

    /**
     * Sets findings whose programs are run before all others, each as it ran when it was found.
     *
     * @param findings for example {@link ReportFolder#read}
     * @return this campaign
     */
    public Campaign withFindings(List<Finding> findings) {
        findings.forEach(finding -> corpus.add(KnownProgram.of(finding)));
        return this;
    }

    /**
     * Calls the listener for each finding when it is shrunk, and again when a shorter program of its kind is found. So a process that
     * ends loses none.
     *
     * @param listener called on the thread that runs the campaign
     * @return this campaign
     */
    public Campaign withFindingListener(Consumer<Finding> listener) {
        this.findingListener = listener;
        return this;
    }

    /**
     * Calls the listener where the process is ended from outside, by a signal, say, while the campaign runs. The campaign is stopped
     * before, and the files of its child process are there until the listener has returned.
     *
     * @param listener called on a thread of its own, while {@link #run} may still be running; it should be quick
     * @return this campaign
     */
    public Campaign withExitListener(Runnable listener) {
        this.exitListener = listener;
        return this;
    }

    /**
     * Calls the listener now and then to tell how far the campaign has come.
     *
     * @param listener called on the thread that runs the campaign
     * @return this campaign
     */
    public Campaign withListener(Consumer<Statistics> listener) {
        this.listener = listener;
        return this;
    }

    /**
     * Runs the campaign. {@link #stop} ends it early. An interrupt may be lost if the target is in this process, because interrupts
     * that an allocator leaves behind are cleared.
     *
     * @return what broke; empty if every law held
     * @throws TargetException if the target cannot be loaded
     * @throws TraceException if the example is damaged
     * @throws IllegalStateException if the thread is interrupted while it waits for the target; it stays interrupted
     */
    public List<Finding> run() {
        String file = example == null ? Examples.NONE : example.toString();
        Settings settings = new Settings(seed, maxOperations, threads, Examples.read(file));
        begun = System.nanoTime();
        Runnable atExit = this::exit;
        AtExit.add(atExit); // before the runner's own, which deletes its files
        try (Runner runner = runners.open(settings, file)) {
            replayCorpus(runner);
            explore(runner);
        } catch (RuntimeException failed) {
            if (!AtExit.hasBegun()) { // without its files and children a runner fails
                throw failed;
            }
        } finally {
            exiting = !AtExit.remove(atExit);
        }
        return findings();
    }

    private void exit() {
        stop();
        exitListener.run();
    }

    /** {@return whether the process was ended from outside while the campaign ran, so that its exit listener is called} */
    public boolean isExiting() {
        return exiting;
    }

    /** {@return whether the time to shrink ended before a finding was as short as it gets; {@link #withShrinkTime} gives more} */
    public boolean isCutShort() {
        return isCutShort;
    }

    /** {@return what was found until now, in the order of the tries; what is being shrunk comes last} Any thread may ask at any time. */
    public List<Finding> findings() {
        Finding last = unshrunk;
        return last == null ? found.all() : Stream.concat(found.all().stream(), Stream.of(last)).toList();
    }

    /**
     * Stops the campaign; nothing is a finding from now on. Any thread may call it. Call it when the process is ending: that also ends
     * its children, which would look like a crash.
     */
    public void stop() {
        stopped = true;
    }

    /**
     * Runs the program of a finding again, alone, in the way in which it was found.
     *
     * @param finding one of this campaign's target
     * @return what it breaks now; empty if every law held
     * @throws TargetException if the target cannot be loaded
     * @throws IllegalStateException as {@link #run}
     */
    public Optional<Finding> replay(Finding finding) {
        try (Runner runner = runners.open(Settings.ofOneProgram(), Examples.NONE)) {
            Violation violation = KnownProgram.of(finding).replay(runner);
            return Optional.ofNullable(violation).map(seen -> new Finding(target.spec(), finding.seed(), finding.tryNumber(),
                    finding.program(), seen, finding.mode(), finding.rounds(), finding.originalLength(), true));
        }
    }

    /** {@return what was done until now} Any thread may ask at any time. */
    public Statistics statistics() {
        return new Statistics(triesDone, coverage.operations(), found.count(), seconds(), found.first(), coverage.toString());
    }

    private void replayCorpus(Runner runner) {
        for (KnownProgram known : corpus) {
            Violation violation = known.replay(runner);
            if (violation != null) {
                Reproduction reproduction = new Reproduction(runner, target.spec(), seed, 0, -1, shrinkTime); // of no tries
                enter(runner, new Runner.Failure(violation, -1, known.program(), known.mode()), reproduction);
            }
            if (isOver()) {
                return;
            }
        }
    }

    private void explore(Runner runner) {
        long first = (long) shard * CHUNK;
        while (!isEnough() && (triesDone == 0 || !isOutOfTime())) { // one that tried nothing would say that nothing broke
            int count = (int) Math.min(CHUNK - first % CHUNK, tries - triesDone);
            Runner.Failure failure = runner.tries(first, count);
            Reproduction reproduction = new Reproduction(runner, target.spec(), seed, first, first + count - 1, shrinkTime);
            long done = failure == null ? count : failure.tryNumber() - first + 1;
            triesDone += done;
            first += done;
            coverage.add(runner.takeCoverage());
            if (failure != null && failure.suspected()) {
                decide(runner, failure, reproduction);
            } else if (failure != null) {
                enter(runner, failure, reproduction);
            }
            if (first % CHUNK == 0) {
                first += (long) (shards - 1) * CHUNK;
            }
            listener.accept(statistics());
        }
    }

    private boolean isOver() {
        return isEnough() || isOutOfTime();
    }

    private boolean isEnough() {
        return stopped || triesDone >= tries || found.isEnough() || !keepGoing && !found.isEmpty();
    }

    private boolean isOutOfTime() {
        return System.nanoTime() - begun >= time.toNanos();
    }

    private void enter(Runner runner, Runner.Failure failure, Reproduction reproduction) {
        double seconds = seconds();
        Law law = failure.violation().law();
        if (!found.isEnoughOf(law)) {
            // What the rest of the process does to its memory may look like a broken law once, but not again.
            boolean isCertain = law != Law.FOOTPRINT && law != Law.UNMAPS_ITS_OWN;
            unshrunk = isCertain ? reproduction.asItWas(failure) : null;
            Finding finding = reproduction.shrunk(failure);
            if (stopped) {
                return; // and what was found stays as it was told
            }
            unshrunk = null;
            if (finding.reproduced() || isCertain) {
                keep(finding, law, seconds, reproduction.isCutShort());
            }
        }
        runner.takeCoverage(); // replays are not tries
        if (keepGoing && law.isOfAnswers()) {
            runner.waive(law);
        }
    }

    /** In order there is no doubt: what breaks no law then was the allocator's own to unmap, and is from now on. */
    private void decide(Runner runner, Runner.Failure suspicion, Reproduction reproduction) {
        double seconds = seconds();
        Law law = suspicion.violation().law();
        Finding finding = found.isEnoughOf(law) ? null : reproduction.shrunkInOrder(suspicion);
        if (finding != null) {
            keep(finding, law, seconds, reproduction.isCutShort());
        } else {
            runner.trust();
        }
        runner.takeCoverage();
    }

    private double seconds() {
        return (System.nanoTime() - begun) / 1e9;
    }

    private void keep(Finding finding, Law law, double seconds, boolean cutShort) {
        if (!stopped && found.add(finding, law, seconds)) {
            isCutShort = isCutShort || cutShort;
            findingListener.accept(finding);
        }
    }
}
