package io.quire.engine.linear;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import io.quire.engine.linear.WordOperation.Effect;

/**
 * Decides whether the history of one word can be explained by operations that each took effect at one moment between their
 * call and their return.
 *
 * <p>The search is that of Wing and Gong in the just-in-time form of Lowe ("Testing for linearizability", 2017): calls and
 * returns are passed in order of time with the set of all <em>configurations</em> that explain what has been seen so far. A
 * configuration is the word's value and which of the running operations have taken effect. At a return only those stay, or can be
 * reached, in which the operation has taken effect. Equal configurations are one, so that the work is bounded by history
 * length x 2^(running operations) x values, whatever the interleaving. Linearizability is local (Herlihy and Wing), so words
 * are checked one by one.
 *
 * <p>Writers of one file exclude each other. So while a refused operation is visible, no other takes effect but reads.
 *
 * <p>Never gives up silently: more configurations or running operations than the limits are a {@link LimitException}.
 */
final class LinearizabilityChecker {
    /** Running operations at one time, those included that never returned. */
    static final int MAX_RUNNING = 62;
    /** Configurations at one time, unless said otherwise. */
    static final int DEFAULT_LIMIT = 1 << 17;

    private static final int NOBODY = -1;
    private static final int CONTEXT = 14;

    private final int limit;

    LinearizabilityChecker() {
        this(DEFAULT_LIMIT);
    }

    LinearizabilityChecker(final int limit) {
        this.limit = limit;
    }

