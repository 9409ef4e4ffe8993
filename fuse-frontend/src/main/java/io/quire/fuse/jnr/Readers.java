package io.quire.fuse.jnr;

import java.util.ArrayDeque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.LockSupport;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How many workers there are, and who of them waits for requests. Those that nobody needs rest: the kernel wakes its waiting
 * readers in turn, so with many of them every request meets another worker, whose buffers and stack have left the
 * processor's cache meanwhile.
 *
 * <p><b>Eager</b>, two wait, and whoever takes the last place wakes a resting worker or starts one: a worker that is busy keeps
 * nobody waiting (F14). <b>Sparing</b>, on a single processor, one waits and nobody is woken: requests that come while one is
 * served would have to wait for the processor anyway, and two workers that take turns cost a client half a switch more for each
 * request. What the processor is not needed for, waiting for the source, is seen by the {@link StallWatch}: a worker that is busy with the
 * same request at two looks and sleeps makes the readers eager, for as long as that happens and a little longer.
 *
 * <pre>
 *   started --&gt; waiting for a request --received--&gt; busy --(too many wait)--&gt; resting --(for long)--&gt; ended
 *                    ^--------------------------------'                         |
 *                    ^------------------called---------------------------------'
 *
 *   lock: resting, starting, wanted, refused, unwatched; members and ended, which are read without it
 *   atomic: waiting, which counts those that are called or started, too
 *   volatile: eager, ended, watch, sleeping; Member.turns has one writer
 *   hint: quiet, whose updates may get lost
 * </pre>
 *
 * <p>Thread-safe.
 */
final class Readers {
    private static final Logger LOG = LoggerFactory.getLogger(Readers.class);

    /** Waiting readers that are enough when eager: one is left when the other has a request, so that one client wakes nobody. */
    private static final int ENOUGH = 2;
    /** Requests in a row that must have left readers waiting before a worker rests: one that is woken soon again costs more. */
    private static final int PATIENCE = 1000;
    /** Waiting readers that are too many, whatever came before: what a slow source had started is not to stay. */
    static final int TOO_MANY = 8;
    /** Workers that stay however long they rest: two that wait, one that is called when these are busy. */
    static final int KEPT = 3;
    private static final long IDLE_SECONDS = 10;
    /** How long none is started after one could not be: trying costs a thousand times what a request does. */
    private static final long RETRY_MILLIS = 100;
    /** Failures that could not even be logged; for a debugger. */
    private static volatile int unreported;
    /** Looks without a worker that is stuck after which a single processor's readers are sparing again. */
    static final int HOLD = 20;

    /** Starts a worker, which calls {@link #join} first. */
    @FunctionalInterface
    interface Starter {
        /** Starts it. */
        void start();
    }

    /** A worker, as far as this is concerned. Its methods are called by {@link Readers} only. */
    final class Member {
        private final BooleanSupplier sleeps;
        private final Condition called = lock.newCondition();
        /** Odd while a request is served. Written by the worker. */
        private volatile long turns;
        /** What the last look saw. Confined to who looks. */
        private long seen;
        /** Looks in a row that saw the same. Confined to who looks. */
        private int looks;
        /** Guarded by the lock. */
        private boolean rests;

        private Member(final BooleanSupplier sleeps) {
            this.sleeps = sleeps;
        }

        private boolean busy() {
            return (turns & 1) != 0;
        }
    }

    private final int limit;
    private final Starter starter;
    private final int patience;
    private final long idleNanos;
    private final long retryNanos;
    private final ReentrantLock lock = new ReentrantLock();
    private final List<Member> members = new CopyOnWriteArrayList<>();
    /** Those that rest; the one that came last is called first, so that the others can end. */
    private final ArrayDeque<Member> resting = new ArrayDeque<>();
    private final AtomicInteger waiting = new AtomicInteger();
    /** Workers that are wanted or were started, and have not joined yet. Guarded by the lock. */
    private int starting;
    /** Workers that are wanted and were not started yet. Guarded by the lock. */
    private int wanted;
    /** Whether the last that was started was not. Guarded by the lock. */
    private boolean refused;
    /** When that was. Guarded by the lock. */
    private long refusedNanos;
    /** Whether the watch has ended. Guarded by the lock. */
    private boolean unwatched;
    private int quiet;
    private volatile boolean eager = true;
    private volatile boolean ended;
    /** The thread that looks and starts; null before it does. */
    private volatile Thread watch;
    /** Whether the watch sleeps, because nothing is served. */
    private volatile boolean sleeping;
    /** Looks for which the readers stay eager. Confined to who looks. */
    private int hold;

