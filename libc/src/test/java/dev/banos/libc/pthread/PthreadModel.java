package dev.banos.libc.pthread;

import dev.banos.libc.pthread.PthreadProgram.HandlerAction;
import dev.banos.libc.pthread.PthreadProgram.Step;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.stream.IntStream;

/**
 * What POSIX defines at each point of a program, and who runs, waits or has ended: not what is answered.
 *
 * <p>Not defined, and so in no program: a name after its lifetime (joined, or detached and ended); two joins of one thread at once,
 * a detach of a thread that is being joined, a return between a push and its pop, a deleted key once another has been made, an
 * exit or a cancellation point in a destructor. Undefined too, but POSIX recommends an error that the C library gives, and it is
 * compared: a join or a detach of a detached thread, a join of oneself, a deleted key until another is made, a wrong state or type.
 *
 * <p>Left out where only the C library's answer is in doubt: a cancel of another thread that is asynchronous (when it acts is
 * not said), a join by a thread with a due cancel where the join would not wait (glibc then joins; POSIX says that the request
 * is acted upon first), a join of a thread that waits for the joining one (glibc 2.36 waits for ever; ours is EDEADLK), an
 * asynchronous cancel that acts as the state is set (glibc 2.36 then loses PTHREAD_CANCELED: a join yields what was in the memory).
 */
final class PthreadModel {
    private static final int MOST_HANDLERS = 6;

    private enum Key {
        NEVER_MADE, LIVE, DELETED, DELETED_AND_ANOTHER_MADE
    }

    private static final class Worker {
        private final int number;
        private int state = Pthread.CANCEL_ENABLE;
        private int type = Pthread.CANCEL_DEFERRED;
        private boolean pending;
        private boolean ended;
        private boolean detached;
        private boolean joined;
        private Worker joins;
        private final Deque<Step> handlers = new ArrayDeque<>();

        Worker(int number) {
            this.number = number;
        }

        boolean isAsynchronous() {
            return type == Pthread.CANCEL_ASYNCHRONOUS && state == Pthread.CANCEL_ENABLE;
        }

        boolean isDue() {
            return pending && state == Pthread.CANCEL_ENABLE;
        }

        boolean hasName() {
            return !joined && !(detached && ended);
        }

        boolean runs() {
            return !ended && joins == null;
        }
    }

    private final List<Worker> workers;
    private final Key[] keys = new Key[PthreadProgram.KEYS];
    private final StringBuilder settled = new StringBuilder();

    PthreadModel(int threads) {
        workers = IntStream.range(0, threads).mapToObj(Worker::new).toList();
        Arrays.fill(keys, Key.NEVER_MADE);
    }

    /** @return a thread that can make a call, or -1 */
    int running() {
        return workers.stream().filter(Worker::runs).mapToInt(worker -> worker.number).findFirst().orElse(-1);
    }

    List<Integer> leftToJoin() {
        return workers.stream().filter(worker -> !worker.joined && !worker.detached).map(worker -> worker.number).toList();
    }

    boolean defines(Step step) {
        Worker self = workers.get(step.thread());
        return self.runs() && switch (step.call()) {
            case STATE -> definesState(self, step.a());
            case TYPE, TEST, EXIT -> true;
            case CANCEL -> definesCancel(self, workers.get(step.a()));
            case PUSH -> self.handlers.size() < MOST_HANDLERS;
            case POP -> !self.handlers.isEmpty() && definesPop(self, step.a() != 0);
            case RETURN -> self.handlers.isEmpty();
            case CREATE -> keys[step.a()] != Key.LIVE;
            case DELETE, GET, SET -> keys[step.a()] == Key.LIVE || keys[step.a()] == Key.DELETED;
            case JOIN -> definesJoin(self, workers.get(step.a()));
            case DETACH -> workers.get(step.a()).hasName() && joiner(workers.get(step.a())) == null;
        };
    }

    private static boolean definesState(Worker self, int state) {
        return !(state == Pthread.CANCEL_ENABLE && self.pending && self.type == Pthread.CANCEL_ASYNCHRONOUS);
    }

