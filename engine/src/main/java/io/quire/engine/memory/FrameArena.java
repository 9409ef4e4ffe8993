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
        this.bytes = (long) frames << FRAME_SHIFT;
        this.base = NativeMemory.reserve(bytes, hugePages);
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
