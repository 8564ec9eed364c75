package dev.banos.libc.pthread;

import static java.lang.foreign.ValueLayout.JAVA_LONG;

import dev.banos.libc.pthread.PthreadProgram.DestructorAction;
import dev.banos.libc.pthread.PthreadProgram.HandlerAction;
import dev.banos.libc.pthread.PthreadProgram.Step;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/** One run of a program on our threads: pthread_oracle.c in Java, line by line the same trace. */
final class PthreadRun {
    /** Counts how often it looks, not the time: a process that is stopped for a while shall not take its threads for stuck. */
    private static final int LOOKS = 100_000;
    private static final long A_LITTLE_NANOS = 50_000;

    /** How a thread is made, and how a handler is popped: by itself, or by the block in which it was pushed. */
    enum Way {
        PLATFORM(false, false), PLATFORM_SCOPED(false, true), VIRTUAL(true, false), VIRTUAL_SCOPED(true, true);

        private final boolean isVirtual;
        private final boolean isScoped;

        Way(boolean isVirtual, boolean isScoped) {
            this.isVirtual = isVirtual;
            this.isScoped = isScoped;
        }
    }

    private final PthreadProgram program;
    private final Way way;
    private final List<Worker> workers = new ArrayList<>();
    private final int[] names = new int[PthreadProgram.KEYS];
    private final boolean[] lives = new boolean[PthreadProgram.KEYS];
    private final StringBuilder trace = new StringBuilder();

    private PthreadRun(PthreadProgram program, Way way) {
        this.program = program;
        this.way = way;
    }

    /** @return the trace; a thread that neither answers nor ends is "stuck" in its last line */
    static List<String> trace(PthreadProgram program, Way way) throws InterruptedException {
        PthreadRun run = new PthreadRun(program, way);
        run.runAll();
        return run.trace.toString().lines().toList();
    }

    private void runAll() throws InterruptedException {
        for (int i = 0; i < program.threads(); i++) {
            Worker worker = new Worker(i);
            workers.add(worker);
            worker.name = way.isVirtual ? Pthread.createVirtual(worker::begin, 0) : Pthread.create(worker::begin, 0);
            worker.settle(false);
        }
        for (int i = 0; i < program.steps().size(); i++) {
            Step step = program.steps().get(i);
            workers.get(step.thread()).take(step);
            if (!settleAll(program.settled().get(i))) {
                return;
            }
        }
        program.leftToJoin().forEach(thread -> trace.append("join ").append(thread).append(join(workers.get(thread))));
        for (int key = 0; key < PthreadProgram.KEYS; key++) {
            if (lives[key]) {
                ThreadKeys.delete(names[key]);
            }
        }
    }

    private boolean settleAll(String settling) throws InterruptedException {
        for (int i = 0; i < settling.length(); i++) {
            if (settling.charAt(i) != 'w') {
                boolean mayWait = i + 1 < settling.length() && settling.charAt(i + 1) == 'w';
                if (!workers.get(settling.charAt(i) - '0').settle(mayWait)) {
                    return false;
                }
            }
        }
        return true;
    }

    private static String join(Worker other) {
        try (Arena scope = Arena.ofConfined()) {
            MemorySegment result = scope.allocate(JAVA_LONG);
            return " = " + Pthread.join(other.name, result) + ", result " + result.get(JAVA_LONG, 0) + "\n";
        }
    }

    private final class Worker {
        private final int number;
        private final Semaphore turn = new Semaphore(0);
        private final Semaphore reports = new Semaphore(0);
        private final StringBuilder written = new StringBuilder();
        private volatile long name;
        private volatile Thread thread;
        private volatile boolean joining;
        private volatile Step step;

        Worker(int number) {
            this.number = number;
        }

        // The main thread's side.

        void take(Step next) {
            step = next;
            turn.release();
        }

        /** @return whether the thread came to rest */
        boolean settle(boolean mayWait) throws InterruptedException {
            String how = rest(mayWait);
            synchronized (written) {
                trace.append(written);
                written.setLength(0);
            }
            trace.append(how.isEmpty() ? "" : number + " " + how + "\n");
            return !how.equals("is stuck");
        }

