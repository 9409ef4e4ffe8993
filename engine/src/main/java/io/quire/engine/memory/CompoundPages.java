package io.quire.engine.memory;

import static io.quire.engine.memory.PageDescriptors.BLOCKS_OFFSET;
import static io.quire.engine.memory.PageDescriptors.COMPOUND_OFFSET;
import static io.quire.engine.memory.PageDescriptors.GENERATION_ONE;
import static io.quire.engine.memory.PageDescriptors.HEAD;
import static io.quire.engine.memory.PageDescriptors.INDEX_OFFSET;
import static io.quire.engine.memory.PageDescriptors.LOCKED;
import static io.quire.engine.memory.PageDescriptors.MAPPING_OFFSET;
import static io.quire.engine.memory.PageDescriptors.ORDER_OFFSET;
import static io.quire.engine.memory.PageDescriptors.REFS_OFFSET;
import static io.quire.engine.memory.PageDescriptors.STATE_OFFSET;
import static io.quire.engine.memory.PageDescriptors.TAIL;
import static io.quire.engine.memory.PageDescriptors.UPTODATE;
import static io.quire.engine.memory.PageDescriptors.USE_OFFSET;

/**
 * Pages of one or of several frames: references, pins on tails, and the split that hands them over.
 *
 * <p><b>Benefit.</b> A compound page of order n is 2^n frames that follow each other, under one lock, one reference count and
 * one place in the replacement queues, so that bringing in 2 MiB costs little more than bringing in 4 KiB. Binding, generation,
 * UPTODATE, DIRTY, use and maps stay with each frame, so an optimistic read does not know about it. <b>Cost.</b> A reference to a
 * tail is two atomic operations, and a frame found in a slot may be a tail.
 *
 * <pre>
 *            bind(head, order)                      split: word of each tail swapped for 0
 *   PRIVATE -------------------&gt; HEAD + 2^n - 1 TAILS ---------------------------------------&gt; 2^n pages of one frame
 *   2^n frames                    |  ^  |
 *      ^                          |  +--+ pin: head's count + 1, then pins + 1     unpin: pins - 1, then head's count - 1
 *      | the last reference       | unbind (page lock, tree lock)
 *      +------------------- LEFT &lt;+
 * </pre>
 *
 * <p><b>Invariants</b> ({@code native-notes/compound.md}):
 * <ul>
 * <li>H1: the count of a tail is 0, and below 0 while a split gives it one; so a try-get on it never succeeds.</li>
 * <li>H2: a pin on a tail is 1 in the tail's pins and 1 in its head's count. The head's is taken first and given back last, so
 *     the head's count is never less than the sum of the pins, and a frozen head has no pins.</li>
 * <li>H3: pins change only by compare-and-set of the whole word, which names the head: who holds a reference to that head and
 *     finds it named pins the right page, whatever the frame was in between.</li>
 * <li>H4: a split takes the pins of a tail by one exchange. Who pinned before has a reference to the new page; who comes later
 *     finds no head named, and goes by the frame's own count.</li>
 * </ul>
 *
 * <p>Thread-safe as each method says; allocates nothing. Source: Linux {@code mm/huge_memory.c}, {@code __folio_split} and
 * {@code folio_try_get}; Linux freezes the head's count for a split and gives up when there are pins, which here have a word of
 * their own.
 */
public final class CompoundPages {
    /** What a former tail's count is less than zero by while its pins are handed over; more than any count. */
    private static final int SPLITTING = 1 << 30;

    private final PageDescriptors descriptors;
    private final FrameAllocator allocator;

    /**
     * Makes the pages of a table.
     *
     * @param descriptors the table
     * @param allocator   where frames go with their last reference
     */
    public CompoundPages(final PageDescriptors descriptors, final FrameAllocator allocator) {
        this.descriptors = descriptors;
        this.allocator = allocator;
    }

    /**
     * Adds a reference to the page that a frame is part of, or none when its count is zero or the frame just changed sides. The
     * caller must check the binding and the slot again.
     *
     * @param frame frame number, not known to be anything
     * @return whether a reference was taken, to be given back by {@link #release} of the same frame
     */
    public boolean tryGet(final int frame) {
        final long word = compoundWord(frame);
        long seen = OffHeap.getLongVolatile(word);
        if (seen == 0) {
            return descriptors.tryGet(frame);
        }
        final int head = headOf(seen);
        if (!descriptors.tryGet(head)) {
            return false;
        }
        do {
            if (OffHeap.compareAndSetLong(word, seen, seen + 1)) {
                return true;
            }
            seen = OffHeap.getLongVolatile(word);
        } while (seen != 0 && headOf(seen) == head);
        releaseHead(head);
        return false;
    }