    /**
     * Without a worker yet.
     *
     * @param limit   how many workers there may be at most
     * @param starter starts one
     */
    Readers(final int limit, final Starter starter) {
        this(limit, starter, PATIENCE, TimeUnit.SECONDS.toNanos(IDLE_SECONDS), TimeUnit.MILLISECONDS.toNanos(RETRY_MILLIS));
    }

    /**
     * For tests.
     *
     * @param limit      how many workers there may be at most
     * @param starter    starts one
     * @param patience   see {@link #PATIENCE}
     * @param idleNanos  how long a worker rests before it ends
     * @param retryNanos how long none is started after one could not be
     */
    Readers(final int limit, final Starter starter, final int patience, final long idleNanos, final long retryNanos) {
        this.limit = limit;
        this.starter = starter;
        this.patience = patience;
        this.idleNanos = idleNanos;
        this.retryNanos = retryNanos;
    }

    /**
     * Calls a worker that rests, or has one started; nothing when there are as many as there may be, or the mount has ended.
     * The watch starts it: a thread shares the umask of the one that started it, and a worker has its own.
     */
    void more() {
        lock.lock();
        try {
            if (ended) {
                return;
            }
            final Member rested = resting.pollLast();
            if (rested != null) {
                call(rested);
                return;
            }
            if (members.size() + starting >= limit || unwatched || refused && System.nanoTime() - refusedNanos < retryNanos) {
                return;
            }
            starting++;
            wanted++;
            waiting.incrementAndGet();
        } finally {
            lock.unlock();
        }
        LockSupport.unpark(watch);
    }

    /** Starts the workers that are wanted. By the watch. */
    void startWanted() {
        while (takeWanted()) {
            try {
                starter.start();
            } catch (final Throwable e) {
                notStarted(e);
            }
        }
    }

    private boolean takeWanted() {
        lock.lock();
        try {
            if (wanted == 0 || ended) {
                return false;
            }
            wanted--;
            return true;
        } finally {
            lock.unlock();
        }
    }

    /** One that was wanted will not join: there are no more threads, or no memory for one. A look tries again after a while. */
    void notStarted(final Throwable cause) {
        final boolean first;
        lock.lock();
        try {
            starting--;
            waiting.decrementAndGet();
            first = !refused;
            refused = true;
            refusedNanos = System.nanoTime();
        } finally {
            lock.unlock();
        }
        if (first) {
            report(cause);
        }
    }

    private void report(final Throwable cause) {
        try {
            LOG.warn("no further worker can be started beside {}: {}", members.size(), cause.toString());
        } catch (final Throwable e) {
            // The watch has to go on, as a worker has to (F2).
            unreported++;
        }
    }

    /**
     * Counts a worker that begins among those that wait.
     *
     * @param sleeps whether the worker's thread sleeps; asked while it serves, by the watch
     */
    Member join(final BooleanSupplier sleeps) {
        lock.lock();
        try {
            final Member member = new Member(sleeps);
            members.add(member);
            starting--;
            refused = false;
            return member;
        } finally {
            lock.unlock();
        }
    }

    /**
     * A worker has served a request and waits again; it may rest before.
     *
     * @return false when it has rested for long and is to end
     */
    boolean waitAgain(final Member member) {
        member.turns++;
        final int others = waiting.get();
        if (eager ? others >= ENOUGH && quiet > patience || others >= TOO_MANY : others > 0) {
            quiet = 0;
            return rest(member);
        }
        waiting.incrementAndGet();
        return true;
    }