        private String rest(boolean mayWait) throws InterruptedException {
            for (int looks = 0; !reports.tryAcquire(A_LITTLE_NANOS, TimeUnit.NANOSECONDS); looks++) {
                Thread known = thread;
                if (known != null && !known.isAlive()) {
                    return "ended";
                }
                if (mayWait && joining && thread.getState() == Thread.State.WAITING) {
                    return "waits";
                }
                if (looks == LOOKS) {
                    return "is stuck";
                }
            }
            return "";
        }

        // The thread's own.

        private long begin(long argument) {
            thread = Thread.currentThread();
            live();
            return step.a();
        }

        /** Returns at a return; with scoped handlers also at a pop. */
        private void live() {
            while (true) {
                reports.release();
                turn.acquireUninterruptibly();
                switch (step.call()) {
                    case STATE -> answer(Pthread.setcancelstate(step.a()));
                    case TYPE -> answer(Pthread.setcanceltype(step.a()));
                    case TEST -> {
                        Pthread.testcancel();
                        answer(0);
                    }
                    case CANCEL -> answer(Pthread.cancel(workers.get(step.a()).name));
                    case DETACH -> answer(Pthread.detach(workers.get(step.a()).name));
                    case JOIN -> joinOther();
                    case CREATE -> answer(createKey(step.a(), DestructorAction.values()[step.b()]));
                    case DELETE -> answer(deleteKey(step.a()));
                    case GET -> answer(ThreadKeys.get(names[step.a()]));
                    case SET -> answer(ThreadKeys.set(names[step.a()], step.b()));
                    case EXIT -> throw Pthread.exit(step.a());
                    case PUSH -> push(step);
                    case POP -> {
                        if (way.isScoped) {
                            return;
                        }
                        Pthread.cleanupPop(step.a() != 0);
                        answer(0);
                    }
                    case RETURN -> {
                        return;
                    }
                }
            }
        }

        private void push(Step pushed) {
            Pthread.Handler handler = argument -> cleanUp(argument, HandlerAction.values()[pushed.b()], pushed.c());
            if (!way.isScoped) {
                Pthread.cleanupPush(handler, pushed.a());
                answer(0);
                return;
            }
            try (CleanUp _ = Pthread.cleanupPush(handler, pushed.a())) {
                answer(0);
                live();
                if (step.a() != 0) {
                    Pthread.cleanupPop(true);
                }
            }
            answer(0);
        }

        private void cleanUp(long handler, HandlerAction action, int argument) {
            say("  handler " + handler);
            switch (action) {
                case JUST_RUN -> { }
                case SET_KEY -> {
                    if (lives[argument]) {
                        say("  set = " + ThreadKeys.set(names[argument], handler));
                    }
                }
                case TESTCANCEL -> {
                    Pthread.testcancel();
                    say("  tested");
                }
                case SET_STATE -> say("  state = " + Pthread.setcancelstate(argument));
                case CANCEL_SELF -> say("  cancel = " + Pthread.cancel(Pthread.self()));
            }
        }

        private void joinOther() {
            joining = true;
            String result = join(workers.get(step.a()));
            joining = false;
            say(step + result.stripTrailing());
        }

        private void answer(long result) {
            say(step + " = " + result);
        }

        private void say(String line) {
            synchronized (written) {
                written.append(line).append('\n');
            }
        }
    }

    private int createKey(int key, DestructorAction action) {
        int name = ThreadKeys.create(action == DestructorAction.NO_DESTRUCTOR ? null : value -> destroy(key, action, value));
        names[key] = name;
        lives[key] = name >= 0;
        return Math.min(name, 0);
    }

    private int deleteKey(int key) {
        lives[key] = false;
        return ThreadKeys.delete(names[key]);
    }

    private void destroy(int key, DestructorAction action, long value) {
        Worker self = workers.stream().filter(worker -> worker.thread == Thread.currentThread()).findFirst().orElseThrow();
        int next = (key + 1) % PthreadProgram.KEYS;
        self.say("  destructor " + key + " " + value + ", now " + ThreadKeys.get(names[key]));
        if (action == DestructorAction.SET_AGAIN && value > 1) {
            self.say("  again = " + ThreadKeys.set(names[key], value - 1));
        }
        if (action == DestructorAction.SET_NEXT_KEY && lives[next]) {
            self.say("  next = " + ThreadKeys.set(names[next], value));
        }
    }
}
