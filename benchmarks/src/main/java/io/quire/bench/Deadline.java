package io.quire.bench;

import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * When a run has to come to its end, however busy the machine is: after a while nothing is begun any more, and a little later what still measures is
 * ended, so that there is time for the tables. Thread-safe.
 */
final class Deadline {
    private static final long AGAIN_MILLIS = 1000;
    private static final long END_MILLIS = 3000;

    private final long lastBeginning;
    private final long end;

    /**
     * @param lastBeginning after this nothing is begun, as {@link System#currentTimeMillis} counts
     * @param end           at this what measures is ended
     */
    Deadline(final long lastBeginning, final long end) {
        this.lastBeginning = lastBeginning;
        this.end = end;
    }

    static Deadline never() {
        return new Deadline(Long.MAX_VALUE, Long.MAX_VALUE);
    }

    /** From now on the children of this JVM are ended in time. */
    void enforce() {
        if (end != Long.MAX_VALUE) {
            Thread.ofPlatform().daemon().name("quire-deadline").start(() -> {
                while (true) {
                    final long left = end - System.currentTimeMillis();
                    if (left <= 0) {
                        endChildren();
                    }
                    LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(Math.max(left, AGAIN_MILLIS)));
                }
            });
        }
    }

    /** Whether it is too late to begin what takes so long. */
    boolean isTooLateFor(final long millis) {
        return System.currentTimeMillis() > lastBeginning - millis;
    }

    /** Whether what measured was ended. */
    boolean isOver() {
        return System.currentTimeMillis() >= end;
    }

    long lastBeginning() {
        return lastBeginning;
    }

    /** JVMs that measure end with this one; they remove their files on a signal. */
    static void endChildren() {
        final List<ProcessHandle> children = ProcessHandle.current().descendants().toList();
        children.forEach(ProcessHandle::destroy);
        final long end = System.currentTimeMillis() + END_MILLIS;
        for (final ProcessHandle child : children) {
            while (child.isAlive() && System.currentTimeMillis() < end) {
                LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(10));
            }
            child.destroyForcibly();
        }
    }
}
