package io.quire.engine.memory;

/**
 * The bytes of the cached pages: one anonymous mapping, aligned to 2 MiB and cut into frames of 4 KiB.
 *
 * <p>Frame numbers run from 0 to {@link #frames()} - 1; a frame's address is {@code base + (frame << 12)}. The mapping is
 * reserved when the arena is made and touched frame by frame as frames are first used, so an arena of 100 GiB costs
 * nothing until it fills. It stays mapped until {@link #close()}: a stale frame number may always be read.
 *
 * <p>Thread-safe, except that {@link #close()} must come after the last use.
 */
public final class FrameArena implements AutoCloseable {
    /** log2 of {@link #FRAME_SIZE}. */
    public static final int FRAME_SHIFT = 12;
    /** Size of a frame, in bytes. */
    public static final int FRAME_SIZE = 1 << FRAME_SHIFT;

    private final long base;
    private final long bytes;
    private final int frames;
    private final boolean hugePages;
    private boolean closed;

    /**
     * Reserves an arena.
     *
     * @param frames    number of frames, 1 to 2^30
     * @param hugePages whether to ask for transparent huge pages
     * @throws OutOfMemoryError when the address space does not allow it
     */
    public FrameArena(final int frames, final boolean hugePages) {
        if (frames < 1 || frames > 1 << 30) {
            throw new IllegalArgumentException("frames must be 1 to 2^30, not " + frames);
        }
        this.frames = frames;
        this.hugePages = hugePages;
        this.bytes = (long) frames << FRAME_SHIFT;
        this.base = NativeMemory.reserve(bytes, hugePages);
    }

    /**
     * Tells how many frames are in service, from the first on: huge pages are asked for where all of one is, so that the first touch
     * of a frame below never takes memory above.
     *
     * @param inService number of frames, 0 to {@link #frames()}
     */
    public void limit(final int inService) {
        if (hugePages) {
            final long whole = ((long) inService << FRAME_SHIFT) & -NativeMemory.ALIGNMENT;
            if (whole > 0) {
                NativeMemory.advise(base, whole, true);
            }
            if (whole < bytes) {
                NativeMemory.advise(base + whole, bytes - whole, false);
            }
        }
    }

    /**
     * Gives the memory of frames back to the kernel. They read as zeros.
     *
     * @param first  first frame number
     * @param behind last frame number + 1
     */
    public void discard(final int first, final int behind) {
        // Up to the end of the huge page that the last frame may have brought in.
        final long to = Math.min(bytes, ((long) behind << FRAME_SHIFT) + NativeMemory.ALIGNMENT - 1 & -NativeMemory.ALIGNMENT);
        final long from = (long) first << FRAME_SHIFT;
        NativeMemory.discard(base + from, to - from);
    }

    /**
     * The address of a frame's first byte.
     *
     * @param frame 0 to {@link #frames()} - 1
     * @return the address, a multiple of {@link #FRAME_SIZE}
     */
    public long address(final int frame) {
        assert frame >= 0 && frame < frames : frame;
        return base + ((long) frame << FRAME_SHIFT);
    }

    /**
     * Number of frames.
     *
     * @return frames, 1 to 2^30
     */
    public int frames() {
        return frames;
    }

    /**
     * The address of frame 0.
     *
     * @return the address, a multiple of 2 MiB
     */
    public long base() {
        return base;
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            NativeMemory.release(base, bytes);
        }
    }
}
