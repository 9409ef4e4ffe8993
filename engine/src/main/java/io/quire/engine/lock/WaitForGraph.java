package io.quire.engine.lock;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Who holds which lock now, and the walk from a waiting thread along "waits for", "held by" back to itself.
 *
 * <p>The walk takes no locks of the threads it visits, so one pass can put together a circle that never stood at any one
 * moment. Each wait and each acquisition is an object of its own, and a circle counts only when a second pass finds the
 * very same objects: then all of them stood at once, between the two passes.
 */
final class WaitForGraph {
    /** {@code thread} waits, and {@code blocking} is the acquisition that it waits for the end of. */
    record Step(ThreadLocks thread, ThreadLocks.Wait waiting, ThreadLocks.Held blocking) {
        boolean same(final Step other) {
            return waiting == other.waiting && blocking == other.blocking;
        }
    }

    private final ConcurrentHashMap<LockRef, ThreadLocks.Held> holders = new ConcurrentHashMap<>();

    ThreadLocks.Held holder(final LockRef ref) {
        return holders.get(ref);
    }

    void held(final ThreadLocks.Held held) {
        holders.put(held.ref(), held);
    }

    ThreadLocks.Held free(final LockRef ref) {
        return holders.remove(ref);
    }

    /** Forgets every lock of an owner that is going away. */
    void forget(final Object owner) {
        holders.values().removeIf(held -> {
            if (held.ref().owner != owner) {
                return false;
            }
            held.owner().remove(held.ref());
            return true;
        });
    }

    void clear() {
        holders.values().forEach(held -> held.owner().clear());
        holders.clear();
    }

    /** The circle that a waiting thread is part of, starting with it; empty when there is none. */
    List<Step> circle(final ThreadLocks from) {
        final List<Step> first = walk(from);
        if (first.isEmpty()) {
            return first;
        }
        final List<Step> second = walk(from);
        if (first.size() != second.size()) {
            return List.of();
        }
        for (int i = 0; i < first.size(); i++) {
            if (!first.get(i).same(second.get(i))) {
                return List.of();
            }
        }
        return second;
    }

    private List<Step> walk(final ThreadLocks from) {
        final List<Step> steps = new ArrayList<>();
        final Set<ThreadLocks> seen = new HashSet<>();
        ThreadLocks at = from;
        while (seen.add(at)) {
            final ThreadLocks.Wait wait = at.waiting;
            final ThreadLocks.Held blocking = wait == null ? null : holders.get(wait.ref());
            if (blocking == null) {
                return List.of();
            }
            steps.add(new Step(at, wait, blocking));
            at = blocking.owner();
        }
        // A circle further on that this thread only waits for is reported by a thread that is part of it.
        return at == from ? steps : List.of();
    }
}
