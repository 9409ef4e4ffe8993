package io.quire.engine.tree;

import io.quire.engine.memory.OffHeap;

/**
 * The leaves of one tree that hold shadows and no page, oldest first: a doubly linked list through the nodes'
 * headers. Used under the tree lock. Linux keeps such nodes on {@code shadow_nodes} ({@code mm/workingset.c}).
 */
final class ShadowList {
    private final NodeSlab slab;
    private int oldest = NodeSlab.NONE;
    private int youngest = NodeSlab.NONE;
    private int length;

    ShadowList(final NodeSlab slab) {
        this.slab = slab;
    }

    /** The number of the leaf that became shadow-only first, or {@link NodeSlab#NONE}. */
    int oldest() {
        return oldest;
    }

    int youngest() {
        return youngest;
    }

    int length() {
        return length;
    }

    /** Puts a leaf on the list, or takes it off, as its contents demand. A node above the leaves is never on it. */
    void update(final int word) {
        final long header = slab.header(word);
        final boolean should = OffHeap.getLong(header + NodeSlab.OCCUPIED_OFFSET) != 0
            && OffHeap.getByte(header + NodeSlab.SHIFT_OFFSET) == 0
            && OffHeap.getLong(header + NodeSlab.MARKS_OFFSET + 8L * NodeSlab.MARK_PAGE) == 0;
        if (should == (OffHeap.getByte(header + NodeSlab.LISTED_OFFSET) != 0)) {
            return;
        }
        if (should) {
            append(Words.node(word), header);
        } else {
            unlink(header);
        }
        final int delta = should ? 1 : -1;
        OffHeap.putByte(header + NodeSlab.LISTED_OFFSET, (byte) (should ? 1 : 0));
        length += delta;
        slab.addShadowNodes(delta);
    }

    private void append(final int node, final long header) {
        OffHeap.putInt(header + NodeSlab.PREVIOUS_OFFSET, youngest);
        OffHeap.putInt(header + NodeSlab.NEXT_OFFSET, NodeSlab.NONE);
        if (youngest == NodeSlab.NONE) {
            oldest = node;
        } else {
            OffHeap.putInt(header(youngest) + NodeSlab.NEXT_OFFSET, node);
        }
        youngest = node;
    }

    private void unlink(final long header) {
        final int previous = OffHeap.getInt(header + NodeSlab.PREVIOUS_OFFSET);
        final int next = OffHeap.getInt(header + NodeSlab.NEXT_OFFSET);
        if (previous == NodeSlab.NONE) {
            oldest = next;
        } else {
            OffHeap.putInt(header(previous) + NodeSlab.NEXT_OFFSET, next);
        }
        if (next == NodeSlab.NONE) {
            youngest = previous;
        } else {
            OffHeap.putInt(header(next) + NodeSlab.PREVIOUS_OFFSET, previous);
        }
    }

    private long header(final int node) {
        return slab.header(Words.nodeWord(node));
    }
}
