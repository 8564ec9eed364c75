package dev.banos.libc.pthread;

import static org.assertj.core.api.Assertions.assertThat;

import dev.banos.bindings.generated.Linux;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.Size;

/** Any sequence of calls does what a model of three variables and a stack says. */
class CancellationPropertiesTest {
    enum Call {
        ENABLE, DISABLE, WRONG_STATE, DEFERRED, ASYNCHRONOUS, WRONG_TYPE,
        CANCEL_BY_ANOTHER, CANCEL_SELF, TESTCANCEL, SLEEP, PUSH, POP, POP_AND_RUN, EXIT
    }

    /** What POSIX says: fields are what was asked for, {@code ended} is the result once the thread has one. */
    private static final class Model {
        private int state = Pthread.CANCEL_ENABLE;
        private int type = Pthread.CANCEL_DEFERRED;
        private boolean pending;
        private final Deque<Long> handlers = new ArrayDeque<>();
        private final List<Long> ran = new ArrayList<>();
        private Long ended;

        private void cancellationPoint() {
            if (pending && state == Pthread.CANCEL_ENABLE) {
                end(Pthread.CANCELED);
            }
        }

        private void asynchronousPoint() {
            if (type == Pthread.CANCEL_ASYNCHRONOUS) {
                cancellationPoint();
            }
        }

        private void end(long result) {
            ended = result;
            ran.addAll(handlers);
            handlers.clear();
        }
    }

    private Model model;
    private final List<Long> ran = new ArrayList<>();
    private long pushed;

    @Property
    void everySequenceOfCallsFollowsTheModel(@ForAll @Size(max = 30) List<Call> calls) {
        model = new Model();
        ran.clear();
        long result = Pthread.call(argument -> {
            for (Call call : calls) {
                perform(call);
                assertThat(model.ended).describedAs("still runs after %s", call).isNull();
            }
            model.end(argument);
            return argument;
        }, 77);

        assertThat(result).isEqualTo(model.ended);
        assertThat(ran).isEqualTo(model.ran);
    }

    /** The model moves first, because the call may not return. */
    private void perform(Call call) {
        switch (call) {
            case ENABLE -> setState(Pthread.CANCEL_ENABLE);
            case DISABLE -> setState(Pthread.CANCEL_DISABLE);
            case WRONG_STATE -> assertThat(Pthread.setcancelstate(2)).isEqualTo(-Linux.EINVAL());
            case DEFERRED -> setType(Pthread.CANCEL_DEFERRED);
            case ASYNCHRONOUS -> setType(Pthread.CANCEL_ASYNCHRONOUS);
            case WRONG_TYPE -> assertThat(Pthread.setcanceltype(-1)).isEqualTo(-Linux.EINVAL());
            case CANCEL_BY_ANOTHER -> cancelByAnother();
            case CANCEL_SELF -> cancelSelf();
            case TESTCANCEL -> testcancel();
            case SLEEP -> sleep();
            case PUSH -> push();
            case POP -> pop(false);
            case POP_AND_RUN -> pop(true);
            case EXIT -> exit();
            default -> throw new AssertionError(call);
        }
    }

    private void setState(int state) {
        int old = model.state;
        model.state = state;
        model.asynchronousPoint();
        assertThat(Pthread.setcancelstate(state)).isEqualTo(old);
    }

    private void setType(int type) {
        int old = model.type;
        model.type = type;
        model.asynchronousPoint();
        assertThat(Pthread.setcanceltype(type)).isEqualTo(old);
    }

    private void cancelByAnother() {
        model.pending = true;
        Thread self = Thread.currentThread();
        CompletableFuture.runAsync(() -> assertThat(Pthread.cancel(self)).isZero()).join();
    }

    private void cancelSelf() {
        model.pending = true;
        model.asynchronousPoint();
        assertThat(Pthread.cancel(Thread.currentThread())).isZero();
    }

    private void testcancel() {
        model.cancellationPoint();
        Pthread.testcancel();
    }

    private void sleep() {
        model.cancellationPoint();
        assertThat(BlockingCalls.nanosleep(0)).isZero();
    }

    private void push() {
        long argument = ++pushed;
        model.handlers.push(argument);
        CleanUp _ = Pthread.cleanupPush(ran::add, argument);
    }

    private void pop(boolean run) {
        if (!model.handlers.isEmpty()) {
            long top = model.handlers.pop();
            if (run) {
                model.ran.add(top);
            }
            Pthread.cleanupPop(run);
        }
    }

    private void exit() {
        model.end(5);
        Pthread.exit(5);
    }
}
