package io.quire.fuse.reproduce;

import java.util.ArrayList;
import java.util.List;

import io.quire.engine.cache.CacheException;
import io.quire.engine.cache.WriteSource;
import io.quire.engine.map.MappedRegion;
import io.quire.engine.map.RegionSlice;

/** Slices of a region, one after the other, as the source of one write. One thread. */
final class PieceSource implements WriteSource {
    private final List<RegionSlice> slices = new ArrayList<>();

    PieceSource(final MappedRegion region, final List<Piece> pieces) throws CacheException {
        for (final Piece piece : pieces) {
            slices.add(region.slice(piece.at(), piece.length()));
        }
    }

    long length() {
        return slices.stream().mapToLong(RegionSlice::length).sum();
    }

    /** Faults the first byte in, as the kernel does before it takes a lock for a write. */
    void faultInFirst() throws CacheException {
        slices.getFirst().faultIn(0, 1);
    }

    @Override
    public int copy(final long offset, final long destination, final int length) {
        long start = 0;
        int done = 0;
        for (final RegionSlice slice : slices) {
            final long end = start + slice.length();
            final long at = offset + done;
            if (done < length && at >= start && at < end) {
                final int wanted = (int) Math.min(length - done, end - at);
                final int n = slice.copy(at - start, destination + done, wanted);
                done += n;
                if (n < wanted) {
                    break;
                }
            }
            start = end;
        }
        return done;
    }

    @Override
    public int faultIn(final long offset, final int length) throws CacheException {
        long start = 0;
        int done = 0;
        for (final RegionSlice slice : slices) {
            final long end = start + slice.length();
            final long at = offset + done;
            if (done < length && at >= start && at < end) {
                final int wanted = (int) Math.min(length - done, end - at);
                final int n = slice.faultIn(at - start, wanted);
                done += n;
                if (n < wanted) {
                    break;
                }
            }
            start = end;
        }
        return done;
    }
}
