package io.quire.engine.evict;

import io.quire.engine.memory.OffHeap;
import io.quire.engine.memory.PageDescriptors;

/**
 * A doubly linked list of pages whose links are in the descriptors of their first frames (bytes 48 to 55), so that membership
 * costs no memory. Its size is in frames: a compound page of order n counts 2^n. The order that was counted is kept beside the
 * tag (byte 41), because a page may be split while it stands here. Guarded by the policy's mutex.
 */
final class FrameList {
    static final int NONE = -1;

    private static final int ORDER_SHIFT = 4;
    private static final int TAG_MASK = (1 << ORDER_SHIFT) - 1;
    private static final int NEWER_OFFSET = 48;
    private static final int OLDER_OFFSET = 52;

    private final PageDescriptors descriptors;
    private final byte tag;
    private int newest = NONE;
    private int oldest = NONE;
    private int size;

    FrameList(final PageDescriptors descriptors, final byte tag) {
        this.descriptors = descriptors;
        this.tag = tag;
    }

    /** Frames of the pages in the list. */
    int size() {
        return size;
    }

    /** The tag in a queue byte. */
    static byte tag(final byte queue) {
        return (byte) (queue & TAG_MASK);
    }

    void add(final int frame) {
        add(frame, descriptors.order(frame));
    }

    private void add(final int frame, final int order) {
        link(frame, OLDER_OFFSET, newest);
        link(frame, NEWER_OFFSET, NONE);
        if (newest == NONE) {
            oldest = frame;
        } else {
            link(newest, NEWER_OFFSET, frame);
        }
        newest = frame;
        count(frame, order);
    }

    private void count(final int frame, final int order) {
        size += 1 << order;
        descriptors.queue(frame, (byte) (order << ORDER_SHIFT | tag));
    }

    private int countedOrder(final int frame) {
        return (descriptors.queue(frame) & 0xff) >>> ORDER_SHIFT;
    }

    void remove(final int frame) {
        final int newer = link(frame, NEWER_OFFSET);
        final int older = link(frame, OLDER_OFFSET);
        if (newer == NONE) {
            newest = older;
        } else {
            link(newer, OLDER_OFFSET, older);
        }
        if (older == NONE) {
            oldest = newer;
        } else {
            link(older, NEWER_OFFSET, newer);
        }
        size -= 1 << countedOrder(frame);
    }

    /** Makes a page the newest, with the size that was counted. */
    void renew(final int frame) {
        final int order = countedOrder(frame);
        remove(frame);
        add(frame, order);
    }

    /** Puts a page of the same size in another's place. */
    void replace(final int frame, final int by) {
        insertAfter(frame, by);
        count(by, countedOrder(frame));
        remove(frame);
    }

    /**
     * The pieces of a compound page stand where it stood, the first frame oldest.
     *
     * @return whether they do; false when the head came here after it had become a page of one frame, and the others are nowhere
     */
    boolean split(final int head) {
        final int order = countedOrder(head);
        if (order == 0) {
            return false;
        }
        for (int tail = head + (1 << order) - 1; tail > head; tail--) {
            insertAfter(head, tail);
            count(tail, 0);
        }
        size -= 1 << order;
        count(head, 0);
        return true;
    }

    /** Links a frame in as the next newer one. */
    private void insertAfter(final int frame, final int added) {
        final int newer = link(frame, NEWER_OFFSET);
        link(added, OLDER_OFFSET, frame);
        link(added, NEWER_OFFSET, newer);
        link(frame, NEWER_OFFSET, added);
        if (newer == NONE) {
            newest = added;
        } else {
            link(newer, OLDER_OFFSET, added);
        }
    }

    /** Takes the oldest frame out, or {@link #NONE}. */
    int poll() {
        final int frame = oldest;
        if (frame != NONE) {
            remove(frame);
        }
        return frame;
    }

    void verify() {
        int counted = 0;
        int newer = NONE;
        for (int frame = newest; frame != NONE; frame = link(frame, OLDER_OFFSET)) {
            final int order = countedOrder(frame);
            if (descriptors.queue(frame) != (byte) (order << ORDER_SHIFT | tag) || order != descriptors.order(frame)
                || link(frame, NEWER_OFFSET) != newer || descriptors.mapping(frame) == 0) {
                throw new AssertionError("frame " + frame + " stands wrong in queue " + tag);
            }
            newer = frame;
            counted += 1 << order;
            if (counted > size) {
                break;
            }
        }
        if (counted != size || newer != oldest) {
            throw new AssertionError("queue " + tag + " counts " + size + " frames and links " + counted);
        }
    }

    private int link(final int frame, final int offset) {
        return OffHeap.getInt(descriptors.address(frame) + offset);
    }

    private void link(final int frame, final int offset, final int value) {
        OffHeap.putInt(descriptors.address(frame) + offset, value);
    }
}
