package io.quire.engine.lock;

import java.util.List;
import java.util.Set;

/** Where a lock was taken: the stack's first frames outside the lock's own code. Only used by the validator. */
final class CallSite {
    /** Enough to tell the operation from the lock's taker: a policy's page from the write that it belongs to. */
    private static final int FRAMES = 8;
    private static final int BACKTRACE_FRAMES = 32;
    private static final Set<Class<?>> SKIPPED = Set.of(CallSite.class, LockOrder.class, ThreadLocks.class, WaitForGraph.class,
        PageLocks.class, WaitTable.class, Mutex.class, OrderedMutex.class, FaultMutexTable.class);
    private static final StackWalker WALKER = StackWalker.getInstance(StackWalker.Option.RETAIN_CLASS_REFERENCE);

    private CallSite() {
    }

    static List<StackWalker.StackFrame> here() {
        return frames(FRAMES);
    }

    /** The same, further up: for a report, which is seldom. */
    static List<StackWalker.StackFrame> backtrace() {
        return frames(BACKTRACE_FRAMES);
    }

    private static List<StackWalker.StackFrame> frames(final int most) {
        return WALKER.walk(frames -> frames.dropWhile(frame -> SKIPPED.contains(frame.getDeclaringClass()))
            .limit(most).toList());
    }

    static String first(final List<StackWalker.StackFrame> where) {
        return where.isEmpty() ? "an unknown place" : where.getFirst().toStackTraceElement().toString();
    }
}
