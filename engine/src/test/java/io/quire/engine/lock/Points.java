package io.quire.engine.lock;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Stops threads at {@link StopPoints}, and counts who comes by. One at a time in the virtual machine; a test that uses it ends
 * with {@link #close}, which lets everybody go and complains of stops that nobody came to: such a test has proved nothing.
 *
 * <pre>
 *  final Points.Stop inserted = points.stop(MyPoint.INSERTED, mappingId, 7);
 *  final Future&lt;?&gt; fault = start(() -&gt; ...);
 *  inserted.awaitArrival();
 *  ...                                 // the fault stands there
 *  inserted.open();
 * </pre>
 *
 * <p>Every wait, of the test for a thread and of a thread for the test, fails after two minutes instead of hanging: what a busy machine with one processor never takes.
 */
public final class Points implements AutoCloseable {
    /** Instead of a mapping or an index: whichever. */
    public static final long ANY = -1;

    /** The point of a stripe that is about to be passed. The number is the stripe. */
    public static final Enum<?> STRIPE_PASSING = FaultMutexTable.Point.PASSING;

    private static final long PATIENCE_SECONDS = 120;

    private final List<Watch> watches = new CopyOnWriteArrayList<>();
    private boolean listening;

    /** What is watched: a point, of any mapping or one, at any index or one, by any thread or one. */
    private abstract static class Watch {
        final Enum<?> point;
        final long mapping;
        final long index;
        volatile Thread only;

        Watch(final Enum<?> point, final long mapping, final long index) {
            this.point = point;
            this.mapping = mapping;
            this.index = index;
        }

        final boolean matches(final Enum<?> at, final long ofMapping, final long atIndex) {
            return at == point && (mapping < 0 || mapping == ofMapping) && (index < 0 || index == atIndex)
                && (only == null || only == Thread.currentThread());
        }

        abstract void passes();

        @Override
        public String toString() {
            return point + (mapping < 0 ? "" : " of mapping " + mapping) + (index < 0 ? "" : " at " + index)
                + (only == null ? "" : " by " + only.getName());
        }
    }

    /** Stops the next thread that comes by, or the next few, once each. */
    public static final class Stop extends Watch {
        private int wanted = 1;
        private int arrived;
        private int left;
        private boolean open;
        private boolean optional;
        private Thread last;

        private Stop(final Enum<?> point, final long mapping, final long index) {
            super(point, mapping, index);
        }

        /**
         * Only this thread. As the others of these, before the threads start.
         *
         * @param thread the thread
         * @return this
         */
        public Stop by(final Thread thread) {
            only = thread;
            return this;
        }

        /**
         * So many threads, each once; later ones pass.
         *
         * @param threads 1 or more
         * @return this
         */
        public synchronized Stop threads(final int threads) {
            wanted = threads;
            return this;
        }

        /**
         * The test does not mind when nobody comes.
         *
         * @return this
         */
        public synchronized Stop optional() {
            optional = true;
            return this;
        }

        /** Returns when every thread that is to be stopped here stands here. */
        public synchronized void awaitArrival() {
            final long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
            while (arrived < wanted) {
                try {
                    sleep(end, arrived + " of " + wanted + " threads came to " + this);
                } catch (final InterruptedException e) {
                    Thread.currentThread().interrupt();
                    throw new AssertionError("interrupted before anybody came to " + this, e);
                }
            }
        }

        /**
         * Whether a thread has come by.
         *
         * @return whether any did
         */
        public synchronized boolean hasArrival() {
            return arrived > 0;
        }

        /**
         * Who came last.
         *
         * @return the thread, null when none came
         */
        public synchronized Thread lastArrival() {
            return last;
        }

        /**
         * Whether nobody stands here any more. A thread that was let go still looks like one that waits until it wakes.
         *
         * @return whether everybody who came has left
         */
        public synchronized boolean isLeft() {
            return left == arrived;
        }

        /** Lets those who stand here go on, and everybody who comes later. */
        public synchronized void open() {
            open = true;
            notifyAll();
        }

        @Override
        synchronized void passes() {
            if (arrived == wanted || open) {
                return;
            }
            arrived++;
            last = Thread.currentThread();
            notifyAll();
            final long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
            // The status is the thread's own business: it must survive standing here.
            boolean interrupted = false;
            while (!open) {
                try {
                    sleep(end, "nobody let " + last.getName() + " go on from " + this);
                } catch (final InterruptedException e) {
                    interrupted = true;
                }
            }
            left++;
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        private void sleep(final long end, final String failure) throws InterruptedException {
            final long left = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
            if (left <= 0) {
                open();
                throw new AssertionError(failure);
            }
            wait(left);
        }

        private synchronized boolean isMissed() {
            return arrived == 0 && !optional;
        }

        private synchronized boolean isDone() {
            return open && !isMissed();
        }
    }

    /** Runs something in each thread that comes by. */
    private static final class Action extends Watch {
        private final Runnable action;

        private Action(final Enum<?> point, final Runnable action) {
            super(point, ANY, ANY);
            this.action = action;
        }

        @Override
        void passes() {
            action.run();
        }
    }

    /**
     * Stops the next thread that comes to a point. Those who come after it pass.
     *
     * @param point the point
     * @return where it stands
     */
    public Stop stop(final Enum<?> point) {
        return stop(point, ANY, ANY);
    }

    /**
     * Stops the next thread that comes to a point with an index.
     *
     * @param point the point
     * @param index page index, or what else the point says that its number is
     * @return where it stands
     */
    public Stop stop(final Enum<?> point, final long index) {
        return stop(point, ANY, index);
    }

    /**
     * Stops the next thread that comes to a point with a mapping and an index.
     *
     * @param point   the point
     * @param mapping mapping id, or {@link #ANY}
     * @param index   page index, or what else the point says that its number is, or {@link #ANY}
     * @return where it stands
     */
    public Stop stop(final Enum<?> point, final long mapping, final long index) {
        final Stop stop = new Stop(point, mapping, index);
        add(stop);
        return stop;
    }

    /**
     * Runs something at a point, in every thread that comes by: what another thread could have done at that moment. An action
     * must not come by its own point.
     *
     * @param point  the point
     * @param action what to do
     */
    public void run(final Enum<?> point, final Runnable action) {
        add(new Action(point, action));
    }

    /**
     * Counts how often threads come to a point.
     *
     * @param point the point
     * @return the count, which goes on
     */
    public AtomicLong count(final Enum<?> point) {
        final AtomicLong count = new AtomicLong();
        run(point, count::incrementAndGet);
        return count;
    }

    private synchronized void add(final Watch watch) {
        watches.removeIf(done -> done instanceof Stop stop && stop.isDone());
        watches.add(watch);
        if (!listening) {
            listening = true;
            StopPoints.listen(this::reached);
        }
    }

    private void reached(final Enum<?> point, final long mapping, final long index) {
        for (final Watch watch : watches) {
            if (watch.matches(point, mapping, index)) {
                watch.passes();
            }
        }
    }

    /** Lets everybody go, and listens no more. */
    public synchronized void letGo() {
        if (listening) {
            listening = false;
            StopPoints.listen(null);
        }
        for (final Watch watch : watches) {
            if (watch instanceof Stop stop) {
                stop.open();
            }
        }
    }

    /** Lets everybody go. Fails when a stop was never reached. */
    @Override
    public synchronized void close() {
        letGo();
        final StringBuilder missed = new StringBuilder();
        for (final Watch watch : watches) {
            if (watch instanceof Stop stop && stop.isMissed()) {
                missed.append(missed.isEmpty() ? "" : ", ").append(stop);
            }
        }
        watches.clear();
        if (!missed.isEmpty()) {
            throw new AssertionError("no thread came to " + missed);
        }
    }
}
