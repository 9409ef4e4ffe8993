package io.quire.bench;

/**
 * Offsets that a prefetcher cannot guess, at the price of a multiplication: a linear congruential generator whose high
 * bits choose a unit. Not thread-safe.
 */
final class RandomOffsets {
    private final long mask;
    private final int shift;
    private final long end;
    private long state;

    /**
     * Over a range of a power of two.
     *
     * @param bytes the range's length, a power of two
     * @param unit  offsets are multiples of it, a power of two
     * @param last  the length of what is read there, so that it lies within the range; a multiple of {@code unit}
     */
    RandomOffsets(final long bytes, final int unit, final int last, final long seed) {
        if (Long.bitCount(bytes) != 1 || Integer.bitCount(unit) != 1 || last % unit != 0 || last > bytes / 2) {
            throw new IllegalArgumentException(last + " bytes at multiples of " + unit + " in " + bytes);
        }
        this.mask = bytes - 1 & -unit;
        this.shift = 64 - Long.numberOfTrailingZeros(bytes);
        this.end = bytes - last;
        this.state = seed * 0x9E3779B97F4A7C15L + 1;
    }

    /** The next offset; the last one a little more often than others when a piece is longer than a unit. */
    long next() {
        state = state * 6364136223846793005L + 1442695040888963407L;
        return Math.min(state >>> shift & mask, end);
    }
}