    private static boolean definesPop(Worker self, boolean execute) {
        Step handler = self.handlers.getFirst();
        return !execute || handler.b() != HandlerAction.SET_STATE.ordinal() || definesState(self, handler.c());
    }

    private static boolean definesCancel(Worker self, Worker other) {
        return other.hasName() && (other == self || other.ended || !other.isAsynchronous());
    }

    private boolean definesJoin(Worker self, Worker other) {
        if (!other.hasName() || joiner(other) != null || self.isDue() && (other.detached || other.ended)) {
            return false;
        }
        return !waitsFor(other, self);
    }

    private static boolean waitsFor(Worker waiting, Worker other) {
        for (Worker each = waiting.joins; each != null; each = each.joins) {
            if (each == other) {
                return true;
            }
        }
        return false;
    }

    private Worker joiner(Worker of) {
        return workers.stream().filter(worker -> worker.joins == of).findFirst().orElse(null);
    }

    /** @return which threads come to rest after it, in the order in which they do, as pthread_oracle.c reads it */
    String perform(Step step) {
        settled.setLength(0);
        Worker self = workers.get(step.thread());
        act(self, step);
        if (self.runs() && settled.indexOf(Integer.toString(self.number)) < 0) {
            settled.insert(0, self.number);
        }
        return settled.toString();
    }

    private void act(Worker self, Step step) {
        switch (step.call()) {
            case STATE -> setState(self, step.a());
            case TYPE -> setType(self, step.a());
            case TEST -> test(self);
            case CANCEL -> cancel(self, workers.get(step.a()));
            case PUSH -> self.handlers.push(step);
            case POP -> pop(self, step.a() != 0);
            case EXIT, RETURN -> end(self);
            case CREATE -> create(step.a());
            case DELETE -> keys[step.a()] = Key.DELETED;
            case JOIN -> join(self, workers.get(step.a()));
            case DETACH -> workers.get(step.a()).detached = true;
            case GET, SET -> { }
        }
    }

    private void setState(Worker self, int state) {
        if (state == Pthread.CANCEL_ENABLE || state == Pthread.CANCEL_DISABLE) {
            self.state = state;
            actIfAsynchronous(self);
        }
    }

    private void setType(Worker self, int type) {
        if (type == Pthread.CANCEL_DEFERRED || type == Pthread.CANCEL_ASYNCHRONOUS) {
            self.type = type;
            actIfAsynchronous(self);
        }
    }

    private void actIfAsynchronous(Worker self) {
        if (self.isAsynchronous()) {
            test(self);
        }
    }

    private void test(Worker self) {
        if (self.isDue()) {
            end(self);
        }
    }

    private void cancel(Worker self, Worker other) {
        other.pending = true;
        if (other == self) {
            actIfAsynchronous(self);
        } else if (other.joins != null && other.isDue()) {
            settled.append(self.number);
            end(other);
        }
    }

    private void pop(Worker self, boolean execute) {
        Step handler = self.handlers.pop();
        if (execute) {
            switch (HandlerAction.values()[handler.b()]) {
                case TESTCANCEL -> test(self);
                case SET_STATE -> setState(self, handler.c());
                case CANCEL_SELF -> cancel(self, self);
                case JUST_RUN, SET_KEY -> { }
            }
        }
    }

    private void create(int made) {
        for (int key = 0; key < keys.length; key++) {
            if (keys[key] == Key.DELETED) {
                keys[key] = Key.DELETED_AND_ANOTHER_MADE;
            }
        }
        keys[made] = Key.LIVE;
    }

    private void join(Worker self, Worker other) {
        if (self.isDue()) {
            end(self);
        } else if (other == self || other.detached) {
            return; // an error, without a wait
        } else if (other.ended) {
            other.joined = true;
        } else {
            self.joins = other;
            settled.append(self.number).append('w');
        }
    }

    private void end(Worker ending) {
        ending.ended = true;
        ending.joins = null;
        settled.append(ending.number);
        Worker joiner = joiner(ending);
        if (joiner != null) {
            joiner.joins = null;
            ending.joined = true;
            settled.append(joiner.number);
        }
    }
}
