package io.quire.engine.tree;

import io.quire.engine.lock.StopPoints;
import io.quire.engine.memory.OffHeap;

/**
 * Ordered search by marks: finds marked slots from the mark words alone, so that its cost is the height of the tree for
 * each run found and does not depend on the length of the range or on what lies between.
 *
 * <p>Recursion goes down one level at a time, at most nine, and ends whatever a recycled node may hold: indices come
 * from the path taken, never from a node. Without the tree lock an answer is approximate; under it, exact.
 *
 * <p>A private helper of {@link TreeReader}; allocates nothing.
 */
final class TreeScan {
    private TreeScan() {
    }

    /** The smallest index of a range that has a mark, 0 to {@link NodeSlab#MARK_PAGE}; or -1. */
    static long next(final TreeReader tree, final long from, final long to, final int mark) {
        final long seen = tree.root();
        final int word = (int) seen;
        if (!Words.isNode(word)) {
            final long index = tree.aloneIndex(seen);
            return index >= from && index <= to && isPageMarked(tree, word, mark) ? index : -1;
        }
        final int bits = Words.rootBits(seen);
        final long last = Math.min(to, (1L << bits) - 1);
        return from > last ? -1 : next(tree.slab(), word, bits - Words.BITS, 0, from, last, mark);
    }

    /** Whether an entry in the root word is a page with a mark. */
    private static boolean isPageMarked(final TreeReader tree, final int word, final int mark) {
        return PageTree.isPage(word) && (mark == NodeSlab.MARK_PAGE || tree.isRootMarked(mark));
    }

    /** Collects the pages of a range that have a mark, 0 to {@link NodeSlab#MARK_PAGE}, in ascending order; returns how many. */
    static int gang(final TreeReader tree, final long from, final long to, final int mark, final long[] indices,
                    final int[] frames) {
        final int limit = Math.min(indices.length, frames.length);
        final long seen = tree.root();
        final int word = (int) seen;
        if (limit == 0) {
            return 0;
        }
        if (Words.isNode(word)) {
            final int bits = Words.rootBits(seen);
            final long last = Math.min(to, (1L << bits) - 1);
            return from > last ? 0
                : gang(tree.slab(), word, bits - Words.BITS, 0, from, last, mark, indices, frames, limit, 0);
        }
        final long index = tree.aloneIndex(seen);
        if (index < from || index > to || !isPageMarked(tree, word, mark)) {
            return 0;
        }
        indices[0] = index;
        frames[0] = PageTree.frame(word);
        return 1;
    }

    /**
     * The smallest index in a range below one node whose mark is set.
     *
     * @param slab  the nodes
     * @param word  tagged word of the node
     * @param shift index bits below the node
     * @param base  index of the node's first slot's first page
     * @param from  first index wanted, at most the last one below the node
     * @param to    last index wanted, at least {@code base}
     * @param mark  mark, 0 to {@link NodeSlab#MARK_PAGE}
     * @return an index in the range, or -1
     */
    private static long next(final NodeSlab slab, final int word, final int shift, final long base, final long from,
        final long to, final int mark) {
        StopPoints.reached(TreePoint.SCAN_NODE, 0, base);
        final long marks = OffHeap.getLongAcquire(slab.mark(word, mark));
        long wanted = marks & range(shift, base, from, to);
        if (shift == 0) {
            return wanted == 0 ? -1 : base + Long.numberOfTrailingZeros(wanted);
        }
        while (wanted != 0) {
            final int slot = Long.numberOfTrailingZeros(wanted);
            wanted &= wanted - 1;
            final int child = OffHeap.getIntAcquire(slab.slot(word, slot));
            if (Words.isNode(child)) {
                // Only the first child can hold nothing after `from`: under the lock at most two are entered.
                final long found = next(slab, child, shift - Words.BITS, base + ((long) slot << shift), from, to, mark);
                if (found >= 0) {
                    return found;
                }
            }
        }
        return -1;
    }

    /**
     * Collects pages of a range below one node that have a mark, in ascending order.
     *
     * @param slab    the nodes
     * @param word    tagged word of the node
     * @param shift   index bits below the node
     * @param base    index of the node's first slot's first page
     * @param from    first index wanted, at most the last one below the node
     * @param to      last index wanted, at least {@code base}
     * @param mark    mark, 0 to {@link NodeSlab#MARK_PAGE}
     * @param indices receives the indices
     * @param frames  receives the frames
     * @param limit   how many to collect at most, no more than either array's length
     * @param found   how many entries of both arrays are filled already
     * @return how many are filled now
     */
    private static int gang(final NodeSlab slab, final int word, final int shift, final long base, final long from,
        final long to, final int mark, final long[] indices, final int[] frames, final int limit,
        final int found) {
        StopPoints.reached(TreePoint.SCAN_NODE, 0, base);
        final long marks = OffHeap.getLongAcquire(slab.mark(word, mark));
        long wanted = marks & range(shift, base, from, to);
        int filled = found;
        while (wanted != 0 && filled < limit) {
            final int slot = Long.numberOfTrailingZeros(wanted);
            wanted &= wanted - 1;
            final int entry = OffHeap.getIntAcquire(slab.slot(word, slot));
            if (shift != 0) {
                if (Words.isNode(entry)) {
                    filled = gang(slab, entry, shift - Words.BITS, base + ((long) slot << shift), from, to, mark,
                        indices, frames, limit, filled);
                }
            } else if (PageTree.isPage(entry)) {
                indices[filled] = base + slot;
                frames[filled] = PageTree.frame(entry);
                filled++;
            }
        }
        return filled;
    }

    /** The slots of a node that a range of indices touches. */
    private static long range(final int shift, final long base, final long from, final long to) {
        final long first = from <= base ? 0 : (from - base) >>> shift;
        final long last = Math.min((to - base) >>> shift, Words.SLOTS - 1);
        assert first < Words.SLOTS && to >= base : "range " + from + " to " + to + " at " + base;
        return (-1L << first) & (-1L >>> (Words.SLOTS - 1 - last));
    }
}