    /** The search became larger than its bounds: no verdict. */
    static final class LimitException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        LimitException(final String message) {
            super(message);
        }
    }

    /**
     * The word's value, what it goes back to and for whom ({@link #NOBODY}), which running operations are visible, and which
     * are over and done with.
     */
    private record Configuration(long value, long former, int visible, long begun, long done) {
        boolean has(final int slot) {
            return (done & 1L << slot) != 0;
        }

        boolean hasBegun(final int slot) {
            return (begun & 1L << slot) != 0;
        }

        Configuration with(final long newValue, final int slot) {
            return new Configuration(newValue, 0, NOBODY, begun, done | 1L << slot);
        }

        Configuration shown(final long newValue, final int slot) {
            return new Configuration(newValue, value, slot, begun | 1L << slot, done);
        }

        /** Equal futures are one configuration: what an ended slot once was does not matter. */
        Configuration without(final int slot) {
            return new Configuration(value, former, visible, begun & ~(1L << slot), done & ~(1L << slot));
        }
    }

    /** A history that is not linearizable: the first return that nothing explains, and what went before it. */
    record Verdict(WordOperation culprit, String text) {
    }

    /** A call or a return. */
    private record Event(long time, WordOperation operation, boolean call) {
    }

    /**
     * Checks a history.
     *
     * @param initial value of the word before it
     * @param history its operations, in any order
     * @return null when it is linearizable, otherwise the first return that nothing explains, with what went before it
     * @throws LimitException when the search became too large
     */
    Verdict check(final long initial, final Collection<WordOperation> history) {
        final List<Event> events = events(history);
        final WordOperation[] running = new WordOperation[MAX_RUNNING];
        Set<Configuration> configurations = new HashSet<>();
        configurations.add(new Configuration(initial, 0, NOBODY, 0, 0));
        for (final Event event : events) {
            if (event.call) {
                running[freeSlot(running, event.operation)] = event.operation;
                continue;
            }
            final int slot = slotOf(running, event.operation);
            final Set<Configuration> next = new HashSet<>();
            for (final Configuration c : reachable(configurations, running)) {
                if (c.has(slot) || mayBeNothing(event.operation) && !c.hasBegun(slot)) {
                    next.add(c.without(slot));
                }
            }
            if (next.isEmpty()) {
                return new Verdict(event.operation, explain(event.operation, events, configurations));
            }
            running[slot] = null;
            configurations = next;
        }
        return null;
    }

    private static boolean mayBeNothing(final WordOperation operation) {
        return operation.effect() == Effect.REFUSED || operation.effect() == Effect.UNCERTAIN;
    }

    private static List<Event> events(final Collection<WordOperation> history) {
        final List<Event> events = new ArrayList<>(2 * history.size());
        for (final WordOperation operation : history) {
            events.add(new Event(operation.invoked(), operation, true));
            if (operation.returned() != WordOperation.NEVER) {
                events.add(new Event(operation.returned(), operation, false));
            }
        }
        // Of one time, calls come first: what cannot be told apart may have overlapped.
        events.sort(Comparator.comparingLong(Event::time).thenComparing(event -> event.call ? 0 : 1));
        return events;
    }

    private static int freeSlot(final WordOperation[] running, final WordOperation operation) {
        for (int slot = 0; slot < running.length; slot++) {
            if (running[slot] == null) {
                return slot;
            }
        }
        throw new LimitException("more than " + MAX_RUNNING + " operations at the same time, the last is " + operation);
    }

    private static int slotOf(final WordOperation[] running, final WordOperation operation) {
        for (int slot = 0; slot < running.length; slot++) {
            if (running[slot] == operation) {
                return slot;
            }
        }
        throw new AssertionError("a return without its call: " + operation);
    }

    /** Everything that can be so by now: running operations take effect in every order. */
    private Set<Configuration> reachable(final Set<Configuration> from, final WordOperation[] running) {
        final Set<Configuration> seen = new HashSet<>();
        final ArrayDeque<Configuration> open = new ArrayDeque<>();
        for (final Configuration c : from) {
            visit(c, running, seen, open);
        }
        while (!open.isEmpty()) {
            final Configuration c = open.poll();
            for (int slot = 0; slot < running.length; slot++) {
                if (running[slot] == null || c.has(slot)) {
                    continue;
                }
                final WordOperation operation = running[slot];
                if (c.visible == slot) {
                    visit(c.with(c.former, slot), running, seen, open);
                    if (operation.effect() == Effect.UNCERTAIN) {
                        visit(c.with(c.value, slot), running, seen, open);
                    }
                } else if (c.visible == NOBODY && operation.effect() == Effect.WRITE) {
                    visit(c.with(operation.value(), slot), running, seen, open);
                } else if (c.visible == NOBODY && mayBeNothing(operation)) {
                    visit(c.shown(operation.value(), slot), running, seen, open);
                }
            }
        }
        return seen;
    }

    private void visit(final Configuration reached, final WordOperation[] running, final Set<Configuration> seen,
        final ArrayDeque<Configuration> open) {
        // A read changes nothing: as soon as one fits it may as well be over, and no other order need be tried for it.
        long done = reached.done;
        for (int slot = 0; slot < running.length; slot++) {
            if (running[slot] != null && running[slot].effect() == Effect.READ && running[slot].value() == reached.value) {
                done |= 1L << slot;
            }
        }
        final Configuration c = new Configuration(reached.value, reached.former, reached.visible, reached.begun, done);
        if (seen.add(c)) {
            if (seen.size() > limit) {
                throw new LimitException("more than " + limit + " configurations: too many operations at the same time");
            }
            open.add(c);
        }
    }

    private static String explain(final WordOperation culprit, final List<Event> events,
        final Set<Configuration> configurations) {
        final StringBuilder text = new StringBuilder("nothing explains ").append(culprit)
            .append("; before its return the word may have been ");
        configurations.stream().map(c -> Long.toHexString(c.value)).distinct().sorted().limit(8)
            .forEach(value -> text.append(value).append(' '));
        text.append("\n  operations that began or ended before, last ones:");
        final List<WordOperation> before = events.stream().filter(event -> event.time <= culprit.returned())
            .map(Event::operation).distinct().toList();
        before.subList(Math.max(0, before.size() - CONTEXT), before.size())
            .forEach(operation -> text.append("\n    ").append(operation));
        before.stream().filter(o -> o.effect() != Effect.READ && o.value() == culprit.value()).limit(2)
            .forEach(operation -> text.append("\n  the value is that of ").append(operation));
        return text.toString();
    }
}