    /**
     * Adds a reference to a page that cannot go away: the caller has one already, or holds its tree's lock.
     *
     * @param frame frame number
     */
    public void get(final int frame) {
        while (true) {
            final long word = compoundWord(frame);
            final long seen = OffHeap.getLongVolatile(word);
            if (seen == 0) {
                descriptors.get(frame);
                return;
            }
            if (tryGet(frame)) {
                return;
            }
        }
    }

    /**
     * Gives a reference back. The last one frees the page's frames.
     *
     * @param frame frame number by which the reference was taken
     */
    public void release(final int frame) {
        final long word = compoundWord(frame);
        while (true) {
            final long seen = OffHeap.getLongVolatile(word);
            if (seen == 0) {
                // Not a tail, or no longer: a split gave the frame a count that has this reference in it.
                releaseHead(frame);
                return;
            }
            assert (int) seen > 0 : "release of frame " + frame + ", a tail without pins";
            if (OffHeap.compareAndSetLong(word, seen, seen - 1)) {
                releaseHead(headOf(seen));
                return;
            }
        }
    }

    /**
     * Adds a reference to each of some frames of one compound page.
     *
     * @param frame first frame number, of a page to which the caller has a reference and the lock, so that it is not split meanwhile
     * @param count frames, 1 or more, all of them of that page
     */
    public void getRun(final int frame, final int count) {
        final int head = descriptors.head(frame);
        assert frame + count <= head + (1 << descriptors.order(head)) : "frames " + frame + " + " + count + " of " + head;
        // The head's first. H2.
        descriptors.get(head, count);
        for (int tail = Math.max(frame, head + 1); tail < frame + count; tail++) {
            final long word = compoundWord(tail);
            long seen = OffHeap.getLongVolatile(word);
            while (!OffHeap.compareAndSetLong(word, seen, seen + 1)) {
                seen = OffHeap.getLongVolatile(word);
            }
        }
    }

    /**
     * As {@link #release} of each of some frames that follow each other, whatever they are parts of by now.
     *
     * @param frame first frame number
     * @param count frames, 1 or more
     */
    public void releaseRun(final int frame, final int count) {
        int head = -1;
        int held = 0;
        for (int i = frame; i < frame + count; i++) {
            final long word = compoundWord(i);
            long seen = OffHeap.getLongVolatile(word);
            while (seen != 0 && !OffHeap.compareAndSetLong(word, seen, seen - 1)) {
                seen = OffHeap.getLongVolatile(word);
            }
            assert seen == 0 || (int) seen > 0 : "release of frame " + i + ", a tail without pins";
            final int of = seen == 0 ? i : headOf(seen);
            if (of != head) {
                releaseHead(head, held);
                head = of;
                held = 0;
            }
            held++;
        }
        releaseHead(head, held);
    }

    private void releaseHead(final int head, final int count) {
        if (count > 0 && descriptors.put(head, count)) {
            free(head);
        }
    }

    private void releaseHead(final int head) {
        if (descriptors.put(head)) {
            free(head);
        }
    }

    /**
     * Gives the frames of a page back that nobody refers to.
     *
     * @param head a head or a page of one frame, count 0, owned by the caller, bound to nothing
     */
    public void free(final int head) {
        final int order = descriptors.order(head);
        if (order == 0) {
            allocator.free(head);
            return;
        }
        for (int tail = head + 1; tail < head + (1 << order); tail++) {
            assert (int) OffHeap.getLongVolatile(compoundWord(tail)) == 0 : "frame " + tail + " is freed with pins";
            OffHeap.putLongRelease(compoundWord(tail), 0);
        }
        OffHeap.putByte(descriptors.address(head) + ORDER_OFFSET, (byte) 0);
        allocator.free(head, order);
    }

