package io.quire.engine.lock;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The run-time validator of the lock order: the engine's lockdep.
 *
 * <p><b>What it finds.</b> Before a thread may sleep for a lock: that it holds the lock itself; that it holds a lock of the
 * same group with the same or a higher place (page locks of a mapping are taken in ascending index); that the new edge
 * "held, then wanted" closes a circle with the declared order ({@link LockClass}) or with edges that any thread has made
 * before, so that an inversion is found the first time both orders have run, without a deadlock having to happen. While
 * threads sleep: that they wait for each other. Sleepers themselves look, every 200 milliseconds; there is no hidden
 * thread. On unlock: that this thread does not hold the lock.
 *
 * <p><b>What it does.</b> Each finding is one text in lockdep's layout, naming each lock, who holds it and where it was
 * taken. It is stored ({@link #reports}), logged at level ERROR, and thrown as {@link LockOrderViolation} in the thread
 * that caused it; that thread does not get the lock.
 *
 * <p><b>Cost.</b> Off unless the system property {@code quire.lock.order} is true when this class is loaded. Every hook is
 * behind {@link #ENABLED}, a constant, so that the compiler removes it: a page lock in production costs its atomic
 * operations and nothing else. On, each acquisition walks a few stack frames.
 *
 * <p>A lock that was taken by trying makes no edge when taken, as it could not wait; it is on the stack of held locks
 * and makes edges to what is waited for later.
 *
 * <p>Thread-safe. Source: Linux {@code kernel/locking/lockdep.c} as described in
 * {@code Documentation/locking/lockdep-design.rst}.
 */
public final class LockOrder {
    /** Whether the validator is on, by the system property {@code quire.lock.order}. */
    public static final boolean ENABLED = Boolean.getBoolean("quire.lock.order");

    /** How long a sleeper sleeps between two looks for a circle, in milliseconds. */
    static final long CHECK_MILLIS = 200;

    private static final int MAX_REPORTS = 256;
    private static final int MAX_CHAINS = 1 << 16;
    private static final System.Logger LOGGER = System.getLogger(LockOrder.class.getName());
    private static final AtomicLong GROUPS = new AtomicLong();
    private static final ThreadLocal<ThreadLocks> THREAD = ThreadLocal.withInitial(ThreadLocks::new);
    private static final WaitForGraph WAITS = new WaitForGraph();
    private static final Set<Long> CHAINS = ConcurrentHashMap.newKeySet();
    private static final Object GUARD = new Object();

    /** Guarded by GUARD. */
    private static LockGraph graph = new LockGraph();
    /** Guarded by GUARD. */
    private static final List<String> REPORTS = new ArrayList<>();
    private static final AtomicLong REPORTED = new AtomicLong();

    private LockOrder() {
    }

    /**
     * The reports so far, oldest first. The first 256 are kept; later ones are logged, thrown and counted
     * ({@link #reportCount}) all the same, so that a hazard that is produced thousands of times is reported each time.
     *
     * @return a copy, empty when nothing was found or the validator is off
     */
    public static List<String> reports() {
        synchronized (GUARD) {
            return List.copyOf(REPORTS);
        }
    }

    /**
     * How many reports were made since the start, kept or not.
     *
     * @return 0 or more; never falls
     */
    public static long reportCount() {
        return REPORTED.get();
    }

    /** Forgets reports, learnt edges and who holds what. For tests, while no lock is held. */
    public static void resetForTest() {
        synchronized (GUARD) {
            REPORTS.clear();
            graph = new LockGraph();
            CHAINS.clear();
            WAITS.clear();
            THREAD.get().clear();
        }
    }

    /**
     * What this thread holds, outermost first, each with where it was taken.
     *
     * @return one text per lock, empty when nothing is held or the validator is off
     */
    public static List<String> heldByCurrentThread() {
        return ENABLED ? THREAD.get().held().stream().map(ThreadLocks.Held::toString).toList() : List.of();
    }

    /**
     * States that this thread holds no lock at all, as at the end of a request.
     *
     * @param action what is about to happen, for the report
     * @throws LockOrderViolation when the validator is on and a lock is held
     */
    public static void assertNoneHeld(final String action) {
        if (ENABLED) {
            final ThreadLocks me = THREAD.get();
            if (!me.held().isEmpty()) {
                throw report(LockReport.holding(me, action, CallSite.backtrace()));
            }
        }
    }

    /**
     * States that this thread holds no page lock, as before a copy from a source that may itself fault on a page (Linux:
     * {@code might_fault}).
     *
     * @param action what is about to happen, for the report
     * @throws LockOrderViolation when the validator is on and a page lock is held
     */
    public static void assertNoPageHeld(final String action) {
        if (ENABLED) {
            final ThreadLocks me = THREAD.get();
            for (final ThreadLocks.Held held : me.held()) {
                if (held.ref().lockClass == LockClass.PAGE) {
                    throw report(LockReport.holding(me, action, CallSite.backtrace()));
                }
            }
        }
    }

    /** A number for a lock or a family of locks that has none of its own; negative, so that it is never a mapping's. */
    static long nextGroup() {
        return GROUPS.decrementAndGet();
    }

    /** Before a thread may sleep for a lock, whether or not it then has to. */
    static void acquiring(final LockRef wanted) {
        final ThreadLocks me = THREAD.get();
        final List<ThreadLocks.Held> held = me.held();
        if (held.isEmpty()) {
            return;
        }
        long chain = mix(wanted.lockClass.ordinal(), wanted.group);
        for (final ThreadLocks.Held one : held) {
            final LockRef ref = one.ref();
            if (ref.equals(wanted)) {
                throw report(LockReport.recursion(me, wanted, one, CallSite.backtrace()));
            }
            if (ref.lockClass == wanted.lockClass && ref.group == wanted.group && ref.group != LockRef.NO_GROUP
                && ref.order >= wanted.order) {
                throw report(LockReport.descending(me, wanted, one, CallSite.backtrace()));
            }
            chain = mix(chain ^ ref.lockClass.ordinal(), ref.group);
        }
        if (!CHAINS.contains(chain)) {
            learn(me, held, wanted);
            if (CHAINS.size() >= MAX_CHAINS) {
                CHAINS.clear();
            }
            CHAINS.add(chain);
        }
    }

    /** A lock was taken; {@code tried} when its taker could not have slept. */
    static void acquired(final LockRef ref, final boolean tried) {
        final ThreadLocks me = THREAD.get();
        final ThreadLocks.Held held = new ThreadLocks.Held(ref, tried, me, CallSite.here(), System.nanoTime());
        me.push(held);
        WAITS.held(held);
    }

    /** A lock passes to this thread, from whoever held it. */
    static void adopted(final LockRef ref) {
        final ThreadLocks.Held before = WAITS.free(ref);
        if (before != null) {
            before.owner().remove(ref);
        }
        acquired(ref, true);
    }

    /** A lock is about to be given back. */
    static void released(final LockRef ref) {
        final ThreadLocks me = THREAD.get();
        final ThreadLocks.Held mine = me.remove(ref);
        if (mine == null) {
            throw report(LockReport.balance(me, ref, WAITS.holder(ref), CallSite.backtrace()));
        }
        WAITS.free(ref);
    }

    /** An owner of locks goes away with all of them. */
    static void forget(final Object owner) {
        WAITS.forget(owner);
    }

    /** Who holds a lock, or null. For tests that construct a state. */
    static ThreadLocks.Held holderForTest(final LockRef ref) {
        return WAITS.holder(ref);
    }

    static void startWait(final LockRef ref) {
        THREAD.get().waiting = new ThreadLocks.Wait(ref, CallSite.here(), System.nanoTime());
    }

    static void endWait() {
        THREAD.get().waiting = null;
    }

    /** Called by a sleeper now and then: throws when it is part of a circle of waiting threads. */
    static void checkDeadlock() {
        final LockOrderViolation deadlock = findDeadlock();
        if (deadlock != null) {
            throw deadlock;
        }
    }

    /** As {@link #checkDeadlock}, for a sleeper that must leave a queue before it may throw: null when all is well. */
    static LockOrderViolation findDeadlock() {
        final ThreadLocks me = THREAD.get();
        final List<WaitForGraph.Step> circle;
        synchronized (GUARD) {
            circle = WAITS.circle(me);
            if (circle.isEmpty()) {
                return null;
            }
            // This thread is about to leave the circle, so that no other member reports the same one.
            me.waiting = null;
        }
        return report(LockReport.deadlock(circle));
    }

    private static void learn(final ThreadLocks me, final List<ThreadLocks.Held> held, final LockRef wanted) {
        synchronized (GUARD) {
            for (final ThreadLocks.Held one : held.reversed()) {
                final boolean sameClass = one.ref().lockClass == wanted.lockClass;
                if (sameClass && (one.ref().group == wanted.group || one.ref().group == LockRef.NO_GROUP
                    || wanted.group == LockRef.NO_GROUP)) {
                    continue;
                }
                final LockGraph.Node from = sameClass ? LockGraph.Node.of(one.ref())
                    : LockGraph.Node.of(one.ref().lockClass);
                final LockGraph.Node to = sameClass ? LockGraph.Node.of(wanted) : LockGraph.Node.of(wanted.lockClass);
                if (graph.knows(from, to)) {
                    continue;
                }
                final List<LockGraph.Edge> path = graph.path(to, from);
                if (!path.isEmpty()) {
                    throw report(LockReport.inversion(me, wanted, one, CallSite.backtrace(), path));
                }
                if (graph.add(new LockGraph.Edge(from, to, one, wanted, CallSite.here(), me.toString()))) {
                    CHAINS.clear();
                }
            }
        }
    }

    private static LockOrderViolation report(final String text) {
        REPORTED.incrementAndGet();
        synchronized (GUARD) {
            if (REPORTS.size() < MAX_REPORTS) {
                REPORTS.add(text);
            }
        }
        LOGGER.log(System.Logger.Level.ERROR, text);
        return new LockOrderViolation(text);
    }

    private static long mix(final long chain, final long value) {
        final long mixed = (chain + 0x9E3779B97F4A7C15L) * 0xBF58476D1CE4E5B9L ^ value;
        return (mixed ^ mixed >>> 31) * 0x94D049BB133111EBL;
    }
}
