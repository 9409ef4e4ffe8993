package io.quire.engine.memory;

import java.util.concurrent.atomic.AtomicInteger;

/** Descriptors that all states of a run share: a state is a block of two frames, taken in turn, of far more than live at once. */
final class CompoundState {
    static final long MAPPING = 5;
    static final PageDescriptors PAGES = new PageDescriptors(1 << 20);
    static final FrameAllocator ALLOCATOR = new FrameAllocator(PAGES);
    static final CompoundPages COMPOUNDS = new CompoundPages(PAGES, ALLOCATOR);

    private static final AtomicInteger NEXT = new AtomicInteger();

    private CompoundState() {
    }

    /** A private block of two frames, each with count 0. */
    static int block() {
        final int head = 2 * NEXT.getAndIncrement() & PAGES.frames() - 1;
        for (int frame = head; frame < head + 2; frame++) {
            OffHeap.putLong(PAGES.address(frame) + PageDescriptors.COMPOUND_OFFSET, 0);
            OffHeap.putByte(PAGES.address(frame) + PageDescriptors.ORDER_OFFSET, (byte) 0);
            OffHeap.putIntVolatile(PAGES.address(frame) + PageDescriptors.REFS_OFFSET, 0);
        }
        return head;
    }

    /** The head of a compound page of two frames, locked, with the tree's reference and one of the caller's. */
    static int bound() {
        final int head = block();
        COMPOUNDS.bind(head, 1, MAPPING, 0, false);
        return head;
    }

    /** The count of a frame's page beyond the tree's reference, or -1 when the frame is a tail with pins. */
    static int extra(final int frame) {
        return COMPOUNDS.pins(frame) == -1 ? PAGES.refs(frame) - 1 : -1;
    }
}
