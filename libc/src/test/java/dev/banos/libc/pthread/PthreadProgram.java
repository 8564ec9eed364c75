package dev.banos.libc.pthread;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;
import java.util.stream.Collectors;

/**
 * What a few threads do, one step at a time, and which threads come to rest after each. Every program ends all its threads, and
 * the main thread joins those that nobody has joined or detached.
 *
 * @param settled for each step, as pthread_oracle.c reads it
 * @param leftToJoin by the main thread, in the end
 */
record PthreadProgram(int threads, List<Step> steps, List<String> settled, List<Integer> leftToJoin) {
    static final int KEYS = 4;
    private static final int MOST_STEPS = 60;

    /** What a thread can do; the name in lower case is what the C program knows. */
    enum Call {
        STATE, TYPE, TEST, CANCEL, PUSH, POP, CREATE, DELETE, GET, SET, EXIT, RETURN, JOIN, DETACH
    }

    /** What a handler does beside writing its number; its ordinal is what the C program knows. */
    enum HandlerAction {
        JUST_RUN, SET_KEY, TESTCANCEL, SET_STATE, CANCEL_SELF
    }

    /** What a key's destructor does; its ordinal is what the C program knows. */
    enum DestructorAction {
        NO_DESTRUCTOR, JUST_WRITE, SET_AGAIN, SET_NEXT_KEY
    }

    /** @param a state, type, thread, key, handler, or result; {@code b} and {@code c} are a key's or a handler's */
    record Step(int thread, Call call, int a, int b, int c) {
        @Override
        public String toString() {
            return thread + " " + call.name().toLowerCase() + " " + a + " " + b + " " + c;
        }
    }

    static PthreadProgram random(RandomGenerator random) {
        int threads = random.nextInt(2, 5);
        int length = random.nextInt(4, MOST_STEPS);
        List<Step> wanted = new ArrayList<>();
        for (int key = 0; key < random.nextInt(KEYS + 1); key++) {
            wanted.add(new Step(0, Call.CREATE, key, random.nextInt(DestructorAction.values().length), 0));
        }
        for (int i = 0; i < length; i++) {
            wanted.add(randomStep(random, threads));
        }
        return lawful(threads, wanted);
    }

    /** Of {@code wanted} the steps that are defined where they stand, and an exit of each thread that still runs. */
    static PthreadProgram lawful(int threads, List<Step> wanted) {
        PthreadModel model = new PthreadModel(threads);
        List<Step> steps = new ArrayList<>();
        List<String> settled = new ArrayList<>();
        for (Step step : wanted) {
            if (model.defines(step)) {
                steps.add(step);
                settled.add(model.perform(step));
            }
        }
        for (int running = model.running(); running >= 0; running = model.running()) {
            Step end = new Step(running, Call.EXIT, 100 + running, 0, 0);
            steps.add(end);
            settled.add(model.perform(end));
        }
        return new PthreadProgram(threads, steps, settled, model.leftToJoin());
    }

    PthreadProgram without(int step) {
        List<Step> fewer = new ArrayList<>(steps);
        fewer.remove(step);
        return lawful(threads, fewer);
    }

    String request() {
        StringBuilder lines = new StringBuilder().append(threads).append('\n');
        for (int i = 0; i < steps.size(); i++) {
            lines.append(steps.get(i)).append('|').append(settled.get(i)).append('\n');
        }
        leftToJoin.forEach(thread -> lines.append("join ").append(thread).append('\n'));
        return lines.append("end\n").toString();
    }

    @Override
    public String toString() {
        return steps.stream().map(Step::toString).collect(Collectors.joining("\n", threads + " threads\n", "\n"));
    }

    private static Step randomStep(RandomGenerator random, int threads) {
        int thread = random.nextInt(threads);
        int other = random.nextInt(threads);
        int key = random.nextInt(KEYS);
        return switch (random.nextInt(32)) {
            case 0, 1, 2 -> new Step(thread, Call.STATE, wrongAtTimes(random), 0, 0);
            case 3, 4, 5 -> new Step(thread, Call.TYPE, wrongAtTimes(random), 0, 0);
            case 6, 7 -> new Step(thread, Call.TEST, 0, 0, 0);
            case 8, 9 -> new Step(thread, Call.CANCEL, other, 0, 0);
            case 10, 11, 12, 13 -> new Step(thread, Call.PUSH, random.nextInt(1, 100),
                    random.nextInt(HandlerAction.values().length), random.nextInt(2));
            case 14, 15, 16 -> new Step(thread, Call.POP, random.nextInt(2), 0, 0);
            case 17, 18 -> new Step(thread, Call.CREATE, key, random.nextInt(DestructorAction.values().length), 0);
            case 19 -> new Step(thread, Call.DELETE, key, 0, 0);
            case 20 -> new Step(thread, Call.GET, key, 0, 0);
            case 21, 22, 23, 24 -> new Step(thread, Call.SET, key, random.nextInt(8), 0);
            case 25 -> new Step(thread, Call.EXIT, random.nextInt(-1, 50), 0, 0);
            case 26 -> new Step(thread, Call.RETURN, random.nextInt(-1, 50), 0, 0);
            case 27, 28, 29 -> new Step(thread, Call.JOIN, other, 0, 0);
            case 30 -> new Step(thread, Call.GET, key, 0, 0);
            default -> new Step(thread, Call.DETACH, other, 0, 0);
        };
    }

    /** Mostly 0 or 1, which are the states and the types there are. */
    private static int wrongAtTimes(RandomGenerator random) {
        int value = random.nextInt(10);
        return value == 0 ? -1 : value == 1 ? 2 : value & 1;
    }
}
