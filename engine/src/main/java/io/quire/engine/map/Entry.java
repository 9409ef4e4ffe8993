package io.quire.engine.map;

import static io.quire.engine.memory.FrameArena.FRAME_SHIFT;

import io.quire.engine.memory.OffHeap;

/**
 * The word of a soft page-table entry.
 *
 * <pre>
 *  63 ............ 42 | 41 ....... 12 | 11 .. 5 |    4         3        2         1        0
 *  generation, low 22   frame number      0       ACCESSED  PRIVATE  WRITABLE  PRESENT  LOCKED
 * </pre>
 *
 * <p>The frame stands where shifting it to a byte offset puts it. A PRIVATE entry has the number of the page in the region
 * there, and no generation. 0 shows nothing.
 *
 * <p>LOCKED is a spin bit: who holds it does a few stores, or copies one page, waits for nothing and allocates nothing. It is
 * the innermost lock of all, a leaf like a bucket of the wait table, and not announced to the validator. An entry is changed
 * only under it (M2); loads do not look at it.
 */
final class Entry {
    static final long LOCKED = 1L;
    static final long PRESENT = 1L << 1;
    static final long WRITABLE = 1L << 2;
    static final long PRIVATE = 1L << 3;
    /** An access went through the entry since somebody asked. */
    static final long ACCESSED = 1L << 4;
    static final long FRAME_MASK = (1L << 42) - 1 & -(1L << FRAME_SHIFT);

    private static final int GENERATION_UP = 42 - 32;
    private static final int SPINS = 64;

    private Entry() {
    }

    /** An entry that shows a page of the file. */
    static long shared(final int frame, final long state, final long flags) {
        // The generation is the upper half of the state word; what does not fit falls off.
        return (state >>> 32 << 32 << GENERATION_UP) | (long) frame << FRAME_SHIFT | PRESENT | flags;
    }

    /** An entry that shows the region's own copy of a page. */
    static long ownCopy(final long page, final long flags) {
        return page << FRAME_SHIFT | PRESENT | PRIVATE | flags;
    }

    static int frame(final long entry) {
        return (int) ((entry & FRAME_MASK) >>> FRAME_SHIFT);
    }

    static boolean isShared(final long entry) {
        return (entry & (PRESENT | PRIVATE)) == PRESENT;
    }

    /** Takes the bit; what the entry was. */
    static long lock(final long word) {
        int spins = 0;
        while (true) {
            final long seen = OffHeap.getLongVolatile(word);
            if ((seen & LOCKED) == 0 && OffHeap.compareAndSetLong(word, seen, seen | LOCKED)) {
                return seen;
            }
            // The holder may have lost its processor in the middle of its few stores.
            if (++spins % SPINS == 0) {
                Thread.yield();
            } else {
                Thread.onSpinWait();
            }
        }
    }

    /**
     * Takes the bit of an entry that shows something; 0, and the bit is not taken, of one that shows nothing. Whoever is not
     * among the region's users takes it this way: a table that is given back is all zeros, and stays so (M2).
     */
    static long lockPresent(final long word) {
        int spins = 0;
        while (true) {
            final long seen = OffHeap.getLongVolatile(word);
            if (seen == 0) {
                return 0;
            }
            if ((seen & LOCKED) == 0 && OffHeap.compareAndSetLong(word, seen, seen | LOCKED)) {
                return seen;
            }
            if (++spins % SPINS == 0) {
                Thread.yield();
            } else {
                Thread.onSpinWait();
            }
        }
    }

    /** Notes an access through an entry that is not changed at the same moment: an access that is missed does no harm. */
    static void accessed(final long word, final long entry) {
        if ((entry & (ACCESSED | LOCKED)) == 0) {
            OffHeap.compareAndSetLong(word, entry, entry | ACCESSED);
        }
    }

    /** Gives the bit back with what the entry is from now on. */
    static void unlock(final long word, final long entry) {
        assert (entry & LOCKED) == 0 && (OffHeap.getLongVolatile(word) & LOCKED) != 0 : Long.toHexString(entry);
        OffHeap.putLongRelease(word, entry);
    }
}
