package io.quire.engine.memory;

/**
 * A lock-free stack of frames. Its head is one word, {@code tag << 32 | frame + 1}; the tag moves with each change, which
 * defeats ABA. Links are in the descriptors ({@link PageDescriptors#LINK_OFFSET}). Thread-safe. Source: Treiber, "Systems
 * programming: coping with parallelism", IBM RJ 5118, 1986.
 */
final class FrameStack {
    static final int NONE = FrameAllocator.NONE;
    /** Size of its words, in bytes. */
    static final long SIZE = 256;

    private static final int COUNT_OFFSET = 128;

    private final PageDescriptors descriptors;
    private final long head;
    private final long count;

    FrameStack(final PageDescriptors descriptors, final long address) {
        this.descriptors = descriptors;
        this.head = address;
        this.count = address + COUNT_OFFSET;
    }

    /** Frames on the stack. Exact when nothing else runs. */
    int size() {
        return OffHeap.getIntVolatile(count);
    }

    int pop() {
        while (true) {
            final long before = OffHeap.getLongVolatile(head);
            final int top = (int) before;
            if (top == 0) {
                return NONE;
            }
            // A racing pop may have changed the link by now; the tag makes the exchange fail then.
            if (OffHeap.compareAndSetLong(head, before, tagged(before, link(top - 1)))) {
                OffHeap.getAndAddInt(count, -1);
                return top - 1;
            }
        }
    }

    /** Puts a frame on top; how many stand here now, more or less. */
    int push(final int frame) {
        return pushChain(frame, frame, 1);
    }

    /** Puts frames that are linked to each other on top, the first one topmost. */
    int pushChain(final int first, final int last, final int frames) {
        long before;
        do {
            before = OffHeap.getLongVolatile(head);
            OffHeap.putIntRelease(address(last), (int) before);
        } while (!OffHeap.compareAndSetLong(head, before, tagged(before, first + 1)));
        return OffHeap.getAndAddInt(count, frames) + frames;
    }

    /** Links a private frame to the one that is to stand below it. */
    void link(final int frame, final int below) {
        OffHeap.putIntRelease(address(frame), below + 1);
    }

    /** The topmost frame, or {@link #NONE}; only when nothing else runs. */
    int top() {
        return (int) OffHeap.getLongVolatile(head) - 1;
    }

    /** The frame below another, or {@link #NONE}; only when nothing else runs, or both are private. */
    int below(final int frame) {
        return link(frame) - 1;
    }

    private int link(final int frame) {
        return OffHeap.getIntAcquire(address(frame));
    }

    private long address(final int frame) {
        return descriptors.address(frame) + PageDescriptors.LINK_OFFSET;
    }

    private static long tagged(final long before, final int top) {
        return ((before >>> 32) + 1) << 32 | top & 0xffff_ffffL;
    }
}
