package io.quire.engine.evict;

import io.quire.engine.memory.PageDescriptors;

/** A policy with one queue, which every page enters at its end, and without a memory of what was evicted. */
abstract class OneQueuePolicy extends QueuePolicy {
    OneQueuePolicy(final PageDescriptors descriptors) {
        super(descriptors, 1);
    }

    /** The use byte of a page that comes in. */
    abstract byte firstUse(boolean readAhead);

    @Override
    public final boolean inserted(final int frame, final boolean readAhead, final int shadow) {
        descriptors.use(frame, firstUse(readAhead));
        mutex.lock();
        try {
            rejectedTo().add(frame);
            return false;
        } finally {
            mutex.unlock();
        }
    }

    @Override
    final FrameList rejectedTo() {
        return queue(0);
    }

    @Override
    public final int shadow(final int frame) {
        return 0;
    }
}
