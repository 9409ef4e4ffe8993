package io.quire.engine.stress;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

import io.quire.engine.cache.PageCache;
import io.quire.engine.map.MappedRegion;

/** A mapped region and what it must show: the file's bytes, but for pages of its own once it is private and was stored to. */
final class ModelRegion {
    private static final int PAGE = PageCache.PAGE_SIZE;

    final MappedRegion region;
    final ModelFile file;
    final int fileOffset;
    final boolean shared;
    int length;
    boolean writable;
    /** Private copies, by page of the file. */
    private final Map<Integer, byte[]> copies = new HashMap<>();

    ModelRegion(final MappedRegion region, final ModelFile file, final int fileOffset, final int length, final boolean shared,
        final boolean writable) {
        this.region = region;
        this.file = file;
        this.fileOffset = fileOffset;
        this.length = length;
        this.shared = shared;
        this.writable = writable;
    }

    /** How many bytes can be reached from the front of the region now. */
    int reachable() {
        return Math.clamp(file.size - fileOffset, 0, length);
    }

    boolean allows(final int offset, final int bytes) {
        return offset + bytes <= reachable();
    }

    void get(final int offset, final byte[] target, final int bytes) {
        int done = 0;
        while (done < bytes) {
            final int at = fileOffset + offset + done;
            final int piece = Math.min(bytes - done, PAGE - at % PAGE);
            final byte[] copy = copies.get(at / PAGE);
            System.arraycopy(copy != null ? copy : file.content, copy != null ? at % PAGE : at, target, done, piece);
            done += piece;
        }
    }

    void put(final int offset, final byte[] source, final int bytes) {
        if (shared) {
            System.arraycopy(source, 0, file.content, fileOffset + offset, bytes);
            return;
        }
        int done = 0;
        while (done < bytes) {
            final int at = fileOffset + offset + done;
            final int piece = Math.min(bytes - done, PAGE - at % PAGE);
            final byte[] copy = copies.computeIfAbsent(at / PAGE,
                page -> Arrays.copyOfRange(file.content, page * PAGE, (page + 1) * PAGE));
            System.arraycopy(source, done, copy, at % PAGE, piece);
            done += piece;
        }
    }

    /** The file was cut off: copies of whole pages beyond go with it, that of the last page stays as it is. */
    void truncated() {
        forgetFrom((file.size + PAGE - 1) / PAGE);
    }

    void resized(final int newLength) {
        length = newLength;
        forgetFrom(fileOffset / PAGE + (newLength + PAGE - 1) / PAGE);
    }

    private void forgetFrom(final int page) {
        copies.keySet().removeIf(copied -> copied >= page);
    }

    long privateBytes() {
        return (long) copies.size() * PAGE;
    }

    @Override
    public String toString() {
        return (shared ? "shared" : "private") + (writable ? "" : " read-only") + " region of " + length + " at " + fileOffset
            + " of " + file.name;
    }
}
