package io.quire.engine.lock;

import java.util.List;
import java.util.Locale;

/** The text of a report, in the layout of Linux's lockdep, so that people who know one can read the other. */
final class LockReport {
    private static final String DOUBLE = "======================================================\n";
    private static final String SINGLE = "------------------------------------------------------\n";
    private static final String SCENARIO = "\nother info that might help us debug this:\n Possible unsafe locking scenario:\n\n";

    private LockReport() {
    }

    /** The lock is held by the thread that wants it: a wait that could not end. */
    static String recursion(final ThreadLocks thread, final LockRef wanted, final ThreadLocks.Held held,
                            final List<StackWalker.StackFrame> where) {
        final StringBuilder text = head("possible recursive locking detected", thread, wanted, held, where)
            .append("\nthe existing dependency chain (in reverse order) is:\n");
        taken(text, 1, held);
        wanted(text, thread, wanted, where);
        text.append(SCENARIO)
            .append("       CPU0\n       ----\n")
            .append("  lock(").append(held.ref()).append(");\n")
            .append("  lock(").append(wanted).append(");\n")
            .append("\n *** DEADLOCK ***\n");
        return tail(text, thread, where);
    }

    /** A lock of the same group with the same or a higher place is held. */
    static String descending(final ThreadLocks thread, final LockRef wanted, final ThreadLocks.Held held,
                             final List<StackWalker.StackFrame> where) {
        final StringBuilder text = head("possible circular locking dependency detected", thread, wanted, held, where)
            .append("\nwhich lock already depends on the new lock: locks of class ").append(wanted.lockClass)
            .append(" are taken in ascending order, and ").append(wanted.order).append(" does not follow ")
            .append(held.ref().order).append(".\n")
            .append("\nthe existing dependency chain (in reverse order) is:\n");
        taken(text, 1, held);
        wanted(text, thread, wanted, where);
        text.append(SCENARIO);
        crossing(text, held.ref(), wanted);
        return tail(text, thread, where);
    }

    /** The new edge held to wanted closes a circle with the edges of {@code path}, which lead from wanted to held. */
    static String inversion(final ThreadLocks thread, final LockRef wanted, final ThreadLocks.Held held,
                            final List<StackWalker.StackFrame> where, final List<LockGraph.Edge> path) {
        final StringBuilder text = head("possible circular locking dependency detected", thread, wanted, held, where)
            .append("\nwhich lock already depends on the new lock.\n")
            .append("\nthe existing dependency chain (in reverse order) is:\n");
        int number = path.size();
        for (final LockGraph.Edge edge : path.reversed()) {
            edge(text, number--, edge);
        }
        wanted(text, thread, wanted, where);
        text.append("       while holding ").append(held).append('\n');
        frames(text, held.where());
        text.append(SCENARIO).append(" Chain exists of:\n  ").append(path.getFirst().from());
        for (final LockGraph.Edge edge : path) {
            text.append(" --> ").append(edge.to());
        }
        text.append(" --> ").append(path.getFirst().from()).append("\n\n");
        crossing(text, held.ref(), wanted);
        return tail(text, thread, where);
    }

    /** Threads wait for each other, now. */
    static String deadlock(final List<WaitForGraph.Step> circle) {
        final StringBuilder text = new StringBuilder(1024).append('\n').append(DOUBLE)
            .append("INFO: deadlock: ").append(circle.size()).append(" tasks wait for each other\n").append(SINGLE);
        int number = 0;
        for (final WaitForGraph.Step step : circle) {
            text.append("-> #").append(number++).append(' ').append(step.thread()).append(" is waiting for lock:\n")
                .append(step.waiting().ref()).append(", at: ").append(CallSite.first(step.waiting().where()))
                .append(", for ").append(age(step.waiting().since())).append('\n');
            frames(text, step.waiting().where());
            text.append("   which is held by ").append(step.blocking().owner()).append(":\n");
            held(text, step.blocking()).append('\n');
            frames(text, step.blocking().where());
            text.append('\n');
        }
        text.append(" *** DEADLOCK ***\n");
        for (final WaitForGraph.Step step : circle) {
            holding(text, step.thread());
        }
        return text.toString();
    }

