package io.quire.engine.cache;

import java.util.ArrayList;
import java.util.List;

/** The {@link ThreadState}s of a cache: one per thread that uses it, taken over from threads that have ended. */
final class ThreadStates {
    private static final int RECENT = 256;

    private final OffHeapResources resources;
    private final List<ThreadState> all = new ArrayList<>();
    private final ThreadLocal<ThreadState> current = new ThreadLocal<>();
    // Hints, by the low bits of the thread's number; written and read plainly. A thread local costs twice the instructions.
    private final ThreadState[] recent = new ThreadState[RECENT];

    ThreadStates(final OffHeapResources resources) {
        this.resources = resources;
    }

    ThreadState current() {
        final long id = Thread.currentThread().threadId();
        final ThreadState state = recent[(int) id & RECENT - 1];
        return state != null && state.isOwnedBy(id) ? state : find(id);
    }

    private ThreadState find(final long id) {
        final ThreadState known = current.get();
        final ThreadState state = known != null ? known : register();
        recent[(int) id & RECENT - 1] = state;
        return state;
    }

    private ThreadState register() {
        ThreadState state = null;
        synchronized (all) {
            for (final ThreadState candidate : all) {
                if (candidate.ownerIsGone()) {
                    state = candidate;
                    state.adopt();
                    break;
                }
            }
            if (state == null) {
                state = new ThreadState(resources);
                all.add(state);
            }
        }
        current.set(state);
        return state;
    }

    long sum(final CacheCounter counter) {
        long sum = 0;
        synchronized (all) {
            for (final ThreadState state : all) {
                sum += state.value(counter);
            }
        }
        return sum;
    }
}
