package io.quire.engine.store;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/**
 * A store for tests that does mischief to the calls of another store: fails them, lets transfers be short, and stops
 * them at points where a test can do something else first.
 *
 * <p><b>What happens to a call</b>, in this order (invariants S30 to S35 of native-notes/store.md):
 * <ol>
 * <li>It is counted: number 1, 2, ... among the calls of its kind, in the whole store and on its file.</li>
 * <li>Its fault is decided: an error left over from a transfer on this file that was cut off, otherwise what was
 *     scripted for that number, otherwise what the plan says.</li>
 * <li>The hook runs with {@link Moment#BEFORE}, and, when the fault is a delay, the delay hook. No lock is held.</li>
 * <li>The call fails, or is passed on, perhaps with a shorter vector.</li>
 * <li>The hook runs with {@link Moment#AFTER}, whether the call succeeded or not (but not when a hook stopped it in
 * step 3).</li>
 * </ol>
 * Scripted faults come on top of a plan:
 * {@snippet :
 * FaultyStore store = new FaultyStore(new MemoryStore());
 * store.on(StoreOperation.WRITE, 3, Fault.errorAfter(5000, Errno.ENOSPC));  // the third write, after 5000 bytes
 * store.onNext(StoreOperation.READ, Fault.shorten(100));                    // whichever read comes next
 * store.from(StoreOperation.SYNC, 1, Fault.error(Errno.EIO));               // a broken device
 * }
 * A call that fails had no effect, as the contract of {@link StoreFile} has it. {@code close} is passed on even when its
 * fault is an error, so that nothing leaks.
 *
 * <p>Nothing here sleeps: a hook may wait for what it likes. Thread-safe. The last {@value #HISTORY} calls are kept
 * and printed with the plan by {@link #toString}.
 */
public final class FaultyStore implements Store {
    /** How many calls are remembered. */
    public static final int HISTORY = 256;

    private final Store inner;
    private final Object lock = new Object();
    private final Counts counts = new Counts();
    private final Map<String, Counts> countsByFile = new HashMap<>();
    private final List<Script> scripts = new ArrayList<>();
    private final Deque<Call> history = new ArrayDeque<>();
    private final Map<Pending, Integer> pending = new HashMap<>();
    private FaultPlan plan;
    private long faults;
    private volatile Hook hook = (moment, call) -> { };
    private volatile Hook delay = (moment, call) -> Thread.yield();

    /** When a hook runs. */
    public enum Moment {
        /** The call was counted and its fault decided; the store below has not been asked. */
        BEFORE,
        /** The store below has answered, or the call has failed; the caller does not know yet. */
        AFTER
    }

    /** Something that a test does in the middle of a call, on the thread that makes it. */
    @FunctionalInterface
    public interface Hook {
        /**
         * Runs. May block until the test says so.
         *
         * @param moment where in the call
         * @param call   which call
         * @throws StoreException to let the call fail with it; AFTER, its effect is there nevertheless
         */
        void at(Moment moment, Call call) throws StoreException;
    }

    /**
     * A call, as hooks and {@link #history} see it.
     *
     * @param operation  its kind
     * @param file       name of the file
     * @param number     number among the calls of its kind in the whole store, from 1
     * @param fileNumber the same on its file
     * @param offset     first byte, or the new size for a truncation, 0 when there is none
     * @param length     bytes asked for, 0 when there are none
     * @param fault      what is done to it
     */
    public record Call(StoreOperation operation, String file, long number, long fileNumber, long offset, long length,
                       Fault fault) {
        @Override
        public String toString() {
            return operation + " " + number + " ('" + file + "' " + fileNumber + ") at " + offset + " + " + length
                + (fault.equals(Fault.NONE) ? "" : ": " + fault);
        }
    }

    /**
     * Wraps a store; nothing goes wrong until it is scripted.
     *
     * @param inner where the calls go; closed with this
     */
    public FaultyStore(final Store inner) {
        this(inner, FaultPlan.none());
    }

    /**
     * Wraps a store.
     *
     * @param inner where the calls go; closed with this
     * @param plan  what goes wrong
     */
    public FaultyStore(final Store inner, final FaultPlan plan) {
        this.inner = Objects.requireNonNull(inner);
        this.plan = Objects.requireNonNull(plan);
    }

