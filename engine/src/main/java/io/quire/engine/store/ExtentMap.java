package io.quire.engine.store;

/**
 * Where a file has bytes and where it reads as zeros: the answer of {@link StoreFile#mapRange}. A mutable holder that is reused;
 * not thread-safe. It remembers a bounded number of extents: what it does not know counts as data.
 */
public final class ExtentMap {
    /** Most extents that are remembered. */
    public static final int MAX_EXTENTS = 64;

    private final long[] ends = new long[MAX_EXTENTS];
    private final boolean[] holes = new boolean[MAX_EXTENTS];
    private long start;
    private int count;
    private boolean full;

    /** Makes a map that knows nothing. */
    public ExtentMap() {
        count = 0;
    }

    /**
     * Forgets everything and begins anew.
     *
     * @param offset first byte of the range that is mapped
     */
    public void begin(final long offset) {
        start = offset;
        count = 0;
        full = false;
    }

    /**
     * Adds an extent that begins where the last one ended. Nothing happens when the map is full or the extent is empty.
     *
     * @param end  first byte after it
     * @param hole whether it reads as zeros: it is a hole or lies beyond the end of the file
     */
    public void add(final long end, final boolean hole) {
        if (full || end <= end()) {
            return;
        }
        if (count > 0 && holes[count - 1] == hole) {
            ends[count - 1] = end;
        } else if (count < MAX_EXTENTS) {
            ends[count] = end;
            holes[count] = hole;
            count++;
        } else {
            // What comes next does not follow what is here.
            full = true;
        }
    }

    /**
     * How far the map reaches.
     *
     * @return first byte after the last extent
     */
    public long end() {
        return count == 0 ? start : ends[count - 1];
    }

    /**
     * Number of extents.
     *
     * @return 0 to {@link #MAX_EXTENTS}
     */
    public int count() {
        return count;
    }

    /**
     * Whether a range is known to read as zeros.
     *
     * @param from first byte
     * @param to   first byte after it, more than {@code from}
     * @return false when it has bytes somewhere, or is not mapped
     */
    public boolean isHole(final long from, final long to) {
        if (from < start || to > end()) {
            return false;
        }
        // Neighbours differ, so a range of zeros lies in one extent.
        int extent = 0;
        while (ends[extent] <= from) {
            extent++;
        }
        return holes[extent] && to <= ends[extent];
    }

    @Override
    public String toString() {
        final StringBuilder text = new StringBuilder("from ").append(start);
        for (int i = 0; i < count; i++) {
            text.append(holes[i] ? " zeros to " : " data to ").append(ends[i]);
        }
        return text.toString();
    }
}
