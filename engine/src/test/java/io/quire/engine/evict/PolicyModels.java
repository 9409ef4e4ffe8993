package io.quire.engine.evict;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/** The policies written a second time, by page and from collections, as their papers tell them: slow, and plain to see. */
final class PolicyModels {
    private PolicyModels() {
    }

    /** A policy over pages. */
    interface Model {
        /** A page comes in; whether it is one that went not long ago. */
        boolean inserted(int page, boolean readAhead);

        void touched(int page);

        /** A page goes, and not by eviction. */
        void removed(int page);

        /** Takes the next victim out. */
        int evict();

        /** The page that was taken out last could not go. */
        void rejected(int page);
    }

    static Model of(final String policy, final int capacity) {
        return switch (policy) {
            case "lru" -> new Lru();
            case "clock" -> new Clock();
            case "s3-fifo" -> new S3Fifo(capacity);
            case "adaptive" -> new Adaptive(capacity);
            default -> throw new IllegalArgumentException(policy + " has no model; write one");
        };
    }

    /** The least recently used goes. */
    private static final class Lru implements Model {
        private final LinkedHashSet<Integer> pages = new LinkedHashSet<>();

        @Override
        public boolean inserted(final int page, final boolean readAhead) {
            pages.add(page);
            return false;
        }

        @Override
        public void touched(final int page) {
            pages.remove(page);
            pages.add(page);
        }

        @Override
        public void removed(final int page) {
            pages.remove(page);
        }

        @Override
        public int evict() {
            return pages.removeFirst();
        }

        @Override
        public void rejected(final int page) {
            pages.add(page);
        }
    }

    /** A dial with a hand: what is passed loses its mark, and what comes in stands just behind the hand. */
    private static final class Clock implements Model {
        private final List<Integer> dial = new ArrayList<>();
        private final Map<Integer, Integer> marks = new HashMap<>();
        private int hand;

        @Override
        public boolean inserted(final int page, final boolean readAhead) {
            dial.add(hand++, page);
            marks.put(page, readAhead ? -1 : 0);
            return false;
        }

        @Override
        public void touched(final int page) {
            marks.compute(page, (key, mark) -> Math.min(1, mark + 1));
        }

        @Override
        public void removed(final int page) {
            final int at = dial.indexOf(page);
            dial.remove(at);
            hand -= at < hand ? 1 : 0;
        }

        @Override
        public int evict() {
            while (true) {
                hand = hand >= dial.size() ? 0 : hand;
                if (marks.get(dial.get(hand)) < 1) {
                    return dial.remove(hand);
                }
                marks.put(dial.get(hand++), 0);
            }
        }

        @Override
        public void rejected(final int page) {
            dial.add(hand++, page);
        }
    }

    /** Two queues and, for each, the list of what went from it. */
    private static class S3Fifo implements Model {
        final int capacity;
        final ArrayDeque<Integer> small = new ArrayDeque<>();
        final ArrayDeque<Integer> main = new ArrayDeque<>();
        final Map<Integer, Integer> counts = new HashMap<>();
        final List<Integer> wentFromSmall = new ArrayList<>();
        final List<Integer> wentFromMain = new ArrayList<>();
        /** Where a page that is not there is in one of the two lists: from the small queue the place, from main its complement. */
        final Map<Integer, Integer> went = new HashMap<>();
        /** How many could not go since one went, before the present victim. */
        private int stayed;
        private int stayedBefore;

        S3Fifo(final int capacity) {
            this.capacity = capacity;
        }

        int share() {
            return Math.max(1, capacity / 10);
        }

        /** Whether a page that comes back after so many others went from the same queue belongs into the main one. */
        boolean cameBack(final boolean fromSmall, final int after) {
            return fromSmall && after <= capacity - capacity / 10;
        }

        @Override
        public boolean inserted(final int page, final boolean readAhead) {
            counts.put(page, readAhead ? -1 : 0);
            final Integer place = went.remove(page);
            final boolean known = place != null
                && (place >= 0 ? cameBack(true, wentFromSmall.size() - place) : cameBack(false, wentFromMain.size() - ~place));
            (known ? main : small).add(page);
            return known;
        }

        @Override
        public void touched(final int page) {
            counts.compute(page, (key, count) -> Math.min(3, count + 1));
        }

        @Override
        public void removed(final int page) {
            if (!small.remove(page) && !main.remove(page)) {
                throw new AssertionError("page " + page + " is nowhere");
            }
            stayed = 0;
        }

        @Override
        public void rejected(final int page) {
            (went.remove(page) >= 0 ? wentFromSmall : wentFromMain).removeLast();
            main.add(page);
            stayed = stayedBefore + 1;
        }

        @Override
        public int evict() {
            stayedBefore = stayed;
            stayed = 0;
            while (true) {
                if (small.size() > share() || main.isEmpty() || stayedBefore >= 64 && !small.isEmpty()) {
                    final int page = small.remove();
                    if (counts.get(page) <= 0) {
                        went.put(page, wentFromSmall.size());
                        wentFromSmall.add(page);
                        return page;
                    }
                    counts.put(page, 0);
                    main.add(page);
                } else {
                    final int page = main.remove();
                    if (counts.get(page) <= 0) {
                        went.put(page, ~wentFromMain.size());
                        wentFromMain.add(page);
                        return page;
                    }
                    counts.merge(page, -1, Integer::sum);
                    main.add(page);
                }
            }
        }
    }

    /** The same with a share that moves, by half a percent a time from a tenth, between one percent and fifty. */
    private static final class Adaptive extends S3Fifo {
        private double percent = 10;

        Adaptive(final int capacity) {
            super(capacity);
        }

        @Override
        int share() {
            return (int) Math.max(1, Math.floor(capacity * percent / 100));
        }

        @Override
        boolean cameBack(final boolean fromSmall, final int after) {
            if (after > capacity / 5) {
                return fromSmall && after <= capacity / 2;
            }
            percent = fromSmall ? Math.min(50, percent + 0.5) : Math.max(1, percent - 0.5);
            return true;
        }
    }
}