    /**
     * Changes the plan for the calls that follow. The numbers go on; scripted faults stay.
     *
     * @param newPlan what goes wrong from now on
     */
    public void plan(final FaultPlan newPlan) {
        synchronized (lock) {
            plan = Objects.requireNonNull(newPlan);
        }
    }

    /**
     * Scripts one call of the whole store.
     *
     * @param operation its kind
     * @param number    its number among the calls of that kind, from 1, not yet reached
     * @param fault     what happens to it
     */
    public void on(final StoreOperation operation, final long number, final Fault fault) {
        synchronized (lock) {
            script(null, operation, number, number, counts.of(operation), fault);
        }
    }

    /**
     * Scripts one call on one file.
     *
     * @param file      name of the file
     * @param operation its kind
     * @param number    its number among the calls of that kind on that file, from 1, not yet reached
     * @param fault     what happens to it
     */
    public void on(final String file, final StoreOperation operation, final long number, final Fault fault) {
        synchronized (lock) {
            script(Objects.requireNonNull(file), operation, number, number, countsOf(file).of(operation), fault);
        }
    }

    /**
     * Scripts the next call of a kind.
     *
     * @param operation its kind
     * @param fault     what happens to it
     */
    public void onNext(final StoreOperation operation, final Fault fault) {
        synchronized (lock) {
            final long next = counts.of(operation) + 1;
            script(null, operation, next, next, next - 1, fault);
        }
    }

    /**
     * Scripts a call and all that follow it.
     *
     * @param operation their kind
     * @param number    number of the first among the calls of that kind, from 1; may be reached already
     * @param fault     what happens to them
     */
    public void from(final StoreOperation operation, final long number, final Fault fault) {
        synchronized (lock) {
            script(null, operation, number, Long.MAX_VALUE, 0, fault);
        }
    }

    /** Forgets plan, script and errors left over: nothing goes wrong any more. Counts, history and hooks stay. */
    public void heal() {
        synchronized (lock) {
            plan = FaultPlan.none();
            scripts.clear();
            pending.clear();
        }
    }

    /**
     * Sets what runs before and after every call.
     *
     * @param newHook the hook; it replaces the one before
     */
    public void hook(final Hook newHook) {
        hook = Objects.requireNonNull(newHook);
    }

    /**
     * Sets what a delay is; {@link Thread#yield} unless set.
     *
     * @param newDelay the hook, called with {@link Moment#BEFORE}
     */
    public void delay(final Hook newDelay) {
        delay = Objects.requireNonNull(newDelay);
    }

    /**
     * Calls so far in the whole store, those that are still running and those that failed included.
     *
     * @param operation their kind
     * @return the count
     */
    public long calls(final StoreOperation operation) {
        synchronized (lock) {
            return counts.of(operation);
        }
    }

    /**
     * Calls so far on one file.
     *
     * @param file      name of the file
     * @param operation their kind
     * @return the count
     */
    public long calls(final String file, final StoreOperation operation) {
        synchronized (lock) {
            final Counts ofFile = countsByFile.get(file);
            return ofFile == null ? 0 : ofFile.of(operation);
        }
    }

    /**
     * Calls so far that something was done to.
     *
     * @return the count
     */
    public long faults() {
        synchronized (lock) {
            return faults;
        }
    }

    /**
     * The last calls, oldest first.
     *
     * @return at most {@value #HISTORY}
     */
    public List<Call> history() {
        synchronized (lock) {
            return List.copyOf(history);
        }
    }

    /**
     * Puts a file of any origin under the faults of this store.
     *
     * @param file where the calls go; closed with the result
     * @param name what it is called in scripts, hooks and messages
     * @return the file to use instead
     */
    public StoreFile wrap(final StoreFile file, final String name) {
        return new FaultyFile(this, Objects.requireNonNull(file), Objects.requireNonNull(name));
    }

