package io.quire.engine.cache;

import static io.quire.engine.memory.PageDescriptors.BLOCK_SIZE;

/** Sets of blocks of a page, as bits: bit i stands for the bytes from {@code BLOCK_SIZE * i}. */
final class Blocks {
    private static final int SHIFT = Integer.numberOfTrailingZeros(BLOCK_SIZE);

    private Blocks() {
    }

    /** Blocks that have a byte in [from, to). */
    static int touched(final int from, final int to) {
        return from < to ? run(from >>> SHIFT, to + BLOCK_SIZE - 1 >>> SHIFT) : 0;
    }

    /** Blocks that lie wholly in [from, to). */
    static int within(final int from, final int to) {
        return run(from + BLOCK_SIZE - 1 >>> SHIFT, to >>> SHIFT);
    }

    /** First byte of the first block of a set that is not empty. */
    static int start(final int blocks) {
        return Integer.numberOfTrailingZeros(blocks) << SHIFT;
    }

    /** First byte after the blocks of a set that follow its first without a gap. */
    static int endOfFirstRun(final int blocks) {
        final int first = Integer.numberOfTrailingZeros(blocks);
        return first + Integer.numberOfTrailingZeros(~(blocks >>> first)) << SHIFT;
    }

    private static int run(final int first, final int end) {
        return first < end ? (1 << end) - (1 << first) : 0;
    }
}
