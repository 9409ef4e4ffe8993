package io.quire.engine.memory;

/**
 * A set of small numbers, off-heap, that finds its next member in a step or two however large it is: each word of a level tells
 * which words of the level below are not empty. Not thread-safe: guarded by the allocator's lock.
 */
final class FrameBitmap {
    /** Returned when there is no further member. */
    static final int NONE = -1;

    private static final int WORD_SHIFT = 6;

    private final int bits;
    private final long[] levels;
    private final int[] words;
    private int size;

    /**
     * Makes an empty set.
     *
     * @param address zeroed memory of {@link #bytes} bytes
     * @param bits    one more than the largest member
     */
    FrameBitmap(final long address, final int bits) {
        this.bits = bits;
        final int depth = depth(bits);
        levels = new long[depth];
        words = new int[depth];
        long at = address;
        int n = bits;
        for (int level = 0; level < depth; level++) {
            n = words(n);
            levels[level] = at;
            words[level] = n;
            at += (long) n << 3;
        }
    }

    static long bytes(final int bits) {
        long sum = 0;
        int n = bits;
        for (int level = depth(bits); level > 0; level--) {
            n = words(n);
            sum += (long) n << 3;
        }
        return sum;
    }

    int size() {
        return size;
    }

    boolean contains(final int member) {
        return member < bits && (word(0, member >>> WORD_SHIFT) & 1L << member) != 0;
    }

    /** Adds what is not a member. */
    void add(final int member) {
        assert !contains(member) : member;
        size++;
        int n = member;
        for (int level = 0; level < levels.length; level++) {
            final long address = levels[level] + ((long) (n >>> WORD_SHIFT) << 3);
            final long before = OffHeap.getLong(address);
            OffHeap.putLong(address, before | 1L << n);
            if (before != 0) {
                return;
            }
            n >>>= WORD_SHIFT;
        }
    }

    /** Takes a member out. */
    void remove(final int member) {
        assert contains(member) : member;
        size--;
        int n = member;
        for (int level = 0; level < levels.length; level++) {
            final long address = levels[level] + ((long) (n >>> WORD_SHIFT) << 3);
            final long after = OffHeap.getLong(address) & ~(1L << n);
            OffHeap.putLong(address, after);
            if (after != 0) {
                return;
            }
            n >>>= WORD_SHIFT;
        }
    }

    /** The smallest member that is not below a number, or {@link #NONE}. */
    int next(final int from) {
        int n = from;
        for (int level = 0; level < levels.length; level++) {
            final int word = n >>> WORD_SHIFT;
            if (word >= words[level]) {
                return NONE;
            }
            final long rest = word(level, word) & -1L << n;
            if (rest != 0) {
                n = word << WORD_SHIFT | Long.numberOfTrailingZeros(rest);
                return descend(level, n);
            }
            n = word + 1;
        }
        return NONE;
    }

    private int descend(final int from, final int start) {
        int n = start;
        for (int level = from - 1; level >= 0; level--) {
            n = n << WORD_SHIFT | Long.numberOfTrailingZeros(word(level, n));
        }
        return n;
    }

    private long word(final int level, final int n) {
        return OffHeap.getLong(levels[level] + ((long) n << 3));
    }

    private static int depth(final int bits) {
        int depth = 1;
        for (int n = words(bits); n > 1; n = words(n)) {
            depth++;
        }
        return depth;
    }

    private static int words(final int bits) {
        return (bits >>> WORD_SHIFT) + ((bits & (1 << WORD_SHIFT) - 1) == 0 ? 0 : 1);
    }
}