    @Override
    public StoreFile open(final String name, final boolean create) throws StoreException {
        final Call call = begin(StoreOperation.OPEN, name, 0, 0);
        StoreFile opened = null;
        try {
            fail(call);
            opened = wrap(inner.open(name, create), name);
        } finally {
            try {
                end(call);
            } catch (final StoreException | RuntimeException | Error e) {
                // The caller gets no file when the hook fails, so that nobody else would close it.
                if (opened != null) {
                    opened.close();
                }
                throw e;
            }
        }
        return opened;
    }

    @Override
    public void close() throws StoreException {
        inner.close();
    }

    @Override
    public String toString() {
        synchronized (lock) {
            final StringBuilder text = new StringBuilder("FaultyStore over ").append(inner).append(", ").append(plan);
            scripts.forEach(script -> text.append("\n  scripted: ").append(script));
            text.append("\n  last calls, ").append(faults).append(" with faults so far:");
            history.forEach(call -> text.append("\n  ").append(call));
            return text.toString();
        }
    }

    /** Steps 1 to 3. */
    Call begin(final StoreOperation operation, final String file, final long offset, final long length)
            throws StoreException {
        final Call call;
        synchronized (lock) {
            final long number = counts.increment(operation);
            final long fileNumber = countsOf(file).increment(operation);
            call = new Call(operation, file, number, fileNumber, offset, length,
                decide(operation, file, number, fileNumber, length));
            if (!call.fault.equals(Fault.NONE)) {
                faults++;
            }
            if (history.size() == HISTORY) {
                history.removeFirst();
            }
            history.addLast(call);
        }
        hook.at(Moment.BEFORE, call);
        if (call.fault.delayed()) {
            delay.at(Moment.BEFORE, call);
        }
        return call;
    }

    /** Step 4, when the call is to fail without effect. */
    void fail(final Call call) throws StoreException {
        if (call.fault.errno() > 0 && call.fault.limit() == 0) {
            throw new StoreException(call.fault.errno(), "injected into " + call);
        }
    }

    /** A transfer was cut off: the next of its kind on the file tells why. */
    void leaveError(final Call call) {
        if (call.fault.errno() > 0) {
            synchronized (lock) {
                pending.put(new Pending(call.file, call.operation), call.fault.errno());
            }
        }
    }

    /** Step 5. */
    void end(final Call call) throws StoreException {
        hook.at(Moment.AFTER, call);
    }

    private Fault decide(final StoreOperation operation, final String file, final long number, final long fileNumber,
                         final long length) {
        final Integer left = pending.remove(new Pending(file, operation));
        if (left != null) {
            return Fault.error(left);
        }
        // The newest script that fits wins.
        for (int i = scripts.size() - 1; i >= 0; i--) {
            final Script script = scripts.get(i);
            final long at = script.file == null ? number : fileNumber;
            if (script.operation == operation && (script.file == null || script.file.equals(file))
                && at >= script.first && at <= script.last) {
                if (script.first == script.last) {
                    scripts.remove(i);
                }
                return script.fault;
            }
        }
        return plan.faultFor(operation, number, length);
    }

    private void script(final String file, final StoreOperation operation, final long first, final long last,
                        final long reached, final Fault fault) {
        if (first <= reached) {
            throw new IllegalArgumentException(operation + " " + first + " has been called already; " + reached
                + " were so far");
        }
        if (fault.limit() > 0 && !operation.isTransfer()) {
            throw new IllegalArgumentException(operation + " cannot be short");
        }
        scripts.add(new Script(file, operation, first, last, fault));
    }

    private Counts countsOf(final String file) {
        return countsByFile.computeIfAbsent(file, name -> new Counts());
    }

    private record Script(String file, StoreOperation operation, long first, long last, Fault fault) {
        @Override
        public String toString() {
            return operation + " " + first + (last == first ? "" : " and all that follow")
                + (file == null ? "" : " of '" + file + "'") + ": " + fault;
        }
    }

    private record Pending(String file, StoreOperation operation) {
    }

    /** Calls by kind. Under the lock of the store. */
    private static final class Counts {
        private final long[] byOperation = new long[StoreOperation.values().length];

        private long of(final StoreOperation operation) {
            return byOperation[operation.ordinal()];
        }

        private long increment(final StoreOperation operation) {
            return ++byOperation[operation.ordinal()];
        }
    }
}