    /** A lock is given back by a thread that does not hold it. */
    static String balance(final ThreadLocks thread, final LockRef released, final ThreadLocks.Held other,
                          final List<StackWalker.StackFrame> where) {
        final StringBuilder text = new StringBuilder(512).append('\n').append(DOUBLE)
            .append("WARNING: bad unlock balance detected!\n").append(SINGLE)
            .append(thread).append(" is trying to release lock:\n").append(released).append(", at: ")
            .append(CallSite.first(where)).append("\nbut this task does not hold it.\n");
        if (other == null) {
            text.append("no task holds it: was a page that was bound locked not adopted?\n");
        } else {
            held(text.append("it is held by ").append(other.owner()).append(":\n"), other).append('\n');
        }
        return tail(text, thread, where);
    }

    /** Something that must not happen under locks is about to. */
    static String holding(final ThreadLocks thread, final String action, final List<StackWalker.StackFrame> where) {
        final StringBuilder text = new StringBuilder(512).append('\n').append(DOUBLE)
            .append("WARNING: locks held while ").append(action).append('\n').append(SINGLE);
        return tail(text, thread, where);
    }

    private static StringBuilder head(final String what, final ThreadLocks thread, final LockRef wanted,
                                      final ThreadLocks.Held held, final List<StackWalker.StackFrame> where) {
        final StringBuilder text = new StringBuilder(4096).append('\n').append(DOUBLE).append("WARNING: ").append(what)
            .append('\n').append(SINGLE).append(thread).append(" is trying to acquire lock:\n").append(wanted)
            .append(", at: ").append(CallSite.first(where)).append("\n\nbut task is already holding lock:\n");
        return held(text, held).append('\n');
    }

    /** A link of the chain: the lock that is held, and the whole way to where it was taken. */
    private static void taken(final StringBuilder text, final int number, final ThreadLocks.Held held) {
        text.append("\n-> #").append(number).append(" (").append(held.ref()).append("): taken by ").append(held.owner())
            .append(' ').append(age(held.since())).append(" ago").append(held.tried() ? ", by trylock" : "").append('\n');
        frames(text, held.where());
    }

    /** The last link of the chain, which closes it. */
    private static void wanted(final StringBuilder text, final ThreadLocks thread, final LockRef wanted,
                               final List<StackWalker.StackFrame> where) {
        text.append("\n-> #0 (").append(wanted).append("): asked for by ").append(thread).append(" now\n");
        frames(text, where);
    }

    private static void edge(final StringBuilder text, final int number, final LockGraph.Edge edge) {
        text.append("\n-> #").append(number).append(" (").append(edge.to()).append("):\n");
        if (edge.declared()) {
            text.append("       declared: ").append(edge.from()).append(" is outside ").append(edge.to())
                .append(" (LockClass)\n");
        } else {
            text.append("       ").append(edge.wanted()).append(" asked for by ").append(edge.thread()).append('\n');
            frames(text, edge.where());
            text.append("       while holding ").append(edge.held()).append('\n');
            frames(text, edge.held().where());
        }
    }

    private static StringBuilder held(final StringBuilder text, final ThreadLocks.Held held) {
        return text.append(held).append(", held for ").append(age(held.since()));
    }

    /** How long ago something was, as people read it. */
    private static String age(final long since) {
        return String.format(Locale.ROOT, "%.3f ms", (System.nanoTime() - since) / 1e6);
    }

    private static void crossing(final StringBuilder text, final LockRef held, final LockRef wanted) {
        text.append("       CPU0                    CPU1\n       ----                    ----\n")
            .append("  lock(").append(held).append(");\n")
            .append("                               lock(").append(wanted).append(");\n")
            .append("                               lock(").append(held).append(");\n")
            .append("  lock(").append(wanted).append(");\n")
            .append("\n *** DEADLOCK ***\n");
    }

    private static String tail(final StringBuilder text, final ThreadLocks thread,
                               final List<StackWalker.StackFrame> where) {
        holding(text, thread);
        text.append("\nstack backtrace:\n");
        frames(text, where);
        return text.toString();
    }

    private static void holding(final StringBuilder text, final ThreadLocks thread) {
        final List<ThreadLocks.Held> held = thread.held();
        text.append('\n').append(held.size()).append(held.size() == 1 ? " lock" : " locks").append(" held by ")
            .append(thread).append(held.isEmpty() ? ".\n" : ":\n");
        int number = 0;
        for (final ThreadLocks.Held one : held) {
            held(text.append(" #").append(number++).append(": "), one).append('\n');
        }
    }

    private static void frames(final StringBuilder text, final List<StackWalker.StackFrame> where) {
        for (final StackWalker.StackFrame frame : where) {
            text.append("       at ").append(frame.toStackTraceElement()).append('\n');
        }
    }
}
