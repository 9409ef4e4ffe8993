package io.quire.engine.map;

import static io.quire.engine.memory.FrameArena.FRAME_SHIFT;
import static io.quire.engine.memory.FrameArena.FRAME_SIZE;

import java.lang.ref.Reference;
import java.nio.ByteOrder;

import io.quire.engine.cache.CacheException;
import io.quire.engine.memory.OffHeap;

/** Copies of any length between a region and other memory, page by page; each page as one load or store is. */
final class RegionCopy {
    private static final boolean LITTLE = ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN;

    private RegionCopy() {
    }

    /** Copies out of the region, to an array from index {@code to} on, or to the address {@code to} when there is none. */
    static void out(final MappedRegion region, final long offset, final byte[] array, final long to, final long length)
        throws CacheException {
        FaultHandler.check(region, region.window(), offset, length, false);
        long done = 0;
        while (done < length) {
            final long at = offset + done;
            final int piece = (int) Math.min(length - done, FRAME_SIZE - (at & FRAME_SIZE - 1));
            if (outOfPage(region, at, array, to + done, piece)) {
                done += piece;
            } else {
                FaultHandler.resolve(region, at, piece, false);
            }
        }
    }

    /** As {@link MappedRegion#load}, for a piece of one page. */
    private static boolean outOfPage(final MappedRegion region, final long offset, final byte[] array, final long to,
        final int length) {
        final Window seen = region.window();
        if (offset > seen.length - length) {
            return false;
        }
        final long word = seen.entry(offset >>> FRAME_SHIFT);
        final long entry = OffHeap.getLongAcquire(word);
        if ((entry & Entry.PRESENT) == 0) {
            return false;
        }
        final long from = address(seen, entry, offset);
        if (array == null) {
            OffHeap.copy(from, to, length);
        } else {
            OffHeap.copyToArray(from, array, (int) to, length);
        }
        OffHeap.loadFence();
        final boolean good = seen.fileOffset + offset + length <= region.pages().size() && region.window() == seen
            && ((OffHeap.getLong(word) ^ entry) & ~Entry.LOCKED) == 0;
        if (good) {
            Entry.accessed(word, entry);
        }
        Reference.reachabilityFence(region);
        return good;
    }

    /** Copies into the region, from an array from index {@code from} on, or from an address when there is none. */
    static void in(final MappedRegion region, final long offset, final byte[] array, final long from, final long length)
        throws CacheException {
        FaultHandler.check(region, region.window(), offset, length, true);
        long done = 0;
        while (done < length) {
            final long at = offset + done;
            final int piece = (int) Math.min(length - done, FRAME_SIZE - (at & FRAME_SIZE - 1));
            if (intoPage(region, at, array, from + done, piece)) {
                done += piece;
            } else {
                FaultHandler.resolve(region, at, piece, true);
            }
        }
    }

    private static boolean intoPage(final MappedRegion region, final long offset, final byte[] array, final long from,
        final int length) {
        final Window seen = region.window();
        if (offset > seen.length - length) {
            return false;
        }
        final long word = seen.entry(offset >>> FRAME_SHIFT);
        final long entry = region.lockWritable(seen, word, seen.fileOffset + offset + length);
        if (entry == 0) {
            return false;
        }
        final long to = address(seen, entry, offset);
        if (array == null) {
            OffHeap.copy(from, to, length);
        } else {
            OffHeap.copyFromArray(array, (int) from, to, length);
        }
        Entry.unlock(word, entry | Entry.ACCESSED);
        Reference.reachabilityFence(region);
        return true;
    }

    /**
     * Copies what is shown from the front of a range, and stops at the first page that is not. Never faults, never waits, takes no
     * lock but the bits of entries, which keep each page where it is during its copy: the target may be seen by others, so bytes
     * of another page must not even pass through it (M9).
     *
     * @return bytes copied
     */
    static int outIfShown(final MappedRegion region, final long offset, final long to, final int length) {
        final Window seen = region.window();
        int done = 0;
        while (done < length) {
            final long at = offset + done;
            final int inPage = Math.min(length - done, FRAME_SIZE - ((int) at & FRAME_SIZE - 1));
            final int piece = (int) Math.min(inPage, region.pages().size() - seen.fileOffset - at);
            if (piece <= 0 || at > seen.length - piece) {
                break;
            }
            final long word = seen.entry(at >>> FRAME_SHIFT);
            final long entry = OffHeap.getLongVolatile(word);
            if ((entry & (Entry.PRESENT | Entry.LOCKED)) != Entry.PRESENT
                || !OffHeap.compareAndSetLong(word, entry, entry | Entry.LOCKED)) {
                break;
            }
            final boolean good = region.window() == seen && seen.fileOffset + at + piece <= region.pages().size();
            if (good) {
                OffHeap.copy(address(seen, entry, at), to + done, piece);
            }
            Entry.unlock(word, good ? entry | Entry.ACCESSED : entry);
            if (!good) {
                break;
            }
            done += piece;
            if (piece < inPage) {
                break;
            }
        }
        Reference.reachabilityFence(region);
        return done;
    }

    private static long address(final Window window, final long entry, final long offset) {
        final long base = (entry & Entry.PRIVATE) == 0 ? window.frameBase : window.privateBase;
        return base + (entry & Entry.FRAME_MASK) + (offset & FRAME_SIZE - 1);
    }

    /** A load that crosses from one page into the next. */
    static long loadAcross(final MappedRegion region, final long offset, final int bytes) throws CacheException {
        FaultHandler.check(region, region.window(), offset, bytes, false);
        long value = 0;
        for (int i = 0; i < bytes; i++) {
            value |= (region.load(offset + i, 1) & 0xff) << 8 * (LITTLE ? i : bytes - 1 - i);
        }
        return value;
    }

    /** A store that crosses from one page into the next: nothing of it happens when it goes beyond the end. */
    static void storeAcross(final MappedRegion region, final long offset, final int bytes, final long value)
        throws CacheException {
        FaultHandler.check(region, region.window(), offset, bytes, true);
        for (int i = 0; i < bytes; i++) {
            region.putByte(offset + i, (byte) (value >>> 8 * (LITTLE ? i : bytes - 1 - i)));
        }
    }
}
