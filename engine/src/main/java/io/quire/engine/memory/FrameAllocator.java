package io.quire.engine.memory;

/**
 * Hands out frames that belong to no page: a lock-free stack of freed frames over a mark below which every frame has
 * been used once, so that frames never used are never touched.
 *
 * <p>The stack's head is one word, {@code tag << 32 | frame + 1}; the tag moves with each change, which defeats ABA.
 * Links are in the descriptors ({@link PageDescriptors#LINK_OFFSET}). Thread-safe, lock-free, allocates nothing.
 * Source of the protocol: Treiber, "Systems programming: coping with parallelism", IBM RJ 5118, 1986.
 */
public final class FrameAllocator implements AutoCloseable {
    /** Returned when no frame is free. */
    public static final int NONE = -1;
    /** log2 of the number of frames of the largest block: 2 MiB. */
    public static final int MAX_ORDER = 9;

    private static final int HEAD_OFFSET = 0;
    private static final int UNUSED_OFFSET = 128;
    private static final int FREE_OFFSET = 256;
    private static final long SIZE = 512;

    private final PageDescriptors descriptors;
    private final int frames;
    private final long words;
    private boolean closed;

    /**
     * Makes an allocator of every frame of a table.
     *
     * @param descriptors the table; the link fields of free frames belong to this allocator
     */
    public FrameAllocator(final PageDescriptors descriptors) {
        this.descriptors = descriptors;
        this.frames = descriptors.frames();
        this.words = NativeMemory.reserve(SIZE, false);
        OffHeap.putIntVolatile(words + FREE_OFFSET, frames);
    }

    /**
     * Takes a frame. Its contents are whatever the last page left.
     *
     * @return a frame number, reference count 0, or {@link #NONE}
     */
    public int allocate() {
        while (true) {
            final long head = OffHeap.getLongVolatile(words + HEAD_OFFSET);
            final int top = (int) head;
            if (top == 0) {
                return allocateUnused();
            }
            // A racing pop may have changed the link by now; the tag makes the exchange fail then.
            final int next = OffHeap.getIntAcquire(descriptors.address(top - 1) + PageDescriptors.LINK_OFFSET);
            if (OffHeap.compareAndSetLong(words + HEAD_OFFSET, head, tagged(head, next))) {
                OffHeap.getAndAddInt(words + FREE_OFFSET, -1);
                return top - 1;
            }
        }
    }

    /**
     * Takes a block of frames that follow each other, naturally aligned. Their contents are whatever the last pages left.
     *
     * @param order log2 of the number of frames, 0 to {@link #MAX_ORDER}
     * @return the first frame, a multiple of {@code 1 << order}; each frame with reference count 0; or {@link #NONE}
     */
    public int allocate(final int order) {
        checkOrder(order);
        if (order == 0) {
            return allocate();
        }
        final int size = 1 << order;
        final long word = words + UNUSED_OFFSET;
        int unused;
        int first;
        do {
            unused = OffHeap.getIntVolatile(word);
            first = unused + size - 1 & -size;
            if (first > frames - size) {
                return NONE;
            }
        } while (!OffHeap.compareAndSetInt(word, unused, first + size));
        OffHeap.getAndAddInt(words + FREE_OFFSET, unused - first - size);
        for (int frame = first - 1; frame >= unused; frame--) {
            free(frame);
        }
        return first;
    }

    /**
     * Gives a block of frames back.
     *
     * @param frame the first frame of an aligned block, all of it allocated (in one piece or not), each frame with reference
     *              count 0 and bound to nothing
     * @param order log2 of the number of frames, 0 to {@link #MAX_ORDER}
     */
    public void free(final int frame, final int order) {
        checkOrder(order);
        for (int i = (1 << order) - 1; i >= 0; i--) {
            free(frame + i);
        }
    }

    /**
     * How many frames the allocator hands out in all, free or not.
     *
     * @return frames in service
     */
    public int frames() {
        return frames;
    }

    /**
     * Gives a frame back.
     *
     * @param frame a frame that {@link #allocate()} returned, reference count 0, bound to nothing
     */
    public void free(final int frame) {
        assert descriptors.refs(frame) == 0 : "free of frame " + frame + " in use";
        final long link = descriptors.address(frame) + PageDescriptors.LINK_OFFSET;
        long head;
        do {
            head = OffHeap.getLongVolatile(words + HEAD_OFFSET);
            OffHeap.putIntRelease(link, (int) head);
        } while (!OffHeap.compareAndSetLong(words + HEAD_OFFSET, head, tagged(head, frame + 1)));
        OffHeap.getAndAddInt(words + FREE_OFFSET, 1);
    }

    /**
     * How many frames are free. Exact when nothing else runs; otherwise a recent value.
     *
     * @return 0 to the number of frames
     */
    public int available() {
        return OffHeap.getIntVolatile(words + FREE_OFFSET);
    }

    private int allocateUnused() {
        final long word = words + UNUSED_OFFSET;
        int unused;
        do {
            unused = OffHeap.getIntVolatile(word);
            if (unused == frames) {
                // A frame freed since the stack was seen empty is found by the caller's next attempt.
                return NONE;
            }
        } while (!OffHeap.compareAndSetInt(word, unused, unused + 1));
        OffHeap.getAndAddInt(words + FREE_OFFSET, -1);
        return unused;
    }

    private static void checkOrder(final int order) {
        if (order < 0 || order > MAX_ORDER) {
            throw new IllegalArgumentException("a block has order 0 to " + MAX_ORDER + ", not " + order);
        }
    }

    private static long tagged(final long head, final int top) {
        return ((head >>> 32) + 1) << 32 | top & 0xffff_ffffL;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            NativeMemory.release(words, SIZE);
        }
    }
}
