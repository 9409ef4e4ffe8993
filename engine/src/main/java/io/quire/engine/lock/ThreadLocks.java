package io.quire.engine.lock;

import java.util.ArrayList;
import java.util.List;

/**
 * What the validator knows of one thread: the locks it holds, in the order of taking, and the lock it waits for.
 *
 * <p>Changed by its thread; a page lock can be adopted by another thread, so the methods are synchronized. {@code waiting}
 * is read by other threads that look for a circle.
 */
final class ThreadLocks {
    /** One acquisition. Compared by identity: taking the lock again makes another one. {@code since} is of the nano clock. */
    record Held(LockRef ref, boolean tried, ThreadLocks owner, List<StackWalker.StackFrame> where, long since) {
        @Override
        public String toString() {
            return ref + (tried ? ", by trylock" : "") + ", at: " + CallSite.first(where);
        }
    }

    /** One wait. Compared by identity, for the same reason. {@code since} is of the nano clock. */
    record Wait(LockRef ref, List<StackWalker.StackFrame> where, long since) {
    }

    final Thread thread = Thread.currentThread();
    volatile Wait waiting;
    private final List<Held> held = new ArrayList<>();

    synchronized void push(final Held acquisition) {
        held.add(acquisition);
    }

    synchronized Held remove(final LockRef ref) {
        for (int i = held.size() - 1; i >= 0; i--) {
            if (held.get(i).ref().equals(ref)) {
                return held.remove(i);
            }
        }
        return null;
    }

    synchronized List<Held> held() {
        return List.copyOf(held);
    }

    synchronized void clear() {
        held.clear();
    }

    @Override
    public String toString() {
        return thread.getName() + "/" + thread.threadId();
    }
}
