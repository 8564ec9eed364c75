package dev.banos.libc.hash;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.Tag;
import net.jqwik.api.Tuple;

/** Any sequence of calls leaves a table of any kind with what {@link HashMap} has, its invariants intact, nothing leaked. */
class HashTablePropertiesTest {
    enum Call { INSERT, ASSIGN, REMOVE, GET, CHURN, SWEEP, RESERVE, SHRINK, CLEAR, MEMORY_GONE, MEMORY_BACK }

    record Step(Call call, long key, int count) {
    }

    @Property(tries = 2_000)
    void behavesAsJavasHashMap(@ForAll Subject.Kind kind, @ForAll("steps") List<Step> steps) {
        check(kind, steps);
    }

    @Property(tries = 200_000)
    @Tag("campaign")
    void behavesAsJavasHashMapForLong(@ForAll Subject.Kind kind, @ForAll("steps") List<Step> steps) {
        check(kind, steps);
    }

    private static void check(Subject.Kind kind, List<Step> steps) {
        FailingStorage storage = new FailingStorage();
        try (Subject subject = Subject.of(kind, storage)) {
            Map<Long, Long> model = new HashMap<>();
            long value = 0;
            for (Step step : steps) {
                apply(step, ++value, subject, model, storage);
                assertThat(subject.isValid()).as("invariants after %s", step).isTrue();
                assertThat(subject.size()).isEqualTo(model.size());
            }
            assertThat(contents(subject)).isEqualTo(model);
        }
        assertThat(storage.blocks()).as("blocks not given back").isZero();
    }

    private static void apply(Step step, long value, Subject subject, Map<Long, Long> model, FailingStorage storage) {
        switch (step.call) {
            case INSERT -> insert(step, value, subject, model);
            case ASSIGN -> assign(step.key, value, subject, model);
            case REMOVE -> assertThat(subject.remove(step.key)).isEqualTo(model.remove(step.key) != null);
            case GET -> assertThat(subject.get(step.key)).isEqualTo(model.get(step.key));
            case CHURN -> churn(step, subject, model);
            case SWEEP -> sweep(step, subject, model);
            case RESERVE -> reserve(step, subject, storage);
            case SHRINK -> subject.shrink();
            case CLEAR -> {
                subject.clear();
                model.clear();
            }
            case MEMORY_GONE -> storage.failing(true);
            case MEMORY_BACK -> storage.failing(false);
            default -> throw new AssertionError(step);
        }
    }

    /** {@code count} keys in a row, so that a short list of steps makes a large table. */
    private static void insert(Step step, long value, Subject subject, Map<Long, Long> model) {
        for (long key = step.key; key < step.key + step.count; key++) {
            Insertion insertion = subject.insert(key, value);
            assertThat(insertion == Insertion.PRESENT).isEqualTo(model.containsKey(key));
            if (insertion == Insertion.INSERTED) {
                model.put(key, subject.isSet() ? key : value);
            }
        }
    }

    private static void assign(long key, long value, Subject subject, Map<Long, Long> model) {
        Insertion insertion = subject.insertOrAssign(key, value);
        assertThat(insertion == Insertion.PRESENT).isEqualTo(model.containsKey(key));
        if (insertion != Insertion.OUT_OF_MEMORY) {
            model.put(key, subject.isSet() ? key : value);
        }
    }

    /** Keys come and go, {@code count} at a time, in a table that has room for them. */
    private static void churn(Step step, Subject subject, Map<Long, Long> model) {
        for (long key = step.key; key < step.key + 10L * step.count; key++) {
            insert(new Step(Call.INSERT, key, 1), 0, subject, model);
            long old = key - step.count;
            assertThat(subject.remove(old)).isEqualTo(model.remove(old) != null);
        }
    }

    private static void sweep(Step step, Subject subject, Map<Long, Long> model) {
        for (long element = subject.first(); element != 0; element = subject.next(element)) {
            if (Math.floorMod(subject.keyAt(element), 3) == step.count % 3) {
                model.remove(subject.keyAt(element));
                subject.removeAt(element);
            }
        }
        model.keySet().removeIf(key -> subject.get(key) == null);
    }

    private static void reserve(Step step, Subject subject, FailingStorage storage) {
        if (subject.reserve(step.count)) {
            storage.failing(true);
            for (long key = 0; key < step.count - subject.size(); key++) {
                assertThat(subject.insert(Long.MIN_VALUE + key, 0)).isEqualTo(Insertion.INSERTED);
                assertThat(subject.remove(Long.MIN_VALUE + key)).isTrue();
            }
            storage.failing(false);
        }
    }

    private static Map<Long, Long> contents(Subject subject) {
        Map<Long, Long> contents = new HashMap<>();
        for (long element = subject.first(); element != 0; element = subject.next(element)) {
            assertThat(contents.put(subject.keyAt(element), subject.valueAt(element))).as("key met twice").isNull();
        }
        return contents;
    }

    @Provide
    Arbitrary<List<Step>> steps() {
        Arbitrary<Call> calls = Arbitraries.frequency(
                Tuple.of(8, Call.INSERT), Tuple.of(3, Call.ASSIGN), Tuple.of(6, Call.REMOVE), Tuple.of(3, Call.GET),
                Tuple.of(2, Call.CHURN), Tuple.of(2, Call.SWEEP), Tuple.of(1, Call.RESERVE), Tuple.of(1, Call.SHRINK),
                Tuple.of(1, Call.CLEAR), Tuple.of(1, Call.MEMORY_GONE), Tuple.of(2, Call.MEMORY_BACK));
        Arbitrary<Long> keys = Arbitraries.frequencyOf(Tuple.of(9, Arbitraries.longs().between(0, 100)), Tuple.of(1, Arbitraries.longs()
                .between(Long.MIN_VALUE / 2, Long.MAX_VALUE / 2)));
        return Combinators.combine(calls, keys, Arbitraries.integers().between(1, 60)).as(Step::new).list().ofMaxSize(60);
    }
}
