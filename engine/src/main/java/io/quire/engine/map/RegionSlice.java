package io.quire.engine.map;

import static io.quire.engine.memory.FrameArena.FRAME_SIZE;

import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.CachedFile;
import io.quire.engine.cache.WriteSource;

/**
 * A part of a region: where a write takes its bytes from ({@link CachedFile#writeFrom}, also into the region's own file), or where
 * a read puts them. Made by {@link MappedRegion#slice}.
 *
 * <p>A copy takes what is shown and never faults; {@link #faultIn} faults, and must be called without a page lock. Used by one
 * thread at a time.
 */
public final class RegionSlice implements WriteSource {
    private static final int PIECE = 64 << 10;

    private final MappedRegion region;
    private final long start;
    private final long length;
    private byte[] bounce;

    RegionSlice(final MappedRegion region, final long start, final long length) {
        this.region = region;
        this.start = start;
        this.length = length;
    }

    /**
     * The length.
     *
     * @return bytes
     */
    public long length() {
        return length;
    }

    @Override
    public int copy(final long offset, final long destination, final int bytes) {
        return RegionCopy.outIfShown(region, start + offset, destination, (int) Math.min(bytes, length - offset));
    }

    @Override
    public int faultIn(final long offset, final int bytes) throws CacheException {
        final int wanted = (int) Math.min(bytes, length - offset);
        int ready = 0;
        while (ready < wanted) {
            final long at = start + offset + ready;
            final int inPage = Math.min(wanted - ready, FRAME_SIZE - ((int) at & FRAME_SIZE - 1));
            final long inFile = region.pages().size() - region.fileOffset() - at;
            if (inFile <= 0 && ready > 0) {
                break;
            }
            final int piece = Math.clamp(inFile, 1, inPage);
            FaultHandler.resolve(region, at, piece, false);
            ready += piece;
            if (piece < inPage) {
                break;
            }
        }
        return ready;
    }

    /**
     * Reads from a file into the slice, from its first byte on.
     *
     * @param file   any file, also the region's own
     * @param offset first byte of the file
     * @return bytes read; fewer than {@link #length()} at the end of the file
     * @throws CacheException as {@link CachedFile#read(long, long, int)} and {@link MappedRegion#putByte}; what was read before
     *                        is in the slice
     */
    public long readFrom(final CachedFile file, final long offset) throws CacheException {
        if (bounce == null) {
            bounce = new byte[(int) Math.min(length, PIECE)];
        }
        long done = 0;
        while (done < length) {
            final int n = file.read(offset + done, bounce, 0, (int) Math.min(bounce.length, length - done));
            if (n == 0) {
                break;
            }
            region.put(start + done, bounce, 0, n);
            done += n;
        }
        return done;
    }
}