    /** A worker has received a request, or the news that the mount ends. */
    void received(final Member member) {
        member.turns++;
        if (waiting.decrementAndGet() > 0) {
            quiet++;
        } else {
            quiet = 0;
            if (eager) {
                more();
            }
        }
        if (sleeping) {
            sleeping = false;
            LockSupport.unpark(watch);
        }
    }

    private boolean rest(final Member member) {
        lock.lock();
        try {
            member.rests = true;
            resting.addLast(member);
            // Either this sees that nobody waits any more, or who took the last place sees that somebody rests.
            if (waiting.get() == 0 || ended) {
                resting.removeLast();
                call(member);
            }
            long left = idleNanos;
            while (member.rests && left > 0) {
                left = awaitCall(member, left);
            }
            if (member.rests && members.size() > KEPT) {
                resting.remove(member);
                members.remove(member);
                return false;
            }
            while (member.rests) {
                member.called.awaitUninterruptibly();
            }
            return true;
        } finally {
            lock.unlock();
        }
    }

    private static long awaitCall(final Member member, final long nanos) {
        try {
            return member.called.awaitNanos(nanos);
        } catch (final InterruptedException e) {
            // Operations are never told of interrupts (F8), and one that came late means nothing to who rests.
            return nanos;
        }
    }

    /** With the lock: from now on it counts as waiting. */
    private void call(final Member member) {
        member.rests = false;
        waiting.incrementAndGet();
        member.called.signal();
    }

    /**
     * Looks after the workers, once in a while. By one thread.
     *
     * @param alone whether there is one processor only
     * @return whether a request is being served
     */
    boolean look(final boolean alone) {
        boolean busy = false;
        boolean stuck = false;
        for (final Member member : members) {
            final long turns = member.turns;
            member.looks = turns == member.seen ? member.looks + 1 : 0;
            member.seen = turns;
            if ((turns & 1) != 0) {
                busy = true;
                stuck |= member.looks > 0 && asksAt(member.looks) && member.sleeps.getAsBoolean();
            }
        }
        if (stuck || !alone) {
            hold = HOLD;
        } else if (hold > 0) {
            hold--;
        }
        eager = hold > 0;
        // Who took the last place before has woken nobody. What took it since, has.
        if (eager && waiting.get() == 0) {
            more();
        }
        return busy;
    }

    /** Asking costs calls of the kernel, a look hardly anything: with a processor that others use, too, many a worker does not get on. */
    private static boolean asksAt(final int looks) {
        return Integer.bitCount(looks) == 1 || looks % (HOLD / 2) == 0;
    }

    /** The calling thread looks from now on. */
    void watched() {
        watch = Thread.currentThread();
    }

    /** Has the watch sleep until a request is received, unless one is being served. */
    void sleepUntilReceived() {
        sleeping = true;
        // Who received a request before is seen to be busy; who receives one after that sees that the watch sleeps.
        if (!ended && members.stream().noneMatch(Member::busy)) {
            LockSupport.park(this);
        }
        sleeping = false;
    }

    /** Nobody looks any more: the readers are eager from now on, and are those that there are. */
    void unwatched() {
        lock.lock();
        try {
            unwatched = true;
            waiting.addAndGet(-wanted);
            starting -= wanted;
            wanted = 0;
        } finally {
            lock.unlock();
        }
        eager = true;
        if (waiting.get() == 0) {
            more();
        }
    }

    /** Whether the mount has ended. */
    boolean ended() {
        return ended;
    }

    /** How many rest. */
    int resting() {
        lock.lock();
        try {
            return resting.size();
        } finally {
            lock.unlock();
        }
    }

    /** How many workers there are. */
    int workers() {
        return members.size();
    }

    /** The mount has ended: nobody rests any more, and nobody is started. */
    void end() {
        lock.lock();
        try {
            ended = true;
            resting.forEach(this::call);
            resting.clear();
        } finally {
            lock.unlock();
        }
        LockSupport.unpark(watch);
    }
}
