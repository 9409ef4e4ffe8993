package io.quire.engine.evict;

import io.quire.engine.memory.PageDescriptors;

/**
 * Least recently used, exactly: the reference that every paper compares with, and not meant for use.
 *
 * <p><b>Cost</b>: every hit takes the mutex and writes three descriptors, because the use byte stays at 0 and so
 * {@link #touched} is called for all of them. A page that was read ahead is as young as one that was asked for. The pieces of a
 * compound page are as old as the page.
 */
final class LruPolicy extends OneQueuePolicy {
    LruPolicy(final PageDescriptors descriptors) {
        super(descriptors);
    }

    @Override
    byte firstUse(final boolean readAhead) {
        return 0;
    }

    @Override
    public void touched(final int frame) {
        mutex.lock();
        try {
            // The caller may have no reference: what is no longer in the queue is left alone.
            final int head = descriptors.head(frame);
            if (FrameList.tag(descriptors.queue(head)) == 1) {
                rejectedTo().renew(head);
            }
        } finally {
            mutex.unlock();
        }
    }

    @Override
    int pollVictim() {
        return rejectedTo().poll();
    }
}
