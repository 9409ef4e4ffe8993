package io.quire.engine.cache;

import java.util.ArrayList;
import java.util.List;

/** The {@link ThreadState}s of a cache: one per thread that uses it, taken over from threads that have ended. */
final class ThreadStates {
    private final PageCache.Resources resources;
    private final List<ThreadState> all = new ArrayList<>();
    private final ThreadLocal<ThreadState> current = new ThreadLocal<>();

    ThreadStates(final PageCache.Resources resources) {
        this.resources = resources;
    }

    ThreadState current() {
        final ThreadState state = current.get();
        return state != null ? state : register();
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
