package io.quire.bench.replacement;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeMap;

import io.quire.fuse.trace.PageConsumer;

/**
 * Which pages are used, in order, and which cease to exist in between. Pages are numbered densely from 0; one that comes back
 * after it had ceased to exist is another page, because nothing of it can have been kept. Immutable.
 */
final class ReferenceString {
    private final String name;
    private final int[] events;
    private final int references;
    private final int pages;
    private final int workingSet;

    private ReferenceString(final Builder builder) {
        name = builder.name;
        events = Arrays.copyOf(builder.events, builder.length);
        references = builder.references;
        pages = builder.pages;
        workingSet = builder.workingSet;
    }

    String name() {
        return name;
    }

    /** How many events there are. */
    int length() {
        return events.length;
    }

    /** A page that is used, or the complement of one that ceases to exist. */
    int event(final int i) {
        return events[i];
    }

    /** How many events are uses. */
    int references() {
        return references;
    }

    /** How many different pages there are. */
    int pages() {
        return pages;
    }

    /** The most pages that were used and still existed at one time: in a cache of that size only first uses miss. */
    int workingSet() {
        return workingSet;
    }

    /** The part of the working set that is so many percent of it, at least one page. */
    int cacheSize(final int percent) {
        return (int) Math.max(1, (long) workingSet * percent / 100);
    }

    /** Collects a string. A file's pages need not come in order. */
    static final class Builder implements PageConsumer {
        private final String name;
        private final Map<Long, TreeMap<Long, Integer>> files = new HashMap<>();
        private int[] events = new int[1 << 12];
        private int length;
        private int references;
        private int pages;
        private int live;
        private int workingSet;

        Builder(final String name) {
            this.name = name;
        }

        private void add(final int event) {
            if (length == events.length) {
                events = Arrays.copyOf(events, 2 * length);
            }
            events[length++] = event;
        }

        /** A page is used, read or written. */
        void use(final long file, final long page) {
            final Map<Long, Integer> ofFile = files.computeIfAbsent(file, key -> new TreeMap<>());
            Integer number = ofFile.get(page);
            if (number == null) {
                number = pages++;
                ofFile.put(page, number);
                workingSet = Math.max(workingSet, ++live);
            }
            add(number);
            references++;
        }

        @Override
        public void read(final long file, final long page) {
            use(file, page);
        }

        @Override
        public void written(final long file, final long page, final boolean whole) {
            use(file, page);
        }

        @Override
        public void removed(final long file, final long from, final long to) {
            final TreeMap<Long, Integer> ofFile = files.get(file);
            if (ofFile != null) {
                final Map<Long, Integer> gone = ofFile.subMap(from, to);
                gone.values().forEach(number -> add(~number));
                live -= gone.size();
                gone.clear();
                if (ofFile.isEmpty()) {
                    files.remove(file);
                }
            }
        }

        ReferenceString build() {
            return new ReferenceString(this);
        }
    }
}
