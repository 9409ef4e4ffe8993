package io.quire.engine.evict;

import io.quire.engine.cache.ReplacementPolicy;
import io.quire.engine.lock.LockClass;
import io.quire.engine.lock.OrderedMutex;
import io.quire.engine.memory.PageDescriptors;

/**
 * What all policies share: queues of pages under one mutex, and what becomes of a page's place when it moves, is split, is
 * chosen, or leaves. A policy says which queue a page enters, and which page is the next victim.
 *
 * <pre>
 *              inserted                nextVictims               removed
 *   (nowhere) ----------&gt; a queue ----------------&gt; in transit ----------&gt; (nowhere)
 *                          ^   |  removed: nowhere    |    |  migrated: the new frame enters {@link #rejectedTo}
 *                          |   +----------------&gt;     |    +-----------------&gt;
 *                          +--------------------------+
 *                                 rejected
 * </pre>
 *
 * <p>A page in transit is in no queue, and its tag still tells which one it came from. Of a compound page only the first frame
 * stands in a queue; tags of the others are {@link #NOWHERE}. Q1 to Q5 in {@code native-notes/replacement.md}.
 */
abstract class QueuePolicy implements ReplacementPolicy {
    /** The tag of a frame that is in no queue. Queues have the tags 1 to 7. */
    static final byte NOWHERE = 0;
    /** Added to the tag of the queue that a page in transit came from. */
    static final byte TRANSIT = 8;

    /** Frames in a row, two batches, that tell by being rejected that their queue has nothing to give for now. R9. */
    static final int MOST_REFUSED = 64;

    final PageDescriptors descriptors;
    /** Guards the queues and the tags. */
    final OrderedMutex mutex = new OrderedMutex(LockClass.ALLOCATOR, "replacement queues");
    private final FrameList[] queues;
    private volatile int capacity;
    /** Frames rejected since a page left, at most {@link #MOST_REFUSED}; guarded by the mutex. */
    private int refused;

    QueuePolicy(final PageDescriptors descriptors, final int queues) {
        this.descriptors = descriptors;
        this.capacity = descriptors.frames();
        this.queues = new FrameList[queues];
        for (int i = 0; i < queues; i++) {
            this.queues[i] = new FrameList(descriptors, (byte) (i + 1));
        }
    }

    /** Takes the next victim out of its queue, or {@link FrameList#NONE}; under the mutex. */
    abstract int pollVictim();

    /** The queue of a page that could not be evicted, or that moved while it was in transit. */
    abstract FrameList rejectedTo();

    /** The queue of a piece of a compound page that was in transit when it was split. */
    FrameList pieceTo(final int frame) {
        return rejectedTo();
    }

    /** Whether the last {@link #MOST_REFUSED} frames or more were rejected; under the mutex. */
    final boolean isRefused() {
        return refused >= MOST_REFUSED;
    }

    /** Whether every frame of a page was used. One that was used in part is a candidate: the evictor splits it. R12. */
    final boolean isUsed(final int head) {
        final int end = head + (1 << descriptors.order(head));
        int frame = head;
        while (frame < end && descriptors.use(frame) > 0) {
            frame++;
        }
        return frame == end;
    }

    /** Counts the uses of every frame of a page down by so many, at most to 0. */
    final void age(final int head, final int by) {
        for (int frame = head; frame < head + (1 << descriptors.order(head)); frame++) {
            descriptors.use(frame, (byte) Math.max(0, descriptors.use(frame) - by));
        }
    }

    /** A queue, from 0. */
    final FrameList queue(final int number) {
        return queues[number];
    }

    /** Frames that may hold pages. */
    final int capacity() {
        return capacity;
    }

    /** Which queue a page is in, or came from when it is in transit, from 0; -1 for nowhere. */
    final int origin(final int frame) {
        return (FrameList.tag(descriptors.queue(frame)) & TRANSIT - 1) - 1;
    }

    @Override
    public void capacity(final int frames) {
        capacity = frames;
    }

    @Override
    public long tableBytes() {
        return 0;
    }

    @Override
    public void forget(final long mapping, final long index) {
        // The queues hold pages of the cache only.
    }

    @Override
    public void close() {
        // The queues are in the descriptors.
    }

    private FrameList queueOf(final int frame) {
        final int tag = FrameList.tag(descriptors.queue(frame));
        return tag == NOWHERE || tag >= TRANSIT ? null : queues[tag - 1];
    }

    @Override
    public void removed(final int frame) {
        mutex.lock();
        try {
            final FrameList queue = queueOf(frame);
            if (queue != null) {
                queue.remove(frame);
            }
            descriptors.queue(frame, NOWHERE);
            refused = 0;
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public int nextVictims(final int[] victims) {
        mutex.lock();
        try {
            int found = 0;
            // A batch is as many frames as the array has room for, or one page more.
            int frames = 0;
            while (frames < victims.length) {
                final int frame = pollVictim();
                if (frame == FrameList.NONE) {
                    break;
                }
                descriptors.queue(frame, (byte) (FrameList.tag(descriptors.queue(frame)) + TRANSIT));
                victims[found++] = frame;
                frames += 1 << descriptors.order(frame);
            }
            return found;
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public void rejected(final int frame) {
        mutex.lock();
        try {
            // A frame whose page was removed meanwhile is no longer in transit, and may already hold another page.
            if (FrameList.tag(descriptors.queue(frame)) >= TRANSIT) {
                rejectedTo().add(frame);
                // The bound is all that is asked for, and the sum must not overflow while nothing leaves.
                refused = Math.min(MOST_REFUSED, refused + (1 << descriptors.order(frame)));
            }
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public void migrated(final int from, final int to) {
        mutex.lock();
        try {
            final FrameList queue = queueOf(from);
            if (queue != null) {
                queue.replace(from, to);
            } else {
                // The evictor that has it in hand will find nothing there.
                rejectedTo().add(to);
            }
            descriptors.queue(from, NOWHERE);
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public void split(final int head, final int order) {
        mutex.lock();
        try {
            final FrameList queue = queueOf(head);
            final boolean placed = queue != null && queue.split(head);
            for (int tail = head + 1; !placed && tail < head + (1 << order); tail++) {
                pieceTo(tail).add(tail);
            }
        } finally {
            mutex.unlock();
        }
    }

    @Override
    public void verify(final long frames) {
        mutex.lock();
        try {
            long sum = 0;
            for (final FrameList queue : queues) {
                queue.verify();
                sum += queue.size();
            }
            if (sum != frames) {
                throw new AssertionError("the queues hold " + sum + " frames, the cache " + frames);
            }
        } finally {
            mutex.unlock();
        }
    }
}
