package io.quire.engine.evict;

import io.quire.engine.memory.OffHeap;
import io.quire.engine.memory.PageDescriptors;

/**
 * A doubly linked list of frames whose links are in their descriptors (bytes 48 to 55), so that membership costs no memory.
 * Guarded by the policy's mutex.
 */
final class FrameList {
    static final int NONE = -1;

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

    int size() {
        return size;
    }

    void add(final int frame) {
        link(frame, OLDER_OFFSET, newest);
        link(frame, NEWER_OFFSET, NONE);
        if (newest == NONE) {
            oldest = frame;
        } else {
            link(newest, NEWER_OFFSET, frame);
        }
        newest = frame;
        size++;
        descriptors.queue(frame, tag);
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
        size--;
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
            if (descriptors.queue(frame) != tag || link(frame, NEWER_OFFSET) != newer || descriptors.mapping(frame) == 0) {
                throw new AssertionError("frame " + frame + " stands wrong in queue " + tag);
            }
            newer = frame;
            if (++counted > size) {
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
