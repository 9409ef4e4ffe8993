package io.quire.engine.store;

import java.util.Arrays;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * Which node was last seen under a name, without asking the source. Hints: names that were seen since may have taken the place of
 * others, and what others do in the source is not known here, so a hint is good only for what may be wrong (V31). One place for each
 * hash of directory and name; all methods are a few reads, and a write at most. Thread-safe.
 */
final class NameHints {
    private static final int PLACES = 1 << 14;
    private static final long SPREAD = 0x9e37_79b9_7f4a_7c15L;

    private final AtomicReferenceArray<SourceNode> places = new AtomicReferenceArray<>(PLACES);

    static int place(final SourceNode directory, final byte[] name) {
        final long hash = (directory.id * SPREAD ^ Arrays.hashCode(name)) * SPREAD;
        return (int) (hash >>> Long.SIZE - Integer.numberOfTrailingZeros(PLACES));
    }

    /** A node was seen under a name. */
    void put(final SourceNode node, final SourceNode directory, final byte[] name) {
        final int place = place(directory, name);
        if (places.getPlain(place) != node) {
            places.setRelease(place, node);
        }
    }

    /** A node is not to be found under a name any more. */
    void remove(final SourceNode node, final SourceNode directory, final byte[] name) {
        final int place = place(directory, name);
        if (places.getPlain(place) == node) {
            places.compareAndSet(place, node, null);
        }
    }

    /** The node that was last seen under a name, as far as that is still known, or null. */
    SourceNode get(final SourceNode directory, final byte[] name) {
        final SourceNode node = places.getAcquire(place(directory, name));
        return node != null && !node.isRetired() && NodeName.has(node.names(), directory, name) ? node : null;
    }
}