    /**
     * Binds a private block of frames to pages of a file that follow each other, as one locked page that is not uptodate.
     * Generations move first, as in {@link PageDescriptors#bind}; the head's count comes last.
     *
     * @param head    first frame of an aligned block, every count 0, owned by the caller
     * @param order   1 to {@link FrameAllocator#MAX_ORDER}
     * @param mapping mapping id, not 0
     * @param index   page index of the first, a multiple of {@code 1 << order}
     * @param pinAll  whether the caller gets a reference by each of the frames, or only one by the head; beside the cache's
     */
    public void bind(final int head, final int order, final long mapping, final long index, final boolean pinAll) {
        final int size = 1 << order;
        assert mapping != 0 && order >= 1 && order <= FrameAllocator.MAX_ORDER && (index | head & 0xffff_ffffL) % size == 0
            : "frame " + head + " order " + order + " index " + index;
        final long tailWord = head + 1L << Integer.SIZE | (pinAll ? 1 : 0);
        for (int i = 0; i < size; i++) {
            final long address = descriptors.address(head + i);
            assert OffHeap.getIntVolatile(address + REFS_OFFSET) == 0 : "frame " + (head + i);
            // Nobody else changes the state of a private frame, so that no atomic operation is needed.
            final long generation = (OffHeap.getLong(address + STATE_OFFSET) & -GENERATION_ONE) + GENERATION_ONE;
            OffHeap.putLongRelease(address + STATE_OFFSET, generation | (i == 0 ? LOCKED | HEAD : TAIL));
            OffHeap.storeFence();
            OffHeap.putLong(address + MAPPING_OFFSET, mapping);
            OffHeap.putLong(address + INDEX_OFFSET, index + i);
            OffHeap.putInt(address + BLOCKS_OFFSET, 0);
            OffHeap.putByte(address + USE_OFFSET, (byte) 0);
            OffHeap.putLongRelease(address + COMPOUND_OFFSET, i == 0 ? 0 : tailWord);
        }
        final long address = descriptors.address(head);
        OffHeap.putByte(address + ORDER_OFFSET, (byte) order);
        OffHeap.putIntVolatile(address + REFS_OFFSET, pinAll ? 1 + size : 2);
    }

    /**
     * Sets UPTODATE on every tail. The caller sets it on the head when it unlocks: only then does anybody act on it.
     *
     * @param head a head, locked by the caller since it was bound
     */
    public void tailsUptodate(final int head) {
        for (int tail = head + 1; tail < head + (1 << descriptors.order(head)); tail++) {
            // The caller alone changes flags of a tail that was never unlocked.
            final long state = descriptors.address(tail) + STATE_OFFSET;
            OffHeap.putLongRelease(state, OffHeap.getLong(state) | UPTODATE);
        }
    }

    /**
     * Unbinds a page that has left the tree, all its frames: each generation moves. What they are to each other stays until the
     * last reference goes.
     *
     * @param head a head or a page of one frame, locked by the caller, its tree's lock held
     */
    public void unbind(final int head) {
        for (int frame = head + (1 << descriptors.order(head)) - 1; frame >= head; frame--) {
            descriptors.unbind(frame);
        }
    }

    /**
     * Makes every frame of a compound page a page of its own, with one reference of the cache's and the pins that it had as a
     * tail. Never fails. Bytes, bindings, generations and flags stay, so optimistic reads go on.
     *
     * @param head   a head that is bound, its page lock and its tree's lock held, and a reference by the caller
     * @param locked the frame that has the page lock afterwards: the head, or a tail, which the caller must then
     *               {@code adopt}, and unlock the head
     */
    public void split(final int head, final int locked) {
        final int size = 1 << descriptors.order(head);
        assert size > 1 && locked >= head && locked < head + size && descriptors.refs(head) >= 2 : "split of frame " + head;
        int handedOver = 0;
        for (int tail = head + 1; tail < head + size; tail++) {
            if (tail == locked) {
                descriptors.set(tail, LOCKED);
            }
            descriptors.clear(tail, TAIL);
            final long refs = descriptors.address(tail) + REFS_OFFSET;
            // First, so that a pin given back right after the exchange finds a count to come off. H4.
            OffHeap.putIntVolatile(refs, -SPLITTING);
            final int pins = (int) OffHeap.getAndSetLong(compoundWord(tail), 0);
            OffHeap.getAndAddInt(refs, SPLITTING + 1 + pins);
            handedOver += pins;
        }
        descriptors.clear(head, HEAD);
        OffHeap.putByte(descriptors.address(head) + ORDER_OFFSET, (byte) 0);
        // The tree's reference and the caller's own stay, so this is never the last.
        OffHeap.getAndAddInt(descriptors.address(head) + REFS_OFFSET, -handedOver);
    }

    /**
     * The pins on a tail.
     *
     * @param frame frame number
     * @return pins, 0 or more; -1 when the frame is no tail
     */
    public int pins(final int frame) {
        final long word = OffHeap.getLongVolatile(compoundWord(frame));
        return word == 0 ? -1 : (int) word;
    }

    private long compoundWord(final int frame) {
        return descriptors.address(frame) + COMPOUND_OFFSET;
    }

    private static int headOf(final long word) {
        return (int) (word >>> Integer.SIZE) - 1;
    }
}
